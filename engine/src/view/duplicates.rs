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
//! - Without one (IPv6, and hosts that leave it 0) a retransmission looks like a duplicate, and a near host
//!   retransmits within the window. So it depends on the flow whether its packets are delivered twice: see
//!   `flow_duplicates`. Most retransmissions arrive a round trip later: after one fiftieth of the window, a packet of a
//!   short flow counts unless the interface delivers others twice as well. No host repeats a SYN that soon, and none
//!   sends a packet at once on another interface.
//! - Without one, a segment that does not advance the connection (a bare acknowledgement or reset) is repeated at
//!   once by honest hosts: three equal acknowledgements are how TCP reports a loss (RFC 5681, 3.2).
//! - Data of a settled connection that goes on where its side was has not been seen before, so it is only stored.
//! - A UDP checksum may be 0 or left to the network card, so a datagram's first bytes are compared as well.

use crate::counters::tally::Tally;
use crate::types::arrival::Arrival;
use crate::types::volume::Volume;
use crate::view::flow_duplicates::{Delay, FlowDuplicates, Occurrence, Treatment};
use crate::view::interface_delivery::{Habit, InterfaceDeliveries};
use crate::view::noted_packet::advances;
use crate::view::recent_packets::{time_units, PacketEntry, RecentPackets};
use crate::view::sightings::MOST_SIGHTINGS;
use crate::wire::fragment::Fragment;
use crate::wire::{flags, Segment, Transport};
use foldhash::fast::RandomState;
use std::hash::{BuildHasher, Hasher};

/// Spreads the places of packets (2^64 divided by the golden ratio).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
/// Number of payload bytes of a datagram that are compared.
const DATAGRAM_BYTES: usize = 64;
/// Without identification, a packet that arrives again after this part of the window is late.
const LATE: u32 = 50;
/// Time units within which no host sends a packet again, unless it is an acknowledgement: 65 to 131 µs.
const AT_ONCE: u32 = 1;

/// Recognises packets that are delivered twice.
#[derive(Debug)]
pub struct Duplicates {
    packets: RecentPackets,
    window: u32,
    /// How each interface delivered its packets.
    interfaces: InterfaceDeliveries,
    /// Seeded, so that no sender can forge the fingerprint of another packet.
    hasher: RandomState,
}

/// The flow of a packet.
#[derive(Debug)]
pub struct KnownFlow<'a> {
    /// Its duplicates.
    pub duplicates: &'a mut FlowDuplicates,
    /// What each side has sent before; if the segment carries new data, it may be counted already.
    pub sent: &'a [Volume; 2],
    /// The interface of its first packet.
    pub interface: u16,
}

impl Duplicates {
    /// Duplicates arrive within `window_ns`; 0 disables their detection.
    pub fn new(window_ns: u64) -> Self {
        Self {
            packets: RecentPackets::new(window_ns > 0),
            window: time_units(window_ns),
            interfaces: InterfaceDeliveries::default(),
            hasher: RandomState::default(),
        }
    }

    /// How a segment is treated; it is stored for later comparison. `direction` is a number that identifies one
    /// direction of a flow, that of `side`; `flow` is known if it is in the table.
    #[inline(always)] // the path of every packet
    pub fn find(
        &mut self,
        segment: &Segment<'_>,
        (direction, side): (u64, usize),
        arrival: Arrival,
        flow: Option<KnownFlow<'_>>,
        tally: &Tally,
    ) -> Treatment {
        let (place, entry) = self.entry_of(segment, direction, arrival);
        let mut known = self.packets.find_or_store(place, entry);
        let age = known.as_deref().and_then(|known| age_of(entry, *known, self.window, is_certain(segment)));
        let occurrence = match (&known, age) {
            (Some(known), Some(age)) => {
                // Where two interfaces deliver a packet, both are those of its flow.
                let interface = flow.as_ref().map_or(arrival.interface, |flow| flow.interface);
                let is_certain = is_certain(segment);
                // An acknowledgement that comes for the third time and more often shows nothing: hosts repeat those.
                if is_certain || known.repeats() == 0 || advances(segment) {
                    self.interfaces.note_again(interface, is_certain, segment.ip_packets, tally);
                }
                classify(*segment, entry.is_elsewhere(**known), delay_of(age, self.window), known.repeats())
            }
            _ => {
                if is_certain(segment) {
                    self.interfaces.note_first(arrival.interface);
                }
                Occurrence::First
            }
        };
        let treatment = match flow {
            Some(flow) => {
                let delivery = || (self.interfaces.habit(flow.interface, tally), arrival.time_ns);
                flow.duplicates.note(side, occurrence, segment, flow.sent, delivery)
            }
            None => match occurrence {
                Occurrence::Duplicate { .. } => Treatment::Skip(segment.ip_packets),
                _ => Treatment::Count,
            },
        };
        match &mut known {
            Some(known) if treatment == Treatment::Count => **known = entry,
            // The time of the first delivery stays, so that a packet repeated forever is counted now and then.
            Some(known) => known.repeat(),
            None => {}
        }
        treatment
    }

