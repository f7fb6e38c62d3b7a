//! Any number of segments that do not fit, between the ends of a TCP connection that rests.

use super::contests::{go_on, packets, send, Sent, ACK, FAR, FIN, RST, STEP, SYN};
use super::{
    feed, finish, hello, monitor, of_file, open, reached, segment, FlowRecord, Settings, NAME, PORT, SECOND,
    START,
};

/// Forged segments of one kind; the `n`th in the name of the client, or of the server.
fn forged(kind: &str, up: bool, n: u32) -> Sent<'static> {
    let (client, server) = reached();
    let numbers = if up { (client + FAR + n * 7, server) } else { (server + FAR + n * 7, client) };
    let (flags, payload): (u8, &[u8]) = match kind {
        "ack" => (ACK, b""),
        "syn" => (SYN, b""),
        "reset" => (RST, b""),
        "reset and ack" => (RST | ACK, b""),
        "fin" => (FIN | ACK, b""),
        "syn and ack" => (SYN | ACK, b""),
        "nothing" => (0, b"none"),
        _ => (ACK, b"data"),
    };
    (up, numbers, flags, payload)
}

const KINDS: [&str; 8] = ["ack", "syn", "reset", "reset and ack", "fin", "syn and ack", "nothing", "data"];

/// What goes on has the name and continues the first flow, in `flows` of this many packets in all.
fn assert_goes_on(flows: &[FlowRecord], all: u64, what: &str) {
    assert_eq!(flows.iter().map(packets).sum::<u64>(), all, "{what}");
    let next =
        flows.iter().rfind(|flow| flow.continues.is_some()).unwrap_or_else(|| panic!("{what}: {flows:?}"));
    assert_eq!((next.name.as_deref(), next.continues), (Some(NAME), Some(flows[0].flow_id)), "{what}");
    assert!(packets(next) >= 20 && next.unseen_bytes == 0, "{what}");
}

#[test]
fn any_number_of_forged_segments_of_any_kind_from_either_or_both_ends_takes_no_name() {
    for kind in KINDS {
        for ends in [&[true][..], &[false], &[true, false]] {
            for count in [1, 2, 9, 100] {
                for (rest_s, then_s) in [(301, 1), (3600, 299), (3600, 3600)] {
                    let mut monitor = of_file();
                    open(&mut monitor, START, PORT);
                    let strays: Vec<_> =
                        (0..count).map(|n| forged(kind, ends[n as usize % ends.len()], n)).collect();
                    send(&mut monitor, START + rest_s * SECOND, &strays);
                    go_on(&mut monitor, START + (rest_s + 20 + then_s) * SECOND);
                    let what = format!("{count} of {kind} from {ends:?}, {rest_s} s, {then_s} s");
                    assert_goes_on(&finish(&mut monitor), 25 + u64::from(count), &what);
                }
            }
        }
    }
}

#[test]
fn forged_segments_that_fit_each_other_take_no_name_whatever_they_say() {
    let (client, server) = reached();
    let hello = hello();
    let far = (client + FAR, server + FAR);
    let syn = (true, (client + FAR - 1, 0), SYN, &b""[..]);
    let end = far.0 + hello.len() as u32;
    let said = (true, far, ACK, &hello[..]);
    let answer = (false, (far.1, end), ACK, &b"abc"[..]);
    let acknowledged = (true, (end, far.1 + 3), ACK, &b""[..]);
    for strays in [
        vec![said],
        vec![answer],
        vec![said, answer, acknowledged],
        vec![answer, said],
        vec![syn, said],
        vec![syn, said, syn, said],
        vec![said, syn, said],
        vec![said, (true, (end, 7), FIN | ACK, b""), (false, (far.1, end + 1), FIN | ACK, b"")],
        (0..100)
            .map(|n| (n % 2 == 0, if n % 2 == 0 { far } else { (far.1, far.0) }, ACK, &b"x"[..]))
            .collect(),
    ] {
        for then_s in [10, 280, 3600] {
            let mut monitor = of_file();
            open(&mut monitor, START, PORT);
            send(&mut monitor, START + 3600 * SECOND, &strays);
            go_on(&mut monitor, START + (3600 + then_s) * SECOND);
            let what = format!("{strays:?}, {then_s} s");
            assert_goes_on(&finish(&mut monitor), 25 + strays.len() as u64, &what);
        }
    }
}

