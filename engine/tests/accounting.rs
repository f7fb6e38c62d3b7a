//! The counters balance for any traffic: every packet is in a flow, a duplicate or rejected; every ended flow has
//! one evidence, and a reason exactly if that is not a name; the same holds for bytes.

use _engine::capture::Packet;
use _engine::counters::tally::Tally;
use _engine::monitor::Monitor;
use _engine::report::phase::Phase;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::{MatchKind, Matcher};
use _engine::types::evidence::Evidence;
use _engine::types::unnamed::Unnamed;
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;
const RAW: u16 = 101;

/// Pseudorandom numbers that are the same each time (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.below(256) as u8).collect()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }
}

/// A packet of a few hosts and ports: handshakes, openings of many protocols, random bytes, fragments.
fn packet(chance: &mut Chance) -> Vec<u8> {
    let hello = [&[22, 3, 1, 0, 80, 1, 0, 0, 76, 3, 3][..], &[7; 64]].concat();
    let question = [&[0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1][..], b"a", &[0, 0, 1, 0, 1]].concat();
    let openings = [
        hello.clone(),
        hello[..20].to_vec(),
        question,
        b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n".to_vec(),
    ];
    let payload = match chance.below(4) {
        0 => Vec::new(),
        1 => chance.bytes(60),
        _ => chance.one(&openings).clone(),
    };
    let (client, server) = (40_000 + chance.below(6) as u16, *chance.one(&[443u16, 53, 80, 853, 9]));
    let up = chance.below(2) == 0;
    let ports = if up { [client, server] } else { [server, client] };
    let mut transport: Vec<u8> = ports.iter().flat_map(|port| port.to_be_bytes()).collect();
    let protocol = *chance.one(&[6u8, 6, 6, 17, 17, 1]);
    if protocol == 6 {
        transport.extend((chance.below(4) as u32 * 500).to_be_bytes());
        transport.extend((chance.below(4) as u32 * 500).to_be_bytes());
        transport.extend([0x50, *chance.one(&[2u8, 18, 16, 24, 17, 4]), 1, 1, 0, 0, 0, 0]);
    } else {
        transport.extend((8 + payload.len() as u16).to_be_bytes());
        transport.extend([0, 0]);
    }
    transport.extend(payload);
    let mut packet = vec![0x45, 0];
    packet.extend((20 + transport.len() as u16).to_be_bytes());
    packet.extend((chance.below(3) as u16).to_be_bytes());
    packet.extend(if chance.below(20) == 0 { [0x20, 0] } else { [0x40, 0] });
    packet.extend([64, protocol, 0, 0]);
    let hosts = [[192, 0, 2, 1 + chance.below(3) as u8], [198, 51, 100, 1 + chance.below(3) as u8]];
    packet.extend(hosts[usize::from(!up)]);
    packet.extend(hosts[usize::from(up)]);
    packet.extend(transport);
    let kept =
        if chance.below(10) == 0 { 20 + chance.below(packet.len() as u64) as usize } else { packet.len() };
    packet.truncate(kept);
    packet
}

fn monitor(settings: &Settings) -> Monitor {
    let names = [(3, MatchKind::Suffix, "example".to_owned())];
    let networks = [(4, "198.51.100.2/32".to_owned())];
    let matcher = Matcher::new(&names, &networks, &[]).unwrap();
    Monitor::new(settings.clone(), Arc::new(matcher), Arc::new(LearnedNames::new(1000)), (0, 1))
}

/// Sends packets through a monitor, some of them twice.
fn feed(monitor: &mut Monitor, chance: &mut Chance, packets: u64) {
    let mut time_ns = 1_700_000_000 * SECOND;
    let mut again = Vec::new();
    for _ in 0..packets {
        time_ns += *chance.one(&[1000, 1000, 1_000_000, SECOND / 10, 40 * SECOND]);
        let bytes = if chance.below(4) == 0 { std::mem::take(&mut again) } else { packet(chance) };
        let interface = chance.below(3) as u16;
        monitor.packet(&Packet {
            number: 0,
            time_ns,
            link: RAW,
            interface,
            wire_len: bytes.len() as u32,
            bytes: &bytes,
        });
        again = bytes;
    }
}

