//! Hellos in datagrams, through a monitor: DTLS in fragments, Google's QUIC, unknown versions.

use _engine::capture::Packet;
use _engine::monitor::Monitor;
use _engine::report::flow_record::{FlowRecord, TlsVersion};
use _engine::report::limitation::Limitation;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::Matcher;
use _engine::types::evidence::Evidence;
use _engine::types::unnamed::Unnamed;
use _engine::wire::quic::Family;
use std::path::Path;
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;
const RAW: u16 = 101;

fn monitor() -> Monitor {
    let settings = Settings {
        every_flow: true,
        max_flows: 10_000,
        max_heads: 10,
        max_idle_connections: 10,
        max_head_bytes: 65_536,
        duplicate_window_ns: 0,
        tcp_idle_ns: 300 * SECOND,
        udp_idle_ns: 60 * SECOND,
        report_every_ns: 0,
        ..Settings::default()
    };
    let matcher = Arc::new(Matcher::new(&[], &[], &[]).unwrap());
    Monitor::new(settings, matcher, Arc::new(LearnedNames::new(1000)), (0, 1))
}

fn seed(target: &str, name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    std::fs::read(folder.join(target).join(name).with_extension("bin")).unwrap()
}

/// An IPv4 packet with a datagram, from the client to port 443 or back.
fn packet(up: bool, client_port: u16, payload: &[u8]) -> Vec<u8> {
    let (mut ends, mut ports) = ([[192, 0, 2, 1], [198, 51, 100, 1]], [client_port, 443]);
    if !up {
        ends.reverse();
        ports.reverse();
    }
    let mut packet = vec![0x45, 0];
    packet.extend((28 + payload.len() as u16).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    packet.extend(ends.concat());
    packet.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
    packet.extend((8 + payload.len() as u16).to_be_bytes());
    packet.extend([0, 0]);
    packet.extend(payload);
    packet
}

fn feed(monitor: &mut Monitor, bytes: &[u8], kept: usize) {
    let bytes_kept = &bytes[..kept.min(bytes.len())];
    let wire_len = bytes.len() as u32;
    monitor.packet(&Packet {
        number: 0,
        time_ns: SECOND,
        link: RAW,
        interface: 0,
        wire_len,
        bytes: bytes_kept,
    });
}

/// The flows of datagrams that one client sends.
fn flows_of(datagrams: &[Vec<u8>]) -> Vec<FlowRecord> {
    let mut monitor = monitor();
    for datagram in datagrams {
        feed(&mut monitor, &packet(true, 50_000, datagram), usize::MAX);
    }
    monitor.finish();
    std::mem::take(&mut monitor.flows)
}

/// A ClientHello body of DTLS 1.2 with a cookie and a name.
fn body(name: &str, cookie: &[u8]) -> Vec<u8> {
    let host = name.as_bytes();
    let length = |more: usize| (host.len() as u16 + more as u16).to_be_bytes();
    let name = [&[0, 0][..], &length(5), &length(3), &[0], &length(0), host].concat();
    let extensions = [&(name.len() as u16).to_be_bytes()[..], &name].concat();
    let fixed = [&[0xfe, 0xfd][..], &[7; 32], &[0]].concat();
    [&fixed[..], &[cookie.len() as u8], cookie, &[0, 2, 0x13, 1, 1, 0], &extensions].concat()
}

/// A record with the bytes of `body` from `start` to `end`.
fn part(message_seq: u8, body: &[u8], start: usize, end: usize) -> Vec<u8> {
    let u24 = |number: usize| [0, (number >> 8) as u8, number as u8];
    let piece = &body[start..end];
    let message =
        [&[1][..], &u24(body.len()), &[0, message_seq], &u24(start), &u24(piece.len()), piece].concat();
    [&[22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0][..], &(message.len() as u16).to_be_bytes(), &message].concat()
}

#[test]
fn a_dtls_hello_in_any_order_of_its_parts_shows_its_name() {
    let body = body("dtls.example", b"");
    let parts: Vec<_> =
        [(0, 20), (20, 50), (50, body.len())].map(|(start, end)| part(0, &body, start, end)).into();
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]] {
        let shuffled: Vec<_> = order.iter().flat_map(|at| [parts[*at].clone(), parts[*at].clone()]).collect();
        for datagrams in [shuffled.clone(), vec![shuffled.concat()]] {
            let flows = flows_of(&datagrams);
            assert_eq!((flows.len(), flows[0].evidence), (1, Evidence::Sni));
            assert_eq!(flows[0].name.as_deref(), Some("dtls.example"));
            assert_eq!(flows[0].tls_versions, [TlsVersion(0xfefd)]);
        }
    }
}

