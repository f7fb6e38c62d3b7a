//! Round trips of handshakes: what is measured, and what must not be.

use _engine::capture::Packet;
use _engine::monitor::Monitor;
use _engine::report::flow_record::FlowRecord;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::Matcher;
use _engine::types::interception::Interception;
use _engine::view::handshake_timer::Handshake;
use _engine::wire::flags::{ACK, SYN};
use _engine::wire::quic::first_header;
use std::fs;
use std::path::Path;
use std::sync::Arc;

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;
const START: u64 = 1_700_000_000 * SECOND + 123_456;
const RAW: u16 = 101;
const CLIENT: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
const SERVER: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
const UP: bool = true;
const DOWN: bool = false;

struct Watch(Monitor);

impl Watch {
    fn new(report_every_ns: u64) -> Self {
        let settings = Settings {
            every_flow: true,
            max_flows: 100,
            max_heads: 10,
            report_every_ns,
            ..Settings::default()
        };
        let matcher = Arc::new(Matcher::new(&[], &[], &[]).unwrap());
        Self(Monitor::new(settings, matcher, Arc::new(LearnedNames::new(1000)), (0, 1)))
    }

    fn feed(&mut self, time_ns: u64, interface: u16, bytes: &[u8]) -> &mut Self {
        self.0.packet(&Packet {
            number: 0,
            time_ns,
            link: RAW,
            interface,
            wire_len: bytes.len() as u32,
            bytes,
        });
        self
    }

    fn at(&mut self, time_ns: u64, bytes: &[u8]) -> &mut Self {
        self.feed(time_ns, 0, bytes)
    }

    fn flows(&mut self) -> Vec<FlowRecord> {
        self.0.finish();
        std::mem::take(&mut self.0.flows)
    }

    fn rtt(&mut self) -> Option<u64> {
        self.rtts().0
    }

    /// The round trips of the opening and of the first data of the only flow.
    fn rtts(&mut self) -> (Option<u64>, Option<u64>) {
        let flows = self.flows();
        assert_eq!(flows.len(), 1);
        (flows[0].rtt_ns, flows[0].answer_rtt_ns)
    }
}

fn files() -> Watch {
    Watch::new(0)
}

fn ip(up: bool, server: [u8; 16], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((payload.len() as u16).to_be_bytes());
    packet.extend([protocol, 64]);
    let (source, destination) = if up { (CLIENT, server) } else { (server, CLIENT) };
    packet.extend(source);
    packet.extend(destination);
    packet.extend(payload);
    packet
}

fn ports(up: bool) -> [u8; 4] {
    let [a, b] = 40_000u16.to_be_bytes();
    let [c, d] = 443u16.to_be_bytes();
    if up {
        [a, b, c, d]
    } else {
        [c, d, a, b]
    }
}

fn segment_of(server: [u8; 16], up: bool, seq: u32, ack: u32, flags: u8) -> Vec<u8> {
    data_of(server, up, (seq, ack, flags), b"")
}

fn data_of(server: [u8; 16], up: bool, (seq, ack, flags): (u32, u32, u8), payload: &[u8]) -> Vec<u8> {
    let mut segment = ports(up).to_vec();
    segment.extend(seq.to_be_bytes());
    segment.extend(ack.to_be_bytes());
    segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(payload);
    ip(up, server, 6, &segment)
}

fn syn() -> Vec<u8> {
    segment_of(SERVER, UP, 100, 0, SYN)
}

fn syn_ack() -> Vec<u8> {
    segment_of(SERVER, DOWN, 900, 101, SYN | ACK)
}

#[test]
fn a_round_trip_lasts_from_a_syn_to_its_syn_ack() {
    assert_eq!(files().at(START, &syn()).at(START + 7 * MS, &syn_ack()).rtt(), Some(7 * MS));
}

#[test]
fn an_answer_to_another_syn_is_not_measured() {
    let other = segment_of(SERVER, DOWN, 900, 102, SYN | ACK);
    assert_eq!(files().at(START, &syn()).at(START + 7 * MS, &other).rtt(), None);
}

#[test]
fn a_syn_that_the_mirror_port_delivers_twice_is_one() {
    let mut watch = files();
    watch.at(START, &syn()).at(START + 20_000, &syn());
    assert_eq!(watch.at(START + 7 * MS, &syn_ack()).at(START + 8 * MS, &syn_ack()).rtt(), Some(7 * MS));
}

#[test]
fn a_retransmitted_syn_yields_no_round_trip() {
    let mut watch = files();
    watch.at(START, &syn()).at(START + SECOND, &syn());
    assert_eq!(watch.at(START + SECOND + 7 * MS, &syn_ack()).rtt(), None);
}

#[test]
fn an_answer_without_an_opening_is_not_measured_later() {
    assert_eq!(files().at(START, &syn_ack()).at(START + 7 * MS, &syn()).rtt(), None);
}

#[test]
fn zero_and_negative_times_are_not_measured() {
    assert_eq!(files().at(START, &syn()).at(START, &syn_ack()).rtt(), None);
    assert_eq!(files().at(START, &syn()).at(START - 300_000, &syn_ack()).rtt(), None);
}

