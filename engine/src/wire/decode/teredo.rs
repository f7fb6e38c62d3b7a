//! Teredo, IPv6 over UDP through a NAT (RFC 4380, 5.1.1).

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::only_ip;
use super::rejection::Rejection;

/// Consumes authentication and origin indication. Bubbles and ICMP, with which a client makes itself known to a Teredo
/// server, carry no connection: they are datagrams to that server.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const AUTHENTICATION: [u8; 2] = [0, 1];
    const ORIGIN: [u8; 2] = [0, 0];
    const ICMP: u8 = 58;
    const NOTHING: u8 = 59;
    if frame.bytes().starts_with(&AUTHENTICATION) {
        let [_, _, identifier, value] = *frame.header::<4>(LINK)?;
        const NONCE_AND_CONFIRMATION: usize = 9;
        frame.skip(usize::from(identifier) + usize::from(value) + NONCE_AND_CONFIRMATION, LINK)?;
    }
    if frame.bytes().starts_with(&ORIGIN) {
        frame.skip(8, LINK)?;
    }
    match (only_ip::layer(frame)?, frame.bytes().get(6)) {
        (Layer::Ipv6, Some(next)) if !matches!(*next, ICMP | NOTHING) => Ok(Layer::Ipv6),
        _ => Err(Rejection::NotIp),
    }
}