#[test]
fn the_hello_with_the_cookie_is_read_if_the_first_one_is_incomplete() {
    let (first, second) = (body("dtls.example", b""), body("dtls.example", b"cookie"));
    let datagrams = [part(0, &first, 0, 40), part(1, &second, 30, second.len()), part(1, &second, 0, 30)];
    assert_eq!(flows_of(&datagrams)[0].name.as_deref(), Some("dtls.example"));
    assert_eq!(flows_of(&datagrams[..2])[0].reason, Some(Unnamed::NoHelloSeen));
}

#[test]
fn a_cut_dtls_hello_shows_its_name_if_that_was_captured() {
    for (kept, name) in [(135, Some("dtls.example")), (110, None)] {
        let mut monitor = monitor();
        let body = [&body("dtls.example", b"")[..]].concat();
        let mut datagram = part(0, &body, 0, body.len());
        datagram.extend([0; 80]);
        feed(&mut monitor, &packet(true, 50_000, &datagram), kept);
        monitor.finish();
        assert_eq!(monitor.flows[0].name.as_deref(), name);
        assert!(monitor.flows[0].view.contains(&Limitation::Cut));
    }
}

#[test]
fn dtls_that_began_before_the_sensor_is_recognised() {
    for first in [23, 25] {
        let mut monitor = monitor();
        let record = [&[first, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 40][..], &[7; 40]].concat();
        let mut bytes = packet(true, 50_000, &record);
        bytes[22..24].copy_from_slice(&4433_u16.to_be_bytes());
        feed(&mut monitor, &bytes, usize::MAX);
        monitor.finish();
        assert_eq!(monitor.flows[0].reason, Some(Unnamed::StartedBeforeSensor));
    }
}

#[test]
fn real_hellos_without_a_name_are_read() {
    for name in ["dtls12", "dtls12_webrtc", "dtls13"] {
        let flows = flows_of(&[seed("dtls", name)]);
        assert_eq!(flows[0].reason, Some(Unnamed::NoServerName), "{name}");
        assert!(flows[0].tls_versions[0].0 >> 8 == 0xfe, "{name}");
    }
}

#[test]
fn every_readable_google_version_shows_its_name() {
    for (target, seed_name, name) in [
        ("gquic", "q024", "www.google.fr"),
        ("gquic", "q025", "clients6.google.com"),
        ("gquic", "q043", "dns.google.com"),
        ("quic", "google_q050", "www.googletagmanager.com"),
        ("quic", "google_t051", "www.google.com"),
    ] {
        let mut monitor = monitor();
        feed(&mut monitor, &packet(true, 50_000, &seed(target, seed_name)), usize::MAX);
        monitor.finish();
        assert_eq!(monitor.flows[0].name.as_deref(), Some(name));
        assert_eq!(monitor.flows[0].evidence, Evidence::QuicSni);
        assert_eq!(monitor.tally().quic_flows[Family::Google as usize], 1);
    }
}

#[test]
fn versions_are_counted_by_flow_and_unknown_ones_only_in_a_plausible_first_datagram() {
    let long = |number: u32, length: usize| {
        let mut datagram = [&[0xc0][..], &number.to_be_bytes(), &[8; 9], &[0], &[0, 0x44, 0x00]].concat();
        datagram.resize(length, 0);
        datagram
    };
    let google = [&[0xc3][..], b"Q048", &[0x50, 1, 2, 3, 4, 5, 6, 7, 8], &[0; 1200]].concat();
    let mut monitor = monitor();
    let datagrams = [
        seed("quic", "v1_chromium"),
        seed("quic", "v2"),
        seed("quic", "draft_29"),
        google,
        long(0xface_b00c, 1199),
        long(0xcafe_b00c, 1200),
        long(0xcafe_b00c, 1199),                  // too short for a first one
        [&[0x80, 0x60][..], &[7; 1198]].concat(), // RTP
    ];
    for (datagram, port) in datagrams.iter().zip(50_000..) {
        feed(&mut monitor, &packet(true, port, datagram), usize::MAX);
    }
    monitor.finish();
    assert_eq!(monitor.tally().quic_flows, [1, 1, 1, 1, 1, 1]);
}

