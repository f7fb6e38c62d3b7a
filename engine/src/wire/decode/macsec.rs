//! MACsec (IEEE 802.1AE, 9): only frames that are authenticated and not encrypted can be read.

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

pub(super) const ETHERTYPE: u16 = 0x88e5;

/// Consumes the security tag and the type that follows it.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const ENCRYPTED_OR_CHANGED: u8 = 0x0c;
    const CHANNEL_IDENTIFIER: u8 = 0x20;
    let [control, ..] = *frame.header::<6>(LINK)?;
    if control & ENCRYPTED_OR_CHANGED != 0 {
        return Ok(frame.undecoded(Carried::EtherType(ETHERTYPE)));
    }
    if control & CHANNEL_IDENTIFIER != 0 {
        frame.skip(8, LINK)?;
    }
    let [high, low] = *frame.header::<2>(LINK)?;
    Ok(frame.ethertype(u16::from_be_bytes([high, low])))
}
