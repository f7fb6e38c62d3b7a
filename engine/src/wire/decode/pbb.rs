//! Provider backbone bridging, "MAC in MAC" (IEEE 802.1ah; 802.1Q, 9.7).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the service tag; the customer's frame follows.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    frame.skip(4, LINK)?;
    Ok(Layer::Ethernet)
}
