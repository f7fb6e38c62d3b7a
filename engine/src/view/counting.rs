//! How packets are added to the counters of an interface's view.

use crate::counters::view_counters::ViewCounters;
use crate::wire::{Segment, Transport};

/// No link carries longer packets (jumbo frames): a network card or kernel has joined segments.
const MAX_MTU: u32 = 9216;

/// Counts a packet of which `kept` bytes were captured.
#[inline]
pub fn count_packet(counters: &mut ViewCounters, kept: usize, wire_len: u32) {
    counters.packets += 1;
    counters.cut_packets += u64::from((kept as u64) < u64::from(wire_len));
}

/// Counts the segment inside a packet that is not skipped.
#[inline]
pub fn count_segment(counters: &mut ViewCounters, segment: &Segment<'_>) {
    counters.flow_packets += u64::from(segment.ip_packets);
    counters.coalesced_packets += u64::from(segment.ip_bytes > MAX_MTU * segment.ip_packets);
    if matches!(segment.transport, Transport::Tcp { .. }) {
        counters.tcp_bytes += u64::from(segment.payload_len);
    }
}
