//! How much was carried.

use crate::wire::Segment;

/// Packets and IP bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Volume {
    /// Packets.
    pub packets: u64,
    /// IP bytes, headers included.
    pub bytes: u64,
}

impl Volume {
    /// What a segment carries.
    #[inline]
    pub fn of(segment: &Segment<'_>) -> Self {
        Self { packets: u64::from(segment.ip_packets), bytes: u64::from(segment.ip_bytes) }
    }

    /// Adds another volume.
    #[inline]
    pub fn add(&mut self, other: Self) {
        self.packets += other.packets;
        self.bytes += other.bytes;
    }
}
