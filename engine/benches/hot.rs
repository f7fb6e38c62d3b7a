//! The functions that a packet, or an opening, passes through: `cargo bench --no-default-features --bench hot`, or with
//! a part of a name after `--` those that have it; `cargo test` in place of `cargo bench` runs each of them once. Those
//! that should not depend on how much there is run with little and with much.

use _engine::address::realm::Realm;
use _engine::address::Address;
use _engine::capture::{Packet, SteadyTime};
use _engine::flow::{Flow, Table};
use _engine::monitor::Monitor;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::{MatchKind, Matcher};
use _engine::types::arrival::Arrival;
use _engine::types::flow_key::FlowKey;
use _engine::wire::decode::{decode, plain_segment};
use _engine::wire::quic::initials;
use _engine::wire::tls::parse_hello_stream;
use _engine::wire::{dns, Segment, TunnelPorts};
use divan::counter::ItemsCount;
use divan::{black_box, Bencher};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn main() {
    divan::main();
}

const ETHERNET: u16 = 1;
const BEGIN_NS: u64 = 1_700_000_000_000_000_000;
const AMOUNTS: [u32; 3] = [10, 1000, 100_000];

/// An input of the fuzzer.
fn seed(target: &str, name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target).join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A frame with so many bytes of data that a server sends to a client's port.
fn frame(client_port: u16, data: usize) -> Vec<u8> {
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    bytes.extend((40 + data as u16).to_be_bytes());
    bytes.extend([0, 1, 0x40, 0, 64, 6, 0, 0, 198, 51, 100, 1, 192, 0, 2, 1]);
    bytes.extend(443u16.to_be_bytes());
    bytes.extend(client_port.to_be_bytes());
    bytes.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 1, 0, 0, 0, 0]);
    bytes.resize(54 + data, 7);
    bytes
}

fn ports() -> TunnelPorts {
    TunnelPorts::new(&[4789, 8472], &[6081], &[7932])
}

#[divan::bench]
fn decode_plain(bencher: Bencher) {
    let (bytes, ports) = (frame(40_000, 1000), ports());
    bencher.bench_local(|| plain_segment(ETHERNET, black_box(&bytes), &ports).is_some());
}

#[divan::bench(args = ["crafted_qinq_0x8200.bin", "crafted_geneve.bin", "crafted_gre.bin"])]
fn decode_other(bencher: Bencher, name: &str) {
    let (seed, ports) = (seed("decode", name), ports());
    let bytes = &seed[2..]; // after the link type
    bencher.bench_local(|| decode(ETHERNET, black_box(bytes), bytes.len() as u32, &ports).is_ok());
}

fn key(number: u32) -> FlowKey {
    let addresses = [Address::v4(number.to_be_bytes()), Address::v4([198, 51, 100, 1])];
    FlowKey { addresses, ports: [40_000, 443], protocol: 6, realm: Realm::NONE }
}

fn table(flows: u32) -> Table {
    let mut table = Table::new(flows as usize);
    for number in 0..flows {
        table.insert(Flow::new(key(number), 0, number.into(), Arrival::default(), None), 2);
    }
    table
}

/// What is done once a second, if no flow is due.
#[divan::bench(args = [1000, 1_000_000])]
fn table_sweep(bencher: Bencher, flows: u32) {
    let (table, mut due) = (table(flows), Vec::new());
    bencher.bench_local(|| table.collect_due(black_box(1), &mut due));
}

#[divan::bench(args = [1000, 1_000_000])]
fn table_look_up(bencher: Bencher, flows: u32) {
    let (mut table, bytes) = (table(flows), frame(40_000, 1000));
    let segment = plain_segment(ETHERNET, &bytes, &ports()).unwrap();
    let mut number = 0u32;
    bencher.bench_local(|| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let dst = Address::v4(((number >> 8) % flows).to_be_bytes());
        table.look_up(black_box(&Segment { dst, ..segment }), Realm::NONE).slot.unwrap()
    });
}

/// Packets of data, of as many connections as there are.
#[divan::bench(args = [1, 10_000], sample_count = 20, sample_size = 1)]
fn packets_of_data(bencher: Bencher, connections: u16) {
    const PACKETS: u32 = 100_000;
    let mut frames: Vec<_> = (0..connections).map(|number| frame(number, 1000)).collect();
    bencher.counter(ItemsCount::new(PACKETS)).bench_local(|| {
        let names = Arc::new(LearnedNames::new(1000));
        let mut monitor = Monitor::new(Settings::default(), Arc::new(Matcher::default()), names, (0, 1));
        for number in 0..PACKETS {
            let bytes = &mut frames[(number % u32::from(connections)) as usize];
            bytes[18..20].copy_from_slice(&(number as u16).to_be_bytes());
            bytes[38..42].copy_from_slice(&(number / u32::from(connections) * 1000).to_be_bytes());
            let time_ns = BEGIN_NS + u64::from(number) * 10_000;
            monitor.packet(&Packet {
                number: 0,
                time_ns,
                link: ETHERNET,
                interface: 0,
                wire_len: 1054,
                bytes,
            });
        }
        monitor.tally().flows
    });
}

/// A monitor of a live capture that follows so many connections, each of which was identified.
fn live_monitor(connections: u32) -> Monitor {
    let settings = Settings { report_openings: true, report_every_ns: 60_000_000_000, ..Settings::default() };
    let names = Arc::new(LearnedNames::new(1000));
    let mut monitor = Monitor::new(settings, Arc::new(matcher(1000)), names, (0, 1));
    let mut bytes = frame(40_000, 100);
    for number in 0..connections {
        bytes[30..34].copy_from_slice(&(0x0a00_0000 + number).to_be_bytes());
        let packet = Packet {
            number: 0,
            time_ns: BEGIN_NS,
            link: ETHERNET,
            interface: 0,
            wire_len: 154,
            bytes: &bytes,
        };
        monitor.packet(&packet);
    }
    for second in 1..5 {
        catch_up(&mut monitor, BEGIN_NS + second * 1_000_000_000);
    }
    monitor
}

