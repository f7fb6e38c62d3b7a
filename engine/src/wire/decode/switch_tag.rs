//! Tags between a switch chip and the processor of its device (Broadcom, Marvell DSA), as Linux captures them.

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the addresses, `tag` bytes and the type.
pub(super) fn peel(frame: &mut Frame, tag: usize) -> Result<Layer, Rejection> {
    frame.skip(12 + tag, LINK)?;
    let [high, low] = *frame.header::<2>(LINK)?;
    Ok(frame.ethertype(u16::from_be_bytes([high, low])))
}
