//! What a sieve before the ring drops is added to the flows: they neither time out nor lack data, and all bytes are counted.

use _engine::capture::sifting::{Direction, Dropped, Sift};
use _engine::capture::{Packet, SteadyTime};
use _engine::counters::tally::Tally;
use _engine::monitor::Monitor;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::Matcher;
use _engine::wire::flags::{ACK, FIN, SYN};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_700_000_000 * SECOND;
const ETHERNET: u16 = 1;

/// A sieve of a test, with the time of its packets.
struct Fake {
    room: usize,
    now_ns: AtomicU64,
    added: Mutex<HashMap<Direction, (Dropped, u64)>>,
}

impl Fake {
    fn new(room: usize) -> Arc<Self> {
        Arc::new(Self { room, now_ns: AtomicU64::new(0), added: Mutex::default() })
    }

    /// Drops a segment with data or an acknowledgement, if its direction was added.
    fn drops(&self, direction: &Direction, seq: u32, ip_bytes: usize, payload: usize) -> bool {
        let mut added = self.added.lock().unwrap();
        let Some((dropped, last_ns)) = added.get_mut(direction) else { return false };
        dropped.packets += 1;
        dropped.bytes += ip_bytes as u64;
        dropped.next = seq.wrapping_add(payload as u32);
        *last_ns = self.now_ns.load(Ordering::Relaxed);
        true
    }
}

impl Sift for Fake {
    fn add(&self, direction: &Direction, next: u32) -> bool {
        let mut added = self.added.lock().unwrap();
        let has_room = added.len() < self.room;
        if has_room {
            added.insert(*direction, (Dropped { next, ..Dropped::default() }, 0));
        }
        has_room
    }

    fn take(&self, direction: &Direction) -> Option<Dropped> {
        let (dropped, last_ns) = self.added.lock().unwrap().remove(direction)?;
        let silence_ns = self.now_ns.load(Ordering::Relaxed).saturating_sub(last_ns);
        Some(Dropped { silence_ns, ..dropped })
    }
}

/// A connection whose packets a sensor with a sieve sees.
struct Talk {
    monitor: Monitor,
    sieve: Arc<Fake>,
    time_ns: u64,
    next: [u32; 2],
    sent: [u64; 2],
}

impl Talk {
    fn new(sieve: Arc<Fake>, settings: Settings) -> Self {
        let matcher = Arc::new(Matcher::new(&[], &[], &[]).unwrap());
        let settings = Settings { report_every_ns: SECOND, ..settings };
        let mut monitor = Monitor::new(settings, matcher, Arc::new(LearnedNames::new(100)), (0, 1));
        monitor.use_sieve(Arc::clone(&sieve) as _);
        Self { monitor, sieve, time_ns: START, next: [1000, 5_000_000], sent: [0; 2] }
    }

    /// Time passes.
    fn wait(&mut self, passed_ns: u64) {
        self.time_ns += passed_ns;
        self.sieve.now_ns.store(self.time_ns, Ordering::Relaxed);
        self.monitor.set_steady_time(SteadyTime { now_ns: self.time_ns, offset: 0 });
        self.monitor.tick(self.time_ns);
    }

