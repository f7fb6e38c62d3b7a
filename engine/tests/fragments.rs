//! IP packets in fragments: in any order, duplicated, contradictory, incomplete, in floods, in tunnels.

use _engine::address::realm::Realm;
use _engine::address::Address;
use _engine::capture::Packet;
use _engine::counters::tally::Tally;
use _engine::monitor::Monitor;
use _engine::reassembly::fragments::{Fragments, MAX_PACKETS};
use _engine::report::flow_record::FlowRecord;
use _engine::report::limitation::Limitation;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::Matcher;
use _engine::wire::fragment::{Fragment, PacketId};
use _engine::wire::{Malformed, Rejection};
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_700_000_000 * SECOND;
const RAW: u16 = 101;

fn monitor() -> Monitor {
    let settings = Settings { every_flow: true, max_flows: 100, max_heads: 10, ..Settings::default() };
    let matcher = Arc::new(Matcher::new(&[], &[], &[]).unwrap());
    Monitor::new(settings, matcher, Arc::new(LearnedNames::new(1000)), (0, 1))
}

fn feed(monitor: &mut Monitor, time_ns: u64, bytes: &[u8]) {
    monitor.packet(&Packet {
        number: 0,
        time_ns,
        link: RAW,
        interface: 0,
        wire_len: bytes.len() as u32,
        bytes,
    });
}

fn finish(monitor: &mut Monitor) -> Vec<FlowRecord> {
    monitor.finish();
    std::mem::take(&mut monitor.flows)
}

/// An IPv4 packet; `place` is the field with offset and flags.
fn ipv4(protocol: u8, number: u16, place: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend((20 + payload.len() as u16).to_be_bytes());
    packet.extend(number.to_be_bytes());
    packet.extend(place.to_be_bytes());
    packet.extend([64, protocol, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1]);
    packet.extend(payload);
    packet
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((payload.len() as u16).to_be_bytes());
    packet.extend([next, 64]);
    for last in [1, 2] {
        packet.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    }
    packet.extend(payload);
    packet
}

/// The `size`-byte fragments of an IPv4 payload.
fn v4_fragments(protocol: u8, number: u16, payload: &[u8], size: usize) -> Vec<Vec<u8>> {
    let count = payload.len().div_ceil(size);
    let piece = |at: usize| {
        let more = if at + 1 < count { 0x2000 } else { 0 };
        let place = (at * size / 8) as u16 | more;
        ipv4(protocol, number, place, &payload[at * size..payload.len().min((at + 1) * size)])
    };
    (0..count).map(piece).collect()
}

fn v6_fragments(next: u8, number: u32, payload: &[u8], size: usize) -> Vec<Vec<u8>> {
    let count = payload.len().div_ceil(size);
    let piece = |at: usize| {
        let place = (at * size) as u16 | u16::from(at + 1 < count);
        let mut bytes = vec![next, 0];
        bytes.extend(place.to_be_bytes());
        bytes.extend(number.to_be_bytes());
        bytes.extend(&payload[at * size..payload.len().min((at + 1) * size)]);
        ipv6(44, &bytes)
    };
    (0..count).map(piece).collect()
}

fn udp(ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut datagram = ports.0.to_be_bytes().to_vec();
    datagram.extend(ports.1.to_be_bytes());
    datagram.extend((8 + payload.len() as u16).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    datagram
}

/// A response with 60 addresses: 991 bytes.
fn dns_answer() -> Vec<u8> {
    let mut message = vec![0, 7, 0x81, 0x80, 0, 1, 0, 60, 0, 0, 0, 0];
    message.extend(b"\x05cloud\x07example\0\0\x01\0\x01");
    for last in 0..60 {
        message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, last]);
    }
    message
}

fn all_orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![vec![]];
    }
    let insert =
        |order: Vec<usize>| (0..count).map(move |at| [&order[..at], &[count - 1], &order[at..]].concat());
    all_orders(count - 1).into_iter().flat_map(insert).collect()
}

#[test]
fn fragments_in_any_order_are_one_datagram_with_the_bytes_of_all() {
    let datagram = udp((53, 4000), &dns_answer());
    for fragments in [v4_fragments(17, 9, &datagram, 256), v6_fragments(17, 9, &datagram, 256)] {
        assert_eq!(fragments.len(), 4);
        let bytes: usize = fragments.iter().map(Vec::len).sum();
        for order in all_orders(fragments.len()) {
            let mut monitor = monitor();
            for at in order {
                feed(&mut monitor, START, &fragments[at]);
            }
            let flows = finish(&mut monitor);
            assert_eq!(flows.len(), 1);
            assert_eq!(
                (flows[0].received_packets, flows[0].received_bytes, flows[0].sent_packets),
                (4, bytes as u64, 0)
            );
            assert!(!flows[0].view.contains(&Limitation::Cut));
            assert_eq!((monitor.dns.len(), monitor.dns[0].message.answers.len()), (1, 60));
        }
    }
}

