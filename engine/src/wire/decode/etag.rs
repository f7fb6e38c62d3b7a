//! E-Tag of bridge port extension (IEEE 802.1BR, 7.5).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes priority, the two channel identifiers, and the type that follows them.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    let [_, _, _, _, _, _, high, low] = *frame.header::<8>(LINK)?;
    Ok(frame.ethertype(u16::from_be_bytes([high, low])))
}
