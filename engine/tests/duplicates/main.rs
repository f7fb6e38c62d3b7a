//! Packets that a mirror port delivers twice are counted once; packets that hosts send twice are counted twice.

mod distances;
mod interfaces;

use _engine::capture::Packet;
use _engine::monitor::Monitor;
use _engine::report::flow_record::FlowRecord;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::Matcher;
use std::sync::Arc;

const MS: u64 = 1_000_000;
const START: u64 = 1_700_000_000_000 * MS;
const RAW: u16 = 101;
const ETHERNET: u16 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const SYN: u8 = 2;
const ACK: u8 = 16;

fn monitor(duplicate_window_ns: u64) -> Monitor {
    let settings = Settings {
        every_flow: true,
        max_flows: 100,
        max_heads: 10,
        duplicate_window_ns,
        ..Settings::default()
    };
    let matcher = Matcher::new(&[], &[], &[]).unwrap();
    Monitor::new(settings, Arc::new(matcher), Arc::new(LearnedNames::new(1000)), (0, 1))
}

/// An IPv4 packet from 192.0.2.7 to 198.51.100.9.
fn v4(identification: u16, ttl: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend(((20 + payload.len()) as u16).to_be_bytes());
    packet.extend(identification.to_be_bytes());
    packet.extend([0x40, 0, ttl, protocol, 0, ttl]);
    packet.extend([192, 0, 2, 7, 198, 51, 100, 9]);
    packet.extend(payload);
    packet
}

/// An IPv6 packet between documentation addresses.
fn v6(hop_limit: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((payload.len() as u16).to_be_bytes());
    packet.extend([protocol, hop_limit]);
    for last in [7, 9] {
        packet.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    }
    packet.extend(payload);
    packet
}

fn tcp(seq: u32, ack: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut segment = [40_000u16.to_be_bytes(), 443u16.to_be_bytes()].concat();
    segment.extend(seq.to_be_bytes());
    segment.extend(ack.to_be_bytes());
    segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(payload);
    segment
}

fn udp(ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut datagram = [ports.0.to_be_bytes(), ports.1.to_be_bytes()].concat();
    datagram.extend((8 + payload.len() as u16).to_be_bytes());
    datagram.extend([0, 0]); // no checksum
    datagram.extend(payload);
    datagram
}

/// The only flow of these packets, each with its time in nanoseconds after the start.
fn flow_of(packets: &[(u64, Vec<u8>)]) -> FlowRecord {
    let mut monitor = monitor(50 * MS);
    for (after_ns, bytes) in packets {
        feed(&mut monitor, START + after_ns, RAW, bytes);
    }
    monitor.finish();
    assert_eq!(monitor.flows.len(), 1);
    monitor.flows.remove(0)
}

fn feed(monitor: &mut Monitor, time_ns: u64, link: u16, bytes: &[u8]) {
    monitor.packet(&Packet { number: 0, time_ns, link, interface: 0, wire_len: bytes.len() as u32, bytes });
}

/// Packets counted, and packets recognised as duplicates.
fn counted(packets: &[(u64, Vec<u8>)]) -> (u64, u32) {
    let flow = flow_of(packets);
    (flow.sent_packets, flow.duplicates)
}

#[test]
fn a_duplicate_is_not_counted_even_if_a_router_or_a_tag_changed_it() {
    let segment = tcp(1, 0, SYN, b"");
    let mut monitor = monitor(50 * MS);
    feed(&mut monitor, START, RAW, &v4(77, 64, TCP, &segment));
    feed(&mut monitor, START + 20 * MS, RAW, &v4(77, 63, TCP, &segment));
    let mut tagged = vec![2; 12];
    tagged.extend([0x81, 0, 0, 5, 8, 0]);
    tagged.extend(v4(77, 62, TCP, &segment));
    feed(&mut monitor, START + 40 * MS, ETHERNET, &tagged);
    let view = monitor.tally().total_view();
    assert_eq!((view.packets, view.duplicate_packets), (3, 2));
    monitor.finish();
    let flow = &monitor.flows[0];
    assert_eq!((flow.sent_packets, flow.sent_bytes, flow.duplicates), (1, 40, 2));
}

