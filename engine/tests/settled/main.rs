//! Packets that only continue a connection are counted by a short path. It has the results of the long one, which every
//! packet takes while packets are kept as evidence, for any course of a connection.

mod quic;
mod tcp;

use _engine::capture::Packet;
use _engine::monitor::Monitor;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::{MatchKind, Matcher};
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;
const ETHERNET: u16 = 1;

/// Time, bytes, and length on the wire.
type Sent = (u64, Vec<u8>, u32);

/// Pseudorandom numbers that are the same each time (xorshift).
struct Chance {
    seed: u64,
    state: u64,
    /// One of so many packets is delivered twice.
    twice_in: u64,
}

impl Chance {
    fn new(seed: u64) -> Self {
        Self { seed, state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), twice_in: 60 }
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % limit
    }

    /// A mirror port delivers some packets twice. With some seeds it begins to deliver all or half of them twice, and stops;
    /// with others it seldom does.
    fn set_mirror(&mut self, step: u64) {
        self.twice_in = match (self.seed % 3, step % 1000) {
            (0, 500..700) => 1,
            (0, 900..950) => 2,
            (1, _) => 300,
            _ => 60,
        };
    }

    /// Hosts identify their packets, or leave the identification 0; each connection does either with some seeds.
    fn identification(&mut self, connection: usize) -> u16 {
        let is_identified = (connection as u64 + self.seed) % 2 == 0;
        if is_identified {
            self.below(65_536) as u16
        } else {
            0
        }
    }

    fn is_one_of(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    /// Adds a frame to what the sensor sees: whole or cut after so many bytes at least, not at all, or twice.
    fn deliver(&mut self, packets: &mut Vec<Sent>, time_ns: u64, mut bytes: Vec<u8>, kept: usize) {
        let wire_len = bytes.len() as u32;
        if self.is_one_of(60) {
            bytes.truncate(kept + self.below(60) as usize);
        }
        if !self.is_one_of(30) {
            packets.push((time_ns, bytes, wire_len)); // otherwise it was lost
        }
        if self.is_one_of(self.twice_in) {
            let later_ns = self.below(3) / 2 * self.below(SECOND / 50);
            packets.extend(packets.last().cloned().map(|(at_ns, bytes, len)| (at_ns + later_ns, bytes, len)));
        }
    }
}

/// Ethernet and IPv4 of a packet of a client's connection; `up`: from the client.
fn headers(
    chance: &mut Chance,
    connection: usize,
    up: bool,
    protocol: u8,
    (ports, len): ([u16; 2], usize),
) -> Vec<u8> {
    let (mut ports, mut hosts) = (ports, [[192, 0, 2, 1], [198, 51, 100, 1 + connection as u8]]);
    if !up {
        ports.reverse();
        hosts.reverse();
    }
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    if chance.is_one_of(50) {
        bytes.extend([0x81, 0, 0, 1 + chance.below(2) as u8]);
    }
    bytes.extend([8, 0, 0x45, 0]);
    bytes.extend((20 + len as u16).to_be_bytes());
    bytes.extend(chance.identification(connection).to_be_bytes());
    bytes.extend([0x40, 0, 64, protocol, 0, 0]);
    hosts.iter().for_each(|host| bytes.extend(host));
    ports.iter().for_each(|port| bytes.extend(port.to_be_bytes()));
    bytes
}

/// The records of all flows, and the counters, with or without keeping packets.
fn outcome(packets: &[Sent], report_every_ns: u64, max_evidence_bytes: usize) -> Vec<String> {
    let settings = Settings { every_flow: true, report_every_ns, max_evidence_bytes, ..Settings::default() };
    let networks = [(4, "198.51.100.2/32".to_owned())];
    let matcher = Matcher::new(&[(3, MatchKind::Suffix, "example".to_owned())], &networks, &[]).unwrap();
    let mut monitor =
        Monitor::new(settings, Arc::new(matcher), Arc::new(LearnedNames::new(1000).with_machines()), (0, 1));
    for (number, (time_ns, bytes, wire_len)) in (1..).zip(packets) {
        let wire_len = (*wire_len).max(bytes.len() as u32);
        monitor.packet(&Packet { number, time_ns: *time_ns, link: ETHERNET, interface: 0, wire_len, bytes });
    }
    monitor.finish();
    let counters = format!("{:?}", monitor.tally());
    monitor.flows.iter().map(|flow| format!("{flow:?}")).chain([counters]).collect()
}

/// Both paths have the same results for the traffic of 20 seeds; the number of results.
fn compare(traffic: impl Fn(u64) -> Vec<Sent>) -> usize {
    let mut results = 0;
    for seed in 1..=20 {
        let mut packets = traffic(seed);
        // The same again, as if the capture were replayed.
        let later_ns = packets.last().map_or(0, |last| last.0 - packets[0].0) + 400 * SECOND;
        packets.extend(packets.clone().into_iter().map(|(at_ns, bytes, len)| (at_ns + later_ns, bytes, len)));
        for report_every_ns in [0, SECOND] {
            let short = outcome(&packets, report_every_ns, 0);
            assert_eq!(short, outcome(&packets, report_every_ns, 1 << 26), "seed {seed}");
            results += short.len();
        }
    }
    results
}
