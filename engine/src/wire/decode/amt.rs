//! Automatic multicast tunnelling, multicast packets over UDP (RFC 7450, 5.1.6).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::only_ip;
use super::rejection::Rejection;

/// Consumes the header of a data message. The others are between relay and gateway, and carry at most IGMP.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const DATA: [u8; 2] = [6, 0];
    match *frame.header::<2>(LINK)? {
        DATA => only_ip::layer(frame),
        _ => Err(Rejection::NotIp),
    }
}
