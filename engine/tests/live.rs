//! The sensor on a real kernel, while its interfaces come and go and other threads ask for its counters.
//!
//! The tests need root and iproute2, so they are ignored unless they are asked for: `cargo test --test live -- --ignored`.
//! They are those that run under ThreadSanitizer and AddressSanitizer (tests/test_sanitizers.py).
#![cfg(target_os = "linux")]

mod namespace;

use _engine::capture::ring::RingStatistics;
use _engine::resolution::LearnedNames;
use _engine::sensor::{Options, PortStatus, Selection, Sensor};
use _engine::settings::Settings;
use _engine::tag::Matcher;
use namespace::{bring_up_far, ip, show, Wire};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// No test waits longer than this; sanitizers are slow.
const TIME_LIMIT: Duration = Duration::from_secs(60);

fn sensor(words: &[&str], workers: usize) -> Sensor {
    let settings = Settings { every_flow: true, ..Settings::default() };
    sensor_with(words, workers, &settings)
}

fn sensor_with(words: &[&str], workers: usize, settings: &Settings) -> Sensor {
    let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
    let options = Options {
        selection: Selection::new(&words),
        require_all: false,
        workers,
        ring_bytes: 16 << 20, // several blocks each, so that a thread may sleep while a sanitizer is slow
        snaplen: 65_535,
        promiscuous: true,
        filters: Vec::new(),
        sieve: None,
    };
    Sensor::start(&options, settings, LearnedNames::new(1000), &matcher()).expect("an interface is there")
}

fn matcher() -> Arc<Matcher> {
    Arc::new(Matcher::new(&[], &[], &[]).expect("nothing is invalid"))
}

/// A frame with a UDP packet of a flow of its own.
fn datagram(number: u16) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
    frame.extend([0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1]);
    frame.extend((1024 + number).to_be_bytes());
    frame.extend([0, 9, 0, 20, 0, 0]);
    frame.extend([0; 12]);
    frame
}

fn interface(sensor: &Sensor, name: &str) -> Option<(PortStatus, RingStatistics)> {
    sensor.interfaces().into_iter().find(|(port, _)| port.name == name)
}

