//! Connection IDs (RFC 9000, 5.1).

use crate::wire::bytes::cursor::{Cursor, Short};

/// Maximum length of a connection ID in the supported versions (RFC 9000, 17.2).
pub const MAX_CID: usize = 20;

/// A connection ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ConnectionId {
    bytes: [u8; MAX_CID],
    len: u8,
}

impl ConnectionId {
    /// A connection ID of at most 20 bytes; None for a longer one.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut id = Self { len: u8::try_from(bytes.len()).ok()?, ..Self::default() };
        id.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(id)
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// Reads a connection ID preceded by its length.
pub(super) fn read_connection_id(cursor: &mut Cursor<'_>) -> Result<ConnectionId, Short> {
    ConnectionId::new(cursor.vector8()?.rest()).ok_or(Short)
}