    /// Stores a segment for later comparison without comparing it: it carries data that its connection has not carried
    /// before, so it is no duplicate.
    #[inline(always)] // the path of almost every packet
    pub fn note_new(
        &mut self,
        segment: &Segment<'_>,
        (direction, side): (u64, usize),
        arrival: Arrival,
        flow: KnownFlow<'_>,
        tally: &Tally,
    ) {
        let (place, entry) = self.entry_of(segment, direction, arrival);
        self.packets.store(place, entry);
        if is_certain(segment) {
            self.interfaces.note_first(arrival.interface);
        }
        let delivery = || (self.interfaces.habit(flow.interface, tally), arrival.time_ns);
        flow.duplicates.note(side, Occurrence::First, segment, flow.sent, delivery);
    }

    /// The place of a segment in the table of packets, and what is kept of it there.
    #[inline(always)] // the path of every packet
    fn entry_of(&self, segment: &Segment<'_>, direction: u64, arrival: Arrival) -> (u64, PacketEntry) {
        let words = words(segment.header);
        let hash = header_hash(&self.hasher, segment, words, direction);
        (place_of(segment, words), PacketEntry::new(hash, arrival.interface, arrival.time_ns))
    }

    /// Whether an interface delivers packets twice.
    pub fn habit(&self, interface: u16, tally: &Tally) -> Habit {
        self.interfaces.habit(interface, tally)
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
        let entry = PacketEntry::new(hash, 0, time_ns);
        let Some(known) = self.packets.find_or_store(place, entry) else { return false };
        let is_duplicate = entry.age(*known) <= self.window;
        if !is_duplicate {
            *known = entry;
        }
        is_duplicate
    }
}

/// Time units since the first delivery of an equal packet. None after the window, and after so many of them that the
/// next is counted in any case.
#[cold]
fn age_of(entry: PacketEntry, known: PacketEntry, window: u32, is_certain: bool) -> Option<u32> {
    let is_counted = usize::from(known.repeats()) + 1 >= MOST_SIGHTINGS && !is_certain;
    Some(entry.age(known)).filter(|age| *age <= window && !is_counted)
}

/// How long after its first delivery a packet came again, by the time units in between and those of the window.
fn delay_of(age: u32, window: u32) -> Delay {
    match age {
        ..=AT_ONCE => Delay::AtOnce,
        _ if age <= window / LATE => Delay::Soon,
        _ => Delay::Late,
    }
}

/// Classifies a packet that equals one seen within the window, which was repeated before. `is_elsewhere`: another
/// interface delivered it, sooner than a host sends it again if that was at once.
#[cold]
fn classify(segment: Segment<'_>, is_elsewhere: bool, delay: Delay, repeats: u8) -> Occurrence {
    let is_elsewhere_at_once = is_elsewhere && delay == Delay::AtOnce;
    if segment.identification != 0 || is_elsewhere_at_once || (is_syn(&segment) && delay != Delay::Late) {
        Occurrence::Duplicate { repeats }
    } else {
        Occurrence::Repeated { delay, repeats }
    }
}

/// True for a packet that its host does not send again with the same header within the window.
#[inline]
fn is_certain(segment: &Segment<'_>) -> bool {
    segment.identification != 0 || is_syn(segment)
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
            match segment.payload.first_chunk::<DATAGRAM_BYTES>() {
                // Nearly all datagrams, without a call.
                Some(first) => first.chunks_exact(8).for_each(|chunk| {
                    hasher.write_u64(chunk.first_chunk().map_or(0, |word| u64::from_le_bytes(*word)));
                }),
                None => hasher.write(segment.payload),
            }
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
