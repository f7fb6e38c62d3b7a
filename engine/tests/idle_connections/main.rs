//! TCP connections that rest for longer than their flows last go on with their name, and no other connection gets it.

mod contests;
mod quic;
mod strays;

use _engine::capture::Packet;
use _engine::monitor::Monitor;
use _engine::report::flow_record::FlowRecord;
use _engine::report::limitation::Limitation;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::{MatchKind, Matcher};
use _engine::types::contact::Contact;
use _engine::types::evidence::Evidence;
use _engine::types::unnamed::Unnamed;
use _engine::wire::flags::{ACK, FIN, RST, SYN};
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_700_000_000 * SECOND;
const PORT: u16 = 50_000;
const NAME: &str = "a.cloud.example";

fn monitor(settings: Settings) -> Monitor {
    let matcher = Matcher::new(&[(3, MatchKind::Suffix, "cloud.example".to_owned())], &[], &[]).unwrap();
    Monitor::new(settings, Arc::new(matcher), Arc::new(LearnedNames::new(1000)), (0, 1))
}

fn of_file() -> Monitor {
    monitor(Settings { every_flow: true, ..Settings::default() })
}

/// A segment of the client (`up`) or the server.
fn segment(up: bool, port: u16, (seq, ack): (u32, u32), flags: u8, payload: &[u8]) -> Vec<u8> {
    let (client, server) = ([192, 0, 2, 7], [198, 51, 100, 9]);
    let mut packet = vec![0x45, 0];
    packet.extend(((40 + payload.len()) as u16).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 6, 0, 0]);
    let (ends, ports) = if up { ([client, server], [port, 443]) } else { ([server, client], [443, port]) };
    packet.extend(ends.concat());
    ports.iter().for_each(|port| packet.extend(port.to_be_bytes()));
    packet.extend(seq.to_be_bytes());
    packet.extend(ack.to_be_bytes());
    packet.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    packet.extend(payload);
    packet
}

/// A ClientHello for `a.cloud.example`.
fn hello() -> Vec<u8> {
    let name = NAME.as_bytes();
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0x13, 1, 1, 0]);
    body.extend((name.len() as u16 + 9).to_be_bytes());
    body.extend([0, 0, 0, name.len() as u8 + 5, 0, name.len() as u8 + 3, 0, 0, name.len() as u8]);
    body.extend(name);
    let mut record = vec![22, 3, 1, 0, body.len() as u8 + 4, 1, 0, 0, body.len() as u8];
    record.extend(body);
    record
}

fn feed(monitor: &mut Monitor, time_ns: u64, bytes: &[u8]) {
    let wire_len = bytes.len() as u32;
    monitor.packet(&Packet { number: 0, time_ns, link: 101, interface: 0, wire_len, bytes });
}

fn finish(monitor: &mut Monitor) -> Vec<FlowRecord> {
    monitor.finish();
    std::mem::take(&mut monitor.flows)
}

/// The numbers that both sides have reached after `open`.
fn reached() -> (u32, u32) {
    (101 + hello().len() as u32, 904)
}

/// Opens a connection: handshake, hello, three bytes of an answer.
fn open(monitor: &mut Monitor, time_ns: u64, port: u16) {
    let (client, server) = reached();
    feed(monitor, time_ns, &segment(true, port, (100, 0), SYN, b""));
    feed(monitor, time_ns + 7_000_000, &segment(false, port, (900, 101), SYN | ACK, b""));
    feed(monitor, time_ns + 8_000_000, &segment(true, port, (101, 901), ACK, &hello()));
    feed(monitor, time_ns + 9_000_000, &segment(false, port, (901, client), ACK, b"abc"));
    feed(monitor, time_ns + 9_500_000, &segment(true, port, (client, server), ACK, b""));
}

/// The flows of a connection that is followed by this segment after a silence.
fn followed_by(silence_s: u64, packet: &[u8]) -> Vec<FlowRecord> {
    let mut monitor = of_file();
    open(&mut monitor, START, PORT);
    feed(&mut monitor, START + silence_s * SECOND, packet);
    finish(&mut monitor)
}

