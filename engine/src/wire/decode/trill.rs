//! TRILL (RFC 6325, 3).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the header and its options; an Ethernet frame follows.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    let [high, low, ..] = *frame.header::<6>(LINK)?;
    let flags = u16::from_be_bytes([high, low]);
    if flags >> 14 != 0 {
        return Err(Rejection::LinkMalformed);
    }
    frame.skip(usize::from(flags >> 6 & 0x1f) * 4, LINK)?;
    Ok(Layer::Ethernet)
}
