//! The timestamp tag (TTag) of Cisco's switches that record when a packet passed.

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the timestamp of 48 bits and the type that follows it.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    let [_, _, _, _, _, _, high, low] = *frame.header::<8>(LINK)?;
    Ok(frame.ethertype(u16::from_be_bytes([high, low])))
}
