//! The quality of the view: what passed the mirrored wire and was not seen, or not seen whole.

use super::record::Flow;
use crate::counters::view_counters::ViewCounters;
use crate::types::tcp_header::TcpHeader;
use crate::wire::{flags, Segment, Transport};

/// No host has more than this on its way unacknowledged: a number farther off belongs to another
/// connection, or is damaged, and says nothing about this one.
const MAX_STEP: u32 = 1 << 26;
/// What is missing and acknowledged this far back will not come any more; nearer, it may still be on
/// another port of the sensor.
const MAX_REORDERING: u32 = 1 << 22;
/// No link carries longer packets (jumbo frames): a card or kernel has joined segments.
const MAX_MTU: u32 = 9216;

/// What of one side's stream was not seen. One span is kept, no list: it reaches from the first missing
/// byte to the last, with a count of the missing ones in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Missing {
    /// Missing for good: acknowledged, and before the span.
    lost: u64,
    /// Where the span begins and ends, if anything is missing.
    span: (u32, u32),
    /// Bytes missing in it.
    bytes: u32,
    /// The other side has everything before this number.
    acked: u32,
}

impl Missing {
    /// The bytes between two numbers are missing.
    fn add(&mut self, from: u32, to: u32) {
        if self.bytes > 0 && from.wrapping_sub(self.span.0) > MAX_REORDERING {
            self.settle();
        }
        if self.bytes == 0 {
            (self.span.0, self.acked) = (from, from);
        }
        self.bytes += to.wrapping_sub(from);
        self.span.1 = to;
    }

    /// Bytes come late, or again: what of them lies in the span was missing. Where seen bytes of the span
    /// are sent again this takes too much for seen, never too little.
    fn fill(&mut self, first: u32, end: u32) {
        let [from, to, width] = [first, end, self.span.1].map(|n| n.wrapping_sub(self.span.0) as i32);
        let inside = to.min(width).saturating_sub(from.max(0)).max(0) as u32;
        self.bytes -= inside.min(self.bytes);
    }

    fn acknowledge(&mut self, number: u32) {
        if (number.wrapping_sub(self.acked) as i32) > 0 {
            self.acked = number;
        }
    }

    /// What is missing now will not come any more.
    fn settle(&mut self) {
        self.lost = self.unseen_bytes();
        self.bytes = 0;
    }

    fn unseen_bytes(&self) -> u64 {
        let [width, acked] = [self.span.1, self.acked].map(|n| n.wrapping_sub(self.span.0));
        let in_span = if acked >= width { self.bytes } else { self.bytes.min(acked) };
        self.lost + u64::from(in_span)
    }
}

/// Takes the numbers of one segment of a TCP flow into account.
#[inline]
pub fn follow(flow: &mut Flow, side: usize, header: TcpHeader, payload_len: u32) {
    if header.flags & flags::RST != 0 {
        return; // its numbers may be anything (RFC 9293, 3.10.7)
    }
    let first = header.first_byte();
    let end = first.wrapping_add(payload_len).wrapping_add(u32::from(header.flags & flags::FIN != 0));
    let sender = &mut flow.sides[side];
    if first == sender.next && sender.next_known {
        sender.next = end;
    } else {
        follow_out_of_order(flow, side, (first, end), header.flags & flags::SYN != 0);
    }
    let other = &flow.sides[1 - side];
    let is_ahead = (header.ack.wrapping_sub(other.next) as i32) > 0;
    if header.flags & flags::ACK != 0 && (is_ahead || !other.next_known || flow.missing.is_some()) {
        acknowledge(flow, 1 - side, header.ack);
    }
}

