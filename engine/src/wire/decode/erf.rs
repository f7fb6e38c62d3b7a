//! Records of Endace's capture cards (ERF).

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Maximum number of extension headers; a record with more is malformed.
const MAX_EXTENSIONS: u32 = 16;

/// Also in an extension header: another one follows.
const MORE: u8 = 0x80;

/// Consumes the header, its extensions, and what precedes the packet in records of the type.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    let [_, _, _, _, _, _, _, _, kind, _, _, _, _, _, on_wire @ ..] = *frame.header::<16>(LINK)?;
    skip_extensions(frame, kind)?;
    // A file may say that the packet was as long as the record, even if the card cut it.
    frame.wire_len = frame.wire_len.max(u16::from_be_bytes(on_wire).into());
    match kind & !MORE {
        // Ethernet, and the same with a colour or a hash; an offset and padding precede the frame.
        2 | 11 | 16 | 20 => {
            frame.skip(2, LINK)?;
            Ok(Layer::Ethernet)
        }
        1 | 10 | 15 | 19 => Ok(Layer::PppSerial),
        // The same on one of several channels, whose number precedes the frame.
        5 | 17 => {
            frame.skip(4, LINK)?;
            Ok(Layer::PppSerial)
        }
        22 => Ok(Layer::Ipv4),
        23 => Ok(Layer::Ipv6),
        // Counters, what the card says about itself, and padding.
        13 | 14 | 27 | 48 => Ok(frame.undecoded(Carried::Control)),
        _ => Ok(frame.undecoded(Carried::LinkType(frame.link))),
    }
}

fn skip_extensions(frame: &mut Frame, mut kind: u8) -> Result<(), Rejection> {
    for _ in 0..MAX_EXTENSIONS {
        if kind & MORE == 0 {
            return Ok(());
        }
        [kind, ..] = *frame.header::<8>(LINK)?;
    }
    Err(Rejection::LinkMalformed)
}