#[test]
fn a_flow_of_an_unknown_version_says_so() {
    let long = |number: u32| {
        let mut datagram = [&[0xc0][..], &number.to_be_bytes(), &[8; 9], &[0], &[0, 0x44, 0x00]].concat();
        datagram.resize(1200, 0);
        datagram
    };
    let q048 = [&[0xc3][..], b"Q048", &[0x50, 1, 2, 3, 4, 5, 6, 7, 8], &[0; 1200]].concat();
    let unknown = [long(0xcafe_b00c), long(0xff00_000b), long(0x1a2a_3a4a), long(0xface_b0ff), q048];
    for datagram in unknown {
        let mut monitor = monitor();
        for _ in 0..70 {
            feed(&mut monitor, &packet(true, 50_000, &datagram), usize::MAX);
        }
        monitor.finish();
        assert_eq!(monitor.flows[0].reason, Some(Unnamed::UnknownQuicVersion), "{:02x?}", &datagram[..5]);
    }
    for number in [1, 0xface_b002] {
        let mut monitor = monitor();
        feed(&mut monitor, &packet(true, 50_000, &long(number)), usize::MAX);
        monitor.finish();
        assert_eq!(monitor.flows[0].reason, Some(Unnamed::NoHelloSeen), "{number:x}");
    }
}

#[test]
fn a_version_negotiation_is_counted_if_a_client_was_seen() {
    let list = [&[0x9f, 0, 0, 0, 0, 1, 9, 1, 8][..], &[0, 0, 0, 1], &[0x6b, 0x33, 0x43, 0xcf]].concat();
    let mut monitor = monitor();
    feed(&mut monitor, &packet(false, 50_000, &list), usize::MAX);
    assert_eq!(monitor.tally().quic_negotiations, 0);
    feed(&mut monitor, &packet(true, 50_000, &seed("quic", "reserved_version")), usize::MAX);
    feed(&mut monitor, &packet(true, 50_001, &seed("quic", "v1_chromium")), usize::MAX);
    feed(&mut monitor, &packet(false, 50_001, &list), usize::MAX);
    feed(&mut monitor, &packet(false, 50_001, &list[..12]), usize::MAX);
    assert_eq!(monitor.tally().quic_negotiations, 1);
}

#[test]
fn a_flood_of_endless_dtls_hellos_is_counted_and_does_not_use_memory() {
    let body = body("dtls.example", b"");
    let mut monitor = monitor();
    for port in 1024..6024 {
        feed(&mut monitor, &packet(true, port, &part(0, &body, 20, body.len())), usize::MAX);
    }
    let tally = monitor.tally();
    assert_eq!((tally.live_heads, tally.evicted.heads), (10, 4990));
}

/// The name and the client's port after datagrams of the client (`true`) and of port 443.
fn outcome(datagrams: &[(bool, Vec<u8>)]) -> (Option<String>, u16) {
    let mut monitor = monitor();
    for (up, datagram) in datagrams {
        feed(&mut monitor, &packet(*up, 50_000, datagram), usize::MAX);
    }
    monitor.finish();
    assert_eq!(monitor.flows.len(), 1);
    (monitor.flows[0].name.clone(), monitor.flows[0].client_port)
}

#[test]
fn a_hello_in_the_name_of_the_server_hides_none_of_the_client() {
    // An extension behind the name.
    let [own, forged] = ["dtls.example", "innocent.example"].map(|name| {
        let mut longer = [&body(name, b"")[..], &[0, 23, 0, 0]].concat();
        let at = longer.len() - name.len() - 14;
        longer[at] += 4;
        longer
    });
    let hellos = [
        (vec![seed("quic", "v1_chromium")], "api.cirrus-ci.com"),
        (vec![seed("gquic", "q043")], "dns.google.com"),
        (vec![part(0, &own, 0, 40), part(0, &own, 40, own.len())], "dtls.example"),
        (vec![part(0, &own, 0, own.len() - 2)], "dtls.example"), // its end is missing
    ];
    let strays = [
        seed("quic", "draft_28"),
        seed("gquic", "q024"),
        part(0, &forged, 0, forged.len()),
        part(0, &forged, 0, forged.len() - 2),
    ];
    for (hello, name) in hellos {
        for stray in &strays {
            for at in 0..=hello.len() {
                let mut datagrams: Vec<_> = hello.iter().map(|part| (true, part.clone())).collect();
                datagrams.insert(at, (false, stray.clone()));
                assert_eq!(outcome(&datagrams), (Some(name.to_owned()), 50_000), "{name} {at}");
            }
        }
    }
}

