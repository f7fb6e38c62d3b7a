//! Ethernet over IP (RFC 3378, 3).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the header.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    match frame.header::<2>(LINK)? {
        [0x30, 0] => Ok(Layer::Ethernet),
        _ => Err(Rejection::LinkMalformed),
    }
}
