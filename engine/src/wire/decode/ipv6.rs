//! IPv6 and its extension headers (RFC 8200).

use super::frame::{FragmentFields, Frame, IP};
use super::layer::Layer;
use super::rejection::Rejection;
use crate::address::Address;

const FIXED: usize = 40;

/// More extension headers than RFC 8200, 4.1 defines; a longer chain is malformed.
const MAX_EXTENSIONS: u32 = 10;

/// Consumes the header with its extension headers, and ends the frame at the end of the packet.
#[inline]
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    let (bytes, wire_len) = (frame.bytes(), frame.wire_len);
    let header = match frame.header::<FIXED>(IP) {
        Ok(header) if header[0] >> 4 == 6 => header,
        // An IPv4 packet may be shorter than this header.
        Err(rejection) if bytes.first().is_none_or(|first| first >> 4 != 4) => return Err(rejection),
        _ => return frame.other_version(bytes, wire_len, 4, Layer::Ipv4),
    };
    let total = match usize::from(u16::from_be_bytes([header[4], header[5]])) {
        // A jumbogram (RFC 2675) or segmentation offload: the length on the wire counts.
        0 => wire_len,
        payload => FIXED + payload,
    };
    frame.limit(total - FIXED);
    let [_, _, _, _, _, _, next, hops, addresses @ ..] = header;
    frame.enter_packet(*hops);
    let (src, dst) = addresses.split_at(16);
    frame.src = address(src);
    frame.dst = address(dst);
    frame.ip_bytes = total as u32;
    frame.ip_packets = 1;
    frame.identification = 0;
    match next {
        6 | 17 => Ok(frame.ip_protocol(*next)),
        _ => peel_extensions(frame, *next),
    }
}

#[inline]
fn address(bytes: &[u8]) -> Address {
    let mut octets = [0; 16];
    octets.copy_from_slice(bytes);
    Address::v6(octets)
}

/// Consumes extension headers up to a fragment header or the first other header.
pub(super) fn peel_extensions(frame: &mut Frame, mut next: u8) -> Result<Layer, Rejection> {
    const HOP_BY_HOP: u8 = 0;
    const ROUTING: u8 = 43;
    const FRAGMENT: u8 = 44;
    const AUTHENTICATION: u8 = 51;
    const DESTINATION: u8 = 60;
    const MOBILITY: u8 = 135;
    const HOST_IDENTITY: u8 = 139;
    const SHIM6: u8 = 140;

    for _ in 0..MAX_EXTENSIONS {
        next = match next {
            HOP_BY_HOP | ROUTING | DESTINATION | MOBILITY | HOST_IDENTITY | SHIM6 => {
                let [after, length, ..] = *frame.header::<8>(IP)?;
                frame.skip(usize::from(length) * 8, IP)?;
                after
            }
            AUTHENTICATION => {
                // The length is in words, minus two (RFC 4302, 2.2).
                let [after, length, ..] = *frame.header::<8>(IP)?;
                frame.skip(usize::from(length) * 4, IP)?;
                after
            }
            FRAGMENT => {
                let [after, _, high, low, number @ ..] = *frame.header::<8>(IP)?;
                let offset_and_flags = u16::from_be_bytes([high, low]);
                let (offset, more) = (u32::from(offset_and_flags & 0xfff8), offset_and_flags & 1 != 0);
                frame.identification = u32::from_be_bytes(number);
                // An "atomic" fragment (RFC 6946) is a complete packet.
                if offset != 0 || more {
                    let number = frame.identification;
                    frame.fragment = Some(FragmentFields { number, offset, more, next: after, is_v4: false });
                    return Ok(Layer::Fragment);
                }
                after
            }
            protocol => return Ok(frame.ip_protocol(protocol)),
        };
    }
    Err(Rejection::IpMalformed)
}
