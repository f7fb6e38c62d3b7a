//! VN-Tag, which Cisco's fabric extenders and virtual interfaces put before a VLAN tag.

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the tag and the type that follows it.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    let [_, _, _, _, high, low] = *frame.header::<6>(LINK)?;
    Ok(frame.ethertype(u16::from_be_bytes([high, low])))
}
