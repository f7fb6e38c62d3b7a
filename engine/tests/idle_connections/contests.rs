//! Segments of another connection between the ends of one that runs or rests: only one that is answered takes its place.

use super::{feed, finish, hello, of_file, open, reached, segment, FlowRecord, NAME, PORT, SECOND, START};
use _engine::monitor::Monitor;
use _engine::report::phase::Phase;
use _engine::types::end_reason::EndReason;

pub(super) const ACK: u8 = 16;
pub(super) const SYN: u8 = 2;
pub(super) const RST: u8 = 4;
pub(super) const FIN: u8 = 1;
pub(super) const FAR: u32 = 1 << 30;
pub(super) const STEP: u64 = 60_000_000;

/// Who sends (the client: true), its numbers, control bits and payload.
pub(super) type Sent<'a> = (bool, (u32, u32), u8, &'a [u8]);

/// Feeds segments, 60 ms apart so that none is a duplicate, from `time_ns` on.
pub(super) fn send(monitor: &mut Monitor, time_ns: u64, segments: &[Sent<'_>]) {
    for (n, &(up, numbers, flags, payload)) in segments.iter().enumerate() {
        let packet = segment(up, PORT, numbers, flags, payload);
        feed(monitor, time_ns + n as u64 * STEP, &packet);
    }
}

/// What goes on after `open`: ten segments of 50 bytes of the client, each acknowledged.
pub(super) fn go_on(monitor: &mut Monitor, time_ns: u64) {
    let (client, server) = reached();
    for n in 0..10 {
        let seq = client + n * 50;
        send(
            monitor,
            time_ns + 2 * u64::from(n) * STEP,
            &[(true, (seq, server), ACK, &[0x17; 50]), (false, (server, seq + 50), ACK, b"")],
        );
    }
}

pub(super) fn packets(flow: &FlowRecord) -> u64 {
    flow.sent_packets + flow.received_packets
}

/// Stray segments of several kinds.
fn strays() -> Vec<Vec<Sent<'static>>> {
    let (client, server) = reached();
    let syn = |up, seq| (up, (seq, 0), SYN, &b""[..]);
    vec![
        vec![syn(true, client + FAR)],
        vec![syn(true, client + 5)],
        vec![syn(true, client.wrapping_sub(3000))],
        vec![syn(true, client + FAR); 20],
        (0..20).map(|n| syn(true, client + FAR + n * 7)).collect(),
        vec![syn(false, server + FAR)],
        vec![syn(true, client + FAR), syn(false, server + FAR)],
        vec![(true, (client + FAR, 0), SYN, b"a request")],
        vec![syn(true, client + FAR), (true, (client + FAR + 1, 9), ACK, b"not answered")],
        vec![syn(true, client + FAR), (true, (client + FAR + 1, 0), RST, b"")],
        vec![(false, (server + FAR, client + FAR), SYN | ACK, b"")],
        vec![(true, (client + FAR, 0), RST, b"")],
        vec![(false, (server + FAR, 0), RST | ACK, b"")],
        vec![(true, (client + FAR, server), FIN | ACK, b""), (false, (server + FAR, client), FIN | ACK, b"")],
    ]
}

#[test]
fn stray_segments_take_no_name_from_a_connection_that_runs_and_all_bytes_are_in_its_flow() {
    for stray in strays() {
        let mut monitor = of_file();
        open(&mut monitor, START, PORT);
        send(&mut monitor, START + SECOND, &stray);
        go_on(&mut monitor, START + 3 * SECOND);
        let flows = finish(&mut monitor);
        assert_eq!(flows.len(), 1, "{stray:?}");
        assert_eq!(flows[0].name.as_deref(), Some(NAME), "{stray:?}");
        assert_eq!((packets(&flows[0]), flows[0].unseen_bytes), (25 + stray.len() as u64, 0), "{stray:?}");
        assert_eq!(flows[0].phase, Phase::End(EndReason::CaptureEnd), "{stray:?}");
    }
}

#[test]
fn stray_segments_before_a_silence_take_no_name() {
    for stray in strays() {
        let mut monitor = of_file();
        open(&mut monitor, START, PORT);
        send(&mut monitor, START + SECOND, &stray);
        go_on(&mut monitor, START + 7200 * SECOND);
        let flows = finish(&mut monitor);
        let names: Vec<_> = flows.iter().map(|flow| flow.name.as_deref()).collect();
        assert_eq!(names, [Some(NAME); 2], "{stray:?}");
        assert_eq!(flows.iter().map(packets).sum::<u64>(), 25 + stray.len() as u64, "{stray:?}");
    }
}