/// A segment that does not follow on what is known.
fn follow_out_of_order(flow: &mut Flow, side: usize, (first, end): (u32, u32), is_syn: bool) {
    let sender = &mut flow.sides[side];
    let next = sender.next;
    if is_syn || !sender.next_known {
        (sender.next, sender.next_known) = (end, true);
        if let Some(missing) = &mut flow.missing {
            missing[side].settle();
        }
        return;
    }
    let ahead = first.wrapping_sub(next);
    if ahead <= MAX_STEP {
        sender.next = end;
        flow.missing.get_or_insert_default()[side].add(next, first);
    } else if ahead.wrapping_neg() <= MAX_STEP {
        if (end.wrapping_sub(next) as i32) > 0 {
            sender.next = end;
        }
        if let Some(missing) = &mut flow.missing {
            missing[side].fill(first, end);
        }
    }
}

/// The other one has everything of `side` before `number`.
fn acknowledge(flow: &mut Flow, side: usize, number: u32) {
    let sender = &mut flow.sides[side];
    let next = sender.next;
    if !sender.next_known {
        (sender.next, sender.next_known) = (number, true);
        return;
    }
    match number.wrapping_sub(next) as i32 {
        // One number may be a FIN that was not seen: no byte.
        ..=1 => {
            if let Some(missing) = &mut flow.missing {
                missing[side].acknowledge(number);
            }
        }
        ahead if ahead as u32 <= MAX_STEP => {
            sender.next = number;
            let missing = &mut flow.missing.get_or_insert_default()[side];
            missing.add(next, number);
            missing.acknowledge(number);
        }
        _ => {}
    }
}

/// Bytes of both sides of a flow that were acknowledged and not seen.
pub fn unseen_bytes(flow: &Flow) -> u64 {
    flow.missing.iter().flat_map(|sides| sides.iter()).map(Missing::unseen_bytes).sum()
}

/// Counts a packet of which `kept` bytes were captured.
#[inline]
pub fn count_packet(counters: &mut ViewCounters, kept: usize, wire_len: u32) {
    counters.packets += 1;
    counters.bytes += u64::from(wire_len);
    counters.cut_packets += u64::from((kept as u64) < u64::from(wire_len));
}

/// Counts the segment inside a packet.
#[inline]
pub fn count_segment(counters: &mut ViewCounters, segment: &Segment<'_>) {
    counters.coalesced_packets += u64::from(segment.ip_bytes > MAX_MTU * segment.ip_packets);
    if matches!(segment.transport, Transport::Tcp { .. }) {
        counters.tcp_bytes += u64::from(segment.payload_len);
    }
}

