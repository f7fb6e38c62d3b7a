//! The TCP header (RFC 9293, 3.1).

use super::decode::IpPacket;
use super::{Rejection, Segment, Transport};

/// IANA protocol number.
pub const PROTOCOL: u8 = 6;

/// The segment in an IP packet.
#[inline]
pub fn parse<'a>(packet: &IpPacket<'a>) -> Result<Segment<'a>, Rejection> {
    let Some(header) = packet.payload.get(..20) else {
        return Err(short(packet, 20));
    };
    let header_len = usize::from(header[12] >> 4) * 4;
    if header_len < 20 || header_len as u32 > packet.payload_len {
        return Err(Rejection::TransportMalformed);
    }
    Ok(Segment {
        src: packet.src,
        dst: packet.dst,
        src_port: u16::from_be_bytes([header[0], header[1]]),
        dst_port: u16::from_be_bytes([header[2], header[3]]),
        ip_bytes: packet.ip_bytes,
        transport: Transport::Tcp {
            seq: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
            ack: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
            flags: header[13],
        },
        payload: packet.payload.get(header_len..).unwrap_or_default(),
        payload_len: packet.payload_len - header_len as u32,
    })
}

/// Why a transport header is not whole: cut by the snap length, or promised and not there.
pub fn short(packet: &IpPacket<'_>, header_len: u32) -> Rejection {
    if packet.payload_len < header_len {
        Rejection::TransportMalformed
    } else {
        Rejection::TransportTruncated
    }
}