#[test]
fn a_fragment_that_arrives_twice_is_used_once() {
    let fragments = v4_fragments(17, 9, &udp((53, 4000), &dns_answer()), 336);
    let mut monitor = monitor();
    for (second, at) in [0, 0, 1, 0, 2].into_iter().enumerate() {
        feed(&mut monitor, START + second as u64 * SECOND, &fragments[at]);
    }
    let tally = monitor.tally();
    assert_eq!(tally.problems.get(&("fragments", "duplicate")), Some(&2));
    assert_eq!((monitor.dns.len(), tally.live_fragments), (1, 0));
    assert_eq!(finish(&mut monitor)[0].received_packets, 3);
}

#[test]
fn fragments_that_overlap_are_counted_for_the_flow_and_never_read() {
    let datagram = udp((53, 4000), &dns_answer());
    let good = v4_fragments(17, 9, &datagram, 336);
    let early = ipv4(17, 9, 0x2000 | 41, &datagram[328..664]); // eight bytes before its place
    let other = ipv4(17, 9, 0x2000 | 42, &[0xff; 336]); // other bytes for the same place
    let shorter_end = ipv4(17, 9, 43, &datagram[344..352]); // ends before bytes that have arrived
    let v6 = v6_fragments(17, 9, &datagram, 336);
    let inside = ipv6(44, &[&[17, 0, 1, 1, 0, 0, 0, 9][..], &datagram[256..512]].concat());
    for (all, wrong) in [(&good, early), (&good, other), (&good, shorter_end), (&v6, inside)] {
        let mut monitor = monitor();
        let fed = [&all[0], &all[1], &wrong, &all[2]];
        for fragment in fed {
            feed(&mut monitor, START, fragment);
        }
        assert_eq!(monitor.tally().problems.get(&("fragments", "overlap")), Some(&1));
        let flows = finish(&mut monitor);
        let bytes: usize = fed.iter().map(|fragment| fragment.len()).sum();
        assert_eq!((flows.len(), flows[0].received_packets, flows[0].received_bytes), (1, 4, bytes as u64));
        assert!(monitor.dns.is_empty());
    }
}

#[test]
fn an_incomplete_packet_is_counted_after_half_a_minute_and_its_question_reported() {
    let fragments = v4_fragments(17, 9, &udp((53, 4000), &dns_answer()), 336);
    let mut monitor = monitor();
    feed(&mut monitor, START, &fragments[2]);
    feed(&mut monitor, START + 1, &fragments[0]);
    feed(&mut monitor, START + 29 * SECOND, &ipv4(17, 0, 0, &udp((1, 2), b"")));
    monitor.tick(START + 29 * SECOND);
    assert_eq!((monitor.tally().live_fragments, monitor.tally().flows), (1, 1));
    feed(&mut monitor, START + 31 * SECOND, &ipv4(17, 0, 0, &udp((1, 2), b"")));
    monitor.tick(START + 31 * SECOND);
    assert_eq!((monitor.tally().live_fragments, monitor.tally().flows), (0, 2));
    assert_eq!(monitor.tally().problems.get(&("fragments", "incomplete")), Some(&1));
    let flows = finish(&mut monitor);
    let flow = flows.iter().find(|flow| flow.server_port == 53).unwrap();
    assert_eq!(
        (flow.received_packets, flow.received_bytes),
        (2, (fragments[0].len() + fragments[2].len()) as u64)
    );
    assert_eq!((flow.start_ns, flow.view.contains(&Limitation::Cut)), (START + 1, true));
    let [message] = &monitor.dns[..] else { panic!("{} messages", monitor.dns.len()) };
    assert_eq!(message.message.questions.len(), 1);
    assert_eq!(message.message.damage, Some(Malformed("fragment")));
    let view = monitor.tally().total_view();
    assert_eq!((view.solicited_dns_answers, view.unsolicited_dns_answers), (0, 0));
    // nothing is learned
}

#[test]
fn fragments_without_the_first_one_are_each_rejected() {
    let fragments = v4_fragments(17, 9, &udp((53, 4000), &dns_answer()), 256);
    let mut monitor = monitor();
    for fragment in &fragments[1..] {
        feed(&mut monitor, START, fragment);
    }
    assert!(finish(&mut monitor).is_empty());
    assert_eq!(monitor.tally().rejected[Rejection::IpFragment as usize], 3);
}

