//! Clocks that are set, differ between interfaces, or are wrong in single packets: flows, names and bytes stay as they
//! are without. Live monitors are driven by given times here; `capture::steady_clock` reads the real clocks.

mod directions;
mod far_times;

use _engine::capture::{Packet, SteadyTime};
use _engine::monitor::Monitor;
use _engine::report::flow_record::FlowRecord;
use _engine::report::phase::Phase;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::{MatchKind, Matcher};
use _engine::types::end_reason::EndReason;
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3600 * SECOND;
const START: u64 = 1_700_000_000 * SECOND;
const CLIENT: [u8; 4] = [192, 0, 2, 7];
const SERVER: [u8; 4] = [198, 51, 100, 9];

fn monitor(settings: Settings) -> Monitor {
    let matcher = Matcher::new(&[(3, MatchKind::Suffix, "cloud.example".to_owned())], &[], &[]).unwrap();
    Monitor::new(settings, Arc::new(matcher), Arc::new(LearnedNames::new(1000)), (0, 1))
}

fn of_file() -> Monitor {
    monitor(Settings { every_flow: true, ..Settings::default() })
}

fn live() -> Monitor {
    monitor(Settings { report_every_ns: 5 * SECOND, ..Settings::default() })
}

/// A segment of the client from this port, with this number and payload.
fn segment(port: u16, seq: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend(((40 + payload.len()) as u16).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 6, 0, 0]);
    packet.extend(CLIENT);
    packet.extend(SERVER);
    packet.extend(port.to_be_bytes());
    packet.extend([1, 187]);
    packet.extend(seq.to_be_bytes());
    packet.extend([0, 0, 0, 1, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
    packet.extend(payload);
    packet
}

/// A ClientHello for `a.cloud.example`.
fn hello() -> Vec<u8> {
    let name = b"a.cloud.example";
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0x13, 1, 1, 0]);
    body.extend((name.len() as u16 + 9).to_be_bytes());
    body.extend([0, 0, 0, name.len() as u8 + 5, 0, name.len() as u8 + 3, 0, 0, name.len() as u8]);
    body.extend(name);
    let mut record = vec![22, 3, 1, 0, body.len() as u8 + 4, 1, 0, 0, body.len() as u8];
    record.extend(body);
    record
}

fn feed(monitor: &mut Monitor, time_ns: u64, interface: u16, bytes: &[u8]) {
    let wire_len = bytes.len() as u32;
    monitor.packet(&Packet { number: 0, time_ns, link: 101, interface, wire_len, bytes });
}

fn finish(monitor: &mut Monitor) -> Vec<FlowRecord> {
    monitor.finish();
    std::mem::take(&mut monitor.flows)
}

/// A flow with a name, then a packet every 100 ms, with these times.
fn flow_at(monitor: &mut Monitor, stamps: impl Iterator<Item = (u16, u64)>) {
    let mut seq = 100;
    for (number, (interface, time_ns)) in stamps.enumerate() {
        let payload = if number == 0 { hello() } else { vec![0x17; 100] };
        feed(monitor, time_ns, interface, &segment(40_000, seq, &payload));
        seq += payload.len() as u32;
    }
}

/// The time of a packet if there is one every 100 ms.
fn regular(number: u64) -> u64 {
    START + number * SECOND / 10
}

/// Flows, name and bytes of the only flow, misdated packets, clock steps.
fn outcome(monitor: &mut Monitor) -> (usize, Option<String>, u64, u64, u64) {
    let flows = finish(monitor);
    let view = monitor.tally().total_view();
    (flows.len(), flows[0].name.clone(), flows[0].sent_bytes, view.misdated_packets, view.clock_steps)
}

const NAME: &str = "a.cloud.example";

fn bytes_of(packets: u64) -> u64 {
    packets * 40 + hello().len() as u64 + (packets - 1) * 100
}

