//! Packets that a mirror port delivers twice, recognised by their headers within a short time.
//!
//! A switch that mirrors a packet on ingress and on egress, two mirror ports on one path, both sides of a router:
//! each delivers the same packet again, microseconds to milliseconds later. A duplicate has the same addresses, IP
//! length, IPv4 identification and transport header, checksum included. Time to live, traffic class, IP checksum,
//! tags, tunnels and the interface may differ, so they are not compared. What hosts retransmit themselves must not
//! be taken for a duplicate:
//!
//! - With an IPv4 identification other than 0, each transmission has its own (RFC 6864, 4.3), so the full window
//!   applies.
//! - Without one (IPv6, and hosts that leave it 0) a retransmission looks like a duplicate, but arrives a round
//!   trip later: one fiftieth of the window applies. Nearer hosts retransmit within it, so it depends on the flow
//!   whether its packets are delivered twice: see `flow_duplicates`. No host repeats a SYN that soon.
//! - Without one, a segment that does not advance the connection (a bare acknowledgement or reset) is repeated at
//!   once by honest hosts: three equal acknowledgements are how TCP reports a loss (RFC 5681, 3.2).
//! - A UDP checksum may be 0 or left to the network card, so a datagram's first bytes are compared as well.

use crate::types::arrival::Arrival;
use crate::types::volume::Volume;
use crate::view::delivery::Delivery;
use crate::view::flow_duplicates::{FlowDuplicates, Occurrence, Treatment};
use crate::view::recent_packets::{time_units, PacketEntry, RecentPackets};
use crate::wire::fragment::Fragment;
use crate::wire::{flags, Segment, Transport};
use foldhash::fast::RandomState;
use std::hash::{BuildHasher, Hasher};

/// Spreads the places of packets (2^64 divided by the golden ratio).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
/// Number of payload bytes of a datagram that are compared.
const DATAGRAM_BYTES: usize = 64;
/// Without identification the window is shorter by this factor.
const UNIDENTIFIED: u32 = 50;
/// Where other packets of the flow were delivered twice, it is shorter by this factor instead.
const UNIDENTIFIED_TWICE: u32 = 5;

/// Packets that show whether an interface delivers any twice,
const INTERFACE_ENOUGH: u16 = 100;
/// and how many of them are if it does: one in so many.
const DUPLICATING_SHARE: u16 = 50;

/// Recognises packets that are delivered twice.
#[derive(Debug)]
pub struct Duplicates {
    packets: RecentPackets,
    window: u32,
    /// How each interface delivered the packets that headers alone show to be duplicates or not.
    interfaces: Vec<Delivery>,
    /// Seeded, so that no sender can forge the fingerprint of another packet.
    hasher: RandomState,
}

impl Duplicates {
    /// Duplicates arrive within `window_ns`; 0 disables their detection.
    pub fn new(window_ns: u64) -> Self {
        Self {
            packets: RecentPackets::new(window_ns > 0),
            window: time_units(window_ns),
            interfaces: Vec::new(),
            hasher: RandomState::default(),
        }
    }

    /// How a segment is treated; it is stored for later comparison. `flow` is a number that identifies one direction
    /// of a flow, that of `side`; `duplicates` are those of
    /// the flow and what its sides have sent, if it is in the table.
    #[inline(always)] // the path of every packet
    pub fn find(
        &mut self,
        segment: &Segment<'_>,
        (flow, side): (u64, usize),
        arrival: Arrival,
        duplicates: Option<(&mut FlowDuplicates, &[Volume; 2])>,
    ) -> Treatment {
        let words = words(segment.header);
        let entry = PacketEntry::new(header_hash(&self.hasher, segment, words, flow), arrival.time_ns);
        let mut known = self.packets.find_or_store(place_of(segment, words), entry);
        let occurrence = match &known {
            Some(known) => classify(segment, entry.age(**known), known.repeats(), self.window),
            None => Occurrence::First,
        };
        let treatment = match duplicates {
            Some((duplicates, sent)) => duplicates.note(side, occurrence, segment, sent),
            None if occurrence == Occurrence::Duplicate => Treatment::Skip(segment.ip_packets),
            None => Treatment::Count,
        };
        match &mut known {
            Some(known) if treatment == Treatment::Count => **known = entry,
            // The time of the first delivery stays, so that a packet repeated forever is counted now and then.
            Some(known) => known.repeat(),
            None => {}
        }
        if segment.identification != 0 || is_syn(segment) {
            self.note_delivery(arrival.interface, occurrence == Occurrence::First);
        }
        treatment
    }