#[test]
fn without_a_window_every_packet_counts() {
    let mut monitor = monitor(0);
    for _ in 0..3 {
        feed(&mut monitor, START, RAW, &v4(77, 64, TCP, &tcp(1, 0, SYN, b"")));
    }
    assert_eq!(monitor.tally().total_view().duplicate_packets, 0);
    monitor.finish();
    assert_eq!(monitor.flows[0].sent_packets, 3);
}

#[test]
fn a_retransmission_has_an_identification_of_its_own() {
    let segment = tcp(1, 1, ACK, b"data");
    assert_eq!(counted(&[(0, v4(77, 64, TCP, &segment)), (1000, v4(78, 64, TCP, &segment))]), (2, 0));
}

#[test]
fn a_packet_after_the_window_is_a_retransmission() {
    let packet = v4(77, 64, TCP, &tcp(1, 1, ACK, b"data"));
    let again = |after_ns| counted(&[(0, packet.clone()), (after_ns, packet.clone())]);
    assert_eq!(again(49 * MS), (1, 1));
    assert_eq!(again(51 * MS), (2, 0));
}

#[test]
fn a_packet_that_differs_in_any_header_field_is_not_a_duplicate() {
    let first = tcp(1, 1, ACK, b"data");
    for at in 4..20 {
        let mut other = first.clone();
        other[at] ^= 1;
        let mut monitor = monitor(50 * MS);
        feed(&mut monitor, START, RAW, &v4(77, 64, TCP, &first));
        feed(&mut monitor, START, RAW, &v4(77, 64, TCP, &other));
        assert_eq!(monitor.tally().total_view().duplicate_packets, 0, "byte {at}");
    }
}

#[test]
fn without_identification_a_retransmission_is_recognised_by_its_round_trip() {
    for packet in [v6(64, TCP, &tcp(1, 1, ACK, b"data")), v4(0, 64, TCP, &tcp(1, 1, ACK, b"data"))] {
        let again = |after_ns| counted(&[(0, packet.clone()), (after_ns, packet.clone())]);
        assert_eq!(again(MS / 2), (1, 1));
        assert_eq!(again(2 * MS), (2, 0));
    }
}

/// A hundred packets of data, 10 ms apart, each delivered after `delays`.
fn data(delays: impl Fn(u32) -> Vec<u64>) -> Vec<(u64, Vec<u8>)> {
    let mut packets = vec![(0, v6(64, TCP, &tcp(0, 0, SYN, b"")))];
    for n in 0..100u32 {
        let packet = v6(64, TCP, &tcp(1 + n * 4, 1, ACK, b"data"));
        packets
            .extend(delays(n).into_iter().map(|delay| (u64::from(n + 1) * 10 * MS + delay, packet.clone())));
    }
    packets
}

#[test]
fn what_a_near_host_retransmits_at_once_is_counted() {
    let every = |nth: u32| counted(&data(|n| if n % nth == 0 { vec![0, 1000] } else { vec![0] }));
    assert_eq!(every(50), (103, 0));
    assert_eq!(every(10), (111, 0));
    assert_eq!(every(4), (126, 0));
}

#[test]
fn a_flow_that_is_delivered_twice_is_counted_once_from_its_first_packet_on() {
    assert_eq!(counted(&data(|_| vec![0, 1000])), (101, 100));
}

#[test]
fn a_retransmission_of_a_flow_that_is_delivered_several_times_is_counted() {
    for copies in 2..5u64 {
        let delays = |n: u32| {
            let sent = if n % 7 == 3 { vec![0, 700_000] } else { vec![0] };
            sent.into_iter().flat_map(|at| (0..copies).map(move |copy| at + copy * 20_000)).collect()
        };
        let mut packets = data(delays);
        packets.splice(0..1, vec![packets[0].clone(); copies as usize]);
        let sent = 101 + 14;
        assert_eq!(counted(&packets), (sent, (sent * (copies - 1)) as u32), "{copies} copies");
    }
}

