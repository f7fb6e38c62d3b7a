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
//!   trip later: one fiftieth of the window applies. The remaining error is a retransmission to a host nearer
//!   than that; it costs the bytes of one segment.
//! - Without one, a segment that does not advance the connection (a bare acknowledgement or reset) is repeated at
//!   once by honest hosts: three equal acknowledgements are how TCP reports a loss (RFC 5681, 3.2). It counts as a
//!   duplicate only where other packets of its flow were delivered twice as well; so does a packet that arrives
//!   a little later than one fiftieth of the window.
//! - A UDP checksum may be 0 or left to the network card, so a datagram's first bytes are compared as well.

use crate::wire::fragment::Fragment;
use crate::wire::{flags, Segment, Transport};
use foldhash::fast::RandomState;
use std::hash::{BuildHasher, Hasher};

/// Number of lines in the table. Each has a few places, so that a packet is found without a search. At a million
/// packets a second the table holds those of 65 ms.
const LINES: usize = 1 << 14;
/// Number of packets in one line, the latest first.
const WAYS: usize = 4;
/// Times are kept in units of 2^16 ns (65 µs), modulo 2^24 (18 min).
const TIME_UNIT_BITS: u32 = 16;
const TIME_BITS: u32 = 24;
const TIME_MASK: u64 = (1 << TIME_BITS) - 1;
/// Number of payload bytes of a datagram that are compared.
const DATAGRAM_BYTES: usize = 64;
/// Without identification the window is shorter by this factor.
const UNIDENTIFIED: u32 = 50;
/// Where other packets of the flow were delivered twice, it is shorter by this factor instead.
const UNIDENTIFIED_TWICE: u32 = 5;
/// After this many packets without a duplicate, a flow is no longer taken to be delivered twice.
const SINGLE_AFTER: u8 = 16;

/// What a packet is by its headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Occurrence {
    /// Not seen within the window.
    First,
    /// Either a duplicate or a retransmission.
    Repeated,
    /// Seen before.
    Duplicate,
}

/// The latest packets, as fingerprints with times. Fixed in size; a look-up touches one cache line.
#[derive(Debug)]
pub struct Duplicates {
    /// Fingerprint above, time below; 0: empty.
    lines: Box<[[u64; WAYS]]>,
    window: u32,
    /// Seeded, so that no sender can forge the fingerprint of another packet.
    hasher: RandomState,
}

impl Duplicates {
    /// Duplicates arrive within `window_ns`; 0 disables their detection.
    pub fn new(window_ns: u64) -> Self {
        let lines = if window_ns == 0 { 0 } else { LINES };
        let window = (window_ns >> TIME_UNIT_BITS).clamp(1, TIME_MASK / 2) as u32;
        Self { lines: vec![[0; WAYS]; lines].into(), window, hasher: RandomState::default() }
    }

    /// True for a duplicate of a segment; all others are stored for later comparison. `flow` is a number that
    /// identifies one direction of a flow; `duplicates` are those of the flow, if it is in the table.
    #[inline]
    pub fn is_duplicate(
        &mut self,
        segment: &Segment<'_>,
        flow: u64,
        time_ns: u64,
        duplicates: Option<&mut FlowDuplicates>,
    ) -> bool {
        let Some(line) = self.lines.get_mut(place_of(segment)) else { return false };
        let entry = header_hash(&self.hasher, segment, flow) << TIME_BITS | time(time_ns);
        let occurrence = look_up(line, entry, |age| classify(segment, age, self.window));
        duplicates.map_or(occurrence == Occurrence::Duplicate, |duplicates| duplicates.note(occurrence))
    }

    /// True for an exact duplicate of an IP fragment: fragments that contradict each other are not duplicates.
    pub fn is_duplicate_fragment(&mut self, fragment: &Fragment<'_>, time_ns: u64) -> bool {
        let place = fragment.packet.number.wrapping_add(fragment.offset).wrapping_mul(0x9e37_79b9);
        let Some(line) = self.lines.get_mut(place as usize % LINES) else { return false };
        let hash = self.hasher.hash_one((
            fragment.packet,
            fragment.offset,
            fragment.more,
            fragment.len,
            fragment.bytes,
        ));
        let entry = (hash | 1) << TIME_BITS | time(time_ns);
        let classify = |age| if age <= self.window { Occurrence::Duplicate } else { Occurrence::First };
        look_up(line, entry, classify) == Occurrence::Duplicate
    }
}