#[test]
fn a_clock_set_back_in_between_yields_no_round_trip_and_the_next_is_measured() {
    for step in [5 * MS, 3600 * SECOND] {
        let mut watch = files();
        watch.at(START, &syn()).at(START + 40 * MS, &segment_of(CLIENT, UP, 1, 1, ACK));
        watch.at(START + 41 * MS - step, &syn_ack());
        let next = START + SECOND - step;
        watch.at(next, &segment_of([9; 16], UP, 5, 0, SYN));
        watch.at(next + 7 * MS, &segment_of([9; 16], DOWN, 8, 6, SYN | ACK));
        let rtts: Vec<_> = watch.flows().iter().map(|flow| flow.rtt_ns).collect();
        assert_eq!(rtts, [None, None, Some(7 * MS)], "a step of {step} ns");
    }
}

#[test]
fn a_coarse_clock_measures_nothing() {
    for (tick, measured) in [(SECOND, false), (10 * MS, false), (4 * MS, false), (MS, true), (1000, true)] {
        let start = START / SECOND * SECOND;
        let rtt = files().at(start + tick, &syn()).at(start + 4 * tick, &syn_ack()).rtt();
        assert_eq!(rtt.is_some(), measured, "ticks of {tick} ns");
    }
}

#[test]
fn two_interfaces_of_a_file_may_have_two_clocks() {
    let both = |mut watch: Watch| {
        watch.feed(START, 0, &syn()).feed(START + 7 * MS, 1, &syn_ack());
        watch.flows().last().unwrap().rtt_ns
    };
    assert_eq!(both(files()), None);
    assert_eq!(both(Watch::new(5 * SECOND)), Some(7 * MS)); // live: one kernel times both
}

fn hello() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/quic");
    fs::read(folder.join("v1_chromium.bin")).unwrap()
}

/// A server's first datagram: a long header with the type bits, to the client's own connection ID.
fn answer(kind: u8, destination: &[u8]) -> Vec<u8> {
    let mut datagram = vec![0xc0 | kind << 4, 0, 0, 0, 1, destination.len() as u8];
    datagram.extend(destination);
    datagram.extend([2, 0xab, 0xcd]);
    datagram.extend([0; 40]);
    datagram
}

fn own_id() -> Vec<u8> {
    first_header(&hello()).unwrap().source.as_slice().to_vec()
}

