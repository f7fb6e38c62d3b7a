//! TCP (RFC 9293, 3.1).

use super::frame::{Frame, TRANSPORT};
use super::rejection::Rejection;
use super::segment::{Segment, Transport};
use super::undecoded::Undecoded;

const FIXED: usize = 20;

/// The segment. If the options are cut, no payload was captured either.
#[inline(always)]
pub(super) fn parse<'a>(frame: &mut Frame<'a>) -> Result<Segment<'a>, Undecoded> {
    let bytes = frame.bytes();
    let header = frame.header::<FIXED>(TRANSPORT)?;
    let options =
        (usize::from(header[12] >> 4) * 4).checked_sub(FIXED).ok_or(Rejection::TransportMalformed)?;
    let payload_len = frame.wire_len.checked_sub(options).ok_or(Rejection::TransportMalformed)?;
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
        header: bytes.get(..FIXED + options).unwrap_or(bytes),
        transport: Transport::Tcp {
            seq: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
            ack: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
            flags: header[13],
        },
        payload: frame.bytes().get(options..).unwrap_or_default(),
        payload_len: payload_len as u32,
    })
}
