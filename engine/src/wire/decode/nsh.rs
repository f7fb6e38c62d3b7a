//! The network service header (RFC 8300, 2).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the base header, the path and the context.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const FIXED: usize = 8;
    let [start, length, _, next, ..] = *frame.header::<FIXED>(LINK)?;
    let more = (usize::from(length & 0x3f) * 4).checked_sub(FIXED).ok_or(Rejection::LinkMalformed)?;
    if start >> 6 != 0 {
        return Err(Rejection::LinkMalformed);
    }
    frame.skip(more, LINK)?;
    next_layer(next)
}

/// The layer of a next protocol, whose numbers VXLAN-GPE shares.
pub(super) fn next_layer(next: u8) -> Result<Layer, Rejection> {
    match next {
        1 => Ok(Layer::Ipv4),
        2 => Ok(Layer::Ipv6),
        3 => Ok(Layer::Ethernet),
        4 => Ok(Layer::Nsh),
        5 => Ok(Layer::Mpls),
        _ => Err(Rejection::NotIp),
    }
}
