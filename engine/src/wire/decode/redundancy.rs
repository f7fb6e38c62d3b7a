//! The tags of seamless redundancy: HSR (IEC 62439-3) and R-TAG (IEEE 802.1CB, 7.8).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes path and size, or the reserved field, the sequence number, and the type that follows them.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    let [_, _, _, _, high, low] = *frame.header::<6>(LINK)?;
    Ok(frame.ethertype(u16::from_be_bytes([high, low])))
}
