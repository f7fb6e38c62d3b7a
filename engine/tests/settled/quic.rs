//! Connections of QUIC, and other datagrams between the same ends.

use super::{compare, headers, Chance, Sent, SECOND};
use _engine::wire::quic::first_header;
use std::fs;
use std::path::Path;

/// HTTP/3, the same on another port, and ports whose datagrams may be DNS and DHCP.
const PORTS: [u16; 5] = [443, 443, 8443, 53, 67];
/// First datagrams of clients.
const SEEDS: [&str; 4] = ["v1_chromium", "draft_29", "mvfst_27", "google_t051"];

const SERVER_ID: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

fn seed(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/quic");
    fs::read(folder.join(name).with_extension("bin")).unwrap()
}

/// A long header of a kind (0x00 Initial, 0x20 Handshake) that answers a client's first datagram.
fn long_header(first: &[u8], kind: u8, chance: &mut Chance) -> Vec<u8> {
    let header = first_header(first).unwrap();
    let client = header.source.as_slice();
    let mut bytes = vec![0xc0 | kind];
    bytes.extend(&first[1..5]);
    bytes.push(client.len() as u8);
    bytes.extend(client);
    bytes.push(SERVER_ID.len() as u8);
    bytes.extend(SERVER_ID);
    bytes.extend([0, 0x44, 0]);
    bytes.resize(bytes.len() + chance.below(1100) as usize, 5);
    bytes
}

fn payload(connection: usize, up: bool, chance: &mut Chance) -> Vec<u8> {
    let first = seed(SEEDS[connection % SEEDS.len()]);
    match chance.below(60) {
        0..=2 => first,
        3 => long_header(&first, 0, chance),
        4 => long_header(&first, 0x20, chance),
        5 => [&[0x80, 0, 0, 0, 0, 0, 8][..], &[3; 8], &[0, 0, 0, 1]].concat(), // a version negotiation
        6 => [&[0x49, 1, 2, 3, 4, 5, 6, 7, 8][..], b"Q043", &[1; 40]].concat(), // Google QUIC's public header
        7 => [&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40][..], &[1; 40]].concat(), // DTLS
        8 => [&[0, 19, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, b'a', 0, 0, 1, 0, 1][..]].concat(), // DNS
        9 => vec![],
        10 => vec![0x40; 1 + chance.below(30) as usize],
        _ => short_header(&first, up, chance),
    }
}

/// A short header with the connection ID that the receiver chose, or with another one.
fn short_header(first: &[u8], up: bool, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = vec![0x40 | chance.below(64) as u8];
    match (chance.below(4), up) {
        (0, _) => bytes.push(chance.below(256) as u8),
        (_, true) => bytes.extend(SERVER_ID),
        (_, false) => bytes.extend(first_header(first).unwrap().source.as_slice()),
    }
    bytes.extend((0..20 + chance.below(1200)).map(|at| (at * 7) as u8));
    bytes.push(chance.below(256) as u8);
    bytes
}

/// Datagrams of a few connections with whatever happens to some.
fn traffic(seed: u64) -> Vec<Sent> {
    let mut chance = Chance::new(seed);
    let mut time_ns = 1_700_000_000 * SECOND;
    let mut packets: Vec<Sent> = Vec::new();
    for step in 0..3000u64 {
        chance.set_mirror(step);
        let connection = chance.below(PORTS.len() as u64) as usize;
        let up = chance.is_one_of(2);
        time_ns += if chance.is_one_of(400) {
            (50 + chance.below(400)) * SECOND
        } else {
            1 + chance.below(SECOND / 50)
        };
        let payload = payload(connection, up, &mut chance);
        let ports = [40_000 + chance.below(2) as u16 * u16::from(connection == 1), PORTS[connection]];
        let mut bytes = headers(&mut chance, connection, up, 17, (ports, 8 + payload.len()));
        bytes.extend((8 + payload.len() as u16).to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(payload);
        chance.deliver(&mut packets, time_ns, bytes, 42);
    }
    packets
}

#[test]
fn the_short_path_of_short_headers_changes_no_record_and_no_counter() {
    let results = compare(traffic);
    assert!(results > 500, "{results}");
}
