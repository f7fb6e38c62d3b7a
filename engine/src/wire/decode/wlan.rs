//! Unencrypted IEEE 802.11 data frames, with or without a radiotap header (<https://www.radiotap.org>).

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

const VERSION_AND_TYPE: u8 = 0x0f;
const DATA: u8 = 0x08;
const FROM_DS: u8 = 0x02;
const TO_AND_FROM_DS: u8 = 0x03;
const PROTECTED: u8 = 0x40;
const ORDER: u8 = 0x80;
const QOS: u8 = 0x80;
const NO_DATA: u8 = 0x40;
const AGGREGATED: u8 = 0x80;

/// Skips the radiotap header.
pub(super) fn peel_radiotap(frame: &mut Frame) -> Result<Layer, Rejection> {
    const FIXED: usize = 4;
    let header = frame.header::<FIXED>(LINK)?;
    let length = usize::from(u16::from_le_bytes([header[2], header[3]]));
    let fields = length.checked_sub(FIXED).ok_or(Rejection::LinkMalformed)?;
    frame.skip(fields, LINK)?;
    Ok(Layer::Wlan)
}

/// Skips the header of Prism cards or its successor (AVS), which both have their length after the first number.
pub(super) fn peel_prism(frame: &mut Frame) -> Result<Layer, Rejection> {
    const FIXED: usize = 8;
    const MAX: usize = 512;
    const AVS: [u8; 3] = [0x80, 0x21, 0x10];
    let header = frame.header::<FIXED>(LINK)?;
    let length = [header[4], header[5], header[6], header[7]];
    // AVS is in network byte order, Prism in that of the host, so its length is a small number in one of them.
    let (big, little) = (u32::from_be_bytes(length) as usize, u32::from_le_bytes(length) as usize);
    let length = if header.starts_with(&AVS) { big } else { big.min(little) };
    if !(FIXED..=MAX).contains(&length) {
        return Err(Rejection::LinkMalformed);
    }
    frame.skip(length - FIXED, LINK)?;
    Ok(Layer::Wlan)
}

/// Consumes the MAC header of a data frame (IEEE 802.11, 9.3.2). Frames without data, and control and management
/// frames carry nothing; protected frames cannot be read.
pub(super) fn peel(frame: &mut Frame<'_>) -> Result<Layer, Rejection> {
    let header = frame.header::<24>(LINK)?;
    peel_rest(frame, header, (header[0], header[1]))
}

/// As `peel`, with the two bytes of frame control in either order: many access points send them swapped in tunnels.
pub(super) fn peel_of_tunnel(frame: &mut Frame<'_>) -> Result<Layer, Rejection> {
    let header = frame.header::<24>(LINK)?;
    let (first, second) = (header[0], header[1]);
    let is_swapped = first & VERSION_AND_TYPE != DATA && second & VERSION_AND_TYPE == DATA;
    let both = if is_swapped { (second, first) } else { (first, second) };
    peel_rest(frame, header, both)
}

/// Consumes what follows the three addresses and the sequence number.
fn peel_rest<'a>(
    frame: &mut Frame<'a>,
    header: &'a [u8; 24],
    (kind, control): (u8, u8),
) -> Result<Layer, Rejection> {
    let is_data = kind & VERSION_AND_TYPE == DATA;
    if !is_data || kind & NO_DATA != 0 {
        return Ok(frame.undecoded(Carried::Control));
    }
    if control & PROTECTED != 0 {
        return Ok(frame.undecoded(Carried::EncryptedWlan));
    }
    frame.station = match control & TO_AND_FROM_DS {
        FROM_DS => header[16..].first_chunk(),
        TO_AND_FROM_DS => Some(frame.header::<6>(LINK)?), // the fourth address
        _ => header[10..].first_chunk(),
    };
    if kind & QOS != 0 {
        let [qos, _] = *frame.header::<2>(LINK)?;
        if control & ORDER != 0 {
            frame.skip(4, LINK)?; // HT control
        }
        if qos & AGGREGATED != 0 {
            frame.skip(14, LINK)?; // addresses and length of the first of several packets
        }
    }
    Ok(Layer::Llc)
}
