//! Valid files: every packet has its time, link type, interface, lengths and bytes.

use crate::craft::{gzip, pcap, snoop, zstd, Pcapng, TempFile, BIG, LITTLE};
use crate::samples::{every_block, every_packet, simple_pcap, SECOND};
use crate::seen::{read, read_bytes, seen, sound};
use _engine::capture::file::CaptureFile;
use _engine::capture::filter::{Filter, Instruction};
use std::io::Write;

#[test]
fn pcap_in_both_byte_orders_and_all_three_variants() {
    for order in [LITTLE, BIG] {
        for (magic, unit) in [(0xa1b2_c3d4, 1000), (0xa1b2_3c4d, 1), (0xa1b2_cd34, 1000)] {
            let packets = sound(&simple_pcap(order, magic));
            let second = 8 * SECOND + 999_999 * unit;
            let first = seen(7 * SECOND + 5 * unit, 1, "", 5, b"first");
            assert_eq!(packets, [first, seen(second, 1, "", 1500, b"second")], "{magic:#x}");
        }
    }
}

#[test]
fn the_upper_half_of_the_link_type_is_ignored() {
    for order in [LITTLE, BIG] {
        let file = pcap(order, 0xa1b2_c3d4, (2, 4), 0xf400_0071, &[(1, 0, b"x", 1)]);
        assert_eq!(sound(&file)[0].link, 113);
    }
}

#[test]
fn snoop_files_of_solaris_are_read() {
    let records = [(7, 5, &b"first"[..], 5), (8, 999_999, b"second", 1500)];
    for (datalink, link) in [(4, 1), (0, 1), (2, 6), (8, 10), (31, 226)] {
        let packets = sound(&snoop(datalink, &records));
        let first = seen(7 * SECOND + 5000, link, "", 5, b"first");
        assert_eq!(packets, [first, seen(8 * SECOND + 999_999_000, link, "", 1500, b"second")]);
    }
    assert_eq!(sound(&gzip(&snoop(4, &records))).len(), 2);
}

#[test]
fn old_files_have_the_lengths_in_reverse_order() {
    let swapped = pcap(LITTLE, 0xa1b2_c3d4, (2, 2), 1, &[(1, 0, b"abc", 3)]);
    assert_eq!(sound(&swapped)[0].bytes, b"abc");
    for (kept, wire) in [(3u32, 60u32), (60, 3)] {
        let mut either = pcap(LITTLE, 0xa1b2_c3d4, (2, 3), 1, &[(1, 0, b"abc", 3)]);
        either[32..36].copy_from_slice(&kept.to_le_bytes());
        either[36..40].copy_from_slice(&wire.to_le_bytes());
        assert_eq!(sound(&either), [seen(SECOND, 1, "", 60, b"abc")]);
    }
}

#[test]
fn pcapng_in_both_byte_orders_with_every_block_type() {
    for order in [LITTLE, BIG] {
        assert_eq!(sound(&every_block(order)), every_packet());
    }
}

#[test]
fn sections_may_differ_in_byte_order_and_an_interface_keeps_its_number() {
    let file = [every_block(LITTLE), every_block(BIG), every_block(LITTLE)].concat();
    let mut expected = every_packet();
    expected.extend(every_packet());
    expected.extend(every_packet());
    assert_eq!(sound(&file), expected);
    let file = TempFile::new(&file);
    let mut capture = CaptureFile::open(file.path(), None).expect("opens");
    read(&mut capture);
    assert_eq!(capture.interfaces(), ["eth0", "tun0", "interface 2"]);
}

#[test]
fn a_timestamp_resolution_is_any_power_of_ten_or_two() {
    let time = |resolution: u8, offset_s: i64, stamp| {
        let offset = LITTLE.u64(offset_s as u64);
        let options: [(u16, &[u8]); 2] = [(9, &[resolution]), (14, &offset)];
        let file = Pcapng::new(LITTLE).interface(1, 0, &options).enhanced(0, stamp, b"x", 1);
        sound(&file.bytes())[0].time_ns
    };
    assert_eq!(time(0, 0, 7), 7 * SECOND);
    assert_eq!(time(3, 0, 7001), 7_001_000_000);
    assert_eq!(time(12, 0, 7_000_000_001_999), 7_000_000_001);
    assert_eq!(time(28, 0, u64::MAX), 1);
    assert_eq!(time(100, 0, u64::MAX), 0);
    assert_eq!(time(0x80, 0, 7), 7 * SECOND);
    assert_eq!(time(0x81, 0, 7), 7 * SECOND / 2);
    assert_eq!(time(0xff, 0, u64::MAX), 0);
    assert_eq!(time(6, -3, 5_000_000), 2 * SECOND);
    assert_eq!(time(0, i64::MAX, u64::MAX), u64::MAX, "beyond the last nanosecond is the last");
}

#[test]
fn times_before_1970_are_told() {
    let offset = BIG.u64((-100_i64) as u64);
    let options: [(u16, &[u8]); 2] = [(9, &[0]), (14, &offset)];
    let file = Pcapng::new(BIG).interface(1, 0, &options).enhanced(0, 7, b"x", 1).enhanced(0, 300, b"x", 1);
    let (packets, problem) = read_bytes(&file.bytes()).expect("opens");
    assert_eq!(packets.iter().map(|packet| packet.time_ns).collect::<Vec<_>>(), [0, 200 * SECOND]);
    let problem = problem.expect("one is told");
    assert!(problem.contains(": the times of 1 of 2 packets are before 1970, and are read as"), "{problem}");
}

