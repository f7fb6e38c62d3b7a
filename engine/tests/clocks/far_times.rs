//! Times that no clock shows, up to the last one: they end nothing but the packets that have them.

use super::*;

/// Times beyond what clocks show: the middle and the end of all times, and some between them.
pub const FAR: [u64; 6] = [u64::MAX / 2 + 1, 3 << 62, (15 << 60) + HOUR, 31 << 59, u64::MAX - HOUR, u64::MAX];

#[test]
fn after_a_first_packet_of_any_time_silence_ends_flows_as_without_it() {
    let ends_after = |first_ns: Option<u64>| {
        let mut monitor = of_file();
        if let Some(first_ns) = first_ns {
            feed(&mut monitor, first_ns, 0, &segment(50_000, 1, b"stray"));
        }
        let stamp = |n| regular(n) + if n < 50 { 0 } else { 24 * HOUR };
        flow_at(&mut monitor, (0..100).map(|n| (0, stamp(n))));
        let flows = finish(&mut monitor);
        let ends =
            flows.iter().filter(|flow| flow.client_port == 40_000).map(|flow| (flow.phase, flow.sent_bytes));
        ends.collect::<Vec<_>>()
    };
    assert_eq!(ends_after(None).len(), 2);
    for first_ns in FAR {
        assert_eq!(ends_after(Some(first_ns)), ends_after(None), "{first_ns:#x}");
    }
}

#[test]
fn a_time_at_the_end_is_not_near_the_one_at_the_beginning() {
    for wrong in [u64::MAX, u64::MAX - SECOND / 2] {
        let mut monitor = of_file();
        flow_at(&mut monitor, (0..100).map(|n| (0, if n == 5 { wrong } else { n * SECOND / 10 })));
        assert_eq!(outcome(&mut monitor), (1, Some(NAME.into()), bytes_of(100), 1, 0), "{wrong:#x}");
    }
}

#[test]
fn times_that_go_ahead_and_back_again_and_again_do_not_use_up_time() {
    let half_way = START + (u64::MAX - START) / 2;
    let mut monitor = of_file();
    let stamp = |n| if n < 100 && n % 10 >= 5 { half_way } else { regular(n) };
    flow_at(&mut monitor, (0..300).map(|n| (0, stamp(n))));
    let flows = finish(&mut monitor);
    assert_eq!(flows.iter().map(|flow| flow.sent_bytes).sum::<u64>(), bytes_of(300));
    assert!(flows.last().is_some_and(|flow| flow.sent_bytes > 200 * 100), "{}", flows.len());
}

#[test]
fn a_capture_at_the_end_of_all_times_is_one_flow_with_its_own_times() {
    for first_ns in FAR {
        let mut monitor = of_file();
        let stamp = |n: u64| first_ns.saturating_add(n * SECOND / 10);
        flow_at(&mut monitor, (0..100).map(|n| (0, stamp(n))));
        let flows = finish(&mut monitor);
        assert_eq!((flows.len(), flows[0].sent_bytes), (1, bytes_of(100)), "{first_ns:#x}");
        assert!(flows[0].last_ns.abs_diff(stamp(99)) < SECOND, "{first_ns:#x}");
    }
}