#[test]
fn a_mirror_port_may_lose_some_of_the_duplicates() {
    let packets = data(|n| if n % 4 == 1 { vec![0] } else { vec![0, 1000] });
    let (sent, duplicates) = counted(&packets);
    assert_eq!((sent, duplicates), (101, 75));
}

/// Packets with times after the start.
type Timed = Vec<(u64, Vec<u8>)>;

/// Data of which the numbered packets are delivered twice: packets that were sent, and deliveries beyond them.
fn twice(total: u32, is_twice: impl Fn(u32) -> bool) -> (Timed, (u64, u32)) {
    let mut packets = vec![(0, v6(64, TCP, &tcp(0, 0, SYN, b"")))];
    let mut duplicates = 0;
    for n in 0..total {
        let packet = v6(64, TCP, &tcp(1 + n * 4, 1, ACK, b"data"));
        packets.push((u64::from(n + 1) * 10 * MS, packet.clone()));
        if is_twice(n) {
            packets.push((u64::from(n + 1) * 10 * MS + 1000, packet));
            duplicates += 1;
        }
    }
    (packets, (u64::from(total) + 1, duplicates))
}

#[test]
fn a_mirror_that_begins_to_duplicate_while_a_flow_runs_is_recognised_from_there_on() {
    for plain in [0, 1, 10, 15, 16, 17, 30, 100, 600, 3000] {
        for doubled in [10, 31, 33, 300] {
            let (packets, expected) = twice(plain + doubled, |n| n >= plain);
            assert_eq!(counted(&packets), expected, "{plain} and {doubled}");
        }
    }
}

#[test]
fn a_mirror_that_stops_duplicating_while_a_flow_runs_hides_no_retransmission() {
    for doubled in [40, 100, 3000] {
        let (packets, (sent, duplicates)) = twice(doubled + 400, |n| n < doubled || n % 5 == 4);
        assert_eq!(counted(&packets), (sent + 80, duplicates - 80), "{doubled}");
    }
}

#[test]
fn acknowledgements_with_which_a_mirror_begins_to_duplicate_are_duplicates() {
    for begin in 200..208 {
        let mut packets = vec![(0, v6(64, TCP, &tcp(0, 0, SYN, b"")))];
        let mut duplicates = 0;
        for n in 0..1000u32 {
            let round = n / 4;
            // Data of either side, and its acknowledgement.
            let (seq, ack, data): (u32, u32, &[u8]) = match n % 4 {
                0 => (1 + round * 4, 1 + round * 4, b"data"),
                1 => (1 + round * 4, 5 + round * 4, b""),
                2 => (1 + round * 4, 5 + round * 4, b"data"),
                _ => (5 + round * 4, 5 + round * 4, b""),
            };
            let mut packet = v6(64, TCP, &tcp(seq, ack, ACK, data));
            if matches!(n % 4, 1 | 2) {
                packet[8..40].rotate_left(16);
                packet[40..44].rotate_left(2);
            }
            packets.push((u64::from(n + 1) * MS, packet.clone()));
            if n >= begin {
                packets.push((u64::from(n + 1) * MS + 10, packet));
                duplicates += 1;
            }
        }
        let flow = flow_of(&packets);
        assert_eq!(
            (flow.sent_packets + flow.received_packets, flow.duplicates),
            (1001, duplicates),
            "{begin}"
        );
    }
}

#[test]
fn a_mirror_may_duplicate_now_and_then() {
    for phase in [40, 64, 100, 1000] {
        let (packets, expected) = twice(phase * 8, |n| n / phase % 2 == 1);
        assert_eq!(counted(&packets), expected, "{phase}");
    }
}

#[test]
fn every_packet_is_counted_or_a_duplicate() {
    for nth in 1..40 {
        let packets = data(|n| if n % nth == 0 { vec![0, 1000] } else { vec![0] });
        let (sent, duplicates) = counted(&packets);
        assert_eq!(sent + u64::from(duplicates), packets.len() as u64, "every {nth}th");
    }
}

#[test]
fn equal_acknowledgements_without_identification_are_all_counted() {
    let ack = v6(64, TCP, &tcp(1, 1, ACK, b""));
    assert_eq!(counted(&[(0, ack.clone()), (1000, ack.clone()), (2000, ack)]), (3, 0));
}

