//! The pseudo-interfaces of the BSDs' packet filter (pflog) and of their IPsec (enc).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the header of a packet that the packet filter logged. Its first byte is its length without padding.
pub(super) fn peel_packet_filter_log(frame: &mut Frame) -> Result<Layer, Rejection> {
    const MIN: usize = 28;
    let length = frame.bytes().first().map_or(0, |length| usize::from(*length));
    if length < MIN && !frame.bytes().is_empty() {
        return Err(Rejection::LinkMalformed);
    }
    frame.skip(length.next_multiple_of(4).max(MIN), LINK)?;
    Ok(Layer::RawIp)
}

/// Consumes address family, security parameter index and flags; the packet is that inside or outside of IPsec.
pub(super) fn peel_encapsulating(frame: &mut Frame) -> Result<Layer, Rejection> {
    frame.skip(12, LINK)?;
    Ok(Layer::RawIp)
}