#[test]
fn a_stray_time_changes_nothing_in_either_direction_wherever_it_is() {
    for at in [1, 2, 7, 50, 98, 99] {
        for wrong in [2 * SECOND, 30 * SECOND, 301 * SECOND, HOUR, 24 * HOUR, u64::MAX / 2, START] {
            for time_ns in [regular(at).wrapping_add(wrong), regular(at).wrapping_sub(wrong)] {
                let mut monitor = of_file();
                let stamp = |number| if number == at { time_ns } else { regular(number) };
                flow_at(&mut monitor, (0..100).map(|number| (0, stamp(number))));
                let is_last_and_late = at == 99 && (time_ns.wrapping_sub(START) as i64) > 0;
                let seen = outcome(&mut monitor);
                if is_last_and_late {
                    // Nothing follows, so it may be silence; the bytes are counted in any case.
                    continue;
                }
                assert_eq!(seen, (1, Some(NAME.into()), bytes_of(100), 1, 0), "{at} {wrong}");
            }
        }
    }
}

#[test]
fn a_first_packet_of_another_time_is_outvoted() {
    for first_ns in [START + HOUR, START + 24 * HOUR].into_iter().chain(far_times::FAR) {
        let mut monitor = of_file();
        flow_at(&mut monitor, (0..100).map(|n| (0, if n == 0 { first_ns } else { regular(n) })));
        let flows = finish(&mut monitor);
        assert_eq!((flows.len(), flows[0].sent_bytes), (1, bytes_of(100)));
        let error_ns = flows[0].last_ns.abs_diff(regular(99));
        assert!(error_ns < SECOND, "{first_ns}: {error_ns}");
    }
}

#[test]
fn a_clock_that_is_set_back_for_good_is_counted_once_and_the_flow_continues() {
    for step in [2 * SECOND, 61 * SECOND, HOUR] {
        let mut monitor = of_file();
        let stamp = |n| if n < 50 { regular(n) } else { regular(n) - step };
        flow_at(&mut monitor, (0..100).map(|n| (0, stamp(n))));
        monitor.finish();
        let last_ns = monitor.flows[0].last_ns;
        assert_eq!(outcome(&mut monitor), (1, Some(NAME.into()), bytes_of(100), 1, 1));
        // Reported by the clock as it is now.
        assert!(last_ns.abs_diff(stamp(99)) < SECOND);
    }
}

#[test]
fn interfaces_whose_clocks_differ_are_read_as_one_time() {
    for (differ, ahead) in [(3 * SECOND, true), (301 * SECOND, true), (301 * SECOND, false), (HOUR, false)] {
        let mut monitor = of_file();
        let stamp = |n: u64| match (n % 3, ahead) {
            (0, _) => (0, regular(n)),
            (_, true) => (1, regular(n) + differ),
            (_, false) => (1, regular(n) - differ),
        };
        flow_at(&mut monitor, (0..300).map(stamp));
        assert_eq!(outcome(&mut monitor), (1, Some(NAME.into()), bytes_of(300), 1, 1), "{differ} {ahead}");
    }
}

#[test]
fn silence_is_no_step() {
    let mut monitor = of_file();
    let stamp = |n| if n < 50 { regular(n) } else { regular(n) + HOUR };
    flow_at(&mut monitor, (0..100).map(|n| (0, stamp(n))));
    let flows = finish(&mut monitor);
    let ends: Vec<Phase> = flows.iter().map(|flow| flow.phase).collect();
    assert_eq!(ends, [Phase::End(EndReason::Idle), Phase::End(EndReason::CaptureEnd)]);
    assert_eq!((flows[0].last_ns, flows[1].start_ns), (stamp(49), stamp(50)));
    let view = monitor.tally().total_view();
    assert_eq!((view.misdated_packets, view.clock_steps), (0, 0));
}

#[test]
fn packets_that_are_all_seconds_apart_have_their_own_times() {
    let mut monitor = of_file();
    let stamp = |n: u64| START + n * 20 * SECOND;
    flow_at(&mut monitor, (0..20).map(|n| (0, stamp(n))));
    let flows = finish(&mut monitor);
    assert_eq!((flows.len(), flows[0].start_ns, flows[0].last_ns), (1, START, stamp(19)));
    assert_eq!(monitor.tally().total_view().misdated_packets, 0);
}