#[test]
fn stray_segments_in_a_silence_take_no_name() {
    for stray in strays().into_iter().filter(|stray| stray.len() < 8) {
        let mut monitor = of_file();
        open(&mut monitor, START, PORT);
        send(&mut monitor, START + 3600 * SECOND, &stray);
        go_on(&mut monitor, START + 3610 * SECOND);
        let flows = finish(&mut monitor);
        assert_eq!(flows.last().and_then(|flow| flow.name.as_deref()), Some(NAME), "{stray:?}");
        assert_eq!(flows.last().and_then(|flow| flow.continues), Some(flows[0].flow_id), "{stray:?}");
        assert_eq!(flows.iter().map(packets).sum::<u64>(), 25 + stray.len() as u64, "{stray:?}");
    }
}

#[test]
fn a_stray_syn_between_the_handshake_and_the_hello_hides_no_name() {
    let mut monitor = of_file();
    send(
        &mut monitor,
        START,
        &[
            (true, (100, 0), SYN, b""),
            (false, (900, 101), SYN | ACK, b""),
            (true, (100 + FAR, 0), SYN, b""),
            (true, (101, 901), ACK, &hello()),
            (false, (901, reached().0), ACK, b"abc"),
        ],
    );
    let flows = finish(&mut monitor);
    assert_eq!((flows.len(), flows[0].name.as_deref(), packets(&flows[0])), (1, Some(NAME), 5));
}

#[test]
fn however_often_a_stray_syn_is_repeated_between_the_handshake_and_the_hello_it_hides_no_name() {
    for seq in [100 + FAR, 100u32.wrapping_sub(FAR), 99, 90, 101, 1000] {
        for often in [1, 8, 9, 10, 100] {
            let mut monitor = of_file();
            let mut segments: Vec<Sent<'_>> =
                vec![(true, (100, 0), SYN, b""), (false, (900, 101), SYN | ACK, b"")];
            segments.extend(vec![(true, (seq, 0), SYN, &b""[..]); often]);
            let hello = hello();
            segments.extend([(true, (101, 901), ACK, &hello[..]), (false, (901, reached().0), ACK, b"abc")]);
            send(&mut monitor, START, &segments);
            let flows = finish(&mut monitor);
            let seen: Vec<_> = flows.iter().map(|flow| (flow.name.as_deref(), packets(flow))).collect();
            assert_eq!(seen, [(Some(NAME), 4 + often as u64)], "{often} times {seq}");
        }
    }
}

#[test]
fn a_syn_in_the_name_of_the_server_makes_it_no_client() {
    let (_, server) = reached();
    for seq in [server, server - 1, server + 1000, server + FAR] {
        for often in [1, 8, 9, 100] {
            let mut monitor = of_file();
            open(&mut monitor, START, PORT);
            send(&mut monitor, START + SECOND, &vec![(false, (seq, 0), SYN, &b""[..]); often]);
            go_on(&mut monitor, START + 8 * SECOND);
            let flows = finish(&mut monitor);
            let seen: Vec<_> = flows.iter().map(|flow| (flow.name.as_deref(), flow.server_port)).collect();
            assert_eq!(seen, [(Some(NAME), 443)], "{often} times {seq}");
            assert_eq!(flows[0].sent_packets, 13, "{often} times {seq}");
        }
    }
}

/// The flows of a connection with the payload, into whose handshake stray SYNs come after so many segments.
fn disturbed(after: usize, strays: &[Sent<'_>], payload: &[u8]) -> Vec<FlowRecord> {
    let mut segments: Vec<Sent<'_>> = vec![
        (true, (100, 0), SYN, b""),
        (false, (900, 101), SYN | ACK, b""),
        (true, (101, 901), ACK, payload),
        (false, (901, 101 + payload.len() as u32), ACK, b"abc"),
    ];
    segments.splice(after..after, strays.iter().copied());
    let mut monitor = of_file();
    send(&mut monitor, START, &segments);
    finish(&mut monitor)
}

#[test]
fn syns_in_the_name_of_the_server_make_it_no_client() {
    for after in 0..3 {
        for often in [1, 2, 9] {
            for payload in [&hello()[..], b"a protocol that nobody knows"] {
                let flows = disturbed(after, &vec![(false, (7000, 0), SYN, &b""[..]); often], payload);
                let seen: Vec<_> = flows.iter().map(|flow| (flow.server_port, flow.sent_packets)).collect();
                assert_eq!(seen, [(443, 2)], "{often} times after {after}, {payload:?}");
            }
        }
    }
}