#[test]
fn a_connection_goes_on_with_its_name_after_any_silence_from_either_side() {
    let (client, server) = reached();
    for silence_s in [301, 400, 7200, 100_000] {
        for packet in [
            segment(true, PORT, (client, server), ACK, &[0x17; 50]),
            segment(false, PORT, (server, client), ACK, &[0x17; 50]),
            segment(true, PORT, (client - 1, server), ACK, b""), // a keep-alive
            segment(false, PORT, (server, client), RST | ACK, b""),
            segment(true, PORT, (client, 0), RST, b""),
            segment(true, PORT, (client, server), FIN | ACK, b""),
        ] {
            let flows = followed_by(silence_s, &packet);
            assert_eq!(flows.len(), 2);
            let (first, next) = (&flows[0], &flows[1]);
            assert_eq!(
                (next.name.as_deref(), next.evidence, next.signature),
                (Some(NAME), Evidence::Sni, Some(3))
            );
            assert_eq!((first.continues, next.continues), (None, Some(first.flow_id)));
            assert_eq!((next.client_port, next.contact, next.rtt_ns), (PORT, Contact::Data, first.rtt_ns));
            assert!(!next.view.contains(&Limitation::NoStart) && next.unseen_bytes == 0);
            let bytes = |flow: &FlowRecord| flow.sent_bytes + flow.received_bytes;
            assert_eq!(bytes(next), packet.len() as u64);
            assert_eq!(next.start_ns, START + silence_s * SECOND);
        }
    }
}

#[test]
fn each_of_several_silences_continues_the_first_flow() {
    let mut monitor = of_file();
    open(&mut monitor, START, PORT);
    let (client, server) = reached();
    for part in 1..=5u32 {
        let seq = client + (part - 1) * 50;
        let packet = segment(true, PORT, (seq, server), ACK, &[0x17; 50]);
        feed(&mut monitor, START + u64::from(part) * 400 * SECOND, &packet);
    }
    let flows = finish(&mut monitor);
    let seen: Vec<_> = flows.iter().map(|flow| (flow.continues, flow.name.as_deref())).collect();
    assert_eq!(seen[0], (None, Some(NAME)));
    assert_eq!(seen[1..], [(Some(0), Some(NAME)); 5]);
    assert!(flows.iter().all(|flow| flow.unseen_bytes == 0));
}

#[test]
fn bytes_that_were_lost_in_the_silence_are_missing_in_what_follows() {
    let (client, server) = reached();
    let flows = followed_by(400, &segment(true, PORT, (client + 1000, server), ACK, &[0x17; 50]));
    assert_eq!((flows[1].name.as_deref(), flows[0].unseen_bytes), (Some(NAME), 0));
    let flows = followed_by(400, &segment(false, PORT, (server, client + 1000), ACK, b""));
    assert_eq!((flows[1].name.as_deref(), flows[1].unseen_bytes), (Some(NAME), 1000));
}

#[test]
fn another_connection_on_the_same_ports_has_no_name() {
    let (client, server) = reached();
    let far = 1 << 22;
    for packet in [
        segment(true, PORT, (client + far, server), ACK, b"data"),
        segment(true, PORT, (client, server + far), ACK, b"data"),
        segment(true, PORT, (client.wrapping_sub(far), server), ACK, b"data"),
        segment(true, PORT, (client + 1, 0), RST, b""),
        segment(true, PORT, (client, server), SYN, b""),
        segment(false, PORT, (server, client), SYN | ACK, b""),
        segment(true, PORT + 1, (client, server), ACK, b"data"),
    ] {
        let flows = followed_by(400, &packet);
        assert_eq!((flows[1].name.as_deref(), flows[1].continues), (None, None));
    }
}