#[test]
fn forged_segments_between_those_of_the_connection_take_none_of_its_bytes() {
    let (client, server) = reached();
    for kind in KINDS {
        let mut monitor = of_file();
        open(&mut monitor, START, PORT);
        for n in 0..30u32 {
            let time_ns = START + 3600 * SECOND + u64::from(n) * SECOND;
            send(&mut monitor, time_ns, &[forged(kind, true, 2 * n), forged(kind, false, 2 * n + 1)]);
            let own = segment(true, PORT, (client + n * 50, server), ACK, &[0x17; 50]);
            feed(&mut monitor, time_ns + 5 * STEP, &own);
        }
        assert_goes_on(&finish(&mut monitor), 5 + 90, kind);
    }
}

#[test]
fn forged_segments_every_few_minutes_for_hours_take_no_name() {
    for kind in KINDS {
        for every_s in [200, 400] {
            let mut monitor = of_file();
            open(&mut monitor, START, PORT);
            for n in 0..36 {
                let strays = [forged(kind, true, n), forged(kind, false, n)];
                send(&mut monitor, START + u64::from(n + 1) * every_s * SECOND, &strays);
            }
            go_on(&mut monitor, START + 37 * every_s * SECOND);
            let flows = finish(&mut monitor);
            match &flows[..] {
                [flow] => assert_eq!((flow.name.as_deref(), packets(flow)), (Some(NAME), 97), "{kind}"),
                _ => assert_goes_on(&flows, 97, kind),
            }
        }
    }
}

#[test]
fn a_spray_over_all_ports_takes_no_name_from_the_connections_that_rest() {
    let ports = [PORT, PORT + 100, PORT + 1999];
    let mut monitor = of_file();
    for port in ports {
        open(&mut monitor, START, port);
    }
    let mut time_ns = START + 400 * SECOND;
    for n in 0..9 {
        for port in PORT..PORT + 2000 {
            time_ns += 10_000;
            feed(&mut monitor, time_ns, &segment(true, port, (FAR + n * 7, 1), ACK, b""));
        }
    }
    let (client, server) = reached();
    for port in ports {
        let own = segment(true, port, (client, server), ACK, b"more");
        feed(&mut monitor, time_ns + SECOND, &own);
    }
    let evicted = &monitor.tally().evicted;
    assert_eq!((evicted.flows, evicted.idle_connections), (0, 0));
    let flows = finish(&mut monitor);
    let named = |port: u16| {
        flows.iter().filter(|flow| flow.client_port == port && flow.name.as_deref() == Some(NAME)).count()
    };
    assert_eq!(ports.map(named), [2; 3]);
}

