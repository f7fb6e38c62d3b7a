//! PPP over Ethernet, session stage (RFC 2516, 4).

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the header of a session packet. Packets of the discovery stage carry no PPP.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const VERSION_AND_TYPE: u8 = 0x11;
    const SESSION: u8 = 0x00;
    match frame.header::<6>(LINK)? {
        [VERSION_AND_TYPE, SESSION, ..] => Ok(Layer::Ppp),
        [VERSION_AND_TYPE, ..] => Ok(frame.undecoded(Carried::Control)),
        _ => Err(Rejection::LinkMalformed),
    }
}
