//! Frame relay (RFC 2427), with the identifiers of OSI or, as Cisco does, with EtherTypes.

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// Consumes the address and what names the protocol.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const LAST: u8 = 0x01;
    const UNNUMBERED: u8 = 0x03;
    let length = frame.bytes().iter().take(4).position(|byte| byte & LAST != 0);
    match length {
        Some(last @ 1..) => frame.skip(last + 1, LINK)?,
        _ => return Err(Rejection::LinkMalformed),
    }
    let [first, second] = *frame.header::<2>(LINK)?;
    let identifier = match (first, second) {
        (UNNUMBERED, 0) => frame.header::<1>(LINK)?[0], // a byte of padding
        (UNNUMBERED, identifier) => identifier,
        ethertype => return Ok(frame.ethertype(u16::from_be_bytes(ethertype.into()))),
    };
    from_identifier(frame, identifier)
}

/// The layer of a network layer protocol identifier (NLPID, ISO/IEC TR 9577).
pub(super) fn from_identifier(frame: &mut Frame, identifier: u8) -> Result<Layer, Rejection> {
    match identifier {
        0xcc => Ok(Layer::Ipv4),
        0x8e => Ok(Layer::Ipv6),
        0xcf => Ok(Layer::Ppp),
        // SNAP: organisation and type; organisation 00-80-c2 bridges complete frames.
        0x80 => match *frame.header::<5>(LINK)? {
            [0, 0, 0, high, low] => Ok(frame.ethertype(u16::from_be_bytes([high, low]))),
            [0, 0x80, 0xc2, 0, 1 | 7] => Ok(Layer::Ethernet),
            _ => Ok(frame.undecoded(Carried::Control)),
        },
        0x08 | 0x81..=0x83 => Ok(frame.undecoded(Carried::Control)), // Q.933, and OSI routing
        other => Ok(frame.undecoded(Carried::Llc(other))),
    }
}