fn wait_for(what: &str, mut is_done: impl FnMut() -> bool) {
    let end = Instant::now() + TIME_LIMIT;
    while !is_done() {
        assert!(Instant::now() < end, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until as many packets arrived as were sent. Both ends of the cable are shown if they do not: a packet that the
/// kernel lost on the way was never the sensor's.
fn wait_for_packets(sensor: &Sensor, sent: u64) {
    let end = Instant::now() + TIME_LIMIT;
    loop {
        let ring = interface(sensor, "far").map(|(_, ring)| ring).unwrap_or_default();
        if ring.packets == sent {
            return;
        }
        assert!(Instant::now() < end, "{sent} packets were sent: {ring:?}\n{}", show("-s link"));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
#[ignore = "needs root"]
fn interfaces_come_and_go_while_other_threads_ask() {
    let wire = Wire::new();
    let sensor = Arc::new(sensor(&["far", "x*", "gone"], 2));
    let is_over = Arc::new(AtomicBool::new(false));
    let asking: Vec<_> = (0..2)
        .map(|_| {
            let (sensor, is_over) = (Arc::clone(&sensor), Arc::clone(&is_over));
            std::thread::spawn(move || {
                let mut flows = 0;
                while !is_over.load(Ordering::Relaxed) {
                    flows += sensor.poll(Duration::from_millis(5)).expect("no worker fails").flows.len();
                    let (_, lost) = sensor.stats();
                    assert_eq!((lost, sensor.turns().len()), (0, 3));
                    assert!(sensor.interface_names().len() >= 2);
                }
                flows
            })
        })
        .collect();
    let (mut sent, mut reported) = (0, 0);
    for round in 0..4 {
        ip(&format!("link add name x{round} type veth peer name y{round}"));
        ip(&format!("link set dev x{round} up"));
        for _ in 0..100 {
            wire.send(&datagram(sent));
            sent += 1;
        }
        let is_seen = |sensor: &Sensor| interface(sensor, &format!("x{round}")).is_some();
        wait_for("an interface that matches is monitored", || is_seen(&sensor));
        wait_for_packets(&sensor, sent.into());
        ip(&format!("link delete dev x{round}"));
        ip("link set dev far down");
        let is_down =
            |sensor: &Sensor| interface(sensor, "far").is_some_and(|(port, _)| port.problem.is_some());
        wait_for("the interface is down", || is_down(&sensor));
        bring_up_far();
        wait_for("the interface is up", || !is_down(&sensor));
        reported += sensor.reload(&matcher()).flows.len();
    }
    is_over.store(true, Ordering::Relaxed);
    reported += asking.into_iter().map(|thread| thread.join().expect("no assertion fails")).sum::<usize>();
    let mut sensor = Arc::into_inner(sensor).expect("no other thread has it");
    let (port, ring) = interface(&sensor, "far").expect("it is monitored");
    assert_eq!((ring.packets, ring.dropped, port.interruptions), (u64::from(sent), 0, 4));
    reported += sensor.stop().flows.len();
    let (tally, _) = sensor.stats();
    assert_eq!(tally.views.iter().map(|view| view.flow_packets).sum::<u64>(), u64::from(sent));
    assert_eq!(reported, usize::from(sent), "each flow once");
}

#[test]
#[ignore = "needs root"]
fn what_the_old_signatures_matched_is_told_apart_from_what_the_new_ones_do() {
    let wire = Wire::new();
    // Each packet begins a flow, and ends the one before it with the same ends.
    let settings =
        Settings { every_flow: true, udp_idle_ns: 1, duplicate_window_ns: 0, ..Settings::default() };
    let mut sensor = sensor_with(&["far"], 3, &settings);
    let (mut sent, mut counts) = (0, [0, 0]);
    for signature in 0..6 {
        let networks = [(signature, "198.51.100.0/24".to_owned())];
        let next = Arc::new(Matcher::new(&[], &networks, &[]).expect("nothing is invalid"));
        for number in 0..200 {
            wire.send(&datagram(number % 40));
            sent += 1;
        }
        let old = sensor.reload(&next).flows;
        assert!(old.iter().all(|flow| flow.signature.is_none_or(|one| one < signature)), "{signature}");
        let new = sensor.poll(TIME_LIMIT).expect("no worker fails").flows;
        assert!(new.iter().all(|flow| flow.signature == Some(signature)), "{signature}");
        counts = [counts[0] + old.len(), counts[1] + new.len()];
    }
    assert!(counts[1] > 0, "some packets are processed after the change");
    wait_for_packets(&sensor, sent);
    let last = sensor.stop().flows;
    assert!(last.iter().all(|flow| flow.signature == Some(5)));
    let reported = counts[0] + counts[1] + last.len();
    assert_eq!(reported as u64, sent, "each flow ends once");
}

#[test]
#[ignore = "needs root"]
fn vlans_are_told_apart_where_configured() {
    let wire = Wire::new();
    let mut settings = Settings { every_flow: true, ..Settings::default() };
    assert!(settings.separate_by.add("vlan"));
    let mut sensor = sensor_with(&["far"], 2, &settings);
    let plain = datagram(1);
    let tagged = |tags: &[u8]| [&plain[..12], tags, &plain[12..]].concat();
    for tags in [&[][..], &[0x81, 0, 0xa0, 10], &[0x81, 0, 0, 20], &[0x88, 0xa8, 0, 10, 0x81, 0, 0, 20]] {
        wire.send(&tagged(tags));
    }
    wait_for_packets(&sensor, 4);
    let flows = sensor.stop().flows;
    let mut vlans: Vec<_> = flows.iter().map(|flow| (flow.vlan, flow.inner_vlan)).collect();
    vlans.sort_unstable();
    assert_eq!(vlans, [(None, None), (Some(10), None), (Some(10), Some(20)), (Some(20), None)]);
}

#[test]
#[ignore = "needs root"]
fn a_start_that_fails_leaves_nothing_behind() {
    let _wire = Wire::new();
    let words = ["gone".to_owned()];
    let options = Options {
        selection: Selection::new(&words),
        require_all: true,
        workers: 3,
        ring_bytes: 0,
        snaplen: 96,
        promiscuous: false,
        filters: Vec::new(),
        sieve: None,
    };
    let start = Sensor::start(&options, &Settings::default(), LearnedNames::new(10), &matcher());
    let error = start.err().map(|error| error.0).unwrap_or_default();
    assert_eq!(error, "gone: no such interface; available: lo, far, near");
}
