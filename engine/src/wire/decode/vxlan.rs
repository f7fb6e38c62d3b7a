//! VXLAN (RFC 7348, 5), with or without a group policy (draft-smith-vxlan-group-policy).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// The registered port, and the one used by Linux and older VMware versions before the registration.
pub(super) const PORTS: [u16; 2] = [4789, 8472];

/// Consumes the header.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const NETWORK_IS_VALID: u8 = 0x08;
    match frame.header::<8>(LINK)? {
        [flags, .., 0] if flags & NETWORK_IS_VALID != 0 => Ok(Layer::Ethernet),
        _ => Err(Rejection::LinkMalformed),
    }
}
