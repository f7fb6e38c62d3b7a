//! Packets that a mirror port delivers twice: recognised by their headers within a short time.
//!
//! A switch that mirrors a packet where it comes in and where it goes out, two mirror ports on one way, a
//! router's two sides: each shows the same packet again, some microseconds to milliseconds later. The
//! copy has the same addresses, IP length, IPv4 identification and transport header, checksum included.
//! Time to live, traffic class, IP checksum, tags, tunnels and the interface may differ, so they do not
//! count. What hosts themselves send again must not be taken for a copy:
//!
//! - With an IPv4 identification other than 0 each transmission has its own (RFC 6864, 4.3), so the whole
//!   window counts.
//! - Without one (IPv6, and hosts that leave it 0) a retransmission looks like a copy, but comes a round
//!   trip later: one fiftieth of the window counts. The mistake left is a retransmission to a host nearer
//!   than that; it costs the bytes of one segment.
//! - Without one, a segment that moves nothing on (a bare acknowledgement or reset) is sent again at once
//!   by honest hosts: three equal acknowledgements are how TCP reports a loss (RFC 5681, 3.2). It is
//!   taken for a copy only where its flow's other packets came twice, too; so is what comes a little
//!   later than one fiftieth of the window.
//! - A UDP checksum may be 0 or left to the card: a datagram's first bytes are looked at as well.

use crate::wire::fragment::Fragment;
use crate::wire::{flags, Segment, Transport};
use foldhash::fast::RandomState;
use std::hash::{BuildHasher, Hasher};

/// Places for packets, in lines of a few: a place is found without search. At a million packets a second the
/// cache holds those of 65 ms.
const LINES: usize = 1 << 14;
/// Packets in one line, the latest first.
const WAYS: usize = 4;
/// Times are kept in units of 2^16 ns (65 µs), modulo 2^24 (18 min).
const TIME_UNIT_BITS: u32 = 16;
const TIME_BITS: u32 = 24;
const TIME_MASK: u64 = (1 << TIME_BITS) - 1;
/// Payload bytes of a datagram that count.
const DATAGRAM_BYTES: usize = 64;
/// Without identification the window is shorter by this factor,
const UNIDENTIFIED: u32 = 50;
/// and by this one where the flow's other packets come twice.
const UNIDENTIFIED_TWICE: u32 = 5;
/// So many packets of its own make a flow one that does not come twice.
const SINGLE_AFTER: u8 = 16;

/// What a packet is by its headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sighting {
    /// Not seen within the window.
    First,
    /// Seen, or sent again by its host.
    Repeated,
    /// Seen.
    Copy,
}

/// The packets seen last, as fingerprints with times: fixed in size, one cache line for each look.
#[derive(Debug)]
pub struct Duplicates {
    /// Fingerprint above, time below; 0: empty.
    lines: Box<[[u64; WAYS]]>,
    window: u32,
    /// Nobody outside can make another packet's fingerprint.
    hasher: RandomState,
}

impl Duplicates {
    /// Copies come within `window_ns`; 0: none is looked for.
    pub fn new(window_ns: u64) -> Self {
        let lines = if window_ns == 0 { 0 } else { LINES };
        let window = (window_ns >> TIME_UNIT_BITS).clamp(1, TIME_MASK / 2) as u32;
        Self { lines: vec![[0; WAYS]; lines].into(), window, hasher: RandomState::default() }
    }

    /// True for a copy of a segment; all others are kept to be recognised. `flow` is a number that one
    /// direction of a flow has for itself; without `copies` its flow is not there.
    #[inline]
    pub fn is_copy(
        &mut self,
        segment: &Segment<'_>,
        flow: u64,
        time_ns: u64,
        copies: Option<&mut Copies>,
    ) -> bool {
        let Some(line) = self.lines.get_mut(place_of(segment)) else { return false };
        let entry = fingerprint(&self.hasher, segment, flow) << TIME_BITS | time(time_ns);
        let sighting = look(line, entry, |age| judge(segment, age, self.window));
        copies.map_or(sighting == Sighting::Copy, |copies| copies.take(sighting))
    }