#[test]
fn acknowledgements_of_a_flow_that_is_delivered_twice_are_duplicates() {
    let mut packets = vec![(0, v6(64, TCP, &tcp(0, 0, SYN, b""))), (10, v6(63, TCP, &tcp(0, 0, SYN, b"")))];
    for n in 0..1000u32 {
        let ack = tcp(1, 1 + n, ACK, b"");
        packets.push((u64::from(n) * MS, v6(64, TCP, &ack)));
        packets.push((u64::from(n) * MS + 10, v6(63, TCP, &ack)));
    }
    assert_eq!(counted(&packets), (1001, 1001));
}

#[test]
fn acknowledgements_are_counted_again_once_a_flow_is_delivered_once() {
    let syn = tcp(0, 0, SYN, b"");
    let mut packets = vec![(0, v6(64, TCP, &syn)), (10, v6(64, TCP, &syn))];
    for n in 0..16u32 {
        packets.push((u64::from(n + 1) * MS, v6(64, TCP, &tcp(1 + n, 1, ACK, b"x"))));
    }
    let ack = v6(64, TCP, &tcp(17, 1, ACK, b""));
    packets.extend([(30 * MS, ack.clone()), (30 * MS + 10, ack)]);
    assert_eq!(counted(&packets), (19, 1));
}

#[test]
fn datagrams_without_a_checksum_are_distinguished_by_their_first_bytes() {
    let datagram = |n: u8| v4(0, 64, UDP, &udp((5000, 6000), &[&[9; 12], &[n; 900][..]].concat()));
    assert_eq!(counted(&[(0, datagram(1)), (10, datagram(2)), (20, datagram(2))]), (2, 1));
}

#[test]
fn a_repeated_query_is_counted_and_read_twice_and_its_duplicate_is_not() {
    let question = [&[0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1][..], b"a", &[0, 0, 1, 0, 1]].concat();
    let packet = v6(64, UDP, &udp((5000, 53), &question));
    let mut monitor = monitor(50 * MS);
    for after_ns in [0, 10, 5000 * MS] {
        feed(&mut monitor, START + after_ns, RAW, &packet);
    }
    monitor.finish();
    assert_eq!(monitor.dns.len(), 2);
    assert_eq!(monitor.tally().dns_messages, 2);
}

#[test]
fn a_duplicate_from_another_port_may_arrive_before_its_original() {
    let packet = v4(77, 64, TCP, &tcp(1, 1, ACK, b"data"));
    assert_eq!(counted(&[(30 * MS, packet.clone()), (0, packet)]), (1, 1));
}

#[test]
fn a_duplicate_of_a_last_packet_starts_no_flow() {
    let mut monitor = monitor(50 * MS);
    for n in 0..200u16 {
        let mut packet = v4(77, 64, UDP, &udp((5000, 6000), b"x"));
        packet[18..20].copy_from_slice(&n.to_be_bytes());
        feed(&mut monitor, START, RAW, &packet);
        monitor.finish();
        feed(&mut monitor, START, RAW, &packet);
    }
    assert_eq!(monitor.tally().flows, 200);
    assert_eq!(monitor.tally().total_view().duplicate_packets, 200);
}

#[test]
fn a_flood_between_a_packet_and_its_duplicate_only_costs_its_recognition() {
    let mut monitor = monitor(5000 * MS);
    let packet = v4(77, 64, UDP, &udp((5000, 6000), b"x"));
    feed(&mut monitor, START, RAW, &packet);
    let mut flood = |from: u32, to: u32| {
        for n in from..to {
            let other = v4((n % 65_000 + 1) as u16, 64, UDP, &udp((5000, 6001), &n.to_be_bytes()));
            feed(&mut monitor, START + u64::from(n) * 1000, RAW, &other);
        }
        feed(&mut monitor, START + u64::from(to) * 1000, RAW, &packet);
        monitor.tally().total_view().duplicate_packets
    };
    assert_eq!(flood(0, 20_000), 1, "20,000 packets later it is still known");
    assert_eq!(flood(20_000, 1_000_000), 1, "a million packets later it is not");
}
