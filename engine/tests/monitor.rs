//! The path of packets through a monitor: flows, orientation, round trips, ends, bounds, signatures.

use _engine::capture::Packet;
use _engine::flow::Flow;
use _engine::monitor::Monitor;
use _engine::naming::Clues;
use _engine::report::flow_record::FlowRecord;
use _engine::report::limitation::Limitation;
use _engine::report::phase::Phase;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::{MatchKind, Matcher};
use _engine::types::contact::Contact;
use _engine::types::end_reason::EndReason;
use _engine::types::evidence::Evidence;
use _engine::types::unnamed::Unnamed;
use _engine::wire::flags::{ACK, FIN, RST, SYN};
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_700_000_000 * SECOND;
const RAW: u16 = 101;
const CLIENT: [u8; 4] = [192, 0, 2, 7];
const SERVER: [u8; 4] = [198, 51, 100, 9];

fn settings() -> Settings {
    Settings { every_flow: true, max_flows: 100, max_heads: 10, ..Settings::default() }
}

fn matcher(name: &str) -> Arc<Matcher> {
    Arc::new(Matcher::new(&[(3, MatchKind::Suffix, name.to_owned())], &[], &[]).unwrap())
}

fn monitor(settings: Settings) -> Monitor {
    Monitor::new(settings, matcher("cloud.example"), Arc::new(LearnedNames::new(1000)), (0, 1))
}

/// An IPv4 packet without link layer.
fn ip(src: [u8; 4], dst: [u8; 4], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend(((20 + payload.len()) as u16).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, protocol, 0, 0]);
    packet.extend(src);
    packet.extend(dst);
    packet.extend(payload);
    packet
}

struct Tcp {
    from_client: bool,
    seq: u32,
    ack: u32,
    flags: u8,
}

fn tcp(header: Tcp, payload: &[u8]) -> Vec<u8> {
    let Tcp { from_client, seq, ack, flags } = header;
    let (sport, dport): (u16, u16) = if from_client { (40_000, 443) } else { (443, 40_000) };
    let mut segment = Vec::new();
    segment.extend(sport.to_be_bytes());
    segment.extend(dport.to_be_bytes());
    segment.extend(seq.to_be_bytes());
    segment.extend(ack.to_be_bytes());
    segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(payload);
    let (src, dst) = if from_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
    ip(src, dst, 6, &segment)
}

fn up(seq: u32, ack: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    tcp(Tcp { from_client: true, seq, ack, flags }, payload)
}

fn down(seq: u32, ack: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    tcp(Tcp { from_client: false, seq, ack, flags }, payload)
}

fn hello(name: &str) -> Vec<u8> {
    let host = name.as_bytes();
    let mut sni = vec![0];
    sni.extend((host.len() as u16).to_be_bytes());
    sni.extend(host);
    let mut extension = vec![0, 0];
    extension.extend((sni.len() as u16 + 2).to_be_bytes());
    extension.extend((sni.len() as u16).to_be_bytes());
    extension.extend(sni);
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0x13, 1, 1, 0]);
    body.extend((extension.len() as u16).to_be_bytes());
    body.extend(extension);
    let mut record = vec![22, 3, 1];
    record.extend((body.len() as u16 + 4).to_be_bytes());
    record.extend([1, 0]);
    record.extend((body.len() as u16).to_be_bytes());
    record.extend(body);
    record
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

#[test]
fn a_conversation_is_one_flow_with_bytes_both_ways_and_its_round_trip() {
    let mut monitor = monitor(settings());
    let hello = hello("eu.cloud.example");
    feed(&mut monitor, START, &up(100, 0, SYN, b""));
    feed(&mut monitor, START + 7_000_000, &down(900, 101, SYN | ACK, b""));
    feed(&mut monitor, START + 8_000_000, &up(101, 901, ACK, &hello));
    feed(&mut monitor, START + 9_000_000, &down(901, 200, ACK, b"abc"));
    let flows = finish(&mut monitor);
    assert_eq!(flows.len(), 1);
    let flow = &flows[0];
    assert_eq!(flow.client.to_string(), "192.0.2.7");
    assert_eq!((flow.sent_packets, flow.sent_bytes), (2, 40 + 40 + hello.len() as u64));
    assert_eq!((flow.received_packets, flow.received_bytes), (2, 40 + 43));
    assert_eq!(flow.rtt_ns, Some(7_000_000));
    assert_eq!((flow.name.as_deref(), flow.evidence), (Some("eu.cloud.example"), Evidence::Sni));
    assert_eq!(flow.signature, Some(3));
    assert_eq!(flow.phase, Phase::End(EndReason::CaptureEnd));
}

#[test]
fn a_hello_makes_its_sender_the_client_whatever_the_ports() {
    let mut monitor = monitor(settings());
    feed(&mut monitor, START, &down(901, 200, ACK, &hello("odd.cloud.example")));
    let flows = finish(&mut monitor);
    assert_eq!(flows[0].client.to_string(), "198.51.100.9");
    assert!(flows[0].view.contains(&Limitation::NoStart));
}

#[test]
fn silence_ends_a_flow_and_the_next_packet_starts_another() {
    let mut monitor = monitor(settings());
    feed(&mut monitor, START, &up(100, 0, SYN, b""));
    feed(&mut monitor, START + 301 * SECOND, &up(101, 0, ACK, b""));
    let flows = finish(&mut monitor);
    let ends: Vec<Phase> = flows.iter().map(|flow| flow.phase).collect();
    assert_eq!(ends, [Phase::End(EndReason::Idle), Phase::End(EndReason::CaptureEnd)]);
}

