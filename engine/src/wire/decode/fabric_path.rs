//! FabricPath of Cisco's data center switches.

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes tree and time to live; the frame of the host follows.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    frame.skip(2, LINK)?;
    Ok(Layer::Ethernet)
}
