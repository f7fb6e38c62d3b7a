//! Token ring (IEEE 802.5).

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes access and frame control, the addresses and the route. Only frames of the logical link layer carry
/// packets.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const LLC: u8 = 0x40;
    const HAS_ROUTE: u8 = 0x80;
    let header = frame.header::<14>(LINK)?;
    if header[1] & 0xc0 != LLC {
        return Ok(frame.undecoded(Carried::Control));
    }
    if header[8] & HAS_ROUTE != 0 {
        let length = frame.bytes().first().map_or(0, |route| usize::from(route & 0x1f));
        frame.skip(length.max(2), LINK)?;
    }
    Ok(Layer::Llc)
}
