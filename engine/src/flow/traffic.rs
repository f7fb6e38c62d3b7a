//! How much a flow carried, and when.

use crate::capture::sifting::Dropped;
use crate::types::volume::Volume;
use crate::wire::Segment;

/// Times and volume of a flow.
#[derive(Debug)]
pub struct Traffic {
    start_ns: u64,
    last_ns: u64,
    sides: [Volume; 2],
}

impl Traffic {
    /// The traffic of a flow that starts at `start_ns`, before any packet is counted.
    pub fn new(start_ns: u64) -> Self {
        Self { start_ns, last_ns: start_ns, sides: [Volume::default(); 2] }
    }

    /// Counts a segment that `side` sent.
    #[inline]
    pub fn add(&mut self, side: usize, segment: &Segment<'_>, time_ns: u64) {
        self.last_ns = self.last_ns.max(time_ns);
        self.sides[side].add(Volume::of(segment));
    }

    /// Counts what a sieve has dropped of `side`, the latest of it at a time.
    pub fn add_dropped(&mut self, side: usize, dropped: &Dropped, last_ns: u64) {
        self.last_ns = self.last_ns.max(last_ns);
        self.sides[side].add(Volume { packets: dropped.packets, bytes: dropped.bytes });
    }

    /// Counts what each side sent besides.
    pub fn add_volumes(&mut self, sides: [Volume; 2]) {
        for (side, volume) in self.sides.iter_mut().zip(sides) {
            side.add(volume);
        }
    }

    /// Time of the first packet.
    pub fn start_ns(&self) -> u64 {
        self.start_ns
    }

    /// Time of the latest packet.
    #[inline]
    pub fn last_ns(&self) -> u64 {
        self.last_ns
    }

    /// Time since the latest packet.
    #[inline]
    pub fn silence_ns(&self, now_ns: u64) -> u64 {
        now_ns.saturating_sub(self.last_ns)
    }

    /// What each side sent, in the order of the flow's key.
    #[inline]
    pub fn sides(&self) -> &[Volume; 2] {
        &self.sides
    }

    /// Bytes that each side sent.
    pub fn bytes(&self) -> [u64; 2] {
        self.sides.map(|volume| volume.bytes)
    }

    /// Packets of both sides.
    pub fn packets(&self) -> u64 {
        self.sides.iter().map(|volume| volume.packets).sum()
    }
}
