//! IPv4 (RFC 791).

use super::decode::IpPacket;
use super::Rejection;
use crate::address::Address;

/// Parses a packet of which `on_wire` bytes were on the wire, link padding included.
#[inline]
pub fn parse(bytes: &[u8], on_wire: u32) -> Result<IpPacket<'_>, Rejection> {
    let Some(header) = bytes.get(..20) else {
        return Err(Rejection::IpTruncated);
    };
    let header_len = usize::from(header[0] & 15) * 4;
    if header[0] >> 4 != 4 || header_len < 20 {
        return Err(Rejection::IpMalformed);
    }
    let total = u32::from(u16::from_be_bytes([header[2], header[3]]));
    // Zero: the card put segments together beyond what the field can say (TSO, GRO).
    let ip_bytes = if total == 0 { on_wire } else { total };
    if (ip_bytes as usize) < header_len {
        return Err(Rejection::IpMalformed);
    }
    let fragment = u16::from_be_bytes([header[6], header[7]]);
    if fragment & 0x1fff != 0 {
        return Err(Rejection::IpFragment);
    }
    if bytes.len() < header_len {
        return Err(Rejection::IpTruncated);
    }
    let kept = bytes.len().min(ip_bytes as usize);
    Ok(IpPacket {
        src: Address::v4([header[12], header[13], header[14], header[15]]),
        dst: Address::v4([header[16], header[17], header[18], header[19]]),
        protocol: header[9],
        ip_bytes,
        payload_len: ip_bytes - header_len as u32,
        payload: &bytes[header_len..kept],
        more_fragments: fragment & 0x2000 != 0,
    })
}
