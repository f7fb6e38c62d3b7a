//! Bytes to headers and messages. Knows no time, no state, no I/O, no Python.
//!
//! The parser contract: a parser takes a byte slice and gives `Ok(Parsed)`, `Ok(NeedMore)` or
//! `Err(Malformed)`: three outcomes, never a panic, never a guess after the first error.
//! A packet cut by the snap length is *truncated*, not malformed. Unknown numbers are data.

use crate::address::Address;

pub mod certificate;
pub mod cursor;
pub mod decode;
mod der;
pub mod dns;
mod dns_name;
mod dns_rdata;
pub mod dns_type;
pub mod dtls;
pub mod ech;
mod erspan;
mod ethernet;
pub mod fragment;
mod frame;
mod geneve;
pub mod gquic;
mod gre;
mod gtp;
mod http;
mod ipv4;
mod ipv6;
pub mod ja4;
mod ldap;
mod link;
mod mpls;
mod pppoe;
pub mod preamble;
mod proxy_header;
pub mod quic;
pub mod quic_keys;
mod starttls;
mod tcp;
mod text;
pub mod tls;
mod tls_record;
pub mod tls_server;
mod udp;
mod vxlan;
mod wlan;

/// A parser's good outcomes.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress<T> {
    /// The whole message.
    Parsed(T),
    /// Right so far, but it goes on.
    NeedMore,
}

/// Why bytes are not what they claim to be: a short reason from a closed set, used as a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// What a parser returns.
pub type Parse<T> = Result<Progress<T>, Malformed>;

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

/// Why a packet gave no segment: station and reason, both metric labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)] // each is named by `label`
pub enum Rejection {
    UnknownLink,
    LinkTruncated,
    LinkMalformed,
    NotIp,
    TooDeep,
    IpTruncated,
    IpMalformed,
    IpFragment,
    OtherTransport,
    TransportTruncated,
    TransportMalformed,
}

impl Rejection {
    /// How many there are.
    pub const COUNT: usize = 11;

    /// All, in order of their number.
    pub const ALL: [Self; Self::COUNT] = [
        Self::UnknownLink,
        Self::LinkTruncated,
        Self::LinkMalformed,
        Self::NotIp,
        Self::TooDeep,
        Self::IpTruncated,
        Self::IpMalformed,
        Self::IpFragment,
        Self::OtherTransport,
        Self::TransportTruncated,
        Self::TransportMalformed,
    ];

    /// (station, reason).
    pub fn label(self) -> (&'static str, &'static str) {
        match self {
            Self::UnknownLink => ("link", "unknown_type"),
            Self::LinkTruncated => ("link", "truncated"),
            Self::LinkMalformed => ("link", "malformed"),
            Self::NotIp => ("link", "not_ip"),
            Self::TooDeep => ("link", "too_deep"),
            Self::IpTruncated => ("ip", "truncated"),
            Self::IpMalformed => ("ip", "malformed"),
            Self::IpFragment => ("ip", "fragment"),
            Self::OtherTransport => ("ip", "other_transport"),
            Self::TransportTruncated => ("transport", "truncated"),
            Self::TransportMalformed => ("transport", "malformed"),
        }
    }
}