#[test]
fn a_snap_length_leaves_a_cut_datagram() {
    let fragments = v4_fragments(17, 9, &udp((53, 4000), &dns_answer()), 336);
    let mut monitor = monitor();
    for fragment in &fragments {
        let kept = &fragment[..fragment.len().min(200)];
        let wire_len = fragment.len() as u32;
        monitor.packet(&Packet { number: 0, time_ns: START, link: RAW, interface: 0, wire_len, bytes: kept });
    }
    let flows = finish(&mut monitor);
    let bytes: usize = fragments.iter().map(Vec::len).sum();
    assert_eq!(
        (flows[0].received_packets, flows[0].received_bytes, flows[0].view.contains(&Limitation::Cut)),
        (3, bytes as u64, true)
    );
    assert_eq!(monitor.dns[0].message.answers.len(), 8);
}

#[test]
fn tunnels_are_read_once_their_packets_are_complete() {
    let datagram = udp((53, 4000), &dns_answer());
    let inner = ipv4(17, 3, 0, &datagram);
    let gre = [&[0, 0, 8, 0][..], &inner].concat();
    let outer_in_parts = v4_fragments(47, 5, &gre, 336);
    let inner_in_parts: Vec<Vec<u8>> =
        v4_fragments(17, 4, &datagram, 336).iter().map(|inner| ipv4(4, 0, 0, inner)).collect();
    let mut both: Vec<Vec<u8>> = v4_fragments(17, 4, &datagram, 336)
        .iter()
        .zip(10..)
        .flat_map(|(inner, number)| v6_fragments(4, number, inner, 304))
        .collect();
    both.reverse();
    let parts: u64 = v4_fragments(17, 4, &datagram, 336).iter().map(|inner| inner.len() as u64).sum();
    let complete = inner.len() as u64;
    for (packets, expected) in
        [(outer_in_parts, (1, complete)), (inner_in_parts, (3, parts)), (both, (3, parts))]
    {
        let mut monitor = monitor();
        for packet in &packets {
            feed(&mut monitor, START, packet);
        }
        let flows = finish(&mut monitor);
        assert_eq!((flows.len(), (flows[0].received_packets, flows[0].received_bytes)), (1, expected));
        assert_eq!(monitor.dns.len(), 1);
    }
}

#[test]
fn a_flood_of_incomplete_packets_is_counted_and_does_not_use_memory() {
    let mut monitor = monitor();
    let rounds = 3 * MAX_PACKETS;
    for number in 0..rounds {
        let mut packet = ipv4(17, number as u16, 0x2000, &udp((4000, 53), &[7; 1000]));
        packet[15] = (number >> 16) as u8;
        feed(&mut monitor, START, &packet);
    }
    let tally = monitor.tally();
    assert!(tally.live_fragments as usize <= MAX_PACKETS);
    assert_eq!(tally.evicted.fragments, rounds as u64 - tally.live_fragments);
    let flows = finish(&mut monitor);
    let packets: u64 = flows.iter().map(|flow| flow.sent_packets + flow.received_packets).sum();
    assert_eq!(packets, rounds as u64, "evicted packets are counted for their flow");
}

#[test]
fn bytes_are_bounded_and_add_up_to_zero_when_all_are_gone() {
    let (mut fragments, mut tally) = (Fragments::new(8, 10_000), Tally::default());
    let mut take = |fragments: &mut Fragments, number: u32, offset: u32, len: u32| {
        let packet =
            PacketId { src: Address(1), dst: Address(2), number, protocol: None, realm: Realm::NONE };
        let bytes = &vec![number as u8; len as usize][..];
        let fragment = Fragment {
            packet,
            offset,
            more: true,
            next: 17,
            bytes,
            len,
            ip_bytes: len + 48,
            realm: Realm::NONE,
        };
        fragments.add(&fragment, START, 0, &mut tally);
        assert!(fragments.len() <= 8 && fragments.bytes() <= 10_000);
    };
    for number in 0..200 {
        for place in 0..number % 140 {
            take(&mut fragments, number, place * 8, 8); // some with too many parts
        }
        take(&mut fragments, number, 40, 1400); // and an overlap in most
    }
    fragments.finish(&mut Tally::default());
    assert_eq!((fragments.len(), fragments.bytes()), (0, 0));
    assert!(tally.problems.contains_key(&("fragments", "too_many")));
    assert!(tally.evicted.fragments > 0);
    assert!(std::iter::from_fn(|| fragments.next_done()).count() >= 200);
}

#[test]
fn nothing_is_left_at_the_end_whatever_the_clock_showed() {
    let fragments = v4_fragments(17, 9, &udp((53, 4000), &dns_answer()), 336);
    for time_ns in [0, START, u64::MAX] {
        let mut monitor = monitor();
        feed(&mut monitor, time_ns, &fragments[0]);
        assert_eq!(finish(&mut monitor)[0].received_packets, 1);
        assert_eq!(monitor.tally().live_fragments, 0);
    }
}
