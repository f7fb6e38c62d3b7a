//! MPLS label stacks (RFC 3032), also over UDP (RFC 7510).

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes one entry of the label stack. Only the routers know what a label means, so after the last entry
/// the first four bits of the payload decide (RFC 4928, 3).
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const BOTTOM_OF_STACK: u8 = 0x01;
    let [_, _, flags, _] = frame.header::<4>(LINK)?;
    if flags & BOTTOM_OF_STACK == 0 {
        return Ok(Layer::Mpls);
    }
    match frame.bytes().first().map(|byte| byte >> 4) {
        Some(0) => {
            // The control word of a pseudowire (RFC 4448, 4.6).
            frame.skip(4, LINK)?;
            Ok(Layer::Ethernet)
        }
        Some(1) => Ok(frame.undecoded(Carried::Control)), // a pseudowire's associated channel (RFC 4385, 5)
        Some(4) => Ok(Layer::Ipv4),
        Some(6) => Ok(Layer::Ipv6),
        // A pseudowire without a control word: a MAC address begins with these bits.
        _ => Ok(Layer::Ethernet),
    }
}
