//! SYNs of other connections between the ends of one that runs: whoever forges an address can send one. Until the
//! server answers it, or what follows it is seen where one direction is mirrored, the connection runs on. The SYN, its
//! repetitions and what follows it wait here, and are read once it is answered.
//!
//! Bounded: each flow has its line of a few places, and the one that waits longest is evicted.

use crate::capture::Packet;
use crate::flow::Table;
use crate::kept::captured::Captured;
use crate::kept::kept_packet::{KeptPacket, Shows};
use crate::types::arrival::Arrival;
use crate::types::tcp_header::TcpHeader;
use crate::types::volume::Volume;
use crate::wire::Segment;
use std::sync::Arc;

/// Number of lines, and SYNs in each.
const LINES: usize = 1 << 11;
const WAYS: usize = 4;
/// Segments that wait with one SYN, at most: a hello takes two or three.
const MAX_SEGMENTS: usize = 8;
/// Bytes that wait, at most: of what comes then, only the headers do.
const MAX_BYTES: usize = 4 << 20;
/// A SYN that is not answered within this time will not be.
const LASTS_NS: u64 = 10_000_000_000;

/// A segment that waits.
#[derive(Debug)]
pub struct PendingSegment {
    pub side: usize,
    pub header: TcpHeader,
    pub arrival: Arrival,
    segment: Segment<'static>,
    mac: Option<[u8; 6]>,
    bytes: Box<[u8]>,
    header_len: usize,
    kept: Vec<Arc<KeptPacket>>,
}

/// A SYN that waits for its answer.
#[derive(Debug)]
pub struct PendingSyn {
    pub slot: u32,
    pub side: usize,
    /// The number of its first byte of data.
    pub first_byte: u32,
    /// Length of its payload.
    pub payload_len: u32,
    pub segments: Vec<PendingSegment>,
}

/// The SYNs that wait.
#[derive(Debug, Default)]
pub struct PendingSyns {
    places: Vec<Option<Box<PendingSyn>>>,
    count: usize,
    bytes: usize,
}

impl PendingSegment {
    /// A copy of a segment that `side` sent; of its header only, without `with_payload`.
    pub fn of(
        segment: &Segment<'_>,
        (side, header): (usize, TcpHeader),
        arrival: Arrival,
        captured: Option<&Captured<'_>>,
        with_payload: bool,
    ) -> Self {
        let payload = if with_payload { segment.payload } else { &[] };
        let addresses = [segment.src, segment.dst];
        let captured = captured.filter(|_| with_payload);
        let kept = captured.map(|captured| captured.copies(addresses, Shows::default()));
        Self {
            side,
            header,
            arrival,
            mac: segment.mac.copied(),
            bytes: [segment.header, payload].concat().into(),
            header_len: segment.header.len(),
            kept: kept.unwrap_or_default(),
            segment: Segment { header: &[], payload: &[], mac: None, ..*segment },
        }
    }

    /// The segment.
    pub fn segment(&self) -> Segment<'_> {
        let (header, payload) = self.bytes.split_at(self.header_len);
        Segment { header, payload, mac: self.mac.as_ref(), ..self.segment }
    }

    /// The packet that it was captured in, or the first fragment, if packets are kept.
    pub fn packet(&self) -> Option<Packet<'_>> {
        self.kept.first().map(|kept| kept.packet())
    }

    /// What it was captured in, of which `packet` is the first.
    pub fn captured<'a>(&'a self, packet: Option<&'a Packet<'a>>) -> Option<Captured<'a>> {
        match (packet?, &*self.kept) {
            (packet, [_]) => Some(Captured::Whole(*packet)),
            (_, fragments) => Some(Captured::Fragments(fragments)),
        }
    }

    fn volume(&self) -> Volume {
        Volume::of(&self.segment)
    }

    /// The memory that what was copied takes, about.
    fn size(&self) -> usize {
        self.bytes.len() + self.kept.iter().map(|kept| kept.size()).sum::<usize>()
    }
}

impl PendingSyn {
    /// What each side sent.
    pub fn volumes(&self) -> [Volume; 2] {
        let mut volumes = [Volume::default(); 2];
        self.segments.iter().for_each(|one| volumes[one.side & 1].add(one.volume()));
        volumes
    }

