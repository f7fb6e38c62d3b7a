//! Encapsulated remote mirroring of HP's switches (ProCurve, ArubaOS-Switch).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the header, whose fields are not documented; the mirrored frame follows.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    frame.skip(12, LINK)?;
    Ok(Layer::Ethernet)
}
