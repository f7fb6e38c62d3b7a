//! Short headers (RFC 9000, 17.3), of which only the destination connection ID is in clear. Its length is not.

use super::connection_id::ConnectionId;

/// True if a datagram may begin with a short header: the fixed bit is set.
#[inline]
pub fn may_be_short_header(datagram: &[u8]) -> bool {
    matches!(datagram, [0x40..=0x7f, ..])
}

/// The destination connection ID of a short header, if it has this length.
pub fn short_header_id(datagram: &[u8], length: usize) -> Option<ConnectionId> {
    ConnectionId::new(datagram.get(1..=length)?)
}
