//! IPv6 (RFC 8200) and its extension headers.

use super::decode::IpPacket;
use super::Rejection;
use crate::address::Address;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
const MOBILITY: u8 = 135;

/// Extension headers in one packet.
const MAX_EXTENSIONS: usize = 16;

/// Parses a packet of which `on_wire` bytes were on the wire, link padding included.
#[inline]
pub fn parse(bytes: &[u8], on_wire: u32) -> Result<IpPacket<'_>, Rejection> {
    let Some(header) = bytes.get(..40) else {
        return Err(Rejection::IpTruncated);
    };
    if header[0] >> 4 != 6 {
        return Err(Rejection::IpMalformed);
    }
    let payload = u32::from(u16::from_be_bytes([header[4], header[5]]));
    // Zero: a jumbogram (RFC 2675), or segments that the card put together.
    let ip_bytes = if payload == 0 { on_wire } else { payload + 40 };
    let kept = bytes.len().min(ip_bytes as usize);
    let mut packet = IpPacket {
        src: Address::v6(sixteen(&header[8..24])),
        dst: Address::v6(sixteen(&header[24..40])),
        protocol: header[6],
        ip_bytes,
        payload_len: ip_bytes.saturating_sub(40),
        payload: bytes.get(40..kept).unwrap_or_default(),
        more_fragments: false,
    };
    for _ in 0..MAX_EXTENSIONS {
        if !skip_extension(&mut packet)? {
            return Ok(packet);
        }
    }
    Err(Rejection::IpMalformed)
}

/// Steps over one extension header; false if the payload begins here.
#[inline]
fn skip_extension(packet: &mut IpPacket<'_>) -> Result<bool, Rejection> {
    let kind = packet.protocol;
    if !matches!(kind, HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION | MOBILITY) {
        return Ok(false);
    }
    let Some(start) = packet.payload.get(..8) else {
        return Err(Rejection::IpTruncated);
    };
    let length = match kind {
        FRAGMENT => 8,
        AUTHENTICATION => (usize::from(start[1]) + 2) * 4, // RFC 4302, 2.2
        _ => (usize::from(start[1]) + 1) * 8,
    };
    if kind == FRAGMENT {
        let offset = u16::from_be_bytes([start[2], start[3]]);
        if offset & 0xfff8 != 0 {
            return Err(Rejection::IpFragment);
        }
        packet.more_fragments = offset & 1 != 0;
    }
    packet.protocol = start[0];
    packet.payload_len = packet.payload_len.checked_sub(length as u32).ok_or(Rejection::IpMalformed)?;
    packet.payload = packet.payload.get(length..).ok_or(Rejection::IpTruncated)?;
    Ok(true)
}

fn sixteen(bytes: &[u8]) -> [u8; 16] {
    let mut copy = [0; 16];
    copy.copy_from_slice(bytes);
    copy
}
