//! Segments that only continue a connection are counted by a short path. It has the results of the long one, which every
//! segment takes while packets are kept as evidence, for any course of a connection.

use _engine::capture::Packet;
use _engine::monitor::Monitor;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::{MatchKind, Matcher};
use _engine::wire::flags::{ACK, FIN, RST, SYN};
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;
const ETHERNET: u16 = 1;
const PORTS: [u16; 4] = [443, 443, 80, 53];

/// Pseudorandom numbers that are the same each time (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn is_one_of(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

/// A frame of the connection of a client's port; `up`: from the client.
fn frame(
    chance: &mut Chance,
    connection: usize,
    up: bool,
    header: (u32, u32, u8),
    payload: &[u8],
) -> Vec<u8> {
    let (seq, ack, flags) = header;
    let mut ports = [40_000 + connection as u16, PORTS[connection % PORTS.len()]];
    let mut hosts = [[192, 0, 2, 1], [198, 51, 100, 1 + connection as u8]];
    if !up {
        ports.reverse();
        hosts.reverse();
    }
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    if chance.is_one_of(50) {
        bytes.extend([0x81, 0, 0, 1 + chance.below(2) as u8]);
    }
    bytes.extend([8, 0, 0x45, 0]);
    bytes.extend((40 + payload.len() as u16).to_be_bytes());
    bytes.extend((chance.below(65_536) as u16).to_be_bytes());
    bytes.extend([0x40, 0, 64, 6, 0, 0]);
    hosts.iter().for_each(|host| bytes.extend(host));
    ports.iter().for_each(|port| bytes.extend(port.to_be_bytes()));
    [seq, ack].iter().for_each(|number| bytes.extend(number.to_be_bytes()));
    bytes.extend([0x50, flags, 1, 1, 0, 0, 0, 0]);
    bytes.extend(payload);
    bytes
}

fn opening(connection: usize, up: bool, chance: &mut Chance) -> Vec<u8> {
    let hello = [&[22, 3, 1, 0, 80, 1, 0, 0, 76, 3, 3][..], &[7; 64]].concat();
    match (PORTS[connection % PORTS.len()], up) {
        (443, true) => hello[..if chance.is_one_of(4) { 20 } else { hello.len() }].to_vec(),
        (443, false) => [&[22, 3, 3, 0, 80, 2, 0, 0, 76, 3, 3][..], &[9; 74]].concat(),
        (80, true) => b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n".to_vec(),
        (53, true) => [&[0, 19, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, b'a', 0, 0, 1, 0, 1][..]].concat(),
        _ => vec![1; 30],
    }
}

/// Packets of a few connections with whatever happens to some: time, bytes, and length on the wire.
fn traffic(seed: u64) -> Vec<(u64, Vec<u8>, u32)> {
    let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut time_ns = 1_700_000_000 * SECOND;
    let mut packets: Vec<(u64, Vec<u8>, u32)> = Vec::new();
    let mut next = [[1000u32, 5_000_000]; PORTS.len()];
    let mut sent = [[0u32; 2]; PORTS.len()];
    for step in 0..3000u64 {
        let connection = chance.below(PORTS.len() as u64) as usize;
        let up = chance.is_one_of(2);
        let (own, other) = (usize::from(!up), usize::from(up));
        time_ns += if chance.is_one_of(400) { 400 * SECOND } else { 1 + chance.below(SECOND / 50) };
        let begins = sent[connection] == [0, 0] || (step > 1000 && chance.is_one_of(300));
        if begins && chance.below(4) > 0 {
            let [client, server] = next[connection].map(|number| number.wrapping_add(seed as u32 * 77));
            for (up, header) in [(true, (client, 0, SYN)), (false, (server, client + 1, SYN | ACK))] {
                let bytes = frame(&mut chance, connection, up, header, b"");
                packets.push((time_ns, bytes, 0));
                time_ns += SECOND / 100;
            }
            (next[connection], sent[connection]) = ([client + 1, server + 1], [1, 1]);
            continue;
        }
        let payload = match sent[connection][own] {
            0 | 1 if chance.below(8) > 0 => opening(connection, up, &mut chance),
            _ => vec![b'x'; (chance.below(3) * chance.below(700)) as usize],
        };
        let seq = match chance.below(40) {
            0 => next[connection][own].wrapping_sub(chance.below(2000) as u32),
            1 => next[connection][own].wrapping_add(chance.below(2000) as u32),
            _ => next[connection][own],
        };
        let ack = match chance.below(40) {
            0 => next[connection][other].wrapping_sub(chance.below(2000) as u32),
            1 => next[connection][other].wrapping_add(chance.below(2000) as u32),
            _ => next[connection][other],
        };
        let flags = match chance.below(150) {
            0 => RST,
            1 => FIN | ACK,
            2 => SYN,
            3 => 0,
            _ => ACK,
        };
        next[connection][own] = seq.wrapping_add(payload.len() as u32);
        sent[connection][own] += 1 + u32::from(!payload.is_empty());
        let mut bytes = frame(&mut chance, connection, up, (seq, ack, flags), &payload);
        let wire_len = bytes.len() as u32;
        if chance.is_one_of(60) {
            bytes.truncate(54 + chance.below(60) as usize);
        }
        if !chance.is_one_of(30) {
            packets.push((time_ns, bytes, wire_len)); // otherwise it was lost
        }
        if chance.is_one_of(60) {
            packets.extend(packets.last().cloned()); // delivered twice
        }
    }
    packets
}

/// The records of all flows, and the counters, with or without keeping packets.
fn outcome(packets: &[(u64, Vec<u8>, u32)], report_every_ns: u64, max_evidence_bytes: usize) -> Vec<String> {
    let settings = Settings { every_flow: true, report_every_ns, max_evidence_bytes, ..Settings::default() };
    let networks = [(4, "198.51.100.2/32".to_owned())];
    let matcher = Matcher::new(&[(3, MatchKind::Suffix, "example".to_owned())], &networks, &[]).unwrap();
    let mut monitor = Monitor::new(settings, Arc::new(matcher), Arc::new(LearnedNames::new(1000)), (0, 1));
    for (number, (time_ns, bytes, wire_len)) in (1..).zip(packets) {
        let wire_len = (*wire_len).max(bytes.len() as u32);
        monitor.packet(&Packet { number, time_ns: *time_ns, link: ETHERNET, interface: 0, wire_len, bytes });
    }
    monitor.finish();
    let counters = format!("{:?}", monitor.tally());
    monitor.flows.iter().map(|flow| format!("{flow:?}")).chain([counters]).collect()
}

#[test]
fn the_short_path_of_settled_connections_changes_no_record_and_no_counter() {
    let mut flows = 0;
    for seed in 1..=20u64 {
        let packets = traffic(seed);
        for report_every_ns in [0, SECOND] {
            let short = outcome(&packets, report_every_ns, 0);
            assert_eq!(short, outcome(&packets, report_every_ns, 1 << 26), "seed {seed}");
            flows += short.len();
        }
    }
    assert!(flows > 500, "{flows}");
}
