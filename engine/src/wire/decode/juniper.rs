//! The pseudo-header of Juniper's routers, for the link types whose content is a packet of another kind.

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

pub(super) const ETHERNET: u16 = 178;
pub(super) const PPP: u16 = 179;
pub(super) const FRAME_RELAY: u16 = 180;
pub(super) const CISCO_HDLC: u16 = 181;
pub(super) const PPPOE: u16 = 167;

/// Consumes magic number, flags and extensions. A packet without a header of the link layer names its protocol.
pub(super) fn peel(frame: &mut Frame) -> Result<Layer, Rejection> {
    const EXTENSIONS: u8 = 0x80;
    const NO_LINK_HEADER: u8 = 0x02;
    let [b'M', b'G', b'C', flags] = *frame.header::<4>(LINK)? else {
        return Err(Rejection::LinkMalformed);
    };
    if flags & EXTENSIONS != 0 {
        let length = u16::from_be_bytes(*frame.header::<2>(LINK)?);
        frame.skip(length.into(), LINK)?;
    }
    if flags & NO_LINK_HEADER != 0 {
        let [protocol, ..] = *frame.header::<4>(LINK)?;
        return Ok(match protocol {
            2 => Layer::Ipv4,
            6 => Layer::Ipv6,
            _ => Layer::RawIp,
        });
    }
    match frame.link {
        ETHERNET | PPPOE => Ok(Layer::Ethernet),
        PPP => Ok(Layer::Ppp),
        FRAME_RELAY => Ok(Layer::FrameRelay),
        CISCO_HDLC => Ok(Layer::CiscoHdlc),
        other => Ok(frame.undecoded(Carried::LinkType(other))),
    }
}
