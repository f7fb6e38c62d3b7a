//! DNS over TCP: messages are read completely, once and in order, for any segmentation.

use _engine::address::realm::Realm;
use _engine::address::Address;
use _engine::counters::tally::Tally;
use _engine::reassembly::stream_heads::HeadOwner;
use _engine::resolution::{
    CapturedMessage, Context, DnsStreams, LearnedNames, LookedUpBy, MessageKind, Messages, PendingQueries,
    QueryKey, StreamPart,
};
use _engine::tag::Matcher;
use _engine::types::arrival::Arrival;
use _engine::types::ends::Ends;
use _engine::types::flow_key::{FlowKey, TCP};

const CLIENT: [u8; 4] = [192, 0, 2, 7];
const SERVER: [u8; 4] = [198, 51, 100, 53];

fn owner(flow: u32) -> HeadOwner {
    HeadOwner { flow, side: 1, client: Address::v4(CLIENT).into(), is_confirmed: false }
}

/// One direction of a connection, and what was read of it.
struct Connection {
    streams: DnsStreams,
    ends: Ends,
    base: Option<u32>,
    names: LearnedNames,
    queries: PendingQueries,
    tally: Tally,
    reports: Vec<CapturedMessage>,
}

impl Connection {
    /// The server's direction; `base`: its first sequence number, if the SYN was seen.
    fn new(base: Option<u32>) -> Self {
        let addresses = [Address::v4(CLIENT), Address::v4(SERVER)];
        let key = FlowKey { addresses, ports: [40_000, 53], protocol: TCP, realm: Realm::NONE };
        let ends = Ends::new(key, 0);
        Self {
            streams: DnsStreams::new(8),
            ends,
            base,
            names: LearnedNames::new(1000),
            queries: PendingQueries::default(),
            tally: Tally::default(),
            reports: Vec::new(),
        }
    }

    fn cut(&mut self, seq: u32, bytes: &[u8], wire_bytes: u32) {
        let Self { streams, ends, base, names, queries, tally, reports } = self;
        let matcher = Matcher::default();
        let mut messages = Messages::of_stream(
            ends,
            1,
            MessageKind::Dns(53),
            Arrival::default(),
            Context { names, queries, matcher: &matcher, tally, reports: Some(reports) },
        );
        streams.follow(owner(0), *base, StreamPart { seq, bytes, wire_bytes }, &mut messages);
    }

    /// The client's query that the answer with this ID is for.
    fn query(&mut self, id: u16) {
        let (client, resolver) = (self.ends.end(0), self.ends.end(1));
        let key =
            QueryKey { client: (client.0.into(), client.1), resolver, is_tcp: true, id, name: "www.example" };
        self.queries.add(&key, 0, &mut self.tally);
    }

    fn put(&mut self, seq: u32, bytes: &[u8]) {
        self.cut(seq, bytes, bytes.len() as u32);
    }

    fn close(&mut self) {
        let Self { streams, ends, names, queries, tally, reports, .. } = self;
        let matcher = Matcher::default();
        let mut messages = Messages::of_stream(
            ends,
            1,
            MessageKind::Dns(53),
            Arrival::default(),
            Context { names, queries, matcher: &matcher, tally, reports: Some(reports) },
        );
        streams.close(owner(0), &mut messages);
    }

    fn ids(&self) -> Vec<u16> {
        self.reports.iter().map(|report| report.message.id).collect()
    }

    fn problems(&self, reason: &'static str) -> u64 {
        self.tally.problems.get(&("dns_stream", reason)).copied().unwrap_or_default()
    }
}

/// A response with its length before it.
fn answer(id: u16) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    message.extend(b"\x03www\x07example\x00\x00\x01\x00\x01");
    message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 9]);
    [&(message.len() as u16).to_be_bytes(), &message[..]].concat()
}

fn answers(count: u16) -> Vec<u8> {
    (1..=count).flat_map(answer).collect()
}

#[test]
fn several_messages_in_one_segment_are_read_and_learned() {
    let mut connection = Connection::new(Some(100));
    connection.query(2);
    connection.put(100, &answers(3));
    assert_eq!(connection.ids(), [1, 2, 3]);
    let report = &connection.reports[0];
    assert!(report.is_tcp);
    assert_eq!((report.source.1, report.destination.1), (53, 40_000));
    let server = Address::v4([203, 0, 113, 9]);
    assert_eq!(connection.names.find(Address::v4(CLIENT).into(), server, 0).unwrap().by, LookedUpBy::Client);
    assert_eq!(connection.tally.total_view().solicited_dns_answers, 1);
    assert_eq!(connection.tally.dns_messages, 3);
}

#[test]
fn messages_are_the_same_whatever_the_size_of_the_segments() {
    let bytes = answers(4);
    for size in 1..bytes.len() {
        for base in [100, u32::MAX - 20] {
            let mut connection = Connection::new(Some(base));
            for (n, part) in bytes.chunks(size).enumerate() {
                connection.put(base.wrapping_add((n * size) as u32), part);
            }
            assert_eq!(connection.ids(), [1, 2, 3, 4], "{size}");
            assert_eq!(connection.streams.waiting(), 0);
            assert!(connection.tally.problems.is_empty());
        }
    }
}

