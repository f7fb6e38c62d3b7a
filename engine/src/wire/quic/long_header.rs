//! Long headers (RFC 8999, 5.1; RFC 9000, 17.2).

use super::connection_id::{read_connection_id, ConnectionId};
use super::quic_version::{Family, PacketType, Version};
use crate::wire::bytes::cursor::{Cursor, Short};

/// True if a datagram may begin with a QUIC long header.
#[inline]
pub fn may_be_long_header(datagram: &[u8]) -> bool {
    matches!(datagram, [first, ..] if first & 0x80 != 0) && datagram.len() >= 7
}

/// The port of HTTP/3, on which QUIC of an unknown version is recognised as well.
pub const QUIC_PORT: u16 = 443;
/// Minimum size of a client's first datagram in bytes (RFC 9000, 14.1).
pub const MIN_DATAGRAM: u32 = 1200;

/// The version in a version-independent long header (RFC 8999, 5.1) with the fixed bit set (RFC 9000, 17.2)
/// and valid connection IDs; None for version negotiation and anything else.
pub fn version_number(datagram: &[u8]) -> Option<u32> {
    let (first, number, _) = invariants(datagram)?;
    (first & 0xc0 == 0xc0 && number != 0).then_some(number)
}

/// True for a version negotiation packet (RFC 8999, 6).
pub fn is_version_negotiation(datagram: &[u8]) -> bool {
    let versions = |(first, number, rest): (u8, u32, &[u8])| {
        first & 0x80 != 0 && number == 0 && !rest.is_empty() && rest.len() % 4 == 0
    };
    invariants(datagram).is_some_and(versions)
}

/// First byte, version, and the bytes after the connection IDs.
fn invariants(datagram: &[u8]) -> Option<(u8, u32, &[u8])> {
    let mut cursor = Cursor::new(datagram);
    let (first, number) = (cursor.u8().ok()?, cursor.u32().ok()?);
    // Before Q049, the connection ID lengths of Google QUIC are encoded differently.
    if Family::of(number) != Family::Google {
        read_connection_id(&mut cursor).ok()?;
        read_connection_id(&mut cursor).ok()?;
    }
    Some((first, number, cursor.rest()))
}

/// The unprotected fields of a long header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongHeader {
    /// Version of QUIC.
    pub version: Version,
    /// Packet type.
    pub kind: PacketType,
    /// Destination connection ID.
    pub destination: ConnectionId,
    /// Source connection ID.
    pub source: ConnectionId,
}

/// The header of the first packet in a datagram, if it is a long header of a known version.
pub fn first_header(datagram: &[u8]) -> Option<LongHeader> {
    read_header(&mut Cursor::new(datagram)).ok().flatten()
}

pub(super) fn read_header(cursor: &mut Cursor<'_>) -> Result<Option<LongHeader>, Short> {
    let first = cursor.u8()?;
    let Some(version) = Version::of(cursor.u32()?) else { return Ok(None) };
    let destination = read_connection_id(cursor)?;
    let source = read_connection_id(cursor)?;
    Ok(Some(LongHeader { version, kind: version.packet_type(first), destination, source }))
}
