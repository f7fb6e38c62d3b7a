//! Without an identification, what is delivered again is a duplicate or not by its share, at any distance.

use super::{counted, data, monitor, tcp, udp, v4, v6, Timed, ACK, MS, RAW, START, SYN, TCP, UDP};
use _engine::capture::Packet;

#[test]
fn a_flow_that_is_delivered_twice_is_counted_once_at_any_distance_within_the_window() {
    for after_us in [500, 1100, 1500, 2000, 5000, 12_000, 20_000, 49_000] {
        assert_eq!(counted(&in_order(data(|_| vec![0, after_us * 1000]))), (101, 100), "{after_us} us");
        let lossy = data(|n| if n % 4 == 1 { vec![0] } else { vec![0, after_us * 1000] });
        assert_eq!(counted(&in_order(lossy)), (101, 75), "{after_us} us, every fourth is lost");
    }
}

#[test]
fn retransmissions_at_any_distance_within_the_window_are_counted() {
    for after_us in [500, 1500, 5000, 20_000, 49_000] {
        for nth in [4, 10, 50] {
            let packets = data(|n| if n % nth == 0 { vec![0, after_us * 1000] } else { vec![0] });
            assert_eq!(
                counted(&in_order(packets.clone())),
                (packets.len() as u64, 0),
                "one of {nth} after {after_us} us"
            );
        }
    }
}

fn in_order(mut packets: Timed) -> Timed {
    packets.sort_by_key(|(after_ns, _)| *after_ns);
    packets
}

/// 200 look-ups over IPv6, each by a flow of its own: queries, and their answers.
fn look_up_packets() -> impl Iterator<Item = [(u64, Vec<u8>); 2]> {
    (0..200u16).map(|n| {
        let at = u64::from(n) * 10 * MS;
        let query = v6(64, UDP, &udp((5000 + n, 9000), &[&n.to_be_bytes()[..], b"?"].concat()));
        let mut answer = v6(64, UDP, &udp((9000, 5000 + n), &[&n.to_be_bytes()[..], b"!"].concat()));
        answer[8..40].rotate_left(16);
        [(at, query), (at + 5 * MS, answer)]
    })
}

/// Packets that are counted, and duplicates, of packets with their interfaces.
fn counted_of_all(mut packets: Vec<(u64, u16, Vec<u8>)>) -> (u64, u64) {
    packets.sort_by_key(|(after_ns, ..)| *after_ns);
    let mut monitor = monitor(50 * MS);
    for (after_ns, interface, bytes) in &packets {
        let wire_len = bytes.len() as u32;
        monitor.packet(&Packet {
            number: 0,
            time_ns: START + after_ns,
            link: RAW,
            interface: *interface,
            wire_len,
            bytes,
        });
    }
    monitor.finish();
    let flows = &monitor.flows;
    let duplicates = flows.iter().map(|flow| u64::from(flow.duplicates)).sum();
    (flows.iter().map(|flow| flow.sent_packets + flow.received_packets).sum(), duplicates)
}

/// What is counted of 200 look-ups, of which every `nth` query is delivered again after this time.
fn look_ups(nth: usize, after_ns: u64) -> (u64, u64) {
    let mut packets = Vec::new();
    for (n, [(at, query), (answered, answer)]) in look_up_packets().enumerate() {
        packets.extend([(at, 0, query.clone()), (answered, 0, answer)]);
        if n % nth == 0 {
            packets.push((at + after_ns, 0, query));
        }
    }
    counted_of_all(packets)
}

#[test]
fn a_query_that_is_repeated_at_once_is_counted_twice_where_no_others_are() {
    for after_ns in [1000, MS / 2, 2 * MS, 30 * MS] {
        for (nth, again) in [(200, 1), (40, 5), (10, 20)] {
            assert_eq!(look_ups(nth, after_ns), (400 + again, 0), "every {nth}th after {after_ns} ns");
        }
    }
}

