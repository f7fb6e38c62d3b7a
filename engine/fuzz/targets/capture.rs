//! Capture files through the complete engine: every packet is counted once, whatever its contents.
#![no_main]

use _engine::capture::file::CaptureFile;
use _engine::monitor::Monitor;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::{MatchKind, Matcher};
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;
use std::sync::{Arc, LazyLock};

static MATCHER: LazyLock<Arc<Matcher>> = LazyLock::new(|| {
    let names = [(0, MatchKind::Suffix, "example".to_owned())];
    let networks = [(1, "192.0.2.0/24".to_owned())];
    Arc::new(Matcher::new(&names, &networks, &[]).expect("valid rules"))
});

fuzz_target!(|input: &[u8]| {
    let Ok(mut file) = CaptureFile::from_reader("input", Cursor::new(input.to_vec())) else {
        return;
    };
    let settings = Settings {
        every_flow: true,
        max_flows: 8,
        max_heads: 4,
        max_head_bytes: 4096,
        report_every_ns: 5_000_000_000,
        ..Settings::default()
    };
    let mut monitor = Monitor::new(settings, Arc::clone(&MATCHER), Arc::new(LearnedNames::new(64)), (0, 1));
    let mut packets = 0;
    while let Some(packet) = file.next_packet() {
        monitor.packet(&packet);
        packets += 1;
    }
    monitor.finish();
    let tally = monitor.tally();
    assert_eq!((tally.total_view().packets, tally.live_flows, tally.live_heads), (packets, 0, 0));
    assert_eq!(tally.live_fragments, 0);
    assert_eq!(tally.named.iter().sum::<u64>(), tally.flows);
});
