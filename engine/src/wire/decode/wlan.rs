//! Unencrypted IEEE 802.11 data frames, with or without a radiotap header (<https://www.radiotap.org>).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Skips the radiotap header.
pub(super) fn peel_radiotap(frame: &mut Frame) -> Result<Layer, Rejection> {
    const FIXED: usize = 4;
    let header = frame.header::<FIXED>(LINK)?;
    let length = usize::from(u16::from_le_bytes([header[2], header[3]]));
    let fields = length.checked_sub(FIXED).ok_or(Rejection::LinkMalformed)?;
    frame.skip(fields, LINK)?;
    Ok(Layer::Wlan)
}

/// Consumes the MAC header of a data frame (IEEE 802.11, 9.3.2). Protected frames, frames without data, and
/// control and management frames are rejected as `NotIp`.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const TO_AND_FROM_DS: u8 = 0x03;
    const PROTECTED: u8 = 0x40;
    const ORDER: u8 = 0x80;
    const QOS: u8 = 0x80;
    const NO_DATA: u8 = 0x40;
    const AGGREGATED: u8 = 0x80;

    let header = frame.header::<24>(LINK)?;
    let (kind, control) = (header[0], header[1]);
    let is_data = kind & 0x0f == 0x08;
    if !is_data || kind & NO_DATA != 0 || control & PROTECTED != 0 {
        return Err(Rejection::NotIp);
    }
    if control & TO_AND_FROM_DS == TO_AND_FROM_DS {
        frame.skip(6, LINK)?; // the fourth address
    }
    if kind & QOS != 0 {
        let [qos, _] = *frame.header::<2>(LINK)?;
        if qos & AGGREGATED != 0 {
            return Err(Rejection::NotIp);
        }
        if control & ORDER != 0 {
            frame.skip(4, LINK)?; // HT control
        }
    }
    Ok(Layer::Llc)
}
