//! UDP (RFC 768).

use super::frame::{Frame, TRANSPORT};
use super::rejection::Rejection;
use super::segment::{Segment, Transport};

const HEADER: usize = 8;

/// The datagram; afterwards the frame begins with its payload.
#[inline(always)]
pub(super) fn parse<'a>(frame: &mut Frame<'a>) -> Result<Segment<'a>, Rejection> {
    let header = frame.header::<HEADER>(TRANSPORT)?;
    let payload_len = match usize::from(u16::from_be_bytes([header[4], header[5]])) {
        // A jumbogram (RFC 2675, 4) extends to the end of the IP packet.
        0 => frame.wire_len,
        // If it exceeds the IP packet, the missing bytes count as cut.
        length => length.checked_sub(HEADER).ok_or(Rejection::TransportMalformed)?,
    };
    let bytes = frame.bytes();
    Ok(Segment {
        src: frame.src,
        dst: frame.dst,
        src_port: u16::from_be_bytes([header[0], header[1]]),
        dst_port: u16::from_be_bytes([header[2], header[3]]),
        ip_bytes: frame.ip_bytes,
        ip_packets: frame.ip_packets,
        identification: frame.identification,
        realm: frame.realm,
        mac: frame.mac,
        hops: frame.hops,
        header,
        transport: Transport::Udp,
        payload: bytes.get(..payload_len).unwrap_or(bytes),
        payload_len: payload_len as u32,
    })
}
