//! IPv4 (RFC 791).

use super::frame::{FragmentFields, Frame, IP};
use super::layer::Layer;
use super::rejection::Rejection;
use crate::address::Address;

const FIXED: usize = 20;
const FRAGMENT_OFFSET: u16 = 0x1fff;
const MORE_FRAGMENTS: u16 = 0x2000;

/// Consumes the header with its options, and ends the frame at the end of the packet.
#[inline(always)]
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    let (bytes, wire_len) = (frame.bytes(), frame.wire_len);
    let header = frame.header::<FIXED>(IP)?;
    let header_len = usize::from(header[0] & 0x0f) * 4;
    if header[0] >> 4 != 4 || header_len < FIXED {
        return frame.other_version(bytes, wire_len, 6, Layer::Ipv6);
    }
    let total = match usize::from(u16::from_be_bytes([header[2], header[3]])) {
        // Segmentation offload: the length exceeds 16 bits, so the field is 0.
        0 => wire_len,
        total => total,
    };
    if total < header_len {
        return Err(Rejection::IpMalformed);
    }
    frame.limit(total - FIXED);
    if header_len > FIXED {
        frame.skip(header_len - FIXED, IP)?;
    }
    frame.src = Address::v4([header[12], header[13], header[14], header[15]]);
    frame.dst = Address::v4([header[16], header[17], header[18], header[19]]);
    frame.enter_packet(header[8]);
    frame.ip_bytes = total as u32;
    frame.ip_packets = 1;
    frame.identification = u32::from(u16::from_be_bytes([header[4], header[5]]));
    let fragment = u16::from_be_bytes([header[6], header[7]]);
    if fragment & (FRAGMENT_OFFSET | MORE_FRAGMENTS) != 0 {
        let carried = frame.ip_protocol(header[9]);
        if carried == Layer::Undecoded {
            return Ok(carried); // fragments of other protocols are not reassembled
        }
        frame.fragment = Some(FragmentFields {
            number: frame.identification,
            offset: u32::from(fragment & FRAGMENT_OFFSET) * 8,
            more: fragment & MORE_FRAGMENTS != 0,
            next: header[9],
            is_v4: true,
        });
        return Ok(Layer::Fragment);
    }
    Ok(frame.ip_protocol(header[9]))
}