#[test]
fn the_order_of_segments_and_retransmissions_change_nothing() {
    let bytes = answers(3);
    let mut connection = Connection::new(Some(0));
    for part in [60..90, 30..60, 30..70, 0..40, 0..90, 80..bytes.len(), 0..bytes.len()] {
        connection.put(part.start as u32, &bytes[part]);
    }
    assert_eq!(connection.ids(), [1, 2, 3]);
}

#[test]
fn an_incomplete_message_waits() {
    let bytes = answers(2);
    let mut connection = Connection::new(Some(0));
    connection.put(0, &bytes[..bytes.len() - 1]);
    assert_eq!((connection.ids(), connection.streams.waiting()), (vec![1], 1));
    connection.put(bytes.len() as u32 - 1, &bytes[bytes.len() - 1..]);
    assert_eq!((connection.ids(), connection.streams.waiting()), (vec![1, 2], 0));
}

#[test]
fn reading_starts_in_the_middle_of_a_connection() {
    let bytes = answers(3);
    let length = answer(0).len();
    for missing in 0..=length {
        let mut connection = Connection::new(None);
        connection.put(missing as u32, &bytes[missing..2 * length]);
        connection.put(2 * length as u32, &bytes[2 * length..]);
        let expected: &[u16] = if missing == 0 { &[1, 2, 3] } else { &[2, 3] };
        assert_eq!(connection.ids(), expected, "{missing}");
    }
}

#[test]
fn a_length_in_a_segment_of_its_own_starts_a_message_in_the_middle_of_a_connection() {
    let bytes = answers(2);
    let mut connection = Connection::new(None);
    connection.put(0, &bytes[..2]);
    connection.put(2, &bytes[2..]);
    assert_eq!(connection.ids(), [1, 2]);
}

#[test]
fn a_lost_segment_only_costs_its_own_messages() {
    let mut connection = Connection::new(Some(0));
    let size = answer(0).len() as u32;
    for n in (0..100u16).filter(|n| *n != 5) {
        connection.put(u32::from(n) * size, &answer(n));
    }
    let expected: Vec<u16> = (0..100).filter(|n| *n != 5).collect();
    assert_eq!(connection.ids(), expected);
    assert_eq!((connection.problems("gap"), connection.streams.waiting()), (1, 0));
}

/// Answers that somebody sends in the server's name without knowing its sequence numbers.
fn forge(connection: &mut Connection, count: u32, from: u32, step: u32) {
    for n in 0..count {
        connection.put(from.wrapping_add(n.wrapping_mul(step)), &answer(9_000 + n as u16));
    }
}

/// Segments far away from a connection whose beginning was seen, ahead or behind, are not read, and hide none of its
/// messages; also where a message has been lost or was cut.
#[test]
fn segments_far_away_are_not_read_and_hide_nothing() {
    let size = answer(0).len() as u32;
    for count in [1, 33, 40, 400] {
        for from in
            [(1 << 20) + 5_000, 1 << 21, 1_000_000_000, (1 << 31) - 9_999_999, 1 << 31, u32::MAX - (1 << 23)]
        {
            for step in [size, 1_400, 7_919] {
                for base in [100, u32::MAX - 300] {
                    for lost in [None, Some(4), Some(20)] {
                        let mut connection = Connection::new(Some(base));
                        for n in (0..100u16).filter(|n| Some(*n) != lost) {
                            if n == 5 || n == 40 {
                                forge(&mut connection, count, base.wrapping_add(from), step);
                            }
                            connection.put(base.wrapping_add(u32::from(n) * size), &answer(n));
                        }
                        connection.close();
                        let expected: Vec<u16> = (0..100).filter(|n| Some(*n) != lost).collect();
                        assert_eq!(connection.ids(), expected, "{count} {from} {step} {base} {lost:?}");
                        assert_eq!(connection.problems("far"), 2 * u64::from(count));
                    }
                }
            }
        }
    }
}

/// A cut message, after which the position is unknown, does not let others say where the stream is.
#[test]
fn segments_far_away_are_not_read_where_the_position_was_lost() {
    let mut connection = Connection::new(Some(0));
    connection.put(0, &answer(1));
    connection.put(answer(1).len() as u32, &[0, 3, 1, 2, 3]);
    forge(&mut connection, 40, 1 << 30, 5_000);
    connection.put(answer(1).len() as u32 + 5, &answer(2));
    connection.put(2 * answer(1).len() as u32 + 5, &answer(3));
    assert_eq!(connection.ids(), [1, 2, 3]);
}

/// Without its beginning, a connection is found again where its own segments are.
#[test]
fn a_connection_in_the_middle_is_found_again_after_segments_of_others() {
    let size = answer(0).len() as u32;
    for from in [1 << 22, 1 << 30, 3 << 30] {
        for count in [1, 33, 40, 400] {
            let mut connection = Connection::new(None);
            forge(&mut connection, count, from, 1_400);
            (0..200u16).for_each(|n| connection.put(u32::from(n) * size, &answer(n)));
            let own: Vec<u16> = connection.ids().into_iter().filter(|id| *id < 9_000).collect();
            assert!(own.len() >= 160 && own.ends_with(&[198, 199]), "{from} {count} {own:?}");
        }
    }
}