#[test]
fn stray_segments_in_a_handshake_hide_no_name_and_no_contact() {
    let hello = hello();
    let strays = |seq: u32| -> Vec<Vec<Sent<'static>>> {
        vec![
            vec![(true, (seq, 0), SYN, b"")],
            vec![(true, (seq, 0), SYN, b""); 9],
            (0..5).map(|n| (true, (seq + 1000 * n, 0), SYN, &b""[..])).collect(),
            vec![(true, (seq, 0), SYN, b""), (true, (seq + 1, 9), ACK, b"")],
            vec![(false, (seq, 7), SYN | ACK, b"")],
            vec![(false, (seq, 7), SYN | ACK, b""), (true, (seq, 0), SYN, b"")],
        ]
    };
    let undisturbed = disturbed(0, &[], &hello);
    for seq in [5000, 70_000, 100 + FAR, 90, 110, 100u32.wrapping_sub(FAR)] {
        for stray in strays(seq) {
            for after in 0..3 {
                let flows = disturbed(after, &stray, &hello);
                let seen: Vec<_> = flows.iter().map(|flow| (flow.name.as_deref(), flow.contact)).collect();
                assert_eq!(seen, [(Some(NAME), undisturbed[0].contact)], "{stray:?} after {after}");
            }
        }
    }
}

#[test]
fn what_the_client_sends_decides_where_its_server_or_the_answer_is_not_seen() {
    let hello = hello();
    let (syn, ack, said) = ((true, (100, 0), SYN, &b""[..]), (true, (101, 901), ACK, &b""[..]), &b"hey"[..]);
    let (asks, says) = ((true, (101, 901), ACK, &hello[..]), (true, (101, 901), ACK, said));
    let stray_syn = (false, (5000, 0), SYN, &b""[..]);
    let stray_answer = (true, (5000, 1), SYN | ACK, &b""[..]);
    let answer = (false, (901, 104), ACK, &b"abc"[..]);
    for (segments, name) in [
        (vec![stray_syn, syn, ack, asks], Some(NAME)),
        (vec![stray_syn, syn, says, answer], None),
        (vec![stray_answer, syn, ack, asks], Some(NAME)),
        (vec![stray_answer, syn, asks, answer], Some(NAME)),
        // TCP Fast Open
        (vec![stray_syn, (true, (100, 0), SYN, said), (false, (900, 104), SYN | ACK, b""), answer], None),
        (vec![(true, (100, 0), SYN, said), stray_syn, (false, (900, 104), SYN | ACK, b""), answer], None),
    ] {
        let mut monitor = of_file();
        send(&mut monitor, START, &segments);
        let flows = finish(&mut monitor);
        let seen: Vec<_> = flows.iter().map(|flow| (flow.name.as_deref(), flow.server_port)).collect();
        assert_eq!(seen, [(name, 443)], "{segments:?}");
    }
}

#[test]
fn a_server_that_answers_late_answers_the_connection_of_which_it_acknowledges_the_number() {
    let hello = hello();
    let mut monitor = of_file();
    send(&mut monitor, START, &[(true, (5000, 0), SYN, b"")]);
    send(&mut monitor, START + SECOND, &[(true, (100, 0), SYN, b"")]);
    send(
        &mut monitor,
        START + 13 * SECOND,
        &[
            (false, (900, 101), SYN | ACK, b""),
            (true, (101, 901), ACK, &hello),
            (false, (901, reached().0), ACK, b"abc"),
        ],
    );
    let flows = finish(&mut monitor);
    let seen: Vec<_> = flows.iter().map(|flow| (flow.name.as_deref(), packets(flow))).collect();
    assert_eq!(seen, [(Some(NAME), 5)]);
}