    /// A segment of the client (side 0) or the server.
    fn segment(&mut self, side: usize, flags: u8, payload: &[u8]) {
        self.wait(SECOND / 100);
        let (seq, ack) = (self.next[side], if flags & ACK == 0 { 0 } else { self.next[1 - side] });
        let mut ends = [([192, 0, 2, 1], 40_000_u16), ([198, 51, 100, 1], 80)];
        ends.rotate_left(side);
        let identification = (self.time_ns / (SECOND / 100)) as u16 | 1;
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
        frame.extend((40 + payload.len() as u16).to_be_bytes());
        frame.extend(identification.to_be_bytes());
        frame.extend([0x40, 0, 64, 6, 0, 0]);
        ends.iter().for_each(|(host, _)| frame.extend(host));
        ends.iter().for_each(|(_, port)| frame.extend(port.to_be_bytes()));
        [seq, ack].iter().for_each(|number| frame.extend(number.to_be_bytes()));
        frame.extend([0x50, flags, 1, 1, 0, 0, 0, 0]);
        frame.extend(payload);
        self.next[side] = seq.wrapping_add(payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0));
        self.sent[side] += 40 + payload.len() as u64;
        let addresses = ends.map(|(host, _)| _engine::address::Address::v4(host));
        let direction = Direction { addresses, ports: ends.map(|(_, port)| port), protocol: 6, vlan: None };
        if flags == ACK && self.sieve.drops(&direction, seq, 40 + payload.len(), payload.len()) {
            return;
        }
        self.monitor.packet(&Packet {
            number: 0,
            time_ns: self.time_ns,
            link: ETHERNET,
            interface: 0,
            wire_len: frame.len() as u32,
            bytes: &frame,
        });
    }

    /// A request with a name, its answer, and so much more data.
    fn open(&mut self, rounds: usize) {
        self.segment(0, SYN, b"");
        self.segment(1, SYN | ACK, b"");
        self.segment(0, ACK, b"");
        self.segment(0, ACK, b"GET / HTTP/1.1\r\nHost: www.example\r\n\r\n");
        self.transfer(rounds);
    }

    fn transfer(&mut self, rounds: usize) {
        for _ in 0..rounds {
            self.segment(1, ACK, &[7; 1400]);
            self.segment(0, ACK, b"x");
        }
    }

    fn close(&mut self) {
        self.segment(0, FIN | ACK, b"");
        self.segment(1, FIN | ACK, b"");
        self.segment(0, ACK, b"");
    }

    /// The counters after the end.
    fn end(mut self) -> Tally {
        self.monitor.finish();
        assert!(self.sieve.added.lock().unwrap().is_empty(), "nothing stays in the sieve");
        let tally = self.monitor.tally();
        assert_eq!([tally.other_sent_bytes, tally.other_received_bytes], self.sent);
        tally
    }
}

#[test]
fn what_was_dropped_is_counted_and_nothing_seems_to_be_missing() {
    let mut talk = Talk::new(Fake::new(10), Settings::default());
    talk.open(2000);
    talk.close();
    let tally = talk.end();
    let view = tally.total_view();
    assert_eq!((tally.flows, view.connections, view.one_way_connections), (1, 1, 0));
    assert!(view.sieved_packets > 3000, "{view:?}");
    assert_eq!(view.sieved_packets + view.packets, 4007);
    assert_eq!((view.unseen_tcp_bytes, view.duplicate_packets, view.sieve_refusals), (0, 0, 0));
}

#[test]
fn a_flow_of_which_only_dropped_packets_arrive_goes_on() {
    let settings = Settings { tcp_idle_ns: 30 * SECOND, ..Settings::default() };
    let mut talk = Talk::new(Fake::new(10), settings);
    talk.open(200);
    for _ in 0..120 {
        talk.wait(SECOND);
        talk.transfer(1);
    }
    talk.close();
    let tally = talk.end();
    assert_eq!((tally.flows, tally.total_view().unseen_tcp_bytes), (1, 0));
    assert!(tally.total_view().sieved_packets > 200);
}

#[test]
fn a_silent_flow_ends_and_leaves_the_sieve() {
    let settings = Settings { tcp_idle_ns: 30 * SECOND, ..Settings::default() };
    let mut talk = Talk::new(Fake::new(10), settings);
    talk.open(200);
    (0..40).for_each(|_| talk.wait(SECOND));
    assert_eq!(talk.monitor.tally().live_flows, 0);
    assert!(talk.sieve.added.lock().unwrap().is_empty());
}

#[test]
fn other_ends_of_the_same_kind_are_read_while_the_sieve_is_full() {
    let mut talk = Talk::new(Fake::new(0), Settings::default());
    talk.open(500);
    talk.close();
    let tally = talk.end();
    let view = tally.total_view();
    assert_eq!((view.sieved_packets, view.packets, tally.flows), (0, 1007, 1));
    assert!(view.sieve_refusals >= 10, "{}", view.sieve_refusals);
}

#[test]
fn ends_that_are_used_again_begin_another_flow() {
    let mut talk = Talk::new(Fake::new(10), Settings::default());
    talk.open(500);
    talk.next = [77_000_000, 99_000_000];
    talk.open(500);
    talk.close();
    let tally = talk.end();
    assert_eq!((tally.flows, tally.total_view().unseen_tcp_bytes), (2, 0));
    assert!(tally.total_view().sieved_packets > 1000);
}

#[test]
fn nothing_is_dropped_where_every_flow_is_reported() {
    let mut talk = Talk::new(Fake::new(10), Settings { every_flow: true, ..Settings::default() });
    talk.open(500);
    talk.close();
    assert_eq!(talk.end().total_view().sieved_packets, 0);
}