#[test]
fn packets_in_random_order_are_all_counted_and_named() {
    let mut monitor = of_file();
    flow_at(
        &mut monitor,
        (0..1000).map(|n| (0, if n == 0 { START } else { START + n * 7919 % 3600 * SECOND })),
    );
    let flows = finish(&mut monitor);
    assert_eq!(flows.iter().map(|flow| flow.sent_bytes).sum::<u64>(), bytes_of(1000));
    assert!(monitor.tally().total_view().misdated_packets > 500);
}

#[test]
fn times_of_zero_and_beyond_every_clock_are_accepted() {
    for times in [[0, 0, 0], [1 << 63, 1 << 63, 1 << 63], [u64::MAX, 0, 1 << 63], [0, u64::MAX, START]] {
        let mut monitor = of_file();
        flow_at(&mut monitor, (0..60).map(|n| (0, times[n % 3])));
        let flows = finish(&mut monitor);
        assert_eq!(flows.iter().map(|flow| flow.sent_bytes).sum::<u64>(), bytes_of(60));
    }
}

/// What happens to a live flow when the system's clock is set by `step` (wrapping) after five seconds: reports, and the
/// counters.
fn live_step(step: u64) -> (Vec<FlowRecord>, u64, u64) {
    let mut monitor = live();
    let mut seq = 100;
    for n in 0..200u64 {
        let steady = regular(n);
        let step = if n < 50 { 0 } else { step };
        monitor.set_steady_time(SteadyTime { now_ns: steady, offset: step.wrapping_neg() });
        let payload = if n == 0 { hello() } else { vec![0x17; 100] };
        // The packet with the step was stamped before it.
        let stamp = if n == 50 { steady } else { steady.wrapping_add(step) };
        feed(&mut monitor, stamp, 0, &segment(40_000, seq, &payload));
        seq += payload.len() as u32;
        monitor.tick(steady);
    }
    let flows = finish(&mut monitor);
    let view = monitor.tally().total_view();
    (flows, view.misdated_packets, view.clock_steps)
}

#[test]
fn a_live_step_in_either_direction_is_counted_and_reports_continue() {
    let (without, ..) = live_step(0);
    for step in [SECOND, 30 * SECOND, HOUR, 24 * HOUR] {
        for step in [step, step.wrapping_neg()] {
            let (flows, misdated, steps) = live_step(step);
            assert_eq!((misdated, steps), (0, 1));
            let volume = |flows: &[FlowRecord]| -> Vec<(Phase, u64)> {
                flows.iter().map(|flow| (flow.phase, flow.new_sent_bytes)).collect()
            };
            assert_eq!(volume(&flows), volume(&without));
            // Reports have the time of the clock as it is set now.
            assert_eq!(flows.last().unwrap().last_ns, regular(199).wrapping_add(step));
        }
    }
}

#[test]
fn a_stray_live_packet_is_read_at_the_steady_time() {
    let mut monitor = live();
    for n in 0..100u64 {
        monitor.set_steady_time(SteadyTime { now_ns: regular(n), offset: 0 });
        let payload = if n == 0 { hello() } else { vec![0x17; 100] };
        let stamp = if n == 40 { regular(n) + 24 * HOUR } else { regular(n) };
        feed(&mut monitor, stamp, 0, &segment(40_000, 100 + n as u32 * 100, &payload));
    }
    let flows = finish(&mut monitor);
    let last = flows.last().unwrap();
    assert_eq!((last.sent_bytes, last.last_ns), (bytes_of(100), regular(99)));
    assert_eq!(monitor.tally().total_view().misdated_packets, 1);
}

