//! The IP packet of a tunnel whose header is too plain to recognise. Only a packet that ends with the datagram is one:
//! other datagrams to the tunnel's port hardly begin so.

use super::frame::{Frame, IP};
use super::layer::Layer;
use super::rejection::Rejection;

/// The layer of a packet that is all of the rest. Its header is not consumed.
pub(super) fn layer(frame: &Frame) -> Result<Layer, Rejection> {
    const IPV6_HEADER: usize = 40;
    let mut ahead = *frame;
    let [first, _, a, b, c, d] = *ahead.header::<6>(IP)?;
    let (layer, length) = match first {
        0x45..=0x4f => (Layer::Ipv4, usize::from(u16::from_be_bytes([a, b]))),
        0x60..=0x6f => (Layer::Ipv6, IPV6_HEADER + usize::from(u16::from_be_bytes([c, d]))),
        _ => return Err(Rejection::NotIp),
    };
    if length == frame.wire_len {
        Ok(layer)
    } else {
        Err(Rejection::IpMalformed)
    }
}
