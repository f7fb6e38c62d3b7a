//! TZSP, with which MikroTik's and other devices send packets to a collector.

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Maximum number of tagged fields; a packet with more is malformed.
const MAX_FIELDS: u32 = 64;

/// Consumes the header and its tagged fields.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const VERSION: u8 = 1;
    const KEEPALIVE: u8 = 4;
    const PORT_OPENER: u8 = 5;
    let [version, kind, high, low] = *frame.header::<4>(LINK)?;
    if version != VERSION {
        return Err(Rejection::LinkMalformed);
    }
    if kind == KEEPALIVE || kind == PORT_OPENER {
        return Err(Rejection::NotIp);
    }
    skip_fields(frame)?;
    match u16::from_be_bytes([high, low]) {
        1 => Ok(Layer::Ethernet),
        18 => Ok(Layer::Wlan),
        119 | 127 => Ok(Layer::Prism),
        _ => Err(Rejection::NotIp),
    }
}

fn skip_fields(frame: &mut Frame) -> Result<(), Rejection> {
    const PADDING: u8 = 0;
    const END: u8 = 1;
    for _ in 0..MAX_FIELDS {
        match frame.header::<1>(LINK)? {
            [PADDING] => {}
            [END] => return Ok(()),
            _ => {
                let [length] = *frame.header::<1>(LINK)?;
                frame.skip(length.into(), LINK)?;
            }
        }
    }
    Err(Rejection::LinkMalformed)
}
