//! Live packets do not wait while what is due for many flows is done: it is spread, and has the same results.

use _engine::address::Address;
use _engine::capture::{Packet, SteadyTime};
use _engine::monitor::Monitor;
use _engine::report::flow_record::FlowRecord;
use _engine::report::phase::Phase;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::Matcher;
use _engine::types::end_reason::EndReason;
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_700_000_000 * SECOND;
const LATER: u64 = START + 400 * SECOND;
const RAW: u16 = 101;
const FLOWS: u16 = 3000;

/// Signatures that match the server, with this number.
fn matcher(signature: u32) -> Arc<Matcher> {
    Arc::new(Matcher::new(&[], &[(signature, "198.51.100.0/24".to_owned())], &[]).unwrap())
}

/// A live monitor, after so many connections have begun in the same second.
fn monitor(settings: Settings, signatures: Arc<Matcher>) -> Monitor {
    let settings = Settings { report_every_ns: 5 * SECOND, ..settings };
    let mut monitor = Monitor::new(settings, signatures, Arc::new(LearnedNames::new(100)), (0, 1));
    (0..FLOWS).for_each(|number| feed(&mut monitor, START, number));
    pass(&mut monitor, START + 3 * SECOND);
    while monitor.is_behind() {
        monitor.tick(START + 3 * SECOND);
    }
    monitor
}

/// A segment of the connection with this number.
fn feed(monitor: &mut Monitor, time_ns: u64, number: u16) {
    let (ports, client) = ([40_000_u16.to_be_bytes(), 443_u16.to_be_bytes()], number.to_be_bytes());
    let mut bytes =
        vec![0x45, 0, 0, 41, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, client[0], client[1], 198, 51, 100, 9];
    bytes.extend(ports.concat());
    bytes.extend((time_ns as u32).to_be_bytes());
    bytes.extend([0, 0, 0, 1, 0x50, 0x10, 1, 1, 0, 0, 0, 0, 7]);
    let wire_len = bytes.len() as u32;
    monitor.packet(&Packet { number: 0, time_ns, link: RAW, interface: 0, wire_len, bytes: &bytes });
}

/// Time passes without packets.
fn pass(monitor: &mut Monitor, time_ns: u64) {
    monitor.set_steady_time(SteadyTime { now_ns: time_ns, offset: 0 });
    monitor.tick(time_ns);
}

/// The same, until packets arrive again: all connections have timed out then.
fn be_silent(monitor: &mut Monitor) {
    monitor.set_steady_time(SteadyTime { now_ns: LATER, offset: 0 });
}

/// What an end says, by client.
fn ends(flows: &[FlowRecord]) -> Vec<(Address, u64, u64, Phase, u64)> {
    let is_end = |flow: &&FlowRecord| matches!(flow.phase, Phase::End(_));
    let mut ends: Vec<_> = flows.iter().filter(is_end).map(summary).collect();
    ends.sort_unstable_by_key(|end| (end.0 .0, end.1));
    ends
}

fn summary(flow: &FlowRecord) -> (Address, u64, u64, Phase, u64) {
    (flow.client, flow.start_ns, flow.last_ns, flow.phase, flow.sent_packets)
}

#[test]
fn flows_that_time_out_at_once_end_a_few_with_each_packet() {
    let mut monitor = monitor(Settings::default(), matcher(1));
    be_silent(&mut monitor);
    let mut live = monitor.tally().live_flows;
    let mut packets = 0;
    while monitor.tally().live_flows > 1 {
        feed(&mut monitor, LATER, FLOWS);
        let now = monitor.tally().live_flows;
        assert!(live <= now + 8, "{live} {now}");
        (live, packets) = (now, packets + 1);
    }
    assert!((300..500).contains(&packets), "{packets}");
    assert!(!monitor.is_behind());
}

#[test]
fn their_ends_do_not_depend_on_the_packets_between_them() {
    let mut results = Vec::new();
    for packets_first in [0, 100, 3000] {
        let mut monitor = monitor(Settings::default(), matcher(1));
        be_silent(&mut monitor);
        (0..packets_first).for_each(|_| feed(&mut monitor, LATER, FLOWS));
        if packets_first == 0 {
            pass(&mut monitor, LATER);
            feed(&mut monitor, LATER, FLOWS);
        }
        // A flow that goes on after its time is another one, whether or not its turn has come.
        (0..FLOWS).rev().step_by(7).for_each(|number| feed(&mut monitor, LATER, number));
        while monitor.is_behind() {
            monitor.tick(LATER);
        }
        let tally = monitor.tally();
        let timed_out = ends(&monitor.flows);
        assert_eq!(timed_out.len(), usize::from(FLOWS));
        assert!(timed_out.iter().all(|end| end.3 == Phase::End(EndReason::Idle) && end.2 == START));
        results.push((timed_out, tally.flows, tally.live_flows));
    }
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
    assert_eq!(results[0].2, 1 + u64::from(FLOWS).div_ceil(7));
}

#[test]
fn what_timed_out_before_the_end_of_the_capture_did_not_last_until_then() {
    let mut monitor = monitor(Settings::default(), matcher(1));
    be_silent(&mut monitor);
    feed(&mut monitor, LATER, FLOWS);
    assert!(monitor.is_behind());
    monitor.finish();
    let phases = monitor.flows.iter().map(|flow| flow.phase);
    let timed_out = phases.clone().filter(|phase| *phase == Phase::End(EndReason::Idle)).count();
    let cut = phases.filter(|phase| *phase == Phase::End(EndReason::CaptureEnd)).count();
    assert_eq!((timed_out, cut), (usize::from(FLOWS), 1));
}

#[test]
fn no_flow_is_evicted_for_one_that_is_over() {
    let mut monitor = monitor(Settings { max_flows: FLOWS.into(), ..Settings::default() }, matcher(1));
    be_silent(&mut monitor);
    for number in 0..FLOWS {
        feed(&mut monitor, LATER, FLOWS + number);
    }
    let tally = monitor.tally();
    assert_eq!((tally.evicted.flows, tally.live_flows), (0, FLOWS.into()));
}

#[test]
fn signatures_that_are_replaced_match_a_few_flows_with_each_packet_and_its_own_flow_at_once() {
    let mut monitor = monitor(Settings::default(), Arc::new(Matcher::default()));
    assert!(monitor.flows.is_empty(), "no signature matches");
    monitor.set_matcher(matcher(7));
    let first = monitor.flows.len();
    assert!((1..1000).contains(&first), "{first}");
    feed(&mut monitor, START + 4 * SECOND, FLOWS - 1);
    let of_packet =
        |flow: &FlowRecord| flow.client == Address::v4([10, 0, (FLOWS >> 8) as u8, (FLOWS - 1) as u8]);
    assert!(monitor.flows.iter().any(of_packet));
    assert!(monitor.flows.len() <= first + 9);
    while monitor.is_behind() {
        monitor.tick(START + 4 * SECOND);
    }
    assert_eq!(monitor.flows.len(), usize::from(FLOWS), "each once");
    assert!(monitor.flows.iter().all(|flow| flow.signature == Some(7) && flow.phase == Phase::Open));
}