/// Does all that is due: as a test, a benchmark runs once, and leaves the rest.
fn catch_up(monitor: &mut Monitor, now_ns: u64) {
    monitor.tick(now_ns);
    while monitor.is_behind() {
        monitor.tick(now_ns);
    }
}

/// How long packets wait at a time while so many connections time out in the same second: the slowest is the longest pause.
#[divan::bench(args = [1000, 10_000, 100_000, 1_000_000], sample_count = 2_200, sample_size = 1)]
fn pause_of_timeouts(bencher: Bencher, connections: u32) {
    let mut monitor = live_monitor(connections);
    let now_ns = BEGIN_NS + 3_600_000_000_000;
    bencher.bench_local(|| monitor.tick(now_ns));
    catch_up(&mut monitor, now_ns);
    assert_eq!(monitor.tally().live_flows, 0);
}

/// The same, between packets that go on meanwhile.
#[divan::bench(args = [1000, 10_000, 100_000, 1_000_000], sample_count = 140_000, sample_size = 1)]
fn pause_of_timeouts_with_packets(bencher: Bencher, connections: u32) {
    let mut monitor = live_monitor(connections);
    monitor.set_steady_time(SteadyTime { now_ns: BEGIN_NS + 3_600_000_000_000, offset: 0 });
    let bytes = frame(40_001, 100);
    let time_ns = BEGIN_NS + 3_600_000_000_000;
    let packet = Packet { number: 0, time_ns, link: ETHERNET, interface: 0, wire_len: 154, bytes: &bytes };
    bencher.bench_local(|| monitor.packet(&packet));
    catch_up(&mut monitor, time_ns);
    assert_eq!(monitor.tally().live_flows, 1);
}

/// The same while signatures are replaced: until all connections are matched again.
#[divan::bench(args = [1000, 10_000, 100_000, 1_000_000], sample_count = 2_200, sample_size = 1)]
fn pause_of_reload(bencher: Bencher, connections: u32) {
    let next = Arc::new(matcher(1000));
    let mut monitor = live_monitor(connections);
    bencher.bench_local(|| match monitor.is_behind() {
        true => monitor.tick(BEGIN_NS + 6_000_000_000),
        false => drop(monitor.set_matcher(Arc::clone(&next))),
    });
}

fn cpu_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// The same while connections begin, up to so many: their table grows.
#[divan::bench(args = [100_000, 1_000_000], sample_size = 1, sample_count = 1)]
fn pause_of_growth(bencher: Bencher, connections: u32) {
    bencher.bench_local(|| {
        let mut table = Table::new(connections as usize);
        table.reserve();
        let mut longest = Duration::ZERO;
        for number in 0..connections {
            let flow = Flow::new(key(number), 0, number.into(), Arrival::default(), None);
            let start = cpu_time();
            table.insert(flow, 2);
            longest = longest.max(cpu_time() - start);
        }
        eprintln!("longest, in CPU time: {longest:?}");
    });
}

/// The same while counters are read.
#[divan::bench(args = [1000, 100_000, 1_000_000], sample_count = 10, sample_size = 1)]
fn pause_of_scrape(bencher: Bencher, connections: u32) {
    let monitor = live_monitor(connections);
    bencher.bench_local(|| monitor.tally().live_flows);
}

#[divan::bench]
fn hello(bencher: Bencher) {
    let bytes = seed("tls", "hello_tls13_x25519_kyber.bin");
    bencher.bench_local(|| parse_hello_stream(black_box(&bytes)).is_ok());
}

#[divan::bench]
fn quic_initial(bencher: Bencher) {
    let bytes = seed("quic", "v1_chromium.bin");
    bencher.bench_local(|| {
        let found = initials(black_box(&bytes)).unwrap_or_default();
        found.first().and_then(|initial| initial.open(&initial.destination)).is_some()
    });
}

#[divan::bench]
fn dns_answer(bencher: Bencher) {
    let bytes = seed("dns", "answer_cname.bin");
    bencher.bench_local(|| dns::parse_message(black_box(&bytes)).is_ok());
}

fn matcher(amount: u32) -> Matcher {
    let names: Vec<_> = (0..amount).map(|n| (n, MatchKind::Suffix, format!("cloud{n}.example"))).collect();
    let [a, b, c] = [16, 8, 0].map(|shift| move |n: u32| n >> shift & 0xff);
    let networks: Vec<_> =
        (0..amount).map(|n| (n, format!("{}.{}.{}.0/24", 20 + a(n), b(n), c(n)))).collect();
    Matcher::new(&names, &networks, &[]).unwrap()
}

#[divan::bench(args = AMOUNTS)]
fn name_match(bencher: Bencher, signatures: u32) {
    let matcher = matcher(signatures);
    bencher.bench_local(|| matcher.find_name(black_box("update.eu.cloud7.example")));
}

#[divan::bench(args = AMOUNTS)]
fn name_without_match(bencher: Bencher, signatures: u32) {
    let matcher = matcher(signatures);
    bencher.bench_local(|| matcher.find_name(black_box("www.some.other.name.test")));
}

#[divan::bench(args = AMOUNTS)]
fn network_match(bencher: Bencher, signatures: u32) {
    let matcher = matcher(signatures);
    bencher.bench_local(|| matcher.find_network(black_box(Address::v4([20, 0, 7, 9]))));
}
