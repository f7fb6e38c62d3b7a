//! Numbers of segments, and what they show to be missing.

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
    let mut server = |ack: u32| data.follow(1, TcpHeader { seq: 5, ack, flags: flags::ACK }, 10).acknowledged;
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
fn nothing_is_in_order_once_strays_may_have_carried_it() {
    let mut stream = Stream::begun();
    stream.0.follow(1, TcpHeader { seq: 5, ack: stream.0.next[0], flags: flags::ACK }, 1);
    let next = stream.0.next;
    let header = TcpHeader { seq: next[0], ack: next[1], flags: flags::ACK };
    assert!(stream.0.follow_in_order(0, header, 0));
    stream.0.note_strays();
    assert!(!stream.0.follow_in_order(0, header, 100));
    stream.0.follow(0, header, 100);
    assert_eq!((stream.0.next[0], stream.0.bytes()), (next[0] + 100, 0));
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
