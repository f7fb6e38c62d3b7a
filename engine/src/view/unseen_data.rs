//! What the sensor did not see of a flow's data: bytes that its packets prove to be missing, and payload that the
//! snap length cut.

use crate::types::tcp_header::TcpHeader;
use crate::wire::flags;

/// No host has more than this in flight: a sequence number farther off belongs to another connection or is
/// damaged, and is ignored.
const MAX_STEP: u32 = 1 << 26;
/// Missing bytes that were acknowledged this far back will not arrive any more; more recent ones may still arrive on
/// another interface of the sensor.
const MAX_REORDERING: u32 = 1 << 22;

/// A connection goes on this near to where it was at most; both numbers of another one are that near once in four
/// million times.
const MAX_UNSEEN_STEP: u32 = 1 << 20;

const ACKNOWLEDGED_RESET: u8 = flags::ACK | flags::RST;

/// What was not seen of one side's stream. One span is kept instead of a list: it reaches from the first
/// missing byte to the last, with a count of the missing ones in it.
#[derive(Clone, Copy, Debug, Default)]
struct Missing {
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

    /// Bytes arrive late, or again: those within the span count as seen. If bytes of the span that were already seen
    /// are retransmitted, too many count as seen, never too few.
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

    /// What is missing now will not arrive any more.
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

/// Payload that a segment shows to have been sent, and that was not seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Revealed {
    /// Of its sender, which goes on behind it.
    pub own: bool,
    /// Of the other side: it is acknowledged.
    pub acknowledged: bool,
}

/// What was not seen of a flow's data.
#[derive(Debug, Default)]
pub struct UnseenData {
    /// Bytes of each side that were not seen; None if all were.
    missing: Option<Box<[Missing; 2]>>,
    /// For each side, the sequence number after the highest one sent or acknowledged, if `next_known`.
    next: [u32; 2],
    next_known: [bool; 2],
    cut: bool,
}

impl UnseenData {
    /// Notes whether the snap length cut a packet of which `kept` bytes of payload were captured.
    #[inline]
    pub fn note_payload(&mut self, kept: usize, payload_len: u32) {
        self.cut |= (kept as u32) < payload_len;
    }

    /// As `follow`, for a segment without control bits on which everything was seen and that continues where its side
    /// was; false for any other one, which changes nothing.
    #[inline(always)] // the path of almost every packet
    pub fn follow_in_order(&mut self, side: usize, header: TcpHeader, payload_len: u32) -> bool {
        let is_ahead = (header.ack.wrapping_sub(self.next[1 - side]) as i32) > 0;
        let is_in_order = header.seq == self.next[side] && !is_ahead;
        let is_expected = is_in_order && self.is_answered() && self.missing.is_none();
        if is_expected {
            self.next[side] = header.seq.wrapping_add(payload_len);
        }
        is_expected
    }

    /// Follows the sequence numbers of one segment that `side` of a TCP flow sent.
    #[inline]
    pub fn follow(&mut self, side: usize, header: TcpHeader, payload_len: u32) -> Revealed {
        let mut revealed = Revealed::default();
        if header.flags & flags::RST != 0 {
            return revealed; // its numbers may be anything (RFC 9293, 3.10.7)
        }
        let first = header.first_byte();
        let end = first.wrapping_add(payload_len).wrapping_add(u32::from(header.flags & flags::FIN != 0));
        if first == self.next[side] && self.next_known[side] {
            self.next[side] = end;
        } else {
            revealed.own = self.follow_out_of_order(side, (first, end), header.flags & flags::SYN != 0);
        }
        let other = 1 - side;
        let is_ahead = (header.ack.wrapping_sub(self.next[other]) as i32) > 0;
        let is_relevant = is_ahead || !self.next_known[other] || self.missing.is_some();
        revealed.acknowledged =
            header.flags & flags::ACK != 0 && is_relevant && self.acknowledge(other, header.ack);
        revealed
    }