#[test]
fn a_connection_that_is_answered_where_another_rested_is_remembered_in_its_place() {
    let isn = reached().0 + FAR;
    let hello = hello();
    let end = isn + 1 + hello.len() as u32;
    let handshake: [Sent<'_>; 2] = [(true, (isn, 0), SYN, b""), (false, (5, isn + 1), SYN | ACK, b"")];
    let exchange: [Sent<'_>; 2] = [(true, (isn + 1, 6), ACK, &hello), (false, (6, end), ACK, b"abc")];
    for strays in
        [vec![], vec![forged("data", true, 1)], (0..9).map(|n| forged("ack", n % 2 == 0, n)).collect()]
    {
        let mut monitor = of_file();
        open(&mut monitor, START, PORT);
        send(&mut monitor, START + 3600 * SECOND, &[&strays[..], &handshake[..], &exchange[..]].concat());
        let (client, server) = reached();
        let old = segment(true, PORT, (client, server), ACK, b"late");
        feed(&mut monitor, START + 3700 * SECOND, &old);
        feed(&mut monitor, START + 7200 * SECOND, &segment(true, PORT, (end, 9), ACK, b"more"));
        let flows = finish(&mut monitor);
        let next = flows.last().unwrap();
        assert_eq!((next.name.as_deref(), next.sent_packets), (Some(NAME), 1), "{strays:?}");
        assert!(
            next.continues.is_some() && next.continues != Some(flows[0].flow_id),
            "{strays:?}: {flows:?}"
        );
    }
}

#[test]
fn a_handshake_whose_directions_arrive_in_the_other_order_makes_a_connection_that_rested_forgotten() {
    let isn = reached().0 + FAR;
    let hello = hello();
    let end = isn + 1 + hello.len() as u32;
    let mut monitor = of_file();
    open(&mut monitor, START, PORT);
    let segments: [Sent<'_>; 4] = [
        (false, (5, isn + 1), SYN | ACK, b""),
        (true, (isn, 0), SYN, b""),
        (true, (isn + 1, 6), ACK, &hello),
        (false, (6, end), ACK, b"abc"),
    ];
    send(&mut monitor, START + 3600 * SECOND, &segments);
    feed(&mut monitor, START + 7200 * SECOND, &segment(true, PORT, (end, 9), ACK, b"more"));
    let flows = finish(&mut monitor);
    let seen: Vec<_> = flows.iter().map(|flow| (flow.name.as_deref(), flow.continues)).collect();
    assert_eq!(seen, [(Some(NAME), None), (Some(NAME), None), (Some(NAME), Some(flows[1].flow_id))]);
}

#[test]
fn where_one_direction_is_mirrored_strays_take_no_name_and_what_follows_a_syn_is_remembered() {
    let (client, server) = reached();
    let isn = client + FAR;
    let hello = hello();
    let began: [Sent<'_>; 3] =
        [(true, (100, 0), SYN, b""), (true, (101, 901), ACK, &hello), (true, (client, server), ACK, b"")];
    let syn: [Sent<'_>; 2] = [(true, (isn, 0), SYN, b""), (true, (isn + 1, 77), ACK, &hello)];
    let end = isn + 1 + hello.len() as u32;
    for (then_s, numbers, continued) in [(10, (client, server), 0), (3600, (end, 90), 1), (10, (end, 90), 1)]
    {
        let mut monitor = of_file();
        send(&mut monitor, START, &began);
        send(&mut monitor, START + 3600 * SECOND, &syn);
        send(&mut monitor, START + (3600 + then_s) * SECOND, &[(true, numbers, ACK, b"more")]);
        let flows = finish(&mut monitor);
        let next = flows.last().unwrap();
        assert_eq!(next.name.as_deref(), Some(NAME), "{then_s} s");
        let first = next.continues.unwrap_or(next.flow_id);
        assert_eq!(first, flows[continued].flow_id, "{then_s} s, {numbers:?}");
    }
}

#[test]
fn a_live_connection_goes_on_after_strays_and_its_bytes_add_up() {
    for kind in KINDS {
        let mut monitor = monitor(Settings { report_every_ns: 5 * SECOND, ..Settings::default() });
        open(&mut monitor, START, PORT);
        (1..=400).for_each(|second| monitor.tick(START + second * SECOND));
        let strays: Vec<_> = (0..9).map(|n| forged(kind, n % 2 == 0, n)).collect();
        send(&mut monitor, START + 400 * SECOND, &strays);
        (401..=404).for_each(|second| monitor.tick(START + second * SECOND));
        go_on(&mut monitor, START + 405 * SECOND);
        let flows = finish(&mut monitor);
        assert!(flows.iter().all(|flow| flow.signature == Some(3)), "{kind}");
        let new: u64 = flows.iter().map(|flow| flow.new_sent_bytes + flow.new_received_bytes).sum();
        let payloads: usize = strays.iter().map(|stray| stray.3.len()).sum();
        let own = 5 * 40 + hello().len() as u64 + 3 + 10 * 90 + 10 * 40;
        assert_eq!(new, own + 9 * 40 + payloads as u64, "{kind}");
    }
}

#[test]
fn forged_segments_before_a_silence_take_no_name_whatever_their_numbers() {
    let (client, server) = reached();
    // A reset so near ends a connection.
    for kind in KINDS.into_iter().filter(|kind| !kind.starts_with("reset")) {
        for count in [1, 2, 9, 100, 1000] {
            for up in [true, false] {
                let mut monitor = of_file();
                open(&mut monitor, START, PORT);
                // In steps of 48 MiB from just behind the connection on: some seem to follow missing bytes.
                let strays = (0..count).map(|n: u32| {
                    let (up, (seq, ack), flags, payload) = forged(kind, up, 0);
                    let by = (48u32 << 20)
                        .wrapping_mul(n.wrapping_sub(count / 2))
                        .wrapping_add(2 << 20)
                        .wrapping_sub(FAR);
                    let ack = if n % 3 == 0 { ack.wrapping_add(by) } else { ack };
                    (up, (seq.wrapping_add(by), ack), flags, payload)
                });
                let strays: Vec<_> = strays.collect();
                for (n, stray) in strays.iter().enumerate() {
                    send(&mut monitor, START + SECOND + n as u64 * STEP, &[*stray]);
                }
                for n in 0..4 {
                    let own = segment(true, PORT, (client + n * 50, server), ACK, &[0x17; 50]);
                    feed(&mut monitor, START + (100 + u64::from(n)) * SECOND, &own);
                }
                let own = segment(true, PORT, (client + 200, server), ACK, &[0x17; 50]);
                feed(&mut monitor, START + 3600 * SECOND, &own);
                let again = segment(false, PORT, (server, client + 250), ACK, b"more");
                feed(&mut monitor, START + 7200 * SECOND, &again);
                let flows = finish(&mut monitor);
                let names: Vec<_> = flows.iter().map(|flow| flow.name.as_deref()).collect();
                assert_eq!(names[names.len() - 2..], [Some(NAME); 2], "{count} of {kind} {up}");
                let next = flows.last().unwrap();
                assert_eq!(
                    (next.continues, packets(next)),
                    (Some(flows[0].flow_id), 1),
                    "{count} of {kind} {up}"
                );
            }
        }
    }
}

#[test]
fn a_connection_of_which_much_was_not_seen_goes_on_where_it_stopped() {
    let (client, server) = reached();
    for lost in [1000, 1 << 19, 8 << 20, 48 << 20] {
        for up in [true, false] {
            let mut monitor = of_file();
            open(&mut monitor, START, PORT);
            let (client, server) = if up { (client + lost, server) } else { (client, server + lost) };
            for n in 0..4 {
                let sent = n * 50;
                let data = segment(true, PORT, (client + sent, server), ACK, &[0x17; 50]);
                feed(&mut monitor, START + SECOND + 2 * u64::from(n) * STEP, &data);
                let answer = segment(false, PORT, (server, client + sent + 50), ACK, b"");
                feed(&mut monitor, START + SECOND + (2 * u64::from(n) + 1) * STEP, &answer);
            }
            let client = client + 200;
            feed(&mut monitor, START + 3600 * SECOND, &segment(true, PORT, (client, server), ACK, b"more"));
            feed(
                &mut monitor,
                START + 7200 * SECOND,
                &segment(false, PORT, (server, client + 4), ACK, b"ok"),
            );
            let flows = finish(&mut monitor);
            let seen: Vec<_> =
                flows.iter().map(|flow| (flow.name.as_deref(), flow.continues, flow.unseen_bytes)).collect();
            let next = (Some(NAME), Some(flows[0].flow_id), 0);
            assert_eq!(seen, [(Some(NAME), None, u64::from(lost)), next, next], "{lost} {up}");
        }
    }
}
