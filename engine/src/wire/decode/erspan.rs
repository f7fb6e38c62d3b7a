//! ERSPAN, mirrored packets over GRE (draft-foschiano-erspan-03).

use super::ethernet;
use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the header of type II.
pub(super) fn peel_2(frame: &mut Frame) -> Result<Layer, Rejection> {
    const VERSION: u8 = 1;
    let [high, low, ..] = *frame.header::<8>(LINK)?;
    if high >> 4 != VERSION {
        return Err(Rejection::LinkMalformed);
    }
    peel_mirrored(frame, [high, low])
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
    let vlan = [header[0], header[1]];
    match header[10] >> 2 & 0x1f {
        0 => peel_mirrored(frame, vlan),
        2 => {
            frame.realm.enter_frame();
            frame.realm.add_vlan(vlan);
            Ok(Layer::RawIp)
        }
        _ => Err(Rejection::NotIp),
    }
}

/// Consumes the mirrored frame's own header. The switch states the frame's VLAN, and may leave the tag in the frame.
fn peel_mirrored(frame: &mut Frame, vlan: [u8; 2]) -> Result<Layer, Rejection> {
    frame.realm.enter_frame();
    let layer = ethernet::peel(frame)?;
    if layer != Layer::Vlan || !ethernet::is_tagged_with(frame, vlan) {
        frame.realm.add_vlan(vlan);
    }
    Ok(layer)
}
