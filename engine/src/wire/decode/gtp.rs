//! GTP-U version 1, user traffic in mobile networks (3GPP TS 29.281, 5).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Maximum number of extension headers; a packet with more is malformed.
const MAX_EXTENSIONS: u32 = 8;

/// Consumes the header and its extensions. Signalling messages between nodes carry no packet.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const VERSION_AND_PROTOCOL: u8 = 0xf0;
    const GTP_1: u8 = 0x30;
    const OPTIONAL_FIELDS: u8 = 0x07;
    const EXTENSION: u8 = 0x04;
    const USER_PACKET: u8 = 0xff;

    let [flags, kind, ..] = *frame.header::<8>(LINK)?;
    if flags & VERSION_AND_PROTOCOL != GTP_1 {
        return Err(Rejection::LinkMalformed);
    }
    if kind != USER_PACKET {
        return Err(Rejection::NotIp);
    }
    if flags & OPTIONAL_FIELDS != 0 {
        let [.., next] = *frame.header::<4>(LINK)?;
        if flags & EXTENSION != 0 {
            skip_extensions(frame, next)?;
        }
    }
    Ok(Layer::RawIp)
}

/// An extension begins with its length in words and ends with the type of the next one.
fn skip_extensions(frame: &mut Frame, mut next: u8) -> Result<(), Rejection> {
    const NO_MORE: u8 = 0;
    for _ in 0..MAX_EXTENSIONS {
        if next == NO_MORE {
            return Ok(());
        }
        let words = frame.bytes().first().copied().ok_or(Rejection::LinkTruncated)?;
        let length = (usize::from(words) * 4).checked_sub(1).ok_or(Rejection::LinkMalformed)?;
        frame.skip(length, LINK)?;
        [next] = *frame.header::<1>(LINK)?;
    }
    Err(Rejection::LinkMalformed)
}