/// Counts a flow that is over.
pub fn count_flow(counters: &mut ViewCounters, flow: &Flow) {
    counters.incomplete_hellos += u64::from(flow.gap);
    if !flow.ends.is_tcp() {
        return;
    }
    counters.unseen_tcp_bytes += unseen_bytes(flow);
    let [a, b] = flow.traffic.sides().map(|volume| volume.packets > 0);
    // The sequence numbers of a side without packets are known by acknowledgements alone.
    let is_answered = flow.sides.iter().all(|side| side.next_known);
    counters.connections += u64::from(is_answered);
    counters.one_way_connections += u64::from(is_answered && a != b);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::types::flow_key::{FlowKey, TCP};

    /// One side of a flow, and what the other acknowledges.
    struct Stream(Flow);

    impl Stream {
        fn new() -> Self {
            let key =
                FlowKey { addresses: [Address::v4([192, 0, 2, 1]); 2], ports: [40_000, 443], protocol: TCP };
            Self(Flow::new(key, 0, 0, 0, 0))
        }

        /// Arrival from its SYN on; its first byte is 1.
        fn begun() -> Self {
            let mut stream = Self::new();
            follow(&mut stream.0, 0, TcpHeader { seq: 0, ack: 0, flags: flags::SYN }, 0);
            stream
        }

        fn sent(&mut self, seq: u32, len: u32) {
            follow(&mut self.0, 0, TcpHeader { seq, ack: 0, flags: 0 }, len);
        }

        fn acknowledged(&mut self, ack: u32) {
            follow(&mut self.0, 1, TcpHeader { seq: 5, ack, flags: flags::ACK }, 0);
        }

        fn unseen_bytes(&self) -> u64 {
            unseen_bytes(&self.0)
        }
    }

    #[test]
    fn a_stream_seen_whole_lacks_nothing() {
        let mut stream = Stream::begun();
        for n in 0..100 {
            stream.sent(1 + n * 1460, 1460);
            stream.acknowledged(1 + (n + 1) * 1460);
        }
        assert_eq!(stream.unseen_bytes(), 0);
    }

    #[test]
    fn a_hole_counts_once_it_is_acknowledged() {
        let mut stream = Stream::begun();
        stream.sent(1, 100);
        stream.sent(301, 100);
        assert_eq!(stream.unseen_bytes(), 0);
        stream.acknowledged(201);
        assert_eq!(stream.unseen_bytes(), 100);
        stream.acknowledged(401);
        assert_eq!(stream.unseen_bytes(), 200);
    }

    #[test]
    fn what_was_lost_before_the_sensor_and_sent_again_is_seen() {
        let mut stream = Stream::begun();
        stream.sent(1, 100);
        stream.sent(201, 100);
        stream.sent(301, 100);
        stream.sent(101, 100);
        stream.acknowledged(401);
        assert_eq!(stream.unseen_bytes(), 0);
    }

    #[test]
    fn a_retransmission_of_seen_bytes_fills_no_hole() {
        let mut stream = Stream::begun();
        stream.sent(1, 100);
        stream.sent(201, 100);
        stream.sent(1, 100);
        stream.acknowledged(301);
        assert_eq!(stream.unseen_bytes(), 100);
    }

    #[test]
    fn acknowledgements_may_arrive_before_what_they_acknowledge() {
        let mut stream = Stream::begun();
        stream.acknowledged(2921);
        assert_eq!(stream.unseen_bytes(), 2920);
        stream.sent(1, 1460);
        stream.sent(1461, 1460);
        assert_eq!(stream.unseen_bytes(), 0);
    }

    #[test]
    fn acknowledgements_alone_tell_how_much_was_not_seen() {
        let mut stream = Stream::new();
        for n in 0..5_000_000u32 {
            stream.acknowledged(n.wrapping_mul(1460));
        }
        assert_eq!(stream.unseen_bytes(), 4_999_999 * 1460);
    }

    #[test]
    fn a_fin_that_was_not_seen_is_no_byte() {
        let mut stream = Stream::begun();
        stream.sent(1, 100);
        stream.acknowledged(102);
        assert_eq!(stream.unseen_bytes(), 0);
    }

    #[test]
    fn numbers_far_off_say_nothing() {
        let mut stream = Stream::begun();
        stream.sent(1, 100);
        for far in [MAX_STEP + 200, 1 << 30, 1 << 31, 0u32.wrapping_sub(MAX_STEP * 2)] {
            stream.sent(far, 100);
            stream.acknowledged(far);
        }
        assert_eq!(stream.unseen_bytes(), 0);
    }

    #[test]
    fn numbers_wrap() {
        let mut stream = Stream::new();
        stream.sent(u32::MAX - 99, 100);
        stream.sent(100, 100);
        stream.acknowledged(200);
        assert_eq!(stream.unseen_bytes(), 100);
    }

    #[test]
    fn a_keep_alive_and_its_answer_change_nothing() {
        let mut stream = Stream::begun();
        stream.sent(1, 100);
        stream.acknowledged(101);
        stream.sent(100, 0);
        stream.sent(100, 1);
        stream.acknowledged(101);
        assert_eq!(stream.unseen_bytes(), 0);
    }

    #[test]
    fn any_numbers_in_any_order_are_taken() {
        let mut stream = Stream::new();
        let mut n = 1u32;
        for step in 0..200_000u32 {
            n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match n >> 30 {
                0 => stream.sent(n, n >> 16),
                1 => stream.acknowledged(n),
                2 => stream.sent(stream.0.sides[0].next.wrapping_add(n >> 12), step),
                _ => stream.acknowledged(stream.0.sides[0].next.wrapping_sub(n >> 12)),
            }
            assert!(stream.unseen_bytes() < 1 << 45);
        }
    }
}