#[test]
fn a_closed_flow_ends_as_it_was_closed_and_its_ports_can_be_reused() {
    let mut monitor = monitor(settings());
    feed(&mut monitor, START, &up(100, 0, SYN, b""));
    feed(&mut monitor, START + 1, &up(101, 1, FIN | ACK, b""));
    feed(&mut monitor, START + 2, &down(900, 102, FIN | ACK, b""));
    feed(&mut monitor, START + 3, &up(5000, 0, SYN, b""));
    feed(&mut monitor, START + 4, &down(1, 5001, RST | ACK, b""));
    feed(&mut monitor, START + 60 * SECOND, &ip(CLIENT, SERVER, 17, &[0, 9, 0, 9, 0, 8, 0, 0]));
    let ends: Vec<Phase> = finish(&mut monitor).iter().map(|flow| flow.phase).collect();
    let last = Phase::End(EndReason::CaptureEnd);
    assert_eq!(ends, [Phase::End(EndReason::Fin), Phase::End(EndReason::Rst), last]);
}

#[test]
fn the_flow_table_is_bounded_and_every_eviction_counted() {
    let mut monitor = monitor(settings());
    for n in 0..1000u16 {
        let [a, b] = n.to_be_bytes();
        feed(&mut monitor, START + u64::from(n), &ip(CLIENT, [198, 51, a, b], 17, &[0, 9, 0, 9, 0, 8, 0, 0]));
    }
    let tally = monitor.tally();
    assert_eq!((tally.live_flows, tally.evicted.flows), (100, 900));
    assert_eq!(finish(&mut monitor).len(), 1000);
}

#[test]
fn endless_hellos_are_bounded_and_every_eviction_counted() {
    let mut monitor = monitor(settings());
    let hello = hello("never.cloud.example");
    for n in 0..50u8 {
        let mut packet = up(101, 0, ACK, &hello[..20]);
        packet[19] = n; // another server each time
        feed(&mut monitor, START + u64::from(n), &packet);
    }
    let tally = monitor.tally();
    assert_eq!((tally.live_heads, tally.evicted.heads), (10, 40));
}

#[test]
fn a_live_flow_is_reported_when_it_matches_while_it_continues_and_when_it_ends() {
    let mut monitor = monitor(Settings { every_flow: false, report_every_ns: 5 * SECOND, ..settings() });
    feed(&mut monitor, START, &up(100, 0, SYN, b""));
    feed(&mut monitor, START + 1, &up(101, 0, ACK, &hello("a.cloud.example")));
    for second in 1..=12 {
        feed(&mut monitor, START + second * SECOND, &up(500, 0, ACK, b"data"));
    }
    let flows = finish(&mut monitor);
    let occasions: Vec<Phase> = flows.iter().map(|flow| flow.phase).collect();
    assert_eq!(occasions[0], Phase::Open);
    assert!(occasions.iter().filter(|o| **o == Phase::Update).count() >= 2);
    assert_eq!(occasions.last(), Some(&Phase::End(EndReason::CaptureEnd)));
    let new: u64 = flows.iter().map(|flow| flow.new_sent_bytes).sum();
    assert_eq!(new, flows.last().unwrap().sent_bytes);
}

#[test]
fn a_live_flow_without_data_is_reported_after_a_while() {
    let mut monitor = monitor(Settings { every_flow: false, report_every_ns: 5 * SECOND, ..settings() });
    feed(&mut monitor, START, &up(100, 0, SYN, b""));
    feed(&mut monitor, START + 1, &down(900, 101, SYN | ACK, b""));
    feed(&mut monitor, START + 2, &up(101, 901, ACK, &hello("a.cloud.example")));
    assert!(monitor.flows.is_empty());
    monitor.tick(START + 3 * SECOND);
    let seen: Vec<_> = monitor.flows.iter().map(|flow| (flow.phase, flow.contact)).collect();
    assert_eq!(seen, [(Phase::Open, Contact::Answered)]);
}

#[test]
fn new_signatures_match_existing_flows() {
    let mut monitor = monitor(Settings { every_flow: false, report_every_ns: 5 * SECOND, ..settings() });
    feed(&mut monitor, START, &up(101, 0, ACK, &hello("a.other.example")));
    assert!(monitor.flows.is_empty());
    monitor.set_matcher(matcher("other.example"));
    assert_eq!(monitor.flows.len(), 1);
    assert_eq!(monitor.flows[0].name.as_deref(), Some("a.other.example"));
}

#[test]
fn a_capture_of_headers_only_is_truncated_and_may_be_tls() {
    let mut monitor = monitor(settings());
    let hello = up(101, 901, ACK, &hello("eu.cloud.example"));
    feed(&mut monitor, START, &up(100, 0, SYN, b""));
    let (wire_len, bytes) = (hello.len() as u32, &hello[..40]);
    monitor.packet(&Packet { number: 0, time_ns: START + 1, link: RAW, interface: 0, wire_len, bytes });
    let flows = finish(&mut monitor);
    assert_eq!(
        (flows[0].reason, flows[0].view.contains(&Limitation::Cut)),
        (Some(Unnamed::TruncatedCapture), true)
    );
}

#[test]
fn a_flow_and_its_clues_are_no_larger_than_their_fields_need() {
    assert_eq!(std::mem::size_of::<Flow>(), 240);
    assert_eq!(std::mem::size_of::<Clues>(), 88);
}
