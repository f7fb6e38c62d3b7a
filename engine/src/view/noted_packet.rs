//! What decides about a packet of a flow that is delivered twice.

use crate::types::volume::Volume;
use crate::wire::{flags, Segment, Transport};

/// What is noted of a packet whose flow is delivered twice, or may be.
#[derive(Clone, Copy, Debug)]
pub struct NotedPacket {
    /// What it carries.
    pub volume: Volume,
    /// Bytes of payload in it.
    pub payload: u64,
    /// See `advances`.
    pub advances: bool,
}

impl NotedPacket {
    /// Of a segment.
    #[inline]
    pub fn of(segment: &Segment<'_>) -> Self {
        Self { volume: Volume::of(segment), payload: segment.payload_len.into(), advances: advances(segment) }
    }
}

/// False for a segment that an honest host repeats at once, without any difference between the two.
#[inline]
pub fn advances(segment: &Segment<'_>) -> bool {
    match segment.transport {
        Transport::Tcp { flags, .. } => segment.payload_len > 0 || flags & (flags::SYN | flags::FIN) != 0,
        Transport::Udp => true,
    }
}