    fn last_ns(&self) -> u64 {
        self.segments.last().map_or(0, |one| one.arrival.time_ns)
    }

    fn size(&self) -> usize {
        self.segments.iter().map(PendingSegment::size).sum()
    }
}

impl PendingSyns {
    /// None waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// More than headers may wait.
    pub fn has_room(&self) -> bool {
        self.bytes < MAX_BYTES
    }

    /// Those of the flow in a slot.
    pub fn of(&self, slot: u32) -> impl Iterator<Item = &PendingSyn> {
        self.places
            .get(line_of(slot))
            .unwrap_or_default()
            .iter()
            .flatten()
            .map(|syn| &**syn)
            .filter(move |syn| syn.slot == slot)
    }

    /// Adds a segment to the SYN that precedes it; false if there is no room.
    pub fn extend(&mut self, slot: u32, first_byte: u32, next: PendingSegment) -> bool {
        let places = self.places.get_mut(line_of(slot)).unwrap_or_default();
        let is_it = |syn: &&mut Box<PendingSyn>| {
            (syn.slot, syn.side, syn.first_byte) == (slot, next.side, first_byte)
        };
        let Some(syn) = places.iter_mut().flatten().find(is_it) else { return false };
        let has_room = syn.segments.len() < MAX_SEGMENTS;
        if has_room {
            self.bytes += next.size();
            syn.segments.push(next);
        }
        has_room
    }

    /// Adds the SYN of a flow; returns the one that was evicted for it.
    pub fn add(&mut self, slot: u32, syn: PendingSegment) -> Option<Box<PendingSyn>> {
        if self.places.is_empty() {
            self.places.resize_with(LINES * WAYS, || None);
        }
        let places = &mut self.places[line_of(slot)];
        let oldest = places.iter().enumerate().min_by_key(|(_, one)| one.as_ref().map(|syn| syn.last_ns()));
        let at = oldest.map_or(0, |(at, _)| at);
        let (side, first_byte, payload_len) = (syn.side, syn.header.first_byte(), syn.segment.payload_len);
        let evicted = places[at].take();
        self.bytes += syn.size();
        places[at] = Some(Box::new(PendingSyn { slot, side, first_byte, payload_len, segments: vec![syn] }));
        self.count += 1;
        self.forget(evicted)
    }

    /// Takes out those of the flow in a slot that are wanted.
    pub fn take(&mut self, slot: u32, is_wanted: impl Fn(&PendingSyn) -> bool) -> Vec<PendingSyn> {
        self.take_from(line_of(slot), |syn| syn.slot == slot && is_wanted(syn))
    }

    /// Takes out those that will not be answered any more.
    pub fn take_expired(&mut self, now_ns: u64) -> Vec<PendingSyn> {
        self.take_from(0..self.places.len(), |syn| now_ns.saturating_sub(syn.last_ns()) > LASTS_NS)
    }

    fn take_from(
        &mut self,
        places: std::ops::Range<usize>,
        is_wanted: impl Fn(&PendingSyn) -> bool,
    ) -> Vec<PendingSyn> {
        let mut taken = Vec::new();
        if !self.is_empty() {
            for at in places {
                if self.places[at].as_ref().is_some_and(|syn| is_wanted(syn)) {
                    let syn = self.places[at].take();
                    taken.extend(self.forget(syn).map(|syn| *syn));
                }
            }
        }
        taken
    }

    /// Counts out one that is taken.
    fn forget(&mut self, taken: Option<Box<PendingSyn>>) -> Option<Box<PendingSyn>> {
        if let Some(syn) = &taken {
            self.count -= 1;
            self.bytes -= syn.size();
        }
        taken
    }
}

/// The places of the flow in a slot.
fn line_of(slot: u32) -> std::ops::Range<usize> {
    let first = slot as usize % LINES * WAYS;
    first..first + WAYS
}

/// Counts SYNs that were not answered in the flows between whose ends they were sent.
pub fn count_unanswered(syns: &[PendingSyn], table: &mut Table) {
    for syn in syns {
        if let Some(flow) = table.get_mut(syn.slot) {
            flow.traffic.add_volumes(syn.volumes());
        }
    }
}
