//! Link types of captures, and the small headers that operating systems put before a packet.

use super::frame::{Frame, LINK};
use super::layer::Layer;
use super::rejection::Rejection;

/// The outermost layer of a link type (<https://www.tcpdump.org/linktypes.html>).
#[inline]
pub(super) fn first_layer(link: u16) -> Result<Layer, Rejection> {
    match link {
        1 => Ok(Layer::Ethernet),
        0 => Ok(Layer::Null),
        9 => Ok(Layer::Ppp),
        // 12 and 14 are what operating systems wrote for raw IP before 101 was registered.
        12 | 14 | 101 => Ok(Layer::RawIp),
        50 => Ok(Layer::PppSerial),
        51 => Ok(Layer::Pppoe),
        105 => Ok(Layer::Wlan),
        108 => Ok(Layer::Loop),
        113 => Ok(Layer::LinuxCooked),
        127 => Ok(Layer::Radiotap),
        228 => Ok(Layer::Ipv4),
        229 => Ok(Layer::Ipv6),
        276 => Ok(Layer::LinuxCooked2),
        _ => Err(Rejection::UnknownLink),
    }
}

/// Looks at the version of an IP packet that nothing announces.
pub(super) fn peel_raw_ip(frame: &mut Frame) -> Result<Layer, Rejection> {
    match frame.bytes().first().map(|byte| byte >> 4) {
        Some(4) => Ok(Layer::Ipv4),
        Some(6) => Ok(Layer::Ipv6),
        Some(_) => Err(Rejection::NotIp),
        None => Err(Rejection::LinkTruncated),
    }
}

/// Takes the address family of BSD's loopback, written in the byte order of the machine that captured.
pub(super) fn peel_null(frame: &mut Frame) -> Result<Layer, Rejection> {
    let family = u32::from_le_bytes(*frame.header::<4>(LINK)?);
    // A family is a small number, so only one of the two orders makes sense.
    of_family(if family > 0xffff { family.swap_bytes() } else { family })
}

/// Takes the address family of OpenBSD's loopback, in network byte order.
pub(super) fn peel_loop(frame: &mut Frame) -> Result<Layer, Rejection> {
    of_family(u32::from_be_bytes(*frame.header::<4>(LINK)?))
}

fn of_family(family: u32) -> Result<Layer, Rejection> {
    match family {
        2 => Ok(Layer::Ipv4),
        // AF_INET6 of Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS.
        10 | 23 | 24 | 28 | 30 => Ok(Layer::Ipv6),
        _ => Err(Rejection::NotIp),
    }
}

/// Takes the header of Linux' "any" device, first version.
pub(super) fn peel_linux_cooked(frame: &mut Frame) -> Result<Layer, Rejection> {
    let header = frame.header::<16>(LINK)?;
    of_cooked_protocol(u16::from_be_bytes([header[14], header[15]]))
}

/// Takes the header of Linux' "any" device, second version.
pub(super) fn peel_linux_cooked2(frame: &mut Frame) -> Result<Layer, Rejection> {
    let header = frame.header::<20>(LINK)?;
    of_cooked_protocol(u16::from_be_bytes([header[0], header[1]]))
}

fn of_cooked_protocol(protocol: u16) -> Result<Layer, Rejection> {
    /// ETH_P_802_2 of Linux: an LLC header follows.
    const LLC: u16 = 0x0004;
    if protocol == LLC {
        Ok(Layer::Llc)
    } else {
        Layer::of_ethertype(protocol)
    }
}

/// Takes PPP's protocol, with or without address and control before it (RFC 1661, 2; RFC 1662, 3.1).
pub(super) fn peel_ppp(frame: &mut Frame) -> Result<Layer, Rejection> {
    if frame.bytes().starts_with(&[0xff, 0x03]) {
        frame.skip(2, LINK)?;
    }
    let [high] = *frame.header::<1>(LINK)?;
    // An odd first byte is a protocol compressed to one byte (RFC 1661, 6.5).
    let protocol =
        if high & 1 == 1 { u16::from(high) } else { u16::from_be_bytes([high, frame.header::<1>(LINK)?[0]]) };
    // https://www.iana.org/assignments/ppp-numbers
    match protocol {
        0x0021 => Ok(Layer::Ipv4),
        0x0057 => Ok(Layer::Ipv6),
        0x0281 | 0x0283 => Ok(Layer::Mpls),
        _ => Err(Rejection::NotIp),
    }
}

/// Takes PPP in HDLC framing, or Cisco's HDLC, which share a link type (RFC 1547, 4.3.1).
pub(super) fn peel_ppp_serial(frame: &mut Frame) -> Result<Layer, Rejection> {
    match *frame.bytes() {
        [0x0f | 0x8f, 0x00, ..] => {
            let header = frame.header::<4>(LINK)?;
            Layer::of_ethertype(u16::from_be_bytes([header[2], header[3]]))
        }
        _ => Ok(Layer::Ppp),
    }
}
