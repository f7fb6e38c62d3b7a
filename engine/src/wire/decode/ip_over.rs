//! Links whose header only has addresses before an EtherType or LLC: InfiniBand, FireWire, Fibre Channel.

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the routing header of InfiniBand and the encapsulation header (RFC 4391, 6).
pub(super) fn peel_infiniband(frame: &mut Frame) -> Result<Layer, Rejection> {
    frame.skip(40, LINK)?;
    let [high, low, ..] = *frame.header::<4>(LINK)?;
    Ok(frame.ethertype(u16::from_be_bytes([high, low])))
}

/// Consumes the addresses of macOS' IP over FireWire (RFC 2734), and the type.
pub(super) fn peel_fire_wire(frame: &mut Frame) -> Result<Layer, Rejection> {
    frame.skip(16, LINK)?;
    let [high, low] = *frame.header::<2>(LINK)?;
    Ok(frame.ethertype(u16::from_be_bytes([high, low])))
}

/// Consumes the addresses of IP over Fibre Channel (RFC 2625, 3.2).
pub(super) fn peel_fibre_channel(frame: &mut Frame) -> Result<Layer, Rejection> {
    frame.skip(16, LINK)?;
    Ok(Layer::Llc)
}