#[test]
fn compression_is_detected_by_content_and_spans_members_and_frames() {
    let plain = every_block(LITTLE);
    let (one, other) = plain.split_at(plain.len() / 2);
    let skippable = [&[0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"any"].concat();
    for file in [
        gzip(&plain),
        [gzip(one), gzip(other)].concat(),
        zstd(&plain),
        [zstd(one), skippable.clone(), zstd(other)].concat(),
        [skippable, zstd(&plain)].concat(),
    ] {
        assert_eq!(sound(&file), every_packet());
        let file = TempFile::new(&file);
        let mut capture = CaptureFile::open(file.path(), None).expect("opens");
        read(&mut capture);
        assert_eq!(Some(capture.position()), capture.size(), "compressed bytes are counted");
    }
}

#[test]
fn packets_larger_than_the_buffer_are_complete() {
    let large: Vec<u8> = (0..5_000_000u32).map(|i| (i >> 8) as u8).collect();
    let records = [(1, 0, &b"before"[..], 6), (2, 0, &large[..], large.len() as u32), (3, 0, b"after", 5)];
    let packets = sound(&pcap(LITTLE, 0xa1b2_c3d4, (2, 4), 1, &records));
    assert_eq!(packets.len(), 3);
    assert!(packets[1].bytes == large && packets[2].bytes == b"after");
}

#[test]
fn a_large_unknown_block_is_skipped() {
    let file = TempFile::new(&Pcapng::new(LITTLE).interface(1, 0, &[]).bytes());
    let mut writer = std::fs::OpenOptions::new().append(true).open(file.path()).expect("opens");
    let length = 100 << 20;
    writer.write_all(&[[77, 0, 0, 0], u32::to_le_bytes(length)].concat()).expect("writes");
    let hole = writer.metadata().expect("metadata").len() + u64::from(length) - 12;
    writer.set_len(hole).expect("a sparse file");
    writer.write_all(&length.to_le_bytes()).expect("writes");
    let packet = Pcapng::new(LITTLE).bytes().len();
    writer.write_all(&Pcapng::new(LITTLE).enhanced(0, 1, b"behind", 6).bytes()[packet..]).expect("writes");
    let mut capture = CaptureFile::open(file.path(), None).expect("opens");
    assert_eq!(read(&mut capture), [seen(1000, 1, "interface 0", 6, b"behind")]);
}

#[test]
fn a_capture_without_packets_is_valid() {
    assert_eq!(sound(&pcap(LITTLE, 0xa1b2_c3d4, (2, 4), 1, &[])), []);
    assert_eq!(sound(&Pcapng::new(LITTLE).bytes()), []);
    let file = TempFile::new(&Pcapng::new(BIG).bytes());
    assert_eq!(CaptureFile::open(file.path(), None).expect("opens").link(), None);
}

/// A filter for packets whose first byte is `k`.
fn first_byte_is(k: u32) -> Filter {
    let op = |code, jt, jf, k| Instruction { code, jt, jf, k };
    let program = vec![op(0x30, 0, 0, 0), op(0x15, 0, 1, k), op(6, 0, 0, 65_535), op(6, 0, 0, 0)];
    Filter::new(program).expect("a sound program")
}

#[test]
fn the_link_type_is_known_before_reading_and_no_packet_is_lost() {
    let file = Pcapng::new(BIG).interface(1, 0, &[]).interface(113, 0, &[]).name_resolution();
    let packet = TempFile::new(&file.enhanced(1, 1, b"x", 1).bytes());
    let mut capture = CaptureFile::open(packet.path(), None).expect("opens");
    assert_eq!((capture.link(), capture.link()), (Some(113), Some(113)));
    assert_eq!(read(&mut capture).len(), 1);
    let idle = TempFile::new(&Pcapng::new(BIG).interface(101, 0, &[]).bytes());
    assert_eq!(CaptureFile::open(idle.path(), None).expect("opens").link(), Some(101));
}

#[test]
fn a_filter_matches_its_own_link_type_only_and_the_others_are_reported() {
    let file = Pcapng::new(LITTLE).interface(1, 0, &[]).interface(113, 0, &[]);
    let file = file.enhanced(0, 1, b"a1", 2).enhanced(1, 2, b"a2", 2).enhanced(0, 3, b"b3", 2);
    let file = TempFile::new(&file.enhanced(0, 4, b"a4", 2).enhanced(0, 5, b"", 0).bytes());
    let mut capture = CaptureFile::open(file.path(), None).expect("opens");
    capture.set_filter(Some(first_byte_is(u32::from(b'a'))));
    let bytes: Vec<_> = read(&mut capture).into_iter().map(|seen| seen.bytes).collect();
    assert_eq!(bytes, [b"a1", b"a4"]);
    assert_eq!(capture.packets(), 5, "filtered ones included");
    let problem = capture.problem().expect("one was skipped");
    assert!(problem.contains(": 1 of 5 packets were skipped: their link type"), "{problem}");
}

#[test]
fn a_filter_without_matches_returns_to_the_caller_regularly() {
    let records = vec![(1, 0, &b"x"[..], 1); 1000];
    let file = TempFile::new(&pcap(LITTLE, 0xa1b2_c3d4, (2, 4), 1, &records));
    let mut capture = CaptureFile::open(file.path(), Some(first_byte_is(0))).expect("opens");
    for turn in 1..=4 {
        assert!(!capture.is_at_end());
        assert!(capture.next_packet_within(turn * 300).is_none());
        assert_eq!(capture.packets(), 1000.min(turn * 300));
    }
    assert!(capture.is_at_end());
}
