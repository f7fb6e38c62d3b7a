//! A monitor behind the kernel's sieve, as a sensor is, while more flows come than the sieve has room for.

use crate::{run, sieve_for, DROP};
use _engine::address::Address;
use _engine::capture::sieve::Sieve;
use _engine::capture::{Packet, SteadyTime};
use _engine::counters::tally::Tally;
use _engine::monitor::Monitor;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::{MatchKind, Matcher};
use _engine::wire::flags::{ACK, FIN, SYN};
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_700_000_000 * SECOND;
const ETHERNET: u16 = 1;
/// Directions for which the sieve has room.
const ROOM: u32 = 16;
const FLOWS: u16 = 30;
const ROUNDS: u32 = 150;
const SERVER: [u8; 4] = [198, 51, 100, 7];
const RESOLVER: [u8; 4] = [198, 51, 100, 53];

/// A mirror port: frames pass the sieve, if there is one, or are dropped.
struct Port {
    monitor: Monitor,
    sieve: Option<Arc<Sieve>>,
    time_ns: u64,
    frames: u64,
}

impl Port {
    fn new(sieve: Option<Arc<Sieve>>) -> Self {
        let names = [(3, MatchKind::Suffix, "cloud.example".to_owned())];
        let matcher = Arc::new(Matcher::new(&names, &[], &[]).unwrap());
        let settings = Settings { report_every_ns: 60 * SECOND, ..Settings::default() };
        let mut monitor = Monitor::new(settings, matcher, Arc::new(LearnedNames::new(1000)), (0, 1));
        if let Some(sieve) = &sieve {
            monitor.use_sieve(Arc::clone(sieve) as _);
        }
        Self { monitor, sieve, time_ns: START, frames: 0 }
    }

    /// Sends an IPv4 packet, in a VLAN if there is one; false if it was dropped.
    fn send(&mut self, vlan: Option<u16>, ends: [[u8; 4]; 2], protocol: u8, transport: &[u8]) -> bool {
        self.time_ns += SECOND / 10_000;
        self.frames += 1;
        let mut frame = vec![2; 12];
        if let Some(vlan) = vlan {
            frame.extend([0x81, 0x00]);
            frame.extend(vlan.to_be_bytes());
        }
        frame.extend([0x08, 0x00, 0x45, 0]);
        frame.extend((transport.len() as u16 + 20).to_be_bytes());
        frame.extend((self.frames as u16 | 1).to_be_bytes());
        frame.extend([0x40, 0, 64, protocol, 0, 0]);
        frame.extend(ends.concat());
        frame.extend(transport);
        if self.sieve.as_ref().is_some_and(|sieve| run(sieve, &frame, 1).0 == DROP) {
            return false;
        }
        let (time_ns, wire_len) = (self.time_ns, frame.len() as u32);
        self.monitor.set_steady_time(SteadyTime { now_ns: time_ns, offset: 0 });
        self.monitor.packet(&Packet {
            number: 0,
            time_ns,
            link: ETHERNET,
            interface: 0,
            wire_len,
            bytes: &frame,
        });
        true
    }

    /// A DNS query whose identification looks like the first byte of a QUIC packet, and its answer.
    fn look_up(&mut self, vlan: Option<u16>, number: u16) {
        let mut message = vec![0x41, number as u8, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        message.extend(b"\x07updates\x05cloud\x07example\0\0\x01\0\x01");
        let client = [192, 0, 2, 99];
        let datagram = |ports: [u16; 2], message: &[u8]| {
            let [source, destination] = ports.map(u16::to_be_bytes);
            let length = (message.len() as u16 + 8).to_be_bytes();
            [&source[..], &destination, &length, &[0, 0], message].concat()
        };
        assert!(self.send(vlan, [client, RESOLVER], 17, &datagram([40_000, 53], &message)));
        message[2] |= 0x80;
        assert!(self.send(vlan, [RESOLVER, client], 17, &datagram([53, 40_000], &message)));
    }
}

/// A connection.
struct Talk {
    port: u16,
    vlan: Option<u16>,
    next: [u32; 2],
    is_watched: bool,
}

impl Talk {
    /// The connection with a number: every second one is in a VLAN, and every fifth is a vendor's.
    fn new(number: u16) -> Self {
        let vlan = (number % 2 == 1).then_some(20);
        Self { port: 41_000 + number, vlan, next: [1000, 5_000_000], is_watched: number % 5 == 0 }
    }