#[test]
fn a_new_connection_makes_the_old_one_forgotten_and_a_stray_segment_does_not() {
    let (client, server) = reached();
    let syn = segment(true, PORT, (5, 0), SYN, b"");
    for (packets, name) in [
        (vec![syn.clone(), segment(false, PORT, (7, 6), SYN | ACK, b"")], None),
        (vec![syn], Some(NAME)),
        (vec![segment(true, PORT, (5, 6), ACK, b"stray")], Some(NAME)),
        (vec![segment(false, PORT, (5, 0), RST, b"")], Some(NAME)),
    ] {
        let mut monitor = of_file();
        open(&mut monitor, START, PORT);
        for packet in packets {
            feed(&mut monitor, START + 400 * SECOND, &packet);
        }
        let later = segment(true, PORT, (client, server), ACK, b"data");
        feed(&mut monitor, START + 800 * SECOND, &later);
        assert_eq!(finish(&mut monitor)[2].name.as_deref(), name);
    }
}

#[test]
fn a_connection_that_was_closed_is_not_remembered() {
    let mut monitor = of_file();
    open(&mut monitor, START, PORT);
    let (client, server) = reached();
    feed(&mut monitor, START + SECOND, &segment(true, PORT, (client, server), RST | ACK, b""));
    feed(&mut monitor, START + 400 * SECOND, &segment(true, PORT, (client, server), ACK, b"late"));
    assert_eq!(finish(&mut monitor)[1].name, None);
}

#[test]
fn a_flow_that_is_evicted_is_remembered_and_evictions_of_the_memory_are_counted() {
    let settings = Settings { max_flows: 5, max_idle_connections: 20, ..Settings::default() };
    let mut monitor = monitor(Settings { every_flow: true, ..settings });
    for n in 0..30u16 {
        open(&mut monitor, START + u64::from(n) * 10_000_000, PORT + n);
    }
    assert_eq!((monitor.tally().evicted.flows, monitor.tally().evicted.idle_connections), (25, 5));
    let (client, server) = reached();
    let packet = segment(true, PORT + 24, (client, server), ACK, b"more");
    feed(&mut monitor, START + SECOND / 2, &packet);
    let flows = finish(&mut monitor);
    let more = flows.iter().find(|flow| flow.continues.is_some()).unwrap();
    assert_eq!((more.client_port, more.name.as_deref()), (PORT + 24, Some(NAME)));
}

#[test]
fn a_flow_in_mid_stream_started_before_the_sensor_only_if_the_sensor_cannot_have_forgotten_it() {
    for (after_s, reason) in [(10, Unnamed::StartedBeforeSensor), (400, Unnamed::StartUnknown)] {
        let mut monitor = of_file();
        for second in 0..=after_s {
            feed(&mut monitor, START + second * SECOND, &segment(true, 1, (1, 1), ACK, b""));
        }
        let packet = segment(false, PORT, (5, 6), ACK, b"\x17\x03\x03\x00\x20data");
        feed(&mut monitor, START + after_s * SECOND + 1, &packet);
        let flows = finish(&mut monitor);
        let late = flows.iter().find(|flow| flow.client_port == PORT).unwrap();
        assert_eq!(late.reason, Some(reason));
    }
}

#[test]
fn a_live_connection_that_goes_on_is_reported_and_its_bytes_add_up() {
    let mut monitor = monitor(Settings { report_every_ns: 5 * SECOND, ..Settings::default() });
    open(&mut monitor, START, PORT);
    let (client, server) = reached();
    for second in 1..=400 {
        monitor.tick(START + second * SECOND);
    }
    for n in 0..10u32 {
        let packet = segment(true, PORT, (client + n * 100, server), ACK, &[0x17; 100]);
        feed(&mut monitor, START + (401 + u64::from(n)) * SECOND, &packet);
    }
    let flows = finish(&mut monitor);
    assert!(flows.iter().all(|flow| flow.signature == Some(3)));
    let new: u64 = flows.iter().map(|flow| flow.new_sent_bytes).sum();
    assert_eq!(new, 3 * 40 + hello().len() as u64 + 10 * 140);
}