fn assert_balanced(tally: &Tally) {
    let over = tally.flows - tally.live_flows;
    assert_eq!(tally.named.iter().sum::<u64>(), over);
    for (by_evidence, by_reason) in [(tally.named, tally.unnamed), (tally.named_bytes, tally.unnamed_bytes)] {
        let without_name = Evidence::ALL.iter().filter(|evidence| !evidence.is_name());
        let without_name: u64 = without_name.map(|evidence| by_evidence[*evidence as usize]).sum();
        assert_eq!(by_reason.iter().sum::<u64>(), without_name);
    }
}

#[test]
fn every_packet_and_every_flow_is_counted_once() {
    let (mut evidence, mut reasons) = ([0; Evidence::ALL.len()], [0; Unnamed::ALL.len()]);
    for seed in 1..=60u64 {
        let settings = Settings {
            every_flow: true,
            max_flows: if seed % 3 == 0 { 4 } else { 1000 },
            max_heads: 3,
            report_every_ns: if seed % 2 == 0 { SECOND } else { 0 },
            duplicate_window_ns: if seed % 5 == 0 { 0 } else { SECOND / 20 },
            ..Settings::default()
        };
        let mut monitor = monitor(&settings);
        let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for _ in 0..4 {
            feed(&mut monitor, &mut chance, 500);
            assert_balanced(&monitor.tally());
        }
        monitor.finish();
        let tally = monitor.tally();
        assert_eq!(tally.live_flows, 0);
        assert_balanced(&tally);
        let view = tally.total_view();
        assert!(view.duplicate_packets == 0 || seed % 5 != 0);
        let ended: Vec<_> = monitor.flows.iter().filter(|flow| matches!(flow.phase, Phase::End(_))).collect();
        assert_eq!(ended.len() as u64, tally.flows);
        let bytes: u64 = ended.iter().map(|flow| flow.sent_bytes + flow.received_bytes).sum();
        assert_eq!(tally.named_bytes.iter().sum::<u64>(), bytes);
        let packets: u64 = ended.iter().map(|flow| flow.sent_packets + flow.received_packets).sum();
        let fragments = tally.problems.get(&("fragments", "duplicate")).copied().unwrap_or_default();
        let rejected: u64 = tally.rejected.iter().sum();
        assert_eq!(packets + view.duplicate_packets + rejected + fragments, view.packets, "seed {seed}");
        evidence.iter_mut().zip(tally.named).for_each(|(sum, count)| *sum += count);
        reasons.iter_mut().zip(tally.unnamed).for_each(|(sum, count)| *sum += count);
        for flow in ended {
            assert_eq!(flow.reason.is_some(), !flow.evidence.is_name());
            assert_eq!(flow.name.is_some(), flow.evidence.is_name());
        }
    }
    assert!(evidence.iter().filter(|count| **count > 0).count() >= 3, "{evidence:?}");
    assert!(reasons.iter().filter(|count| **count > 0).count() >= 4, "{reasons:?}");
}

#[test]
fn the_counters_of_several_workers_add_up() {
    let mut sum = Tally::default();
    let mut flows = 0;
    for worker in 1..=3u64 {
        let mut monitor = monitor(&Settings { max_heads: 3, ..Settings::default() });
        feed(&mut monitor, &mut Chance(worker), 1000);
        if worker != 2 {
            monitor.finish();
        }
        flows += monitor.tally().flows;
        sum.add(&monitor.tally());
    }
    assert_eq!(sum.flows, flows);
    assert_eq!(sum.total_view().packets, 3000);
    assert_eq!(sum.views.len(), 3);
    assert_balanced(&sum);
}
