//! The innermost transport segment of a packet.

use crate::address::realm::Realm;
use crate::address::Address;

/// TCP flags.
pub mod flags {
    #![allow(missing_docs)]
    pub const FIN: u8 = 0x01;
    pub const SYN: u8 = 0x02;
    pub const RST: u8 = 0x04;
    pub const ACK: u8 = 0x10;
}

/// Transport header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP (RFC 9293).
    Tcp {
        /// Sequence number.
        seq: u32,
        /// Acknowledgement number.
        ack: u32,
        /// Control bits, see `flags`.
        flags: u8,
    },
    /// UDP (RFC 768).
    Udp,
}

/// The innermost transport segment of a packet.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    /// Source address.
    pub src: Address,
    /// Destination address.
    pub dst: Address,
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// Bytes of the innermost IP packet, header and payload, according to its header (according to the length
    /// on the wire if the header cannot express it: segments above 64 KiB). For a fragmented packet, the sum
    /// over all fragments, each with its header.
    pub ip_bytes: u32,
    /// IP packets that carried it: the number of fragments, otherwise 1.
    pub ip_packets: u32,
    /// IP identification (RFC 791; RFC 8200, 4.5); 0 if the packet has none.
    pub identification: u32,
    /// VLANs of the innermost Ethernet frame, and VNI of the innermost overlay network.
    pub realm: Realm,
    /// Who sent the frame around the innermost IP packet, as its link layer says.
    pub mac: Option<&'a [u8; 6]>,
    /// The hops that the packet may still take: its TTL or hop limit; 0 for a fragmented packet.
    pub hops: u8,
    /// The captured bytes of the transport header.
    pub header: &'a [u8],
    /// Its fields.
    pub transport: Transport,
    /// Captured payload.
    pub payload: &'a [u8],
    /// Length of the payload on the wire. It exceeds `payload.len()` if the snap length cut the packet, or if
    /// fragments are missing; in that case `payload` is empty.
    pub payload_len: u32,
}

#[cfg(test)]
impl Segment<'static> {
    /// A datagram between two IPv4 addresses and ports, of which a test changes what it is about.
    pub(crate) fn between((src, src_port): ([u8; 4], u16), (dst, dst_port): ([u8; 4], u16)) -> Self {
        Self {
            src: Address::v4(src),
            dst: Address::v4(dst),
            src_port,
            dst_port,
            ip_bytes: 40,
            ip_packets: 1,
            identification: 0,
            realm: Realm::NONE,
            mac: None,
            hops: 64,
            header: &[],
            transport: Transport::Udp,
            payload: &[],
            payload_len: 0,
        }
    }
}
