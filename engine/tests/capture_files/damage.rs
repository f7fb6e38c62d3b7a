//! Files that are truncated, damaged, hostile, or not captures: all readable packets, then an error of one
//! line.

use crate::craft::{gzip, pcap, snoop, zstd, Pcapng, TempFile, BIG, LITTLE};
use crate::samples::{every_block, simple_pcap};
use crate::seen::{read, read_bytes, refused, sound};
use _engine::capture::file::CaptureFile;
use _engine::capture::MAX_RECORD;

#[test]
fn damage_in_compressed_data_is_reported_as_such() {
    let plain = pcap(LITTLE, 0xa1b2_c3d4, (2, 4), 1, &vec![(1, 0, &[7; 900][..], 900); 2000]);
    for compressed in [gzip(&plain), zstd(&plain)] {
        let cut = &compressed[..compressed.len() - 20];
        let (packets, problem) = read_bytes(cut).expect("opens");
        let problem = problem.expect("it is cut");
        assert!(packets.len() < 2000, "{}", packets.len());
        assert!(problem.contains("of the decompressed data ("), "{problem}");
    }
    let garbage = [zstd(&plain), b"garbage".to_vec()].concat();
    let (packets, problem) = read_bytes(&garbage).expect("opens");
    assert_eq!(packets.len(), 2000);
    assert!(problem
        .expect("a problem is reported")
        .contains("reading stopped between packets, after 2000 complete packets"));
}

#[test]
fn a_damaged_snoop_file_yields_the_packets_before_the_damage() {
    let complete = snoop(4, &[(1, 0, b"first", 5), (2, 0, b"second", 6)]);
    for length in 16..complete.len() {
        let (packets, problem) = read_bytes(&complete[..length]).expect("opens");
        assert_eq!(packets.len(), usize::from(length >= 48));
        assert_eq!(problem.is_none(), length == 16 || length == 48, "{length}");
    }
    for (field, value, expected) in [
        (4, 400_000_000, "longer than any packet"),
        (8, u32::MAX, "longer than any packet"),
        (8, 28, "shorter than its packet"),
        (8, 0, "shorter than its packet"),
    ] {
        let mut damaged = complete.clone();
        damaged[48 + field..52 + field].copy_from_slice(&BIG.u32(value));
        let (packets, problem) = read_bytes(&damaged).expect("opens");
        assert_eq!(packets.len(), 1);
        assert!(problem.expect("a problem").contains(expected), "{expected}");
    }
    assert!(refused(&snoop(99, &[])).contains("datalink type 99 of snoop is unknown"));
    assert!(refused(&complete[..12]).contains("truncated in the snoop header: 12 of 16 bytes"));
}

#[test]
fn a_truncated_file_yields_every_complete_packet_and_reports_where_it_ends() {
    for complete in [simple_pcap(LITTLE, 0xa1b2_c3d4), simple_pcap(BIG, 0xa1b2_cd34), every_block(BIG)] {
        let all = sound(&complete);
        let mut ends = 0;
        for length in 1..complete.len() {
            match read_bytes(&complete[..length]) {
                Err(why) => assert!(length < 28, "{why}"),
                Ok((packets, problem)) => {
                    assert_eq!(packets, all[..packets.len()]);
                    let Some(problem) = problem else {
                        ends += 1;
                        continue;
                    };
                    let noun = if packets.len() == 1 { "packet" } else { "packets" };
                    let count = format!("after {} complete {noun}, at byte ", packets.len());
                    assert!(
                        problem.contains(": reading stopped in ") && problem.contains(&count),
                        "{problem}"
                    );
                    let byte: usize =
                        problem.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number");
                    assert!(byte <= length && !problem.contains('\n'), "{problem}");
                }
            }
        }
        assert!((2..15).contains(&ends), "a file may end only between its records: {ends}");
    }
}

#[test]
fn a_record_that_claims_too_much_ends_the_file_there() {
    let mut file = simple_pcap(LITTLE, 0xa1b2_c3d4);
    let second = 24 + 16 + 5;
    file[second + 8..second + 12].copy_from_slice(&(MAX_RECORD as u32 + 1).to_le_bytes());
    let (packets, problem) = read_bytes(&file).expect("opens");
    assert_eq!(packets.len(), 1);
    let problem = problem.expect("the damage is reported");
    let place =
        "reading stopped at a record that claims to be longer than any packet, after 1 complete packet, at byte 45";
    assert!(problem.ends_with(place), "{problem}");
}

#[test]
fn inconsistent_blocks_end_the_file_there() {
    let good = || Pcapng::new(LITTLE).interface(1, 0, &[]).enhanced(0, 1, b"good", 4);
    let mut lengths_differ = good().enhanced(0, 1, b"bad!", 4).bytes();
    let end = lengths_differ.len();
    lengths_differ[end - 4] ^= 4;
    let mut unknown_differs = good().block(77, b"unknown!").bytes();
    let end = unknown_differs.len();
    unknown_differs[end - 4] ^= 4;
    for (file, place) in [
        (good().enhanced(1, 1, b"bad!", 4).bytes(), "at a packet with an unknown interface"),
        (good().block(6, &[0; 12]).bytes(), "in a packet"),
        (good().block(6, &[&[0; 12][..], &[9, 0, 0, 0], &[0; 8]].concat()).bytes(), "longer than its block"),
        (good().raw(&[6, 0, 0, 0, 8, 0, 0, 0]).bytes(), "invalid length"),
        (good().raw(&[6, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]).bytes(), "longer than any packet"),
        (good().raw(&[6, 0, 0, 0, 0, 0, 0, 0x40]).bytes(), "longer than any packet"),
        (good().raw(&[9, 0, 0, 0, 0, 0, 0, 0x40]).bytes(), "in a block"),
        (lengths_differ, "two lengths differ"),
        (unknown_differs, "two lengths differ"),
    ] {
        let (packets, problem) = read_bytes(&file).expect("opens");
        assert_eq!(packets.len(), 1, "{place}");
        let problem = problem.expect("the damage is reported");
        assert!(problem.contains(place), "{problem} is not {place}");
    }
}

