//! The timestamp that Arista's switches put before the EtherType of mirrored frames.

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes subtype, version, the timestamp and the type that follows it.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const TIMESTAMP: [u8; 2] = [0, 1];
    let [kind @ .., _, format] = *frame.header::<4>(LINK)?;
    let length = match format {
        0x10 if kind == TIMESTAMP => 8, // seconds of 32 bits
        0x20 if kind == TIMESTAMP => 6, // seconds of 16 bits
        _ => return Err(Rejection::NotIp),
    };
    frame.skip(length, LINK)?;
    let [high, low] = *frame.header::<2>(LINK)?;
    Ok(frame.ethertype(u16::from_be_bytes([high, low])))
}
