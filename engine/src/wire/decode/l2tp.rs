//! L2TP: version 2 with PPP over UDP (RFC 2661, 3.1), version 3 over UDP or IP (RFC 3931, 4.1).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

const CONTROL: u16 = 0x8000;

/// Consumes the header of a datagram of either version. Control messages carry no packet.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const LENGTH: u16 = 0x4000;
    const SEQUENCE: u16 = 0x0800;
    const OFFSET: u16 = 0x0200;
    const VERSION: u16 = 0x000f;
    const RESERVED: u16 = 0x34f0;

    let flags = u16::from_be_bytes(*frame.header::<2>(LINK)?);
    if flags & CONTROL != 0 {
        return Err(Rejection::NotIp);
    }
    match flags & (VERSION | RESERVED) {
        2 => {
            frame.skip(4 + if flags & LENGTH != 0 { 2 } else { 0 }, LINK)?;
            frame.skip(if flags & SEQUENCE != 0 { 4 } else { 0 }, LINK)?;
            if flags & OFFSET != 0 {
                let padding = u16::from_be_bytes(*frame.header::<2>(LINK)?);
                frame.skip(padding.into(), LINK)?;
            }
            Ok(Layer::Ppp)
        }
        3 => {
            frame.skip(2, LINK)?;
            peel_3(frame)
        }
        _ => Err(Rejection::LinkMalformed),
    }
}

/// Consumes the session header of version 3. The lengths of its cookie and of the sublayer are agreed when the
/// session is set up, so the first of them after which a packet begins is taken.
pub(super) fn peel_3(frame: &mut Frame) -> Result<Layer, Rejection> {
    let session = u32::from_be_bytes(*frame.header::<4>(LINK)?);
    if session == 0 {
        return Err(Rejection::NotIp); // a control message
    }
    let bytes = frame.bytes();
    for cookie_and_sublayer in [0, 4, 8, 12] {
        let rest = bytes.get(cookie_and_sublayer..).unwrap_or_default();
        if let Some(layer) = recognise(rest) {
            frame.skip(cookie_and_sublayer, LINK)?;
            return Ok(layer);
        }
    }
    Err(Rejection::NotIp)
}

/// The layer of bytes that can hardly be anything else: an Ethernet frame with a type that is decoded, or PPP with an
/// IP packet.
fn recognise(bytes: &[u8]) -> Option<Layer> {
    match *bytes {
        [0xff, 0x03, 0x00, 0x21, 0x45..=0x4f, ..] | [0xff, 0x03, 0x00, 0x57, 0x60..=0x6f, ..] => {
            return Some(Layer::Ppp)
        }
        _ => {}
    }
    let [high, low, next, ..] = *bytes.get(12..)? else { return None };
    let is_frame = match Layer::of_ethertype(u16::from_be_bytes([high, low]))? {
        Layer::Ipv4 => matches!(next, 0x45..=0x4f),
        Layer::Ipv6 => next >> 4 == 6,
        _ => true,
    };
    is_frame.then_some(Layer::Ethernet)
}