#[test]
fn queries_of_single_packets_are_duplicates_where_each_is_delivered_twice() {
    for after_ns in [1000, MS / 2, 2 * MS, 30 * MS] {
        assert_eq!(look_ups(1, after_ns), (400, 200), "after {after_ns} ns");
    }
}

#[test]
fn packets_of_two_interfaces_are_duplicates_wherever_both_deliver_them() {
    for (nth, after_ns) in [(1, 0), (1, 1000), (1, MS / 2), (1, 2 * MS), (1, 30 * MS), (10, 0), (100, 1000)] {
        let mut packets = Vec::new();
        for (n, look_up) in look_up_packets().enumerate() {
            for (at, packet) in look_up {
                packets.push((at, (n % 2) as u16, packet.clone()));
                if n % nth == 0 {
                    packets.push((at + after_ns, 1 - (n % 2) as u16, packet));
                }
            }
        }
        let again = packets.len() as u64 - 400;
        assert_eq!(counted_of_all(packets), (400, again), "every {nth}th after {after_ns} ns");
    }
}

/// Look-ups whose packets have identifications: each is delivered once.
fn look_ups_with_identifications() -> Vec<(u64, u16, Vec<u8>)> {
    let look_up = |n: u16| v4(n + 1, 64, UDP, &udp((5000 + n, 9000), &n.to_be_bytes()));
    (0..1000).map(|n| (u64::from(n) * MS / 100, 0, look_up(n))).collect()
}

/// A download over IPv6 at a gigabit per second: data, and an acknowledgement for every second packet of it.
fn download(packets: u32) -> Vec<(u64, Vec<u8>)> {
    let turned = |mut packet: Vec<u8>| {
        packet[8..40].rotate_left(16);
        packet[40..44].rotate_left(2);
        packet
    };
    let at = |n: u32| 11 * MS + u64::from(n) * 12_000;
    let mut sent = vec![(10 * MS, v6(64, TCP, &tcp(0, 0, SYN, b"")))];
    sent.push((10 * MS + 500_000, turned(v6(64, TCP, &tcp(0, 1, SYN | ACK, b"")))));
    for n in 0..packets {
        sent.push((at(n), turned(v6(64, TCP, &tcp(1 + n * 1000, 1, ACK, &[1; 1000])))));
        if n % 2 == 1 {
            sent.push((at(n) + 3000, v6(64, TCP, &tcp(1, 1001 + n * 1000, ACK, b""))));
        }
    }
    sent
}

#[test]
fn a_burst_of_retransmissions_is_counted_where_nothing_is_delivered_twice() {
    for (count, at) in [(15, 300), (31, 300), (100, 300), (300, 300), (6, 994), (15, 985)] {
        for after_ns in [MS / 3, MS, 2 * MS, 10 * MS] {
            let mut packets = look_ups_with_identifications();
            let begun = packets.len() as u64;
            let download = download(1000);
            let (sent, data) = (download.len() as u64, download.iter().filter(|one| one.1.len() > 1000));
            let again: Vec<_> = data.skip(at).take(count).cloned().collect();
            packets.extend(download.iter().map(|(time_ns, packet)| (*time_ns, 0, packet.clone())));
            packets.extend(again.into_iter().map(|(time_ns, packet)| (time_ns + after_ns, 0, packet)));
            let counted = counted_of_all(packets);
            assert_eq!(counted, (begun + sent + count as u64, 0), "{count} after {after_ns} ns");
        }
    }
}

#[test]
fn a_fast_download_that_is_delivered_several_times_is_counted_once() {
    for copies in [2, 3, 4] {
        for after_ns in [1000, 10_000, MS / 10, MS, 5 * MS] {
            for packets in [50, 1000] {
                let sent = download(packets);
                let all = (0..copies).flat_map(|copy| {
                    sent.iter().map(move |(time_ns, packet)| (time_ns + copy * after_ns, 0, packet.clone()))
                });
                let expected = (sent.len() as u64, sent.len() as u64 * (copies - 1));
                assert_eq!(
                    counted_of_all(all.collect()),
                    expected,
                    "{copies} of {packets} after {after_ns} ns"
                );
            }
        }
    }
}