    #[inline]
    fn note_delivery(&mut self, interface: u16, is_first: bool) {
        let place = usize::from(interface);
        if place >= self.interfaces.len() {
            self.interfaces.resize(place + 1, Delivery::default());
        }
        self.interfaces[place].note(is_first);
    }

    /// True if an interface delivers packets twice, or if it has delivered too few to know.
    pub fn may_duplicate(&self, interface: u16) -> bool {
        let delivery = self.interfaces.get(usize::from(interface)).copied().unwrap_or_default();
        delivery.firsts() < INTERFACE_ENOUGH || delivery.is_share(DUPLICATING_SHARE)
    }

    /// True for an exact duplicate of an IP fragment: fragments that contradict each other are not duplicates.
    pub fn is_duplicate_fragment(&mut self, fragment: &Fragment<'_>, time_ns: u64) -> bool {
        let place = u64::from(fragment.packet.number.wrapping_add(fragment.offset)).wrapping_mul(MULTIPLIER);
        let hash = self.hasher.hash_one((
            fragment.packet,
            fragment.offset,
            fragment.more,
            fragment.len,
            fragment.bytes,
        ));
        let entry = PacketEntry::new(hash, time_ns);
        let Some(known) = self.packets.find_or_store(place, entry) else { return false };
        let is_duplicate = entry.age(*known) <= self.window;
        if !is_duplicate {
            *known = entry;
        }
        is_duplicate
    }
}

/// Classifies a packet that equals one seen `age` ago, which was repeated before.
#[inline]
fn classify(segment: &Segment<'_>, age: u32, repeats: u8, window: u32) -> Occurrence {
    let is_identified = segment.identification != 0;
    if is_identified && age <= window {
        Occurrence::Duplicate
    } else if is_identified || age > window / UNIDENTIFIED_TWICE {
        Occurrence::First
    } else if age <= window / UNIDENTIFIED && is_syn(segment) {
        Occurrence::Duplicate
    } else {
        Occurrence::Repeated { is_late: age > window / UNIDENTIFIED, repeats }
    }
}

/// True for a segment that no host repeats within a second.
#[inline]
fn is_syn(segment: &Segment<'_>) -> bool {
    matches!(segment.transport, Transport::Tcp { flags, .. } if flags & flags::SYN != 0)
}

/// The place of a packet. Unlike fingerprints, places do not differ from run to run, so that the same packets are
/// evicted each time a file is read.
#[inline]
fn place_of(segment: &Segment<'_>, [first, second, _]: [u64; 3]) -> u64 {
    let ends = (segment.src.0 ^ segment.dst.0) as u64 ^ u64::from(segment.identification) << 24;
    (first ^ ends).wrapping_mul(MULTIPLIER).wrapping_add(second).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

/// A number that differs between packets that are not duplicates of each other.
/// The checksum represents TCP's options and payload.
#[inline(always)]
fn header_hash(
    hasher: &RandomState,
    segment: &Segment<'_>,
    [first, second, third]: [u64; 3],
    flow: u64,
) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write_u64(flow);
    hasher.write_u64(u64::from(segment.identification) << 32 | u64::from(segment.ip_bytes));
    match segment.transport {
        Transport::Tcp { .. } => {
            hasher.write_u64(first >> 32 | second << 32);
            hasher.write_u64(second >> 32 | third << 32);
        }
        Transport::Udp => {
            hasher.write_u64(first);
            hasher.write(segment.payload.get(..DATAGRAM_BYTES).unwrap_or(segment.payload));
        }
    }
    hasher.finish()
}

/// The header of TCP without options, or of UDP, in words: the last one has four bytes. 0 beyond its end.
#[inline]
fn words(header: &[u8]) -> [u64; 3] {
    let word = |at: usize| {
        header.get(at..).and_then(|rest| rest.first_chunk()).map(|word| u64::from_le_bytes(*word))
    };
    match header.first_chunk::<20>() {
        Some([start @ .., a, b, c, d]) => {
            let word = |at: usize| std::array::from_fn(|n| start[at + n]);
            [
                u64::from_le_bytes(word(0)),
                u64::from_le_bytes(word(8)),
                u32::from_le_bytes([*a, *b, *c, *d]).into(),
            ]
        }
        None => [word(0).unwrap_or(0), word(8).unwrap_or(0), 0],
    }
}
