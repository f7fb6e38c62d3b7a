//! How an interface delivers the packets of all flows tells what repeated packets of one are.

use super::{feed, monitor, tcp, udp, v4, v6, ACK, MS, RAW, START, SYN, TCP, UDP};

/// The same packet in the other direction.
fn reply(mut packet: Vec<u8>) -> Vec<u8> {
    packet[12..20].rotate_left(4);
    packet[20..24].rotate_left(2);
    packet
}

#[test]
fn a_few_retransmissions_of_a_short_flow_are_counted_where_nothing_is_delivered_twice() {
    let packet = |n: u16, seq, ack, flags, payload: &[u8]| v4(n + 1, 64, TCP, &tcp(seq, ack, flags, payload));
    let acks = (0..1000).map(|n| packet(n, 1, 1, ACK, b"")).collect();
    let mut settled = vec![packet(0, 0, 0, SYN, b""), reply(packet(1, 0, 1, SYN | ACK, b""))];
    settled.extend([
        packet(2, 1, 1, ACK, b"GET / HTTP/1.1\r\n\r\n"),
        reply(packet(3, 1, 19, ACK, b"HTTP/1.1 200 OK")),
    ]);
    settled.extend((4..1000).map(|n| packet(n, 19 + u32::from(n - 4) * 4, 16, ACK, b"data")));
    are_counted_where_these_are_delivered_once(acks);
    are_counted_where_these_are_delivered_once(settled);
}

fn are_counted_where_these_are_delivered_once(packets: Vec<Vec<u8>>) {
    let mut monitor = monitor(50 * MS);
    for (n, packet) in (0..).zip(packets) {
        feed(&mut monitor, START + n * MS, RAW, &packet);
    }
    for n in 0..6u64 {
        let query = v6(64, UDP, &udp((5000, 6000), &[n as u8; 8]));
        for after_ns in &[0, 1000][..if n % 2 == 0 { 2 } else { 1 }] {
            feed(&mut monitor, START + (1000 + n) * MS + after_ns, RAW, &query);
        }
    }
    for after_ns in [0, 1000] {
        let query = v6(64, UDP, &udp((5001, 6000), b"the same"));
        feed(&mut monitor, START + 1100 * MS + after_ns, RAW, &query);
    }
    monitor.finish();
    for (port, packets) in [(5000, 9), (5001, 2)] {
        let flow = monitor.flows.iter().find(|flow| flow.client_port == port).unwrap();
        assert_eq!((flow.sent_packets, flow.duplicates), (packets, 0));
    }
}