/// A reproducible sequence of numbers (Knuth's MMIX generator).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[test]
fn inserted_strays_change_no_other_flow() {
    for seed in 0..200 {
        let mut random = Random(seed);
        let mut packets = Vec::new();
        let (mut time_ns, mut seq) = (START, [100u32; 20]);
        for _ in 0..400 {
            // Silence now and then, short or long.
            time_ns += match random.below(40) {
                0 => random.below(400) * SECOND,
                _ => random.below(SECOND / 2),
            };
            let flow = random.below(20) as usize;
            let payload = if seq[flow] == 100 { hello() } else { vec![0x17; random.below(200) as usize] };
            packets.push((time_ns, segment(40_000 + flow as u16, seq[flow], &payload)));
            seq[flow] += payload.len() as u32;
        }
        let run = |packets: &[(u64, Vec<u8>)]| {
            let mut monitor = of_file();
            packets.iter().for_each(|(time_ns, bytes)| feed(&mut monitor, *time_ns, 0, bytes));
            let flows = finish(&mut monitor).into_iter().filter(|flow| flow.client_port < 50_000);
            let facts = |flow: FlowRecord| {
                let ports = (flow.client_port, flow.name, flow.signature, flow.sent_packets, flow.sent_bytes);
                (ports, flow.start_ns, flow.last_ns, flow.phase)
            };
            let mut all: Vec<_> = flows.map(facts).collect();
            all.sort_by_key(|(ports, start_ns, ..)| (ports.0, *start_ns));
            all
        };
        let without = run(&packets);
        let mut with = packets.clone();
        for n in 0..3 {
            // Not beside another: a burst of wrong times is no stray. Not at the end, where nothing follows.
            let at = 10 + n * 120 + random.below(100) as usize;
            let wrong = SECOND + random.below(48 * 3600) * SECOND + random.below(SECOND);
            let (right, _) = packets[at];
            let stamp = if random.below(2) == 0 { right + wrong } else { right - wrong };
            with.insert(at + n, (stamp, segment(60_000 + n as u16, 1, b"stray")));
        }
        assert_eq!(run(&with), without, "seed {seed}");
    }
}

/// Names and bytes of all flows together.
fn totals(monitor: &mut Monitor) -> (bool, u64) {
    let flows = finish(monitor);
    let all_named = flows.iter().all(|flow| flow.name.as_deref() == Some(NAME));
    (all_named, flows.iter().map(|flow| flow.sent_bytes).sum())
}

#[test]
fn a_burst_of_wrong_times_or_one_at_the_end_costs_no_name_and_no_byte() {
    for (burst, wrong) in [(3, 24 * HOUR), (10, 24 * HOUR), (10, HOUR.wrapping_neg()), (49, 301 * SECOND)] {
        for from in [20, 100 - burst] {
            let mut monitor = of_file();
            let is_wrong = |n: u64| (from..from + burst).contains(&n);
            let stamp = |n| if is_wrong(n) { regular(n).wrapping_add(wrong) } else { regular(n) };
            flow_at(&mut monitor, (0..100).map(|n| (0, stamp(n))));
            assert_eq!(totals(&mut monitor), (true, bytes_of(100)), "{burst} from {from}");
        }
    }
}

#[test]
fn two_clocks_without_interfaces_cost_no_name_and_no_byte() {
    for period in [2, 3, 8, 20] {
        let mut monitor = of_file();
        let stamp = |n: u64| regular(n) + if n / period % 2 == 1 { 301 * SECOND } else { 0 };
        flow_at(&mut monitor, (0..200).map(|n| (0, stamp(n))));
        assert_eq!(totals(&mut monitor), (true, bytes_of(200)), "{period}");
    }
}

#[test]
fn an_interface_may_be_silent_while_another_with_another_clock_is_busy() {
    for busy in [10, 63, 65, 500] {
        let mut monitor = of_file();
        let stamp = |n: u64| {
            if n % (busy + 10) < 10 {
                (0, regular(n))
            } else {
                (1, regular(n) + HOUR)
            }
        };
        flow_at(&mut monitor, (0..1200).map(stamp));
        assert_eq!(totals(&mut monitor), (true, bytes_of(1200)), "{busy}");
    }
}
