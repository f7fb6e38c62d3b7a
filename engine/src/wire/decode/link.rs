//! Link types of captures, and the pseudo-headers that operating systems prepend to a packet.

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
        // 12 and 14 were used for raw IP before 101 was registered.
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

/// Determines the version of a raw IP packet.
pub(super) fn peel_raw_ip(frame: &mut Frame) -> Result<Layer, Rejection> {
    match frame.bytes().first().map(|byte| byte >> 4) {
        Some(4) => Ok(Layer::Ipv4),
        Some(6) => Ok(Layer::Ipv6),
        Some(_) => Err(Rejection::NotIp),
        None => Err(Rejection::LinkTruncated),
    }
}

/// Consumes the address family of BSD loopback, in the byte order of the capturing host.
pub(super) fn peel_null(frame: &mut Frame) -> Result<Layer, Rejection> {
    let family = u32::from_le_bytes(*frame.header::<4>(LINK)?);
    // A family is a small number, so only one byte order is plausible.
    from_family(if family > 0xffff { family.swap_bytes() } else { family })
}

/// Consumes the address family of OpenBSD loopback, in network byte order.
pub(super) fn peel_loop(frame: &mut Frame) -> Result<Layer, Rejection> {
    from_family(u32::from_be_bytes(*frame.header::<4>(LINK)?))
}

fn from_family(family: u32) -> Result<Layer, Rejection> {
    match family {
        2 => Ok(Layer::Ipv4),
        // AF_INET6 on Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS.
        10 | 23 | 24 | 28 | 30 => Ok(Layer::Ipv6),
        _ => Err(Rejection::NotIp),
    }
}

/// Consumes the header of Linux's "any" device, version 1.
pub(super) fn peel_linux_cooked(frame: &mut Frame) -> Result<Layer, Rejection> {
    let header = frame.header::<16>(LINK)?;
    from_cooked_protocol(u16::from_be_bytes([header[14], header[15]]))
}

/// Consumes the header of Linux's "any" device, version 2.
pub(super) fn peel_linux_cooked2(frame: &mut Frame) -> Result<Layer, Rejection> {
    let header = frame.header::<20>(LINK)?;
    from_cooked_protocol(u16::from_be_bytes([header[0], header[1]]))
}

fn from_cooked_protocol(protocol: u16) -> Result<Layer, Rejection> {
    /// ETH_P_802_2 on Linux: an LLC header follows.
    const LLC: u16 = 0x0004;
    if protocol == LLC {
        Ok(Layer::Llc)
    } else {
        Layer::from_ethertype(protocol)
    }
}

/// Consumes the PPP protocol field, and the address and control fields if present (RFC 1661, 2; RFC 1662,
/// 3.1).
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

/// PPP in HDLC framing or Cisco HDLC, which share a link type (RFC 1547, 4.3.1).
pub(super) fn peel_ppp_serial(frame: &mut Frame) -> Result<Layer, Rejection> {
    match *frame.bytes() {
        [0x0f | 0x8f, 0x00, ..] => {
            let header = frame.header::<4>(LINK)?;
            Layer::from_ethertype(u16::from_be_bytes([header[2], header[3]]))
        }
        _ => Ok(Layer::Ppp),
    }
}