/// The flows after a connection, and then these segments.
fn after_open(segments: &[Sent<'_>]) -> Vec<FlowRecord> {
    let mut monitor = of_file();
    open(&mut monitor, START, PORT);
    send(&mut monitor, START + SECOND, segments);
    finish(&mut monitor)
}

#[test]
fn a_connection_that_is_answered_takes_the_place_of_another_with_all_of_its_segments() {
    let isn = reached().0 + FAR;
    let hello = hello();
    let end = isn + 1 + hello.len() as u32;
    let syn = (true, (isn, 0), SYN, &b""[..]);
    let syn_ack = (false, (5, isn + 1), SYN | ACK, &b""[..]);
    let ack = (true, (isn + 1, 6), ACK, &b""[..]);
    let data = (true, (isn + 1, 6), ACK, &hello[..]);
    let answer = (false, (6, end), ACK, &b"abc"[..]);
    let stray = (true, (isn + FAR, 0), SYN, &b""[..]);
    for (segments, strays) in [
        (vec![syn, syn_ack, ack, data, answer], 0),
        (vec![syn, syn, syn, syn_ack, ack, data, answer], 0),
        (vec![syn, ack, data, answer], 0), // the mirror lost the SYN-ACK
        (vec![syn, data, answer], 0),
        (vec![syn, stray, syn_ack, ack, data, answer], 1),
        (vec![stray, syn, stray, syn_ack, stray, data, answer], 3),
        // TCP Fast Open
        (
            vec![
                (true, (isn, 0), SYN, &hello[..]),
                (false, (5, end), SYN | ACK, b""),
                (true, (end, 6), ACK, b""),
                answer,
            ],
            0,
        ),
        // both open at once
        (vec![syn, (false, (5, 0), SYN, b""), syn_ack, (true, (isn, 6), SYN | ACK, b""), data, answer], 0),
    ] {
        let flows = after_open(&segments);
        assert_eq!(flows.len(), 2, "{segments:?}");
        assert_eq!((flows[0].phase, packets(&flows[0]) - 5 <= strays), (Phase::End(EndReason::Reused), true));
        assert_eq!(flows.iter().map(packets).sum::<u64>(), 5 + segments.len() as u64, "{segments:?}");
        assert_eq!((flows[1].name.as_deref(), flows[1].unseen_bytes), (Some(NAME), 0), "{segments:?}");
        assert_eq!(
            flows[1].start_ns,
            START + SECOND + segments.iter().position(|one| *one != stray).unwrap() as u64 * STEP
        );
    }
}

#[test]
fn where_one_direction_is_mirrored_what_follows_a_syn_shows_that_it_was_answered() {
    let isn = reached().0 + FAR;
    let mut monitor = of_file();
    let hello = hello();
    send(
        &mut monitor,
        START,
        &[
            (true, (100, 0), SYN, b""),
            (true, (101, 901), ACK, &hello),
            (true, (reached().0, 904), ACK, b""),
            (true, (isn, 0), SYN, b""),
            (true, (isn + 1, 77), ACK, b""),
            (true, (isn + 1, 77), ACK, &hello),
        ],
    );
    let flows = finish(&mut monitor);
    let seen: Vec<_> = flows.iter().map(|flow| (flow.name.as_deref(), packets(flow))).collect();
    assert_eq!(seen, [(Some(NAME), 3); 2]);
}

#[test]
fn a_server_that_refuses_a_connection_has_none() {
    let isn = reached().0 + FAR;
    let flows = after_open(&[(true, (isn, 0), SYN, b""), (false, (0, isn + 1), RST | ACK, b"")]);
    let seen: Vec<_> = flows.iter().map(|flow| (flow.phase, packets(flow))).collect();
    assert_eq!(seen, [(Phase::End(EndReason::Reused), 5), (Phase::End(EndReason::Rst), 2)]);
}

#[test]
fn a_flood_of_stray_syns_takes_no_name_and_each_is_counted_once() {
    let mut monitor = of_file();
    for n in 0..1000 {
        open(&mut monitor, START + u64::from(n) * 1000, PORT + n);
    }
    for n in 0..100_000u32 {
        let packet = segment(true, PORT + (n % 1000) as u16, (n.wrapping_mul(2_654_435_761), 0), SYN, b"");
        feed(&mut monitor, START + SECOND + u64::from(n) * 50_000, &packet);
    }
    let (client, server) = reached();
    for n in 0..1000 {
        feed(&mut monitor, START + 7 * SECOND, &segment(true, PORT + n, (client, server), ACK, b"more"));
    }
    assert!(monitor.tally().evicted.pending_syns > 90_000);
    let flows = finish(&mut monitor);
    assert_eq!(flows.len(), 1000);
    assert!(flows.iter().all(|flow| flow.name.as_deref() == Some(NAME)));
    assert_eq!(flows.iter().map(packets).sum::<u64>(), 5000 + 100_000 + 1000);
}
