//! From the link layer to the innermost transport segment. One file per layer beside this one.

use super::link::{network_layer, Network};
use super::{ipv4, ipv6, tcp, udp, Rejection, Segment};
use crate::address::Address;

/// EtherTypes (IANA, IEEE 802 numbers).
pub mod ethertype {
    #![allow(missing_docs)]
    pub const IPV4: u16 = 0x0800;
    pub const IPV6: u16 = 0x86dd;
    pub const VLAN: u16 = 0x8100;
    pub const SERVICE_VLAN: u16 = 0x88a8;
    pub const OLD_SERVICE_VLAN: u16 = 0x9100;
}

/// An IP packet: what its header says.
#[derive(Clone, Copy, Debug)]
pub struct IpPacket<'a> {
    /// Source address.
    pub src: Address,
    /// Destination address.
    pub dst: Address,
    /// Protocol of the payload, behind any extension headers.
    pub protocol: u8,
    /// Bytes of the whole packet on the wire.
    pub ip_bytes: u32,
    /// Bytes of the payload on the wire.
    pub payload_len: u32,
    /// The payload as far as it was kept.
    pub payload: &'a [u8],
    /// More fragments follow this first one.
    pub more_fragments: bool,
}

/// The innermost TCP or UDP segment of a packet of link type `link`.
///
/// `wire_len` is the packet's length on the wire; `bytes` may be less of it. Padding behind the IP
/// packet is left out. The first fragment of a datagram gives a segment whose payload goes on in
/// the others (`payload_len` counts what the header of the transport promises).
#[inline]
pub fn decode(link: u16, bytes: &[u8], wire_len: u32) -> Result<Segment<'_>, Rejection> {
    let (network, header_len) = network_layer(link, bytes)?;
    let packet = &bytes[header_len..];
    // Bytes on the wire from the IP header on; a lying wire_len cannot make it less than what is there.
    let on_wire = (wire_len as usize).saturating_sub(header_len).max(packet.len());
    let on_wire = u32::try_from(on_wire).unwrap_or(u32::MAX);
    let packet = match network {
        Network::Ipv4 => ipv4::parse(packet, on_wire)?,
        Network::Ipv6 => ipv6::parse(packet, on_wire)?,
    };
    match packet.protocol {
        tcp::PROTOCOL => tcp::parse(&packet),
        udp::PROTOCOL => udp::parse(&packet),
        _ => Err(Rejection::OtherTransport),
    }
}
