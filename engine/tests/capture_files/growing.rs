//! Files that are still written: what is there is read, and what comes later goes on where that ended.

use crate::craft::{Order, Pcapng, TempFile, BIG, LITTLE};
use _engine::capture::file::CaptureFile;
use std::io::Write;

/// A block of no known type with so many bytes, between two packets.
fn around(order: Order, large: usize) -> Vec<u8> {
    let file = Pcapng::new(order).interface(1, 0, &[]).enhanced(0, 1, b"before", 6);
    file.block(77, &vec![0xab; large]).enhanced(0, 2, b"behind", 6).bytes()
}

/// The bytes of the packets that are there.
fn packets_of(capture: &mut CaptureFile) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| capture.next_packet().map(|packet| packet.bytes.to_vec())).collect()
}

/// The packets of a file that is read whenever it has grown up to one of the `cuts`, and its problem at the end.
fn read_growing(bytes: &[u8], cuts: &[usize]) -> (Vec<Vec<u8>>, Option<String>) {
    let (first, rest) = bytes.split_at(cuts[0]);
    let file = TempFile::new(first);
    let mut writer = std::fs::OpenOptions::new().append(true).open(file.path()).expect("opens");
    let mut capture = CaptureFile::open(file.path(), None).expect("opens");
    capture.set_growing(true);
    let mut packets = packets_of(&mut capture);
    let ends = cuts[1..].iter().copied().chain([bytes.len()]);
    let mut written = 0;
    for end in ends.map(|end| end - cuts[0]) {
        assert!(capture.is_waiting() && !capture.is_at_end());
        writer.write_all(&rest[written..end]).expect("writes");
        written = end;
        packets.extend(packets_of(&mut capture));
    }
    capture.set_growing(false);
    packets.extend(packets_of(&mut capture));
    assert!(capture.is_at_end());
    (packets, capture.problem().map(str::to_owned))
}

#[test]
fn a_file_that_ends_anywhere_in_a_block_for_a_while_is_read_on() {
    for order in [LITTLE, BIG] {
        for large in [0, 8, 64 << 10, 70_000, 300_000, 1 << 20] {
            let bytes = around(order, large);
            let behind = bytes.len() - 40;
            let begins = behind - 12 - large;
            for cut in
                [begins + 2, begins + 8, begins + 12, begins + large / 2, behind - 6, behind - 4, behind - 1]
            {
                let expected = [b"before".to_vec(), b"behind".to_vec()];
                for cuts in [vec![cut], vec![cut, cut + 1, behind, behind + 3], vec![cut, cut]] {
                    let mut cuts = cuts;
                    cuts.retain(|one| *one < bytes.len());
                    cuts.sort_unstable();
                    let seen = read_growing(&bytes, &cuts);
                    assert_eq!(seen, (expected.to_vec(), None), "{order:?} {large} {cuts:?}");
                }
            }
        }
    }
}

#[test]
fn a_large_block_that_never_ends_is_told() {
    let bytes = around(LITTLE, 300_000);
    let cut = bytes.len() - 1000;
    let (packets, problem) = read_growing(&bytes[..cut], &[cut - 100_000]);
    assert_eq!(packets, [b"before"]);
    assert!(problem.is_some_and(|one| one.contains("reading stopped in a block, after 1 complete packet,")));
}

#[test]
fn a_large_block_whose_lengths_differ_is_told_when_its_end_is_there() {
    let mut bytes = around(LITTLE, 300_000);
    let end = bytes.len() - 40;
    bytes[end - 4] ^= 4;
    let (packets, problem) = read_growing(&bytes, &[end - 100_000]);
    assert_eq!(packets, [b"before"]);
    assert!(problem
        .is_some_and(|one| one.contains("at a block whose two lengths differ, after 1 complete packet,")));
}

#[test]
fn the_link_type_of_a_file_whose_large_block_is_not_complete_costs_no_packet() {
    let bytes = around(LITTLE, 300_000);
    let file = TempFile::new(&bytes[..bytes.len() - 100_000]);
    let mut capture = CaptureFile::open(file.path(), None).expect("opens");
    capture.set_growing(true);
    assert_eq!(packets_of(&mut capture), [b"before"]);
    assert_eq!(capture.link(), Some(1));
    let mut writer = std::fs::OpenOptions::new().append(true).open(file.path()).expect("opens");
    writer.write_all(&bytes[bytes.len() - 100_000..]).expect("writes");
    assert_eq!((capture.link(), packets_of(&mut capture)), (Some(1), vec![b"behind".to_vec()]));
}
