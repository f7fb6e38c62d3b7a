//! ERSPAN, mirrored packets over GRE (draft-foschiano-erspan-03).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the header of type II.
pub(super) fn peel_2(frame: &mut Frame) -> Result<Layer, Rejection> {
    const VERSION: u8 = 1;
    let header = frame.header::<8>(LINK)?;
    if header[0] >> 4 != VERSION {
        return Err(Rejection::LinkMalformed);
    }
    Ok(Layer::Ethernet)
}

/// Consumes the header of type III, and its platform-specific subheader if there is one.
pub(super) fn peel_3(frame: &mut Frame) -> Result<Layer, Rejection> {
    const VERSION: u8 = 2;
    const OPTIONAL_SUBHEADER: u8 = 0x01;
    let header = frame.header::<12>(LINK)?;
    if header[0] >> 4 != VERSION {
        return Err(Rejection::LinkMalformed);
    }
    if header[11] & OPTIONAL_SUBHEADER != 0 {
        frame.skip(8, LINK)?;
    }
    match header[10] >> 2 & 0x1f {
        0 => Ok(Layer::Ethernet),
        2 => Ok(Layer::RawIp),
        _ => Err(Rejection::NotIp),
    }
}
