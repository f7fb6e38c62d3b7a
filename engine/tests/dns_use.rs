//! Encrypted DNS and queries to fallback resolvers, through a monitor: live, over TCP, seen in one direction only.

use _engine::capture::Packet;
use _engine::monitor::Monitor;
use _engine::report::flow_record::FlowRecord;
use _engine::report::phase::Phase;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::{MatchKind, Matcher};
use _engine::types::encrypted_dns::EncryptedDns;
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_700_000_000 * SECOND;
const RAW: u16 = 101;
const CLIENT: [u8; 4] = [192, 0, 2, 7];
const FALLBACK: [u8; 4] = [192, 0, 2, 99];
const SIGNATURE: u32 = 3;
const TCP: u8 = 6;
const UDP: u8 = 17;

fn monitor(live: bool) -> Monitor {
    let matcher = Matcher::new(&[(SIGNATURE, MatchKind::Suffix, "cloud.example".to_owned())], &[], &[])
        .and_then(|matcher| matcher.with_resolvers(&[], &["192.0.2.99".to_owned()]))
        .unwrap()
        .with_vendors(vec![0; 4], vec!["cloud".to_owned()]);
    let report_every_ns = if live { 5 * SECOND } else { 0 };
    let settings = Settings { report_every_ns, ..Settings::default() };
    Monitor::new(settings, Arc::new(matcher), Arc::new(LearnedNames::new(1000)), (0, 1))
}

/// A packet between the client's port and a port of the resolver.
fn ip(up: bool, protocol: u8, ports: (u16, u16), rest: &[u8]) -> Vec<u8> {
    let (src, dst) = if up { (CLIENT, FALLBACK) } else { (FALLBACK, CLIENT) };
    let (sport, dport) = if up { ports } else { (ports.1, ports.0) };
    let payload = [&sport.to_be_bytes()[..], &dport.to_be_bytes(), rest].concat();
    let mut packet = vec![0x45, 0];
    packet.extend(((20 + payload.len()) as u16).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, protocol, 0, 0]);
    packet.extend([src, dst].concat());
    packet.extend(payload);
    packet
}

fn udp(up: bool, port: u16, message: &[u8]) -> Vec<u8> {
    let length = (8 + message.len()) as u16;
    ip(up, UDP, (port, 53), &[&length.to_be_bytes()[..], &[0, 0], message].concat())
}

/// A segment of the client with an acknowledgement.
fn tcp(port: u16, seq: u32, payload: &[u8]) -> Vec<u8> {
    let header =
        [&seq.to_be_bytes()[..], &[0, 0, 0, 1, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0], payload].concat();
    ip(true, TCP, (40_000, port), &header)
}

/// A query, or its response without records.
fn message(name: &str, response: bool) -> Vec<u8> {
    let mut message = vec![0, 9, if response { 0x81 } else { 1 }, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    message
}

/// A complete ClientHello without a name.
fn hello() -> Vec<u8> {
    let body = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0x13, 1, 1, 0]].concat();
    let length = body.len() as u8;
    [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &body].concat()
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
fn a_live_sensor_reports_encrypted_dns_at_its_hello() {
    let mut monitor = monitor(true);
    feed(&mut monitor, START, &tcp(853, 100, &hello()));
    let open: Vec<_> = std::mem::take(&mut monitor.flows);
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].phase, open[0].encrypted_dns), (Phase::Open, Some(EncryptedDns::Dot)));
    assert_eq!(finish(&mut monitor).len(), 1);
    assert_eq!(monitor.tally().encrypted_dns, [1, 0, 0]);
}

#[test]
fn a_live_sensor_reports_a_significant_query_within_seconds() {
    let mut monitor = monitor(true);
    feed(&mut monitor, START, &udp(true, 50_000, &message("eu.cloud.example", false)));
    assert!(monitor.flows.is_empty());
    monitor.tick(START + 3 * SECOND);
    assert_eq!(monitor.flows.len(), 1);
    assert!(monitor.flows[0].fallback);
    assert_eq!(monitor.flows[0].queried_signature, Some(SIGNATURE));
}

#[test]
fn a_response_alone_shows_no_query() {
    let mut monitor = monitor(false);
    feed(&mut monitor, START, &udp(false, 50_000, &message("eu.cloud.example", true)));
    assert!(finish(&mut monitor).is_empty());
    assert_eq!(monitor.tally().total_view().unsolicited_dns_answers, 1);
    assert!(monitor.tally().looked_up.is_empty());
}

#[test]
fn queries_for_names_of_a_vendor_are_counted_by_vendor() {
    let mut monitor = monitor(false);
    for (number, name) in ["eu.cloud.example", "www.example.net", "cloud.example"].into_iter().enumerate() {
        let time_ns = START + number as u64 * SECOND;
        feed(&mut monitor, time_ns, &udp(true, 50_000, &message(name, false)));
        feed(&mut monitor, time_ns + 1, &udp(false, 50_000, &message(name, true)));
    }
    let mut tally = monitor.tally();
    tally.add(&tally.clone());
    let counted: Vec<_> = tally.looked_up.iter().map(|(vendor, count)| (&**vendor, *count)).collect();
    assert_eq!(counted, [("cloud", 4)]);
}

#[test]
fn the_vendors_name_is_reported_among_several_queries_over_tcp() {
    let mut monitor = monitor(false);
    let mut stream = Vec::new();
    for name in ["www.example.net", "eu.cloud.example", "www.example.org"] {
        let message = message(name, false);
        stream.extend((message.len() as u16).to_be_bytes());
        stream.extend(message);
    }
    for (number, part) in stream.chunks(7).enumerate() {
        feed(&mut monitor, START + number as u64, &tcp(53, 100 + 7 * number as u32, part));
    }
    let flows = finish(&mut monitor);
    assert_eq!(flows.iter().map(|flow| flow.queried_signature).collect::<Vec<_>>(), [Some(SIGNATURE)]);
}

#[test]
fn port_853_without_tls_is_not_encrypted_dns() {
    for payload in [&b""[..], b"GET / HTTP/1.1\r\n\r\n"] {
        let mut monitor = monitor(false);
        feed(&mut monitor, START, &tcp(853, 100, payload));
        assert!(finish(&mut monitor).is_empty());
        assert_eq!(monitor.tally().encrypted_dns, [0, 0, 0]);
    }
}

#[test]
fn reports_on_insignificant_use_do_not_grow_with_the_queries() {
    let mut monitor = monitor(false);
    for number in 0..1000u16 {
        let message = message(&format!("n{number}.example.net"), false);
        feed(&mut monitor, START + u64::from(number) * SECOND, &udp(true, 10_000 + number, &message));
    }
    assert_eq!(finish(&mut monitor).len(), 1);
}
