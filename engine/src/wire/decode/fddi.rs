//! FDDI (ISO 9314-2).

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes frame control and the addresses. Only frames of the logical link layer carry packets.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const LLC: u8 = 0x50;
    let [control, ..] = *frame.header::<13>(LINK)?;
    Ok(if control & 0xf0 == LLC { Layer::Llc } else { frame.undecoded(Carried::Control) })
}
