//! Packets that a router redirects to a cache over GRE (WCCP version 1, or 2 with a header).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the redirect header of version 2, if there is one.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    match frame.bytes().first().map(|byte| byte >> 4) {
        Some(4) => Ok(Layer::Ipv4),
        _ => {
            frame.skip(4, LINK)?;
            Ok(Layer::Ipv4)
        }
    }
}
