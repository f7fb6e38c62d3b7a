//! Long headers (RFC 8999, 5.1; RFC 9000, 17.2).

use super::connection_id::{read_connection_id, ConnectionId};
use super::quic_version::{Family, PacketType, Version};
use crate::wire::bytes::cursor::{Cursor, Short};

/// True if a datagram may carry QUIC with a long header.
#[inline]
pub fn may_be_long_header(datagram: &[u8]) -> bool {
    matches!(datagram, [first, ..] if first & 0x80 != 0) && datagram.len() >= 7
}

/// A client's first datagram has at least so many bytes (RFC 9000, 14.1).
pub const MIN_DATAGRAM: u32 = 1200;

/// The version in a long header as all versions have it (RFC 8999, 5.1), with the fixed bit that all but
/// version negotiation set (RFC 9000, 17.2), and connection IDs that fit; None for anything else.
pub fn version_number(datagram: &[u8]) -> Option<u32> {
    let (first, number, _) = invariants(datagram)?;
    (first & 0xc0 == 0xc0 && number != 0).then_some(number)
}

/// True for a server's list of versions (RFC 8999, 6).
pub fn is_version_negotiation(datagram: &[u8]) -> bool {
    let versions = |(first, number, rest): (u8, u32, &[u8])| {
        first & 0x80 != 0 && number == 0 && !rest.is_empty() && rest.len() % 4 == 0
    };
    invariants(datagram).is_some_and(versions)
}

/// First byte, version, and what follows the connection IDs.
fn invariants(datagram: &[u8]) -> Option<(u8, u32, &[u8])> {
    let mut cursor = Cursor::new(datagram);
    let (first, number) = (cursor.u8().ok()?, cursor.u32().ok()?);
    // Before Q049, Google's headers have their lengths elsewhere.
    if Family::of(number) != Family::Google {
        read_connection_id(&mut cursor).ok()?;
        read_connection_id(&mut cursor).ok()?;
    }
    Some((first, number, cursor.rest()))
}

/// What the long header of a packet says in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongHeader {
    /// Version of QUIC.
    pub version: Version,
    /// Kind of packet.
    pub kind: PacketType,
    /// Destination connection ID.
    pub destination: ConnectionId,
    /// Source connection ID.
    pub source: ConnectionId,
}

/// The header of the first packet in a datagram, if it is a long one of a known version.
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