/// After an outage of the sensor, a connection is found again behind it.
#[test]
fn a_connection_is_found_again_after_a_long_outage() {
    let size = answer(0).len() as u32;
    for outage in [2 << 20, 1 << 30, 3 << 30] {
        let mut connection = Connection::new(Some(100));
        connection.put(100, &answer(1));
        (0..1_200u16).for_each(|n| connection.put(outage + u32::from(n) * size, &answer(n)));
        assert!(connection.ids().ends_with(&[1_197, 1_198, 1_199]), "{outage}");
        assert_eq!((connection.problems("gap"), connection.problems("far")), (1, 1_000));
    }
}

/// Even a flood of forged segments hides the messages of a few segments only.
#[test]
fn a_connection_is_found_again_after_a_forged_flood() {
    let size = answer(0).len() as u32;
    for (count, missed) in [(1_000, 0), (1_001, 40), (5_000, 40)] {
        let mut connection = Connection::new(Some(100));
        for n in 0..200u16 {
            if n == 50 {
                forge(&mut connection, count, 1 << 30, 47);
            }
            connection.put(100 + u32::from(n) * size, &answer(n));
        }
        let own = connection.ids().into_iter().filter(|id| *id < 9_000).count();
        assert!(own >= 200 - missed, "{count} {own}");
    }
}

/// Up to a gap of a mebibyte, a lost part costs nothing behind it.
#[test]
fn a_large_gap_is_skipped() {
    let size = answer(0).len() as u32;
    for gap in [1, 1_000, 100_000, 1_000_000] {
        let mut connection = Connection::new(Some(100));
        connection.put(100, &answer(1));
        (0..60u16).for_each(|n| connection.put(100 + size + gap + u32::from(n) * size, &answer(10 + n)));
        connection.close();
        let expected: Vec<u16> = [1].into_iter().chain(10..70).collect();
        assert_eq!(connection.ids(), expected, "{gap}");
        assert_eq!((connection.problems("gap"), connection.problems("far")), (1, 0));
    }
}

#[test]
fn messages_after_a_gap_are_read_when_the_flow_ends() {
    let mut connection = Connection::new(Some(0));
    connection.put(500, &answer(7));
    assert!(connection.ids().is_empty());
    connection.close();
    assert_eq!((connection.ids(), connection.streams.waiting()), (vec![7], 0));
}

#[test]
fn a_message_cut_by_the_snap_length_is_read_as_far_as_captured() {
    let (first, second) = (answer(1), answer(2));
    let mut connection = Connection::new(Some(0));
    connection.cut(0, &first[..33], first.len() as u32);
    connection.put(first.len() as u32, &second);
    assert_eq!(connection.ids(), [1, 2]);
    assert_eq!(connection.reports[0].message.questions[0].name, "www.example");
    assert!(connection.reports[0].message.damage.is_some());
}

#[test]
fn other_protocols_on_the_port_are_given_up_without_a_message() {
    let hello = [&[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3][..], &[7; 500]].concat();
    for base in [Some(0), None] {
        let mut connection = Connection::new(base);
        for n in 0..40 {
            connection.put(n * hello.len() as u32, &hello);
        }
        assert!(connection.ids().is_empty());
        let reason = if base.is_some() { "not_dns" } else { "out_of_step" };
        assert_eq!((connection.problems(reason), connection.streams.waiting()), (1, 0));
    }
}

#[test]
fn a_wrong_length_is_counted_and_skipped() {
    let mut connection = Connection::new(Some(0));
    let first = answer(1);
    connection.put(0, &first);
    connection.put(first.len() as u32, &[0, 3, 1, 2, 3]);
    connection.put(first.len() as u32 + 5, &answer(2));
    assert_eq!(connection.ids(), [1, 2]);
    assert_eq!(connection.problems("length"), 1);
}

#[test]
fn endless_messages_are_bounded_and_every_eviction_counted() {
    let mut connection = Connection::new(Some(0));
    let bytes = answer(1);
    for slot in 0..1000 {
        let Connection { streams, ends, base, names, queries, tally, reports } = &mut connection;
        let matcher = Matcher::default();
        let mut messages = Messages::of_stream(
            ends,
            1,
            MessageKind::Dns(53),
            Arrival::default(),
            Context { names, queries, matcher: &matcher, tally, reports: Some(reports) },
        );
        let part = StreamPart { seq: 0, bytes: &bytes[..20], wire_bytes: 20 };
        streams.follow(owner(slot), *base, part, &mut messages);
    }
    assert_eq!((connection.streams.waiting(), connection.tally.evicted.heads), (8, 992));
    connection.put(20, &bytes[20..]);
    assert_eq!(connection.problems("evicted"), 1);
}