#[test]
fn acknowledgements_of_a_download_are_duplicates_if_their_direction_alone_is_delivered_twice() {
    for after_ns in [1000, MS / 3] {
        let sent = download(1000);
        let mut packets: Vec<_> =
            sent.iter().map(|(time_ns, packet)| (*time_ns, 0, packet.clone())).collect();
        let of_client = sent.iter().filter(|one| one.1[23] == 7);
        packets.extend(of_client.map(|(time_ns, packet)| (time_ns + after_ns, 0, packet.clone())));
        let again = packets.len() as u64 - sent.len() as u64;
        assert_eq!(counted_of_all(packets), (sent.len() as u64, again), "after {after_ns} ns");
    }
}

#[test]
fn acknowledgements_that_a_host_repeats_many_times_are_counted_once_for_each_time() {
    for copies in 1..=4 {
        for times in [2, 5, 9, 30] {
            let mut sent = Vec::new();
            for (time_ns, packet) in download(1000) {
                let is_bare = time_ns > 11 * MS && packet.len() == 60;
                let is_repeated = is_bare && time_ns / 12_000 % 5 == 0;
                let times = if is_repeated { times } else { 1 };
                sent.extend((0..times).map(|time| (time_ns + time * 100, packet.clone())));
            }
            let all = sent.iter().flat_map(|(time_ns, packet)| {
                (0..copies).map(move |copy| (time_ns + copy * 20, 0, packet.clone()))
            });
            let expected = (sent.len() as u64, sent.len() as u64 * (copies - 1));
            assert_eq!(counted_of_all(all.collect()), expected, "{copies} of each, {times} times");
        }
    }
}

#[test]
fn what_a_near_host_retransmits_at_the_end_of_a_flow_is_counted() {
    for (equal_acks, again) in [(3, 1), (10, 1), (40, 1), (0, 4), (0, 10)] {
        let mut sent = download(40);
        let (end, last) = sent.last().cloned().expect("packets");
        sent.extend((0..equal_acks).map(|n| (end + n * 10_000, last.clone())));
        let data: Vec<_> = sent.iter().filter(|one| one.1.len() > 1000).cloned().collect();
        let retransmitted = data.into_iter().rev().take(again).rev();
        sent.extend(retransmitted.map(|(time_ns, packet)| (time_ns + MS / 2, packet)));
        let count = sent.len() as u64;
        for background in [200, 0] {
            let others = look_up_packets().take(background).flatten().map(|(at, packet)| (at, 0, packet));
            let all = sent.iter().map(|(time_ns, packet)| (*time_ns, 0, packet.clone())).chain(others);
            let expected = (count + 2 * background as u64, 0);
            assert_eq!(counted_of_all(all.collect()), expected, "{equal_acks} and {again}, {background}");
        }
    }
}

#[test]
fn a_few_packets_with_identifications_show_that_others_are_delivered_twice() {
    let mut packets: Vec<_> = look_ups_with_identifications().into_iter().take(60).collect();
    packets.extend(look_up_packets().take(3).flatten().map(|(at, packet)| (at + MS, 0, packet)));
    let again: Vec<_> = packets.iter().map(|(at, _, packet)| (at + 1000, 0, packet.clone())).collect();
    packets.extend(again);
    assert_eq!(counted_of_all(packets), (66, 66));
}

#[test]
fn identical_datagrams_that_a_host_sends_now_and_then_are_counted() {
    for every in [5 * MS, 20 * MS, 40 * MS] {
        let mut packets = look_ups_with_identifications();
        let query = v6(64, UDP, &udp((5000, 9001), b"the same"));
        packets.extend((0..300).map(|n| (n * every, 0, query.clone())));
        assert_eq!(counted_of_all(packets), (1300, 0), "every {every} ns");
    }
}