#[test]
fn a_hello_from_a_servers_port_names_a_flow_without_another_hello() {
    let datagrams = [(false, seed("quic", "draft_28")), (true, b"data".to_vec())];
    assert_eq!(outcome(&datagrams), (Some("www.wireshark.org".to_owned()), 443));
}

/// A DNS message between the client and a port that is not known for DNS.
fn feed_dns(monitor: &mut Monitor, up: bool, (client_port, port): (u16, u16), message: &[u8]) {
    let mut bytes = packet(up, client_port, message);
    let at = if up { 22 } else { 20 };
    bytes[at..at + 2].copy_from_slice(&port.to_be_bytes());
    feed(monitor, &bytes, usize::MAX);
}

/// A query for cloud.example and its answer, 203.0.113.9.
fn look_up() -> (Vec<u8>, Vec<u8>) {
    let question = b"\x05cloud\x07example\0\0\x01\0\x01";
    let query = [&[0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], question].concat();
    let record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 9];
    let answer = [&[0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0][..], question, &record].concat();
    (query, answer)
}

#[test]
fn dns_on_any_port_is_read_if_it_starts_with_a_query() {
    let (query, answer) = look_up();
    let mut monitor = monitor();
    feed_dns(&mut monitor, true, (50_000, 5300), &query);
    feed_dns(&mut monitor, false, (50_000, 5300), &answer);
    let mut flow = packet(true, 50_001, b"data");
    flow[16..20].copy_from_slice(&[203, 0, 113, 9]);
    feed(&mut monitor, &flow, usize::MAX);
    monitor.finish();
    assert_eq!(monitor.dns.len(), 2);
    let named = monitor.flows.iter().find(|flow| flow.client_port == 50_001).unwrap();
    assert_eq!((named.name.as_deref(), named.evidence), (Some("cloud.example"), Evidence::DnsClient));
}

/// The message with a type that few know.
fn unknown_type(message: &[u8]) -> Vec<u8> {
    let mut message = message.to_vec();
    message[12 + 15..][..2].copy_from_slice(&[0xff, 1]);
    message
}

#[test]
fn dns_on_any_port_is_read_if_an_answer_belongs_to_a_query() {
    let (query, answer) = look_up();
    for port in [443, 1053, 5300] {
        let mut monitor = monitor();
        feed_dns(&mut monitor, true, (50_000, port), &unknown_type(&query));
        feed_dns(&mut monitor, false, (50_000, port), &unknown_type(&answer));
        feed_dns(&mut monitor, true, (50_000, port), &query);
        feed_dns(&mut monitor, false, (50_000, port), &answer);
        // A capture that begins between a query and its answer.
        feed_dns(&mut monitor, false, (50_001, port), &answer);
        feed_dns(&mut monitor, true, (50_001, port), &query);
        feed_dns(&mut monitor, false, (50_001, port), &answer);
        monitor.finish();
        assert_eq!(monitor.dns.len(), 4, "{port}");
    }
}

#[test]
fn what_may_only_be_dns_is_ignored_on_other_ports() {
    let (query, answer) = look_up();
    let mut monitor = monitor();
    feed_dns(&mut monitor, false, (50_000, 5300), &answer); // an answer without a query
    feed_dns(&mut monitor, true, (50_001, 5300), b"something else");
    feed_dns(&mut monitor, true, (50_001, 5300), &query); // not what the flow began with
    feed_dns(&mut monitor, true, (50_002, 137), &query); // NetBIOS
    feed_dns(&mut monitor, true, (50_003, 5300), &query[..query.len() - 1]);
    let unknown = unknown_type(&query);
    feed_dns(&mut monitor, true, (50_004, 5300), &unknown); // no answer
    feed_dns(&mut monitor, true, (50_005, 5300), &unknown);
    let other = [&[9, 9][..], &unknown_type(&answer)[2..]].concat();
    feed_dns(&mut monitor, false, (50_005, 5300), &other); // the answer to another query
    monitor.finish();
    assert!(monitor.dns.is_empty());
}