/// Looks an entry up in its line and stores it; `classify` decides by the age of an equal one.
#[inline]
fn look_up(line: &mut [u64; WAYS], entry: u64, classify: impl Fn(u32) -> Occurrence) -> Occurrence {
    for known in &mut *line {
        if (*known ^ entry) >> TIME_BITS == 0 {
            let occurrence = classify(age(entry, *known));
            if occurrence == Occurrence::First {
                *known = entry;
            } // otherwise the first time stays, so that a packet repeated forever is counted now and then
            return occurrence;
        }
    }
    line.copy_within(..WAYS - 1, 1);
    line[0] = entry;
    Occurrence::First
}

/// Classifies a packet that equals one seen `age` ago.
#[inline]
fn classify(segment: &Segment<'_>, age: u32, window: u32) -> Occurrence {
    let is_identified = segment.identification != 0;
    if is_identified && age <= window {
        Occurrence::Duplicate
    } else if is_identified || age > window / UNIDENTIFIED_TWICE {
        Occurrence::First
    } else if age > window / UNIDENTIFIED || !advances(segment) {
        Occurrence::Repeated
    } else {
        Occurrence::Duplicate
    }
}

#[inline]
fn time(time_ns: u64) -> u64 {
    (time_ns >> TIME_UNIT_BITS) & TIME_MASK
}

/// Time units between two entries, in either order, because interfaces deliver their packets in blocks.
#[inline]
fn age(entry: u64, known: u64) -> u32 {
    let apart = entry.wrapping_sub(known) & TIME_MASK;
    apart.min(TIME_MASK + 1 - apart) as u32
}

/// The line for a packet. Unlike fingerprints, lines do not differ from run to run, so that the same packets are
/// evicted each time a file is read.
#[inline]
fn place_of(segment: &Segment<'_>) -> usize {
    let ends = (segment.src.0 ^ segment.dst.0) as u64 ^ u64::from(segment.identification) << 24;
    let mixed = (word(segment.header, 0) ^ ends)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(word(segment.header, 8))
        .wrapping_mul(0xd6e8_feb8_6659_fd93);
    (mixed >> (u64::BITS - LINES.trailing_zeros())) as usize
}

/// A number that differs between packets that are not duplicates of each other, never 0 in the bits kept.
/// The checksum represents TCP's options and payload.
#[inline]
fn header_hash(hasher: &RandomState, segment: &Segment<'_>, flow: u64) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write_u64(flow);
    hasher.write_u64(u64::from(segment.identification) << 32 | u64::from(segment.ip_bytes));
    match segment.transport {
        Transport::Tcp { .. } => {
            hasher.write_u64(word(segment.header, 4));
            hasher.write_u64(word(segment.header, 12));
        }
        Transport::Udp => {
            hasher.write_u64(word(segment.header, 0));
            hasher.write(segment.payload.get(..DATAGRAM_BYTES).unwrap_or(segment.payload));
        }
    }
    hasher.finish() | 1
}

/// Eight bytes of a header; 0 beyond its end.
#[inline]
fn word(header: &[u8], at: usize) -> u64 {
    let bytes = header.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}

/// False for a segment that an honest host repeats at once, without any difference between the two.
#[inline]
fn advances(segment: &Segment<'_>) -> bool {
    match segment.transport {
        Transport::Tcp { flags, .. } => segment.payload_len > 0 || flags & (flags::SYN | flags::FIN) != 0,
        Transport::Udp => true,
    }
}

/// The duplicates of one flow's packets.
#[derive(Clone, Copy, Debug)]
pub struct FlowDuplicates {
    packets: u32,
    /// Packets without a duplicate since the latest one.
    single: u8,
}

impl Default for FlowDuplicates {
    /// No duplicates so far.
    fn default() -> Self {
        Self { packets: 0, single: u8::MAX }
    }
}

impl FlowDuplicates {
    /// Duplicates, which were not counted in the flow.
    pub fn packets(&self) -> u32 {
        self.packets
    }

    /// Notes a packet of the flow; true if it is a duplicate.
    #[inline]
    fn note(&mut self, occurrence: Occurrence) -> bool {
        match occurrence {
            Occurrence::First => {
                self.single = self.single.saturating_add(1);
                return false;
            }
            Occurrence::Repeated if self.single >= SINGLE_AFTER => return false,
            // Undoes what the first of the two has added: neither shows whether the flow is delivered twice.
            Occurrence::Repeated => self.single = self.single.saturating_sub(1),
            Occurrence::Duplicate => self.single = 0,
        }
        self.packets = self.packets.saturating_add(1);
        true
    }
}
