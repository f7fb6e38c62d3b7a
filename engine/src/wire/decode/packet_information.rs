//! Headers that say of which link type the packet after them is: PPI, and PKTAP of macOS.

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the per-packet information (PPI).
pub(super) fn peel_ppi(frame: &mut Frame) -> Result<Layer, Rejection> {
    const FIXED: usize = 8;
    let [_, _, low, high, link @ ..] = *frame.header::<FIXED>(LINK)?;
    let length = usize::from(u16::from_le_bytes([low, high]));
    frame.skip(length.checked_sub(FIXED).ok_or(Rejection::LinkMalformed)?, LINK)?;
    link_type(frame, u32::from_le_bytes(link))
}

/// Consumes the header of macOS, in which little-endian length, type and link type come first. Link type 149, which
/// anyone may use, may have other packets.
pub(super) fn peel_tap(frame: &mut Frame) -> Result<Layer, Rejection> {
    const FIXED: usize = 12;
    const MAX: usize = 1024;
    const PACKET: [u8; 4] = [1, 0, 0, 0];
    let [a, b, c, d, kind @ .., w, x, y, z] = *frame.header::<FIXED>(LINK)?;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    if kind != PACKET || !(FIXED..=MAX).contains(&length) {
        return Ok(frame.undecoded(Carried::LinkType(frame.link)));
    }
    frame.skip(length - FIXED, LINK)?;
    link_type(frame, u32::from_le_bytes([w, x, y, z]))
}

fn link_type(frame: &mut Frame, number: u32) -> Result<Layer, Rejection> {
    frame.link = u16::try_from(number).map_err(|_| Rejection::LinkMalformed)?;
    Ok(Layer::Link)
}