    /// True for a copy of an IP fragment, byte for byte: fragments that contradict each other are none.
    pub fn is_copied_fragment(&mut self, fragment: &Fragment<'_>, time_ns: u64) -> bool {
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
        let judge = |age| if age <= self.window { Sighting::Copy } else { Sighting::First };
        look(line, entry, judge) == Sighting::Copy
    }
}

/// Looks an entry up in its line and keeps it; `judge` says what one is that is there with so much age.
#[inline]
fn look(line: &mut [u64; WAYS], entry: u64, judge: impl Fn(u32) -> Sighting) -> Sighting {
    for known in &mut *line {
        if (*known ^ entry) >> TIME_BITS == 0 {
            let sighting = judge(age(entry, *known));
            if sighting == Sighting::First {
                *known = entry;
            } // else the first one's time stays: what is sent again for ever is seen again at times
            return sighting;
        }
    }
    line.copy_within(..WAYS - 1, 1);
    line[0] = entry;
    Sighting::First
}

/// What a packet is that looks like one seen `age` ago.
#[inline]
fn judge(segment: &Segment<'_>, age: u32, window: u32) -> Sighting {
    let is_identified = segment.identification != 0;
    if is_identified && age <= window {
        Sighting::Copy
    } else if is_identified || age > window / UNIDENTIFIED_TWICE {
        Sighting::First
    } else if age > window / UNIDENTIFIED || !moves_on(segment) {
        Sighting::Repeated
    } else {
        Sighting::Copy
    }
}

#[inline]
fn time(time_ns: u64) -> u64 {
    (time_ns >> TIME_UNIT_BITS) & TIME_MASK
}

/// Time units between two entries, whichever is later: ports deliver their packets in blocks.
#[inline]
fn age(entry: u64, known: u64) -> u32 {
    let apart = entry.wrapping_sub(known) & TIME_MASK;
    apart.min(TIME_MASK + 1 - apart) as u32
}

/// The line for a packet. Unlike fingerprints, places do not differ from run to run: which packets
/// give way is the same each time a file is read.
#[inline]
fn place_of(segment: &Segment<'_>) -> usize {
    let ends = (segment.src.0 ^ segment.dst.0) as u64 ^ u64::from(segment.identification) << 24;
    let mixed = (word(segment.header, 0) ^ ends)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(word(segment.header, 8))
        .wrapping_mul(0xd6e8_feb8_6659_fd93);
    (mixed >> (u64::BITS - LINES.trailing_zeros())) as usize
}

/// A number that differs between packets that are no copies of each other, never 0 in the bits kept.
/// The checksum stands for TCP's options and payload.
#[inline]
fn fingerprint(hasher: &RandomState, segment: &Segment<'_>, flow: u64) -> u64 {
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

/// False for a segment that an honest host sends again at once, with nothing to tell the two apart.
#[inline]
fn moves_on(segment: &Segment<'_>) -> bool {
    match segment.transport {
        Transport::Tcp { flags, .. } => segment.payload_len > 0 || flags & (flags::SYN | flags::FIN) != 0,
        Transport::Udp => true,
    }
}

/// The copies of one flow's packets.
#[derive(Clone, Copy, Debug)]
pub struct Copies {
    /// Packets that came again and were not counted.
    pub packets: u32,
    /// Packets of its own since the latest copy.
    single: u8,
}

impl Copies {
    /// None yet.
    pub const NONE: Self = Self { packets: 0, single: u8::MAX };

    /// Takes a packet of the flow in; true if it is a copy.
    #[inline]
    fn take(&mut self, sighting: Sighting) -> bool {
        match sighting {
            Sighting::First => {
                self.single = self.single.saturating_add(1);
                return false;
            }
            Sighting::Repeated if self.single >= SINGLE_AFTER => return false,
            // Takes back what the first of the two has added: neither says that the flow comes twice.
            Sighting::Repeated => self.single = self.single.saturating_sub(1),
            Sighting::Copy => self.single = 0,
        }
        self.packets = self.packets.saturating_add(1);
        true
    }
}
