//! The UDP header (RFC 768).

use super::decode::IpPacket;
use super::tcp::short;
use super::{Rejection, Segment, Transport};

/// IANA protocol number.
pub const PROTOCOL: u8 = 17;

/// The datagram in an IP packet; of a fragmented one, what the first fragment holds.
#[inline]
pub fn parse<'a>(packet: &IpPacket<'a>) -> Result<Segment<'a>, Rejection> {
    let Some(header) = packet.payload.get(..8) else {
        return Err(short(packet, 8));
    };
    let length = u32::from(u16::from_be_bytes([header[4], header[5]]));
    // Zero stands for a jumbogram (RFC 2675, 4), and for datagrams that the card put together.
    let length = if length == 0 { packet.payload_len } else { length };
    if length < 8 || (length > packet.payload_len && !packet.more_fragments) {
        return Err(Rejection::TransportMalformed);
    }
    let kept = packet.payload.len().min(length as usize);
    Ok(Segment {
        src: packet.src,
        dst: packet.dst,
        src_port: u16::from_be_bytes([header[0], header[1]]),
        dst_port: u16::from_be_bytes([header[2], header[3]]),
        ip_bytes: packet.ip_bytes,
        transport: Transport::Udp,
        payload: &packet.payload[8..kept],
        payload_len: length - 8,
    })
}
