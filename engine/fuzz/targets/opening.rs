//! The opening of a connection in segments of any size, in any order, any number of times: the hello is found
//! exactly when its last byte is received, and its name is the one that was sent.
//!
//! Input: one byte for whether a SYN is seen, then four bytes for each segment: its offset and its length.
#![no_main]

use _engine::capture::Packet;
use _engine::monitor::Monitor;
use _engine::resolution::LearnedNames;
use _engine::settings::Settings;
use _engine::tag::Matcher;
use _engine::wire::{flags, tls, Progress};
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};

/// The client's stream: a captured hello of two segments, and a record after it.
const SENT: &[u8] = include_bytes!("../seeds/tls/hello_two_segments_ech.bin");
const FIRST: u32 = u32::MAX - 700; // the sequence numbers wrap inside the hello
const RAW_IP: u16 = 101;
/// Limits of this target; the limits of a stream head are tested elsewhere.
const MAX_SENT_BYTES: usize = 65_000;
const SEGMENT_BYTES: usize = 96;

static MATCHER: LazyLock<Arc<Matcher>> =
    LazyLock::new(|| Arc::new(Matcher::new(&[], &[], &[]).expect("an empty set is valid")));

/// An IP packet from the client with these bytes.
fn packet(bytes: &[u8], seq: u32, flags: u8, identification: u16) -> Vec<u8> {
    let length = (40 + bytes.len() as u16).to_be_bytes();
    let [high, low] = identification.to_be_bytes();
    let mut packet = vec![0x45, 0, length[0], length[1], high, low, 0x40, 0, 64, 6, 0, 0];
    packet.extend([192, 0, 2, 1, 192, 0, 2, 2, 0xc3, 0x50, 0x01, 0xbb]);
    packet.extend(seq.to_be_bytes());
    packet.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    packet.extend(bytes);
    packet
}

fuzz_target!(|input: &[u8]| {
    let Some((first, pieces)) = input.split_first() else {
        return;
    };
    let Ok(Progress::Parsed(hello)) = tls::parse_hello_stream(SENT) else {
        unreachable!("the seed holds a hello");
    };
    let hello_len = 5 + usize::from(u16::from_be_bytes([SENT[3], SENT[4]]));
    let settings = Settings { every_flow: true, max_flows: 2, max_heads: 20, ..Settings::default() };
    let mut monitor = Monitor::new(settings, Arc::clone(&MATCHER), Arc::new(LearnedNames::new(16)), (0, 1));
    let mut count = 0;
    let mut feed = |monitor: &mut Monitor, seq: u32, flags: u8, bytes: &[u8]| {
        count += 1;
        let bytes = packet(bytes, seq, flags, count);
        let time_ns = 1_000_000 * u64::from(count);
        let wire_len = bytes.len() as u32;
        monitor.packet(&Packet { number: 0, time_ns, link: RAW_IP, interface: 0, wire_len, bytes: &bytes });
    };
    let with_syn = first & 1 == 1;
    if with_syn {
        feed(&mut monitor, FIRST.wrapping_sub(1), flags::SYN, b"");
    }
    let (mut seen, mut cost, mut hellos) = (vec![false; SENT.len()], 0, 0);
    for piece in pieces.chunks_exact(4) {
        let begin = usize::from(u16::from_be_bytes([piece[0], piece[1]])) % SENT.len();
        let length = usize::from(u16::from_be_bytes([piece[2], piece[3]])) % 1460 + 1;
        let end = SENT.len().min(begin + length);
        seen[begin..end].fill(true);
        cost += SEGMENT_BYTES + end - begin;
        feed(&mut monitor, FIRST.wrapping_add(begin as u32), flags::ACK, &SENT[begin..end]);
        let is_complete = seen[..hello_len].iter().all(|seen| *seen);
        hellos = monitor.tally().hellos;
        assert!(hellos == 0 || is_complete, "found before it was complete");
        if with_syn && cost < MAX_SENT_BYTES {
            assert_eq!(hellos == 1, is_complete, "complete, but not found");
        }
    }
    monitor.finish();
    assert_eq!(monitor.tally().live_heads, 0);
    for flow in &monitor.flows {
        assert!(flow.name.is_none() || flow.name == hello.server_name);
        assert!(hellos == 0 || flow.name == hello.server_name);
    }
});