    /// Sends a segment of the client (side 0) or the server.
    fn segment(&mut self, to: &mut Port, side: usize, flags: u8, payload: &[u8]) {
        let mut ends = [([192, 0, 2, 1], self.port), (SERVER, 80)];
        ends.rotate_left(side);
        let ack = if flags & ACK == 0 { 0 } else { self.next[1 - side] };
        let mut segment = ends.map(|(_, port)| port.to_be_bytes()).concat();
        segment.extend([self.next[side], ack].map(u32::to_be_bytes).concat());
        segment.extend([0x50, flags, 1, 1, 0, 0, 0, 0]);
        segment.extend(payload);
        let taken = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.next[side] = self.next[side].wrapping_add(taken);
        let has_passed = to.send(self.vlan, ends.map(|(host, _)| host), 6, &segment);
        assert!(has_passed || !self.is_watched, "a packet of a vendor's flow was dropped");
    }

    fn open(&mut self, to: &mut Port) {
        self.segment(to, 0, SYN, b"");
        self.segment(to, 1, SYN | ACK, b"");
        self.segment(to, 0, ACK, b"");
        let host = if self.is_watched { "updates.cloud.example" } else { "www.other.example" };
        self.segment(to, 0, ACK, format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
    }

    fn transfer(&mut self, to: &mut Port) {
        self.segment(to, 1, ACK, &[7; 1000]);
        self.segment(to, 0, ACK, b"x");
    }

    fn close(&mut self, to: &mut Port) {
        self.segment(to, 0, FIN | ACK, b"");
        self.segment(to, 1, FIN | ACK, b"");
        self.segment(to, 0, ACK, b"");
    }
}

/// A vendor's flow: client's port, name, and packets and bytes of both sides.
type Watched = (u16, Option<String>, [u64; 4]);

/// What is known at the end.
struct Outcome {
    watched: Vec<Watched>,
    tally: Tally,
    frames: u64,
}

/// Half of the flows end while the others go on, so that there is room for these later.
fn flood(sieve: Option<Arc<Sieve>>) -> Outcome {
    let mut port = Port::new(sieve);
    let mut talks: Vec<_> = (0..FLOWS).map(Talk::new).collect();
    talks.iter_mut().for_each(|talk| talk.open(&mut port));
    let (early, late) = talks.split_at_mut(usize::from(FLOWS / 2));
    for round in 0..ROUNDS {
        early.iter_mut().chain(&mut *late).for_each(|talk| talk.transfer(&mut port));
        port.look_up((round % 2 == 1).then_some(20), round as u16);
    }
    early.iter_mut().for_each(|talk| talk.close(&mut port));
    (0..ROUNDS).for_each(|_| late.iter_mut().for_each(|talk| talk.transfer(&mut port)));
    late.iter_mut().for_each(|talk| talk.close(&mut port));
    port.monitor.finish();
    let ended = port.monitor.flows.iter().filter(|flow| flow.end_reason.is_some());
    let mut watched: Vec<_> = ended
        .map(|flow| {
            let sums = [flow.sent_packets, flow.sent_bytes, flow.received_packets, flow.received_bytes];
            assert_eq!(flow.server, Address::v4(SERVER));
            (flow.client_port, flow.name.clone(), sums)
        })
        .collect();
    watched.sort_unstable();
    Outcome { watched, tally: port.monitor.tally(), frames: port.frames }
}

#[test]
#[ignore = "needs root"]
fn more_flows_than_there_is_room_for_are_read_and_counted_and_all_results_are_equal() {
    let sieve = Arc::new(sieve_for(ROOM));
    let (with, without) = (flood(Some(sieve)), flood(None));
    assert_eq!(with.watched, without.watched);
    assert_eq!(with.watched.len(), usize::from(FLOWS / 5));
    let sums = |tally: &Tally| {
        (tally.flows, tally.other_flows, tally.other_sent_bytes, tally.other_received_bytes, tally.named)
    };
    assert_eq!(sums(&with.tally), sums(&without.tally));
    let [view, plain] = [&with.tally, &without.tally].map(Tally::total_view);
    assert_eq!((plain.sieved_packets, plain.sieve_refusals, plain.packets), (0, 0, without.frames));
    assert_eq!(view.packets + view.sieved_packets, with.frames, "each packet is read or dropped");
    assert_eq!((view.unseen_tcp_bytes, view.duplicate_packets), (0, 0));
    assert_eq!(view.solicited_dns_answers, u64::from(ROUNDS), "no DNS message is dropped");
    // Eight of 24 flows have room at a time; those that go on are asked for again and find room after others have ended.
    assert!(view.sieve_refusals >= 16, "{}", view.sieve_refusals);
    assert!(view.sieved_packets > 8 * u64::from(ROUNDS), "{}", view.sieved_packets);
}
