//! Provider backbone bridging, "MAC in MAC" (IEEE 802.1ah; 802.1Q, 9.7).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the service tag, whose identifier (I-SID) is that of an overlay network; the customer's frame follows.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    let [_, service @ ..] = *frame.header::<4>(LINK)?;
    frame.realm.enter_overlay(service);
    Ok(Layer::Ethernet)
}
