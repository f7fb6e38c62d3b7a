//! Stream heads: any order, any overlap, bounds.

use super::*;
use crate::reassembly::stream_heads::StreamHeads;

fn reassemble(base: u32, parts: &[(u32, &[u8])]) -> Vec<u8> {
    let mut heads = StreamHeads::new(4, 65536);
    let head = heads.create(0, 0, base, true);
    for (offset, bytes) in parts {
        heads.insert(head, base.wrapping_add(*offset), bytes);
    }
    heads.get(head).unwrap().contiguous().to_vec()
}

#[test]
fn segments_in_any_order_yield_the_stream() {
    let text = b"abcdefghijkl";
    let parts: [(u32, &[u8]); 4] = [(0, b"abc"), (3, b"def"), (6, b"ghi"), (9, b"jkl")];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]] {
        for base in [0, 1, u32::MAX - 4] {
            let shuffled: Vec<_> = order.iter().map(|i| parts[*i]).collect();
            assert_eq!(reassemble(base, &shuffled), text);
        }
    }
}

#[test]
fn retransmissions_and_overlaps_change_nothing() {
    assert_eq!(reassemble(7, &[(0, b"abcd"), (2, b"cdef"), (0, b"WWWW"), (4, b"efgh")]), b"abcdefgh");
    assert_eq!(reassemble(7, &[(4, b"efgh"), (2, b"cdefgh"), (0, b"abc")]), b"abcdefgh");
}

#[test]
fn bytes_before_the_beginning_are_dropped() {
    assert_eq!(reassemble(100, &[(u32::MAX, b"Zab"), (2, b"cd")]), b"abcd");
}

#[test]
fn a_gap_stops_the_contiguous_bytes() {
    let mut heads = StreamHeads::new(4, 65536);
    let head = heads.create(0, 0, 0, true);
    heads.insert(head, 0, b"ab");
    heads.insert(head, 4, b"ef");
    assert_eq!(heads.get(head).unwrap().contiguous(), b"ab");
    assert!(heads.get(head).unwrap().has_gap());
}

#[test]
fn an_unanchored_head_is_sorted_once_the_beginning_arrives() {
    let mut heads = StreamHeads::new(4, 65536);
    let head = heads.create(0, 0, 0, false);
    heads.insert(head, 13, b"def");
    heads.insert(head, 10, b"abc");
    assert_eq!(heads.get(head).unwrap().contiguous(), b"");
    heads.anchor(head, 10);
    assert_eq!(heads.get(head).unwrap().contiguous(), b"abcdef");
}

#[test]
fn retransmissions_of_waiting_segments_cost_nothing() {
    let mut heads = StreamHeads::new(4, 4096);
    let head = heads.create(0, 0, 0, true);
    for _ in 0..1000 {
        heads.insert(head, 1000, &[7; 1000]);
        heads.insert(head, 1100, &[7; 100]);
    }
    assert_eq!(heads.bytes(), 1000 + SEGMENT_BYTES);
    heads.insert(head, 0, &[7; 1000]);
    assert_eq!(heads.get(head).unwrap().contiguous().len(), 2000);
    assert_eq!(heads.bytes(), 2000);
}

#[test]
fn small_segments_are_charged_their_overhead() {
    let mut heads = StreamHeads::new(4, 65536);
    let head = heads.create(0, 0, 0, true);
    for n in 1..=100u32 {
        heads.insert(head, 2 * n, b"x");
    }
    assert_eq!(heads.bytes(), 100 * (SEGMENT_BYTES + 1));
}

#[test]
fn bytes_are_bounded_and_add_up_to_zero_when_all_are_gone() {
    let mut heads = StreamHeads::new(3, 2048);
    for n in 0..50u32 {
        while heads.is_full() {
            assert!(heads.evict_oldest());
        }
        let head = heads.create(n, 0, 0, n % 2 == 0);
        for i in 0..20 {
            heads.insert(head, (i * 37) % 700 * 10, &[0; 500]);
        }
        assert!(heads.get(head).unwrap().bytes() <= 2048);
    }
    assert!(heads.len() <= 3);
    while heads.evict_oldest() {}
    assert_eq!((heads.len(), heads.bytes()), (0, 0));
}

#[test]
fn the_oldest_is_evicted_first() {
    let mut heads = StreamHeads::new(2, 2048);
    let first = heads.create(1, 0, 0, true);
    heads.create(2, 1, 0, true);
    assert!(heads.is_full());
    assert!(heads.evict_oldest());
    assert!(heads.owned(first, 1, 0).is_none());
}
