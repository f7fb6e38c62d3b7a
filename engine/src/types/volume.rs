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

/// Headers of a packet are shorter than this: IPv6 and TCP with all options.
const MOST_HEADERS: u64 = 100;

impl Volume {
    /// What a segment carries.
    #[inline]
    pub fn of(segment: &Segment<'_>) -> Self {
        Self { packets: u64::from(segment.ip_packets), bytes: u64::from(segment.ip_bytes) }
    }

    /// At least so many of the bytes are payload.
    pub fn least_payload(self) -> u64 {
        self.bytes.saturating_sub(self.packets * MOST_HEADERS)
    }

    /// Adds another volume.
    #[inline]
    pub fn add(&mut self, other: Self) {
        self.packets += other.packets;
        self.bytes += other.bytes;
    }
}
