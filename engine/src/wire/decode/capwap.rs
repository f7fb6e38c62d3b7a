//! CAPWAP data channel between access points and their controller (RFC 5415, 4.3), unencrypted.

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the header. A keep-alive, a later fragment of a frame, and a frame inside DTLS carry nothing that can
/// be read.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const FIXED: usize = 8;
    const NATIVE: u8 = 0x01;
    const FRAGMENT: u8 = 0x80;
    const KEEPALIVE: u8 = 0x08;
    const IEEE_802_11: u8 = 1;

    let [preamble, length, binding, flags, _, _, high, low] = *frame.header::<FIXED>(LINK)?;
    if preamble != 0 {
        return Err(Rejection::NotIp); // DTLS, or another version
    }
    let more = (usize::from(length >> 3) * 4).checked_sub(FIXED).ok_or(Rejection::LinkMalformed)?;
    let offset = u16::from_be_bytes([high, low]) >> 3;
    if flags & KEEPALIVE != 0 || flags & FRAGMENT != 0 && offset != 0 {
        return Err(Rejection::NotIp);
    }
    frame.skip(more, LINK)?;
    match (binding & NATIVE, binding >> 1 & 0x1f) {
        (0, _) => Ok(Layer::Ethernet),
        (_, IEEE_802_11) => Ok(Layer::WlanOfTunnel),
        _ => Err(Rejection::NotIp),
    }
}