    /// A segment that does not continue at the expected number; true if there is payload before it.
    fn follow_out_of_order(&mut self, side: usize, (first, end): (u32, u32), is_syn: bool) -> bool {
        let next = self.next[side];
        let is_late = self.next_known[side] && next.wrapping_sub(end) <= MAX_STEP;
        if is_syn && is_late {
            return false; // a copy of the SYN that began the stream, or its retransmission
        }
        if is_syn || !self.next_known[side] {
            (self.next[side], self.next_known[side]) = (end, true);
            if let Some(missing) = &mut self.missing {
                missing[side].settle();
            }
            return false;
        }
        let ahead = first.wrapping_sub(next);
        if ahead <= MAX_STEP {
            self.next[side] = end;
            self.missing.get_or_insert_default()[side].add(next, first);
        } else if ahead.wrapping_neg() <= MAX_STEP {
            if (end.wrapping_sub(next) as i32) > 0 {
                self.next[side] = end;
            }
            if let Some(missing) = &mut self.missing {
                missing[side].fill(first, end);
            }
        }
        (2..=MAX_STEP).contains(&ahead) // one number may be a FIN that was not seen, which is no byte
    }

    /// The other side has received everything of `side` before `number`; true if some of it was not seen.
    fn acknowledge(&mut self, side: usize, number: u32) -> bool {
        let next = self.next[side];
        if !self.next_known[side] {
            (self.next[side], self.next_known[side]) = (number, true);
            return false;
        }
        match number.wrapping_sub(next) as i32 {
            // One number may be a FIN that was not seen, which is no byte.
            ..=1 => {
                if let Some(missing) = &mut self.missing {
                    missing[side].acknowledge(number);
                }
            }
            ahead if ahead as u32 <= MAX_STEP => {
                self.next[side] = number;
                let missing = &mut self.missing.get_or_insert_default()[side];
                missing.add(next, number);
                missing.acknowledge(number);
            }
            _ => {}
        }
        self.bytes_of(side) > 0
    }

    /// The state of a flow that goes on where this one ended: what is missing here is not missing there.
    pub fn to_be_continued(&self) -> Self {
        Self { missing: None, next: self.next, next_known: self.next_known, cut: false }
    }

    /// A segment that `side` sent continues the connection: its numbers are near those that both sides reached.
    pub fn is_continued_by(&self, side: usize, header: TcpHeader) -> bool {
        let is_near = |number: u32, next: u32| {
            let ahead = number.wrapping_sub(next);
            ahead.min(ahead.wrapping_neg()) <= MAX_UNSEEN_STEP
        };
        let is_acknowledged = match header.flags & (flags::SYN | flags::ACK | flags::RST) {
            flags::ACK | ACKNOWLEDGED_RESET => is_near(header.ack, self.next[1 - side]),
            flags::RST => header.seq == self.next[side],
            _ => false,
        };
        self.is_answered() && is_acknowledged && is_near(header.seq, self.next[side])
    }

    /// A segment that `side` sent belongs to the connection, and precedes what both sides reached.
    pub fn is_preceded_by(&self, side: usize, header: TcpHeader) -> bool {
        let is_behind = |number: u32, next: u32| (1..=MAX_UNSEEN_STEP).contains(&next.wrapping_sub(number));
        let is_acknowledged = header.flags & flags::ACK == 0 || is_behind(header.ack, self.next[1 - side]);
        let is_reset = header.flags & flags::RST != 0;
        !is_reset && self.is_answered() && is_acknowledged && is_behind(header.first_byte(), self.next[side])
    }

    /// Bytes of both sides that were acknowledged and not seen.
    pub fn bytes(&self) -> u64 {
        self.bytes_of(0) + self.bytes_of(1)
    }

    /// Bytes of `side` that were acknowledged and not seen.
    pub fn bytes_of(&self, side: usize) -> u64 {
        self.missing.as_ref().map_or(0, |missing| missing[side].unseen_bytes())
    }

    /// Both sides have sent or acknowledged something (TCP).
    pub fn is_answered(&self) -> bool {
        // The sequence numbers of a side without packets are known by acknowledgements alone.
        self.next_known == [true; 2]
    }

