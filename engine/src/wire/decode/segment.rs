//! The innermost transport segment of a packet.

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
    /// IP bytes: header and payload of the innermost IP packet, as its header says
    /// (as the wire length says where the header cannot: segments above 64 KiB).
    /// Those of all fragments, each with its header, if it came in fragments.
    pub ip_bytes: u32,
    /// IP packets that it came in: the number of its fragments, otherwise 1.
    pub ip_packets: u32,
    /// IP identification (RFC 791, RFC 8200 4.5); 0 where the packet has none.
    pub identification: u32,
    /// The transport header's own bytes, as far as they were kept.
    pub header: &'a [u8],
    /// What it says.
    pub transport: Transport,
    /// Transport payload that was kept.
    pub payload: &'a [u8],
    /// Its length on the wire; more than `payload.len()` when the snap length cut it, or
    /// when not all of its fragments came: then none is kept.
    pub payload_len: u32,
}
