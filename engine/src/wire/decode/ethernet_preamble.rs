//! Ethernet with its preamble (IEEE 802.3, 3.2.1; 802.3br for frames that may be interrupted).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the preamble and the delimiter. The continuation of an interrupted frame has no header.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const PREAMBLE: u8 = 0x55;
    let length = frame.bytes().iter().take(7).take_while(|byte| **byte == PREAMBLE).count();
    frame.skip(length, LINK)?;
    match frame.header::<1>(LINK)? {
        // A complete frame, or the start of one that may be interrupted.
        [0xd5 | 0xe6 | 0x4c | 0x7f | 0xb3] => Ok(Layer::Ethernet),
        [0x61 | 0x52 | 0x9e | 0x2a | 0x07 | 0x19] => Err(Rejection::NotIp),
        _ => Err(Rejection::LinkMalformed),
    }
}
