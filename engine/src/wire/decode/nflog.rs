//! Packets that a rule of Linux's netfilter logged (NFLOG).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Maximum number of attributes; a packet with more is malformed.
const MAX_ATTRIBUTES: u32 = 64;

/// Consumes the header and its attributes up to the packet. They are in the byte order of the host.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const PAYLOAD: u16 = 9;
    const HEADER: usize = 4;
    let [_, version, ..] = *frame.header::<4>(LINK)?;
    if version != 0 {
        return Err(Rejection::LinkMalformed);
    }
    // The type of an attribute is a small number and not 0.
    let is_big_endian = matches!(frame.bytes(), [_, _, 0, _, ..]);
    let number = if is_big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
    for _ in 0..MAX_ATTRIBUTES {
        let [a, b, c, d] = *frame.header::<HEADER>(LINK)?;
        let length = usize::from(number([a, b])).checked_sub(HEADER).ok_or(Rejection::LinkMalformed)?;
        if number([c, d]) == PAYLOAD {
            frame.limit(length);
            return Ok(Layer::RawIp);
        }
        frame.skip(length.next_multiple_of(4), LINK)?;
    }
    Err(Rejection::LinkMalformed)
}
