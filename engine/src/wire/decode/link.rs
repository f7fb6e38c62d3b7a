//! Link types of captures, and the pseudo-headers that operating systems prepend to a packet.

use super::carried::Carried;
use super::frame::{Frame, LINK};
use super::juniper;
use super::layer::Layer;
use super::rejection::Rejection;

/// The layer of the frame's link type (<https://www.tcpdump.org/linktypes.html>).
pub(super) fn layer(frame: &mut Frame) -> Layer {
    match frame.link {
        1 => Layer::Ethernet,
        0 | 108 => Layer::Null,
        6 => Layer::TokenRing,
        7 => Layer::Arcnet,
        10 => Layer::Fddi,
        11 => Layer::Llc, // over ATM (RFC 2684)
        // 12 and 14 were used for raw IP before 101 was registered; SLIP has no header.
        8 | 12 | 14 | 101 => Layer::RawIp,
        9 | 50 => Layer::PppSerial,
        51 => Layer::Pppoe,
        104 | 112 => Layer::CiscoHdlc,
        105 => Layer::Wlan,
        107 => Layer::FrameRelay,
        109 => Layer::EncapsulatingInterface,
        113 => Layer::LinuxCooked,
        117 => Layer::PacketFilterLog,
        119 | 163 => Layer::Prism,
        122 => Layer::FibreChannel,
        123 => Layer::SunAtm,
        127 => Layer::Radiotap,
        129 => Layer::LinuxArcnet,
        138 => Layer::FireWire,
        149 | 258 => Layer::PacketTap,
        juniper::PPPOE | juniper::ETHERNET | juniper::PPP | juniper::FRAME_RELAY | juniper::CISCO_HDLC => {
            Layer::Juniper
        }
        166 | 204 => Layer::DirectedPpp,
        192 => Layer::PerPacketInformation,
        197 => Layer::Erf,
        205 => Layer::DirectedCiscoHdlc,
        206 => Layer::DirectedFrameRelay,
        228 => Layer::Ipv4,
        229 => Layer::Ipv6,
        239 => Layer::NetfilterLog,
        // The field of a network analyser, and the tag of Broadcom before the frame.
        240 | 282 => Layer::FourBytes,
        242 => Layer::Infiniband,
        274 => Layer::Preamble,
        276 => Layer::LinuxCooked2,
        226 => Layer::IpNet, // of Solaris
        281 | 284 => Layer::SwitchTag,
        285 => Layer::LongSwitchTag,
        other => frame.undecoded(Carried::LinkType(other)),
    }
}

/// Consumes a direction, or another field of `count` bytes, before the header of a link type.
pub(super) fn skip_field(frame: &mut Frame, count: usize, then: Layer) -> Result<Layer, Rejection> {
    frame.skip(count, LINK)?;
    Ok(then)
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

/// Consumes the address family of a loopback interface. It is a small number, in the byte order of the host that
/// captured it, or of the network; its only byte that is not zero is the same in all of them. Captures of serial lines
/// with Cisco HDLC have this link type as well.
pub(super) fn peel_null(frame: &mut Frame) -> Result<Layer, Rejection> {
    if is_cisco_hdlc(frame.bytes()) {
        return Ok(Layer::CiscoHdlc);
    }
    let bytes = *frame.header::<4>(LINK)?;
    let family = bytes.iter().fold(0, |sum, byte| sum | *byte);
    if bytes.iter().filter(|byte| **byte != 0).count() != 1 {
        return Err(Rejection::LinkMalformed);
    }
    match family {
        2 => Ok(Layer::Ipv4),
        // AF_INET6 on Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS.
        10 | 23 | 24 | 28 | 30 => Ok(Layer::Ipv6),
        7 | 26 => Ok(frame.undecoded(Carried::Control)), // OSI
        _ => Err(Rejection::NotIp),
    }
}

/// Consumes the header of Linux's "any" device, version 1.
pub(super) fn peel_linux_cooked(frame: &mut Frame) -> Result<Layer, Rejection> {
    let header = frame.header::<16>(LINK)?;
    if [header[4], header[5]] == [0, 6] {
        frame.station = header[6..].first_chunk();
    }
    Ok(from_cooked_protocol(frame, u16::from_be_bytes([header[14], header[15]])))
}

/// Consumes the header of Linux's "any" device, version 2.
pub(super) fn peel_linux_cooked2(frame: &mut Frame) -> Result<Layer, Rejection> {
    let header = frame.header::<20>(LINK)?;
    if header[11] == 6 {
        frame.station = header[12..].first_chunk();
    }
    Ok(from_cooked_protocol(frame, u16::from_be_bytes([header[0], header[1]])))
}

fn from_cooked_protocol(frame: &mut Frame, protocol: u16) -> Layer {
    /// ETH_P_802_2 on Linux: an LLC header follows.
    const LLC: u16 = 0x0004;
    if protocol == LLC {
        Layer::Llc
    } else {
        frame.ethertype(protocol)
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
        other => Ok(frame.undecoded(Carried::PppProtocol(other))),
    }
}

/// PPP in HDLC framing or Cisco HDLC, which share a link type (RFC 1547, 4.3.1).
pub(super) fn peel_ppp_serial(frame: &mut Frame) -> Result<Layer, Rejection> {
    Ok(if is_cisco_hdlc(frame.bytes()) { Layer::CiscoHdlc } else { Layer::Ppp })
}

/// Address (unicast or broadcast) and control of Cisco HDLC, before an EtherType.
fn is_cisco_hdlc(bytes: &[u8]) -> bool {
    matches!(*bytes, [0x0f | 0x8f, 0, high, low, ..] if u16::from_be_bytes([high, low]) >= 0x0600)
}

/// Cisco HDLC: address, control and an EtherType. PPP in HDLC framing is captured as the same link type.
pub(super) fn peel_cisco_hdlc(frame: &mut Frame) -> Result<Layer, Rejection> {
    if frame.bytes().starts_with(&[0xff, 0x03]) {
        return Ok(Layer::Ppp);
    }
    let [_, _, high, low] = *frame.header::<4>(LINK)?;
    Ok(frame.ethertype(u16::from_be_bytes([high, low])))
}