    /// A packet was cut by the snap length.
    pub fn is_cut(&self) -> bool {
        self.cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One side of a flow, and what the other acknowledges.
    struct Stream(UnseenData);

    impl Stream {
        fn new() -> Self {
            Self(UnseenData::default())
        }

        /// Seen from its SYN on; its first byte is 1.
        fn begun() -> Self {
            let mut stream = Self::new();
            stream.0.follow(0, TcpHeader { seq: 0, ack: 0, flags: flags::SYN }, 0);
            stream
        }

        fn sent(&mut self, seq: u32, len: u32) {
            self.0.follow(0, TcpHeader { seq, ack: 0, flags: 0 }, len);
        }

        fn acknowledged(&mut self, ack: u32) {
            self.0.follow(1, TcpHeader { seq: 5, ack, flags: flags::ACK }, 0);
        }

        fn unseen_bytes(&self) -> u64 {
            self.0.bytes()
        }
    }

    #[test]
    fn a_stream_seen_completely_lacks_nothing() {
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
    fn bytes_lost_before_the_sensor_and_retransmitted_are_seen() {
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
    fn acknowledgements_alone_show_how_much_was_not_seen() {
        let mut stream = Stream::new();
        for n in 0..5_000_000u32 {
            stream.acknowledged(n.wrapping_mul(1460));
        }
        assert_eq!(stream.unseen_bytes(), 4_999_999 * 1460);
    }

    #[test]
    fn a_fin_that_was_not_seen_is_not_counted_as_a_byte() {
        let mut stream = Stream::begun();
        stream.sent(1, 100);
        stream.acknowledged(102);
        assert_eq!(stream.unseen_bytes(), 0);
    }

    #[test]
    fn a_late_copy_of_the_syn_changes_nothing() {
        let mut stream = Stream::begun();
        for late in [0, 517, 100_000] {
            stream.sent(stream.0.next[0], late);
            stream.acknowledged(stream.0.next[0]);
            stream.0.follow(0, TcpHeader { seq: 0, ack: 0, flags: flags::SYN }, 0);
            stream.sent(stream.0.next[0], 10);
            stream.acknowledged(stream.0.next[0]);
        }
        assert_eq!(stream.unseen_bytes(), 0);
    }

    #[test]
    fn a_syn_with_other_numbers_begins_the_stream_anew() {
        let mut stream = Stream::begun();
        stream.sent(1, 100);
        stream.0.follow(0, TcpHeader { seq: 1 << 30, ack: 0, flags: flags::SYN }, 0);
        stream.sent((1 << 30) + 1, 100);
        stream.acknowledged((1 << 30) + 101);
        assert_eq!(stream.unseen_bytes(), 0);
    }

    #[test]
    fn sequence_numbers_far_off_are_ignored() {
        let mut stream = Stream::begun();
        stream.sent(1, 100);
        for far in [MAX_STEP + 200, 1 << 30, 1 << 31, 0u32.wrapping_sub(MAX_STEP * 2)] {
            stream.sent(far, 100);
            stream.acknowledged(far);
        }
        assert_eq!(stream.unseen_bytes(), 0);
    }

    #[test]
    fn sequence_numbers_wrap() {
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
    fn an_acknowledgement_of_what_was_not_seen_is_told_apart() {
        let mut data = UnseenData::default();
        let mut server =
            |ack: u32| data.follow(1, TcpHeader { seq: 5, ack, flags: flags::ACK }, 10).acknowledged;
        assert_eq!([1000, 1000, 1001, 1517, 1517].map(&mut server), [false, false, false, true, true]);
        let mut seen = Stream::begun();
        seen.sent(1, 100);
        assert!(!seen.0.follow(1, TcpHeader { seq: 5, ack: 101, flags: flags::ACK }, 0).acknowledged);
    }

    #[test]
    fn a_segment_ahead_of_the_latest_reveals_payload_and_one_number_may_be_a_fin() {
        let own = |seq: u32, flags: u8| {
            let mut stream = Stream::begun();
            stream.0.follow(0, TcpHeader { seq, ack: 6, flags }, 0).own
        };
        assert!(own(500, flags::ACK) && own(3, flags::ACK));
        assert!(![1, 2, 0, 1 << 30].into_iter().any(|seq| own(seq, flags::ACK)));
        assert!(!own(500, flags::RST | flags::ACK));
    }

    #[test]
    fn any_numbers_in_any_order_are_accepted() {
        let mut stream = Stream::new();
        let mut n = 1u32;
        for step in 0..200_000u32 {
            n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match n >> 30 {
                0 => stream.sent(n, n >> 16),
                1 => stream.acknowledged(n),
                2 => stream.sent(stream.0.next[0].wrapping_add(n >> 12), step),
                _ => stream.acknowledged(stream.0.next[0].wrapping_sub(n >> 12)),
            }
            assert!(stream.unseen_bytes() < 1 << 45);
        }
    }
}
