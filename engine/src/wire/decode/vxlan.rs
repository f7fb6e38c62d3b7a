//! VXLAN (RFC 7348, 5), with or without a group policy (draft-smith-vxlan-group-policy), and VXLAN-GPE
//! (draft-ietf-nvo3-vxlan-gpe, 3). Reserved fields are ignored, as receivers have to; some encapsulators use them.

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::nsh;
use super::rejection::Rejection;

const NETWORK_IS_VALID: u8 = 0x08;

/// Consumes the header.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    match *frame.header::<8>(LINK)? {
        [flags, _, _, _, vni @ .., _] if flags & NETWORK_IS_VALID != 0 => {
            frame.realm.enter_overlay(vni);
            Ok(Layer::Ethernet)
        }
        _ => Err(Rejection::LinkMalformed),
    }
}

/// Consumes the header of the generic protocol extension, which names the next protocol.
pub(super) fn peel_gpe(frame: &mut Frame) -> Result<Layer, Rejection> {
    const NEXT_PROTOCOL: u8 = 0x04;
    const VERSION: u8 = 0x30;
    match *frame.header::<8>(LINK)? {
        [flags, _, _, next, vni @ .., _] if flags & (VERSION | NEXT_PROTOCOL) == NEXT_PROTOCOL => {
            if flags & NETWORK_IS_VALID != 0 {
                frame.realm.enter_overlay(vni);
            }
            nsh::next_layer(next)
        }
        // Without a next protocol it is plain VXLAN.
        [flags, _, _, _, vni @ .., _] if flags & VERSION == 0 && flags & NETWORK_IS_VALID != 0 => {
            frame.realm.enter_overlay(vni);
            Ok(Layer::Ethernet)
        }
        _ => Err(Rejection::LinkMalformed),
    }
}