fn udp(up: bool, payload: &[u8]) -> Vec<u8> {
    let mut datagram = ports(up).to_vec();
    datagram.extend((8 + payload.len() as u16).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    ip(up, SERVER, 17, &datagram)
}

#[test]
fn a_round_trip_of_quic_lasts_from_the_first_initial_to_its_first_answer() {
    for kind in [0, 2, 3] {
        let mut watch = files();
        watch.at(START, &udp(UP, &hello())).at(START + 9 * MS, &udp(DOWN, &answer(kind, &own_id())));
        watch.at(START + 30 * MS, &udp(DOWN, &answer(kind, &own_id())));
        assert_eq!(watch.rtt(), Some(9 * MS), "packet type {kind}");
    }
}

#[test]
fn quic_datagrams_of_one_flight_are_one_opening_and_a_later_one_is_a_retransmission() {
    for (gap, measured) in [(MS, true), (300 * MS, false)] {
        let mut watch = files();
        watch.at(START, &udp(UP, &hello())).at(START + gap, &udp(UP, &hello()));
        let rtt = watch.at(START + gap + 9 * MS, &udp(DOWN, &answer(0, &own_id()))).rtt();
        assert_eq!(rtt, measured.then_some(gap + 9 * MS));
    }
}

#[test]
fn quic_of_another_connection_or_from_its_middle_is_not_measured() {
    let stranger = udp(DOWN, &answer(0, b"stranger"));
    assert_eq!(files().at(START, &udp(UP, &hello())).at(START + 9 * MS, &stranger).rtt(), None);
    let mut watch = files();
    watch.at(START, &udp(UP, b"\x40 short header, from before")).at(START + 1, &udp(UP, &hello()));
    assert_eq!(watch.at(START + 9 * MS, &udp(DOWN, &answer(0, &own_id()))).rtt(), None);
}

#[test]
fn quic_that_does_not_open_with_a_clients_keys_is_not_measured() {
    let mut server = answer(0, b"clientid");
    server.resize(1200, 7);
    let mut watch = files();
    watch.at(START, &udp(DOWN, &server));
    assert_eq!(watch.at(START + MS, &udp(UP, &answer(0, &[0xab, 0xcd]))).rtt(), None);
}

/// A handshake of 2 ms, as a firewall next to the sensor answers it; the client's data follow at `START` + 3 ms.
fn answered_nearby() -> Watch {
    let mut watch = files();
    watch.at(START, &syn()).at(START + 2 * MS, &syn_ack()).at(START + 3 * MS, &request(101));
    watch
}

fn request(seq: u32) -> Vec<u8> {
    data_of(SERVER, UP, (seq, 901, ACK), b"hello, how are you?")
}

fn reply(ack: u32) -> Vec<u8> {
    data_of(SERVER, DOWN, (901, ack, ACK), b"fine")
}

#[test]
fn the_first_data_of_the_server_is_timed_as_well() {
    let rtts = answered_nearby().at(START + 43 * MS, &reply(120)).rtts();
    assert_eq!(rtts, (Some(2 * MS), Some(40 * MS)));
}

#[test]
fn an_acknowledgement_without_data_answers_nothing() {
    let mut watch = answered_nearby();
    watch.at(START + 5 * MS, &segment_of(SERVER, DOWN, 901, 120, ACK));
    assert_eq!(watch.rtts(), (Some(2 * MS), None));
}

#[test]
fn data_that_the_server_sent_before_the_clients_arrived_answer_nothing() {
    let banner = reply(101);
    let mut watch = answered_nearby();
    watch.at(START + 4 * MS, &banner);
    assert_eq!(watch.at(START + 43 * MS, &reply(120)).rtts(), (Some(2 * MS), Some(40 * MS)));
    assert_eq!(answered_nearby().at(START + 4 * MS, &banner).rtts(), (Some(2 * MS), None));
}

#[test]
fn data_are_timed_from_their_first_segment() {
    let mut watch = answered_nearby();
    watch.at(START + 20 * MS, &request(120)).at(START + 43 * MS, &reply(139));
    assert_eq!(watch.rtts(), (Some(2 * MS), Some(40 * MS)));
}

#[test]
fn data_whose_first_segment_was_not_seen_are_not_timed() {
    let mut watch = files();
    watch.at(START, &syn()).at(START + 2 * MS, &syn_ack()).at(START + 30 * MS, &request(120));
    assert_eq!(watch.at(START + 32 * MS, &reply(139)).rtts(), (Some(2 * MS), None));
}

#[test]
fn an_answer_after_more_than_four_seconds_says_nothing() {
    assert_eq!(answered_nearby().at(START + 5 * SECOND, &reply(120)).rtts(), (Some(2 * MS), None));
    let mut watch = files();
    watch.at(START, &syn()).at(START + 5 * SECOND, &syn_ack()).at(START + 6 * SECOND, &request(101));
    assert_eq!(watch.at(START + 7 * SECOND, &reply(120)).rtts(), (Some(5 * SECOND), None));
}

#[test]
fn retransmitted_data_yield_no_round_trip_and_duplicates_do() {
    for (gap, measured) in [(20_000, true), (300 * MS, false)] {
        let mut watch = answered_nearby();
        watch.at(START + 3 * MS + gap, &request(101)).at(START + gap + 43 * MS, &reply(120));
        assert_eq!(watch.rtts(), (Some(2 * MS), measured.then_some(gap + 40 * MS)));
    }
}

#[test]
fn data_without_a_timed_handshake_are_not_timed() {
    let mut watch = files();
    watch.at(START, &request(101)).at(START + 40 * MS, &reply(120));
    assert_eq!(watch.rtts(), (None, None));
    let mut watch = files();
    watch.at(START, &syn()).at(START + SECOND, &syn()).at(START + SECOND + 2 * MS, &syn_ack());
    watch.at(START + SECOND + 3 * MS, &request(101)).at(START + SECOND + 43 * MS, &reply(120));
    assert_eq!(watch.rtts(), (None, None));
}

#[test]
fn a_clock_set_back_before_the_data_are_answered_yields_no_round_trip() {
    let mut watch = answered_nearby();
    watch.at(START + 40 * MS, &segment_of(CLIENT, UP, 1, 1, ACK));
    watch.at(START + 30 * MS, &reply(120));
    assert_eq!(watch.flows()[0].answer_rtt_ns, None);
}

#[test]
fn a_retry_of_quic_may_come_from_a_load_balancer() {
    for (kind, by_server) in [(0, true), (2, true), (3, false)] {
        let mut watch = files();
        watch.at(START, &udp(UP, &hello())).at(START + 9 * MS, &udp(DOWN, &answer(kind, &own_id())));
        watch.at(START + 30 * MS, &udp(DOWN, &answer(0, &own_id())));
        assert_eq!(watch.rtts(), (Some(9 * MS), by_server.then_some(9 * MS)), "packet type {kind}");
    }
}

#[test]
fn a_handshake_is_kept_in_sixteen_bytes() {
    assert_eq!(std::mem::size_of::<Handshake>(), 16);
}

#[test]
fn a_proxy_is_suspected_in_reports_and_counters() {
    let mut watch = files();
    for block in 0..20u8 {
        let server = [0x3f, 0xff, 0, block, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        let time_ns = START + u64::from(block) * SECOND;
        watch.at(time_ns, &segment_of(server, UP, 100, 0, SYN));
        watch.at(time_ns + 300_000, &segment_of(server, DOWN, 900, 101, SYN | ACK));
    }
    let flows = watch.flows();
    assert_eq!(flows.last().unwrap().interception, Interception::Suspected);
    assert_eq!(watch.0.tally().interceptions, 1);
}