#[test]
fn interface_names_are_bounded_and_printable() {
    let long = vec![b'n'; 60_000];
    let mut file =
        Pcapng::new(LITTLE).interface(1, 0, &[(2, &long)]).interface(1, 0, &[(2, b"a\n\x1b[31mb")]);
    for number in 0..6000u32 {
        file = file.interface(1, 0, &[(2, format!("if{number}").as_bytes())]);
    }
    let file = TempFile::new(&file.enhanced(5999, 1, b"x", 1).bytes());
    let mut capture = CaptureFile::open(file.path(), None).expect("opens");
    assert_eq!(read(&mut capture)[0].interface, "other interfaces");
    let names = capture.interfaces();
    assert_eq!((names.len(), names[0].len()), (4097, 256));
    assert_eq!(names[1], "a\u{fffd}\u{fffd}[31mb");
}

#[test]
fn a_file_that_is_not_a_capture_is_rejected_in_one_line() {
    assert!(refused(b"").ends_with(": the file is empty; a capture begins with a pcap or pcapng header"));
    assert!(refused(&gzip(b"")).contains(": the file is empty"));
    assert!(refused(b"GET / HTTP/1.1\r\n").contains(": not a capture; "));
    assert!(refused(&gzip(b"text")).contains(": not a capture; "));
    assert!(
        refused(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0]).ends_with(": truncated in the pcap header: 6 of 24 bytes")
    );
    assert!(refused(&pcap(BIG, 0xa1b2_c3d4, (543, 0), 1, &[])).contains("pcap version 543.0 is unknown"));
    assert!(refused(&[0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 0]).contains("pcapng section header"));
    let missing = CaptureFile::open("/nonexistent/x.pcap", None).err().expect("it is missing");
    assert_eq!(missing.0, "/nonexistent/x.pcap: no such file or directory");
    let directory = CaptureFile::open("/", None).err().expect("it is a directory");
    assert_eq!(directory.0, "/: is a directory");
    let packets = zstd(&pcap(LITTLE, 0xa1b2_c3d4, (2, 4), 1, &[(1, 0, &[7; 500], 500)]));
    assert!(refused(&packets[..packets.len() / 2]).ends_with(": incomplete zstd frame"));
}

#[test]
fn a_zstd_file_that_is_cut_gives_its_complete_blocks() {
    let mut random = Random(7);
    let packet = |_| (0..1000).map(|_| random.below(256) as u8).collect::<Vec<_>>();
    let contents: Vec<_> = (0..500).map(packet).collect();
    let packets: Vec<_> = contents.iter().map(|bytes| (1, 0, &bytes[..], 1000)).collect();
    let whole = zstd(&pcap(LITTLE, 0xa1b2_c3d4, (2, 4), 1, &packets));
    for (share, least) in [(3, 120), (6, 240), (9, 370)] {
        let (packets, problem) = read_bytes(&whole[..whole.len() * share / 10]).expect("it begins well");
        assert!(packets.len() > least, "{} of {share}0 %", packets.len());
        assert!(packets.iter().zip(&contents).all(|(packet, content)| packet.bytes == *content));
        assert!(problem.expect("the end is missing").ends_with("(incomplete zstd frame)"));
    }
}

/// xorshift64: the same damage in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

#[test]
fn no_damage_makes_the_reader_panic_loop_or_invent_bytes() {
    let mut random = Random(0x6e65_746d_6f6e_2121);
    let pcapng = [every_block(LITTLE), every_block(BIG)].concat();
    let seeds = [
        simple_pcap(LITTLE, 0xa1b2_c3d4),
        simple_pcap(BIG, 0xa1b2_cd34),
        gzip(&pcapng),
        zstd(&pcapng),
        pcapng,
    ];
    const EDGES: [u8; 6] = [0, 1, 4, 0x7f, 0x80, 0xff];
    for round in 0..6000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[at] = EDGES[random.below(EDGES.len())],
                1 => bytes[at] ^= 1 << random.below(8),
                2 => bytes.truncate(at.max(1)),
                _ => {
                    let from = random.below(bytes.len());
                    let piece = bytes[from..bytes.len().min(from + 40)].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        if let Ok((packets, problem)) = read_bytes(&bytes) {
            let kept: usize = packets.iter().map(|packet| packet.bytes.len()).sum();
            assert!(kept <= 4096 && packets.len() < 200, "round {round}");
            assert!(problem.is_none_or(|problem| !problem.contains('\n')), "round {round}");
        }
    }
}
