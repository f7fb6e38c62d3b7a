//! A copy of a captured packet, and what it shows about its flow.

use crate::address::Address;
use crate::capture::Packet;
use crate::types::tcp_header::TcpHeader;
use crate::wire::flags;

/// What a packet shows about its flow: a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shows(u16);

impl Shows {
    /// The packet was sent by the client.
    pub const BY_CLIENT: Self = Self(1);
    /// A TCP SYN.
    pub const SYN: Self = Self(1 << 1);
    /// A TCP SYN-ACK.
    pub const SYN_ACK: Self = Self(1 << 2);
    /// Its payload was read as part of what its sender says first.
    pub const OPENING: Self = Self(1 << 3);
    /// With it, a name or another sign of the vendor was complete.
    pub const NAME: Self = Self(1 << 4);
    /// With it, the two sides came further in contact.
    pub const CONTACT: Self = Self(1 << 5);
    /// It answers the opening, and ends the first round trip.
    pub const ROUND_TRIP: Self = Self(1 << 6);
    /// The client's first data, with which the second round trip begins.
    pub const FIRST_DATA: Self = Self(1 << 7);
    /// The server's answer to that, with which it ends.
    pub const ANSWER_TIMED: Self = Self(1 << 8);
    /// Because of it, a round trip is not measured.
    pub const UNTIMED: Self = Self(1 << 9);
    /// A DNS query.
    pub const DNS_QUERY: Self = Self(1 << 10);
    /// A DNS answer.
    pub const DNS_ANSWER: Self = Self(1 << 11);
    /// A fragment of an IP packet.
    pub const FRAGMENT: Self = Self(1 << 12);
    /// The names of all of them, by their number.
    pub const LABELS: [&'static str; 13] = [
        "by_client",
        "syn",
        "syn_ack",
        "opening",
        "name",
        "contact",
        "round_trip",
        "first_data",
        "answer_timed",
        "untimed",
        "dns_query",
        "dns_answer",
        "fragment",
    ];

    /// What a TCP segment with `payload_len` bytes shows by itself; with `is_dns`, it is of a connection that carries DNS.
    pub fn of_segment(header: TcpHeader, payload_len: u32, is_dns: bool, is_by_client: bool) -> Self {
        let handshake = match header.flags & (flags::SYN | flags::ACK) {
            flags::SYN => Self::SYN,
            both if both & flags::SYN != 0 => Self::SYN_ACK,
            _ => Self::default(),
        };
        let message = if is_by_client { Self::DNS_QUERY } else { Self::DNS_ANSWER };
        handshake.and(message, is_dns && payload_len > 0)
    }

    /// What a DNS message in a datagram shows by itself.
    pub fn of_message(payload: &[u8]) -> Self {
        match payload.get(2) {
            Some(flags) if flags & 0x80 != 0 => Self::DNS_ANSWER,
            Some(_) => Self::DNS_QUERY,
            None => Self::default(),
        }
    }

    /// These and, if `applies`, others.
    #[must_use]
    pub fn and(self, others: Self, applies: bool) -> Self {
        Self(self.0 | if applies { others.0 } else { 0 })
    }

    /// Of what follows the handshake, only that it was read: others of the flow show more.
    pub fn are_ordinary(self) -> bool {
        self.0 & !Self::BY_CLIENT.0 == Self::OPENING.0
    }

    /// None is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The names of those in the set.
    pub fn labels(self) -> Vec<&'static str> {
        let is_in = |(number, _): &(usize, &&str)| self.0 >> number & 1 != 0;
        Self::LABELS.iter().enumerate().filter(is_in).map(|(_, label)| *label).collect()
    }
}

/// A copy of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPacket {
    /// Its number in the capture file, from 1; 0 if it comes from no file.
    pub number: u64,
    /// Its own time.
    pub time_ns: u64,
    /// Link type.
    pub link: u16,
    /// Number of its capture interface.
    pub interface: u16,
    /// Length on the wire.
    pub wire_len: u32,
    /// The innermost addresses: source and destination.
    pub addresses: [Address; 2],
    /// What it shows.
    pub shows: Shows,
    /// The captured bytes.
    pub bytes: Box<[u8]>,
}

impl KeptPacket {
    /// What an entry of a table is charged for a packet in addition to its bytes.
    const OVERHEAD: usize = 128;

    /// A copy of a packet between these addresses that shows this.
    pub fn of(packet: &Packet<'_>, addresses: [Address; 2], shows: Shows) -> Self {
        let Packet { number, time_ns, link, interface, wire_len, bytes } = *packet;
        Self { number, time_ns, link, interface, wire_len, addresses, shows, bytes: bytes.into() }
    }

    /// The packet.
    pub fn packet(&self) -> Packet<'_> {
        let Self { number, time_ns, link, interface, wire_len, ref bytes, .. } = *self;
        Packet { number, time_ns, link, interface, wire_len, bytes }
    }

    /// The memory that it takes, about.
    pub fn size(&self) -> usize {
        self.bytes.len() + Self::OVERHEAD
    }
}
