//! The IP authentication header, which does not hide what follows (RFC 4302, 2).

use super::frame::{Frame, IP};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the header.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    // The length is in words, minus two.
    let [next, length, ..] = *frame.header::<8>(IP)?;
    frame.skip(usize::from(length) * 4, IP)?;
    Ok(frame.ip_protocol(next))
}
