//! Packets whose time is later than expected, held until those after them show whether there was silence or the
//! time is wrong. Buffers are used again, so that a slow capture allocates nothing either.

use crate::capture::Packet;
use std::collections::VecDeque;

/// Maximum number of bytes that wait.
const MAX_HELD_BYTES: usize = 1 << 20;

/// Maximum number of buffers that are kept.
const MAX_UNUSED: usize = 8;

/// A copy of a packet.
#[derive(Debug, Default)]
pub struct HeldPacket {
    number: u64,
    stamp_ns: u64,
    link: u16,
    interface: u16,
    wire_len: u32,
    bytes: Vec<u8>,
}

impl HeldPacket {
    /// Its capture interface and its own time.
    pub fn stamp(&self) -> (u16, u64) {
        (self.interface, self.stamp_ns)
    }

    /// The packet.
    pub fn packet(&self) -> Packet<'_> {
        let Self { number, stamp_ns: time_ns, link, interface, wire_len, ref bytes } = *self;
        Packet { number, time_ns, link, interface, wire_len, bytes }
    }
}

/// The packets that wait, in their order.
#[derive(Debug, Default)]
pub struct HeldPackets {
    waiting: VecDeque<HeldPacket>,
    unused: Vec<HeldPacket>,
    bytes: usize,
}

impl HeldPackets {
    /// None waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Keeps a copy of a packet.
    pub fn add(&mut self, packet: &Packet<'_>) {
        let mut held = self.unused.pop().unwrap_or_default();
        held.bytes.clear();
        held.bytes.extend_from_slice(packet.bytes);
        self.bytes += packet.bytes.len();
        let Packet { number, time_ns: stamp_ns, link, interface, wire_len, .. } = *packet;
        self.waiting.push_back(HeldPacket { number, stamp_ns, link, interface, wire_len, bytes: held.bytes });
    }

    /// Interfaces and times of the packets that wait.
    pub fn stamps(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        self.waiting.iter().map(HeldPacket::stamp)
    }

    /// No more should wait.
    pub fn are_large(&self) -> bool {
        self.bytes >= MAX_HELD_BYTES
    }

    /// Takes the first one.
    pub fn take(&mut self) -> Option<HeldPacket> {
        let held = self.waiting.pop_front()?;
        self.bytes -= held.bytes.len();
        Some(held)
    }

    /// Keeps the buffer of a packet that was taken.
    pub fn give_back(&mut self, held: HeldPacket) {
        if self.unused.len() < MAX_UNUSED {
            self.unused.push(held);
        }
    }
}
