//! Stream heads: any order, any overlap, bounds.

use super::*;
use crate::address::Address;
use crate::reassembly::stream_heads::StreamHeads;

fn owner(client: u32, flow: u32, side: usize) -> HeadOwner {
    HeadOwner { flow, side, client: Address::v4(client.to_be_bytes()).into(), is_confirmed: false }
}

fn reassemble(base: u32, parts: &[(u32, &[u8])]) -> Vec<u8> {
    let mut heads = StreamHeads::new(4, 65536);
    let head = heads.create(owner(1, 0, 0), base, true);
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
    let head = heads.create(owner(1, 0, 0), 0, true);
    heads.insert(head, 0, b"ab");
    heads.insert(head, 4, b"ef");
    assert_eq!(heads.get(head).unwrap().contiguous(), b"ab");
    assert!(heads.get(head).unwrap().has_gap());
}

#[test]
fn an_unanchored_head_is_sorted_once_the_beginning_arrives() {
    let mut heads = StreamHeads::new(4, 65536);
    let head = heads.create(owner(1, 0, 0), 0, false);
    heads.insert(head, 13, b"def");
    heads.insert(head, 10, b"abc");
    assert_eq!(heads.get(head).unwrap().contiguous(), b"");
    heads.anchor(head, 10);
    assert_eq!(heads.get(head).unwrap().contiguous(), b"abcdef");
}

#[test]
fn retransmissions_of_waiting_segments_cost_nothing() {
    let mut heads = StreamHeads::new(4, 4096);
    let head = heads.create(owner(1, 0, 0), 0, true);
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
    let head = heads.create(owner(1, 0, 0), 0, true);
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
            assert!(heads.evict().is_some());
        }
        let head = heads.create(owner(1, n, 0), 0, n % 2 == 0);
        for i in 0..20 {
            heads.insert(head, (i * 37) % 700 * 10, &[0; 500]);
        }
        assert!(heads.get(head).unwrap().bytes() <= 2048);
    }
    assert!(heads.len() <= 3);
    while heads.evict().is_some() {}
    assert_eq!((heads.len(), heads.bytes()), (0, 0));
}

#[test]
fn few_heads_with_many_bytes_leave_no_room_for_others() {
    let mut heads = StreamHeads::new(3, 65_536);
    let head = heads.create(owner(1, 0, 0), 0, true);
    heads.insert(head, 0, &[0; 3 * MEAN_HEAD_BYTES]);
    assert!(!heads.is_full());
    heads.insert(head, 3 * MEAN_HEAD_BYTES as u32, &[0]);
    assert!(heads.is_full());
}

#[test]
fn the_oldest_of_one_client_is_evicted_first() {
    let mut heads = StreamHeads::new(2, 2048);
    let first = heads.create(owner(1, 1, 0), 0, true);
    heads.create(owner(1, 2, 1), 0, true);
    assert!(heads.is_full());
    assert!(heads.evict().is_some());
    assert!(heads.owned(first, 1, 0).is_none());
}

/// A client with many small heads keeps them all beside one with a few large ones, of which the oldest is evicted: in
/// every table, whatever its seed, and so also where both clients are in one bucket.
#[test]
fn the_client_that_holds_most_bytes_is_evicted_first() {
    for _ in 0..200 {
        let mut heads = StreamHeads::new(100, 65_536);
        let small: Vec<u32> = (0..50).map(|flow| heads.create(owner(1, flow, 0), 0, true)).collect();
        let large: Vec<u32> = (50..56).map(|flow| heads.create(owner(2, flow, 0), 0, true)).collect();
        for head in &large {
            for place in 0..60 {
                heads.insert(*head, place * 1000, &[0; 1000]);
            }
            heads.insert(*head, 90_000, &[0; 5000]);
        }
        heads.evict();
        assert!(small.iter().zip(0..).all(|(head, flow)| heads.owned(*head, flow, 0).is_some()));
        assert!(heads.owned(large[0], 50, 0).is_none());
    }
}

#[test]
fn what_an_evicted_head_held_is_returned_up_to_its_gap() {
    let mut heads = StreamHeads::new(4, 65536);
    let head = heads.create(owner(1, 7, 1), 0, true);
    heads.insert(head, 0, b"abc");
    heads.insert(head, 5, b"fgh");
    let lost = heads.evict().unwrap();
    assert_eq!((lost.flow, lost.side, &*lost.bytes), (7, 1, &b"abc"[..]));
    assert_eq!((heads.len(), heads.bytes()), (0, 0));
    let unanchored = heads.create(owner(1, 7, 1), 0, false);
    heads.insert(unanchored, 0, b"abc");
    assert_eq!(heads.evict().unwrap().bytes, b"");
}

/// The sum that the bound of memory rests on follows everything that moves bytes in or out of a head.
#[test]
fn the_sum_of_bytes_follows_a_head_that_is_anchored() {
    let mut heads = StreamHeads::new(4, 65536);
    let head = heads.create(owner(1, 0, 0), 0, false);
    heads.insert(head, 13, b"def");
    heads.insert(head, 20, b"ijk");
    heads.insert(head, 10, b"abc");
    assert_eq!(heads.bytes(), 3 * (SEGMENT_BYTES + 3));
    heads.anchor(head, 10);
    assert_eq!(heads.bytes(), 6 + SEGMENT_BYTES + 3);
    assert_eq!(heads.bytes(), heads.get(head).unwrap().bytes());
    assert!(heads.skip(head, 4));
    assert_eq!(heads.bytes(), 2 + SEGMENT_BYTES + 3);
    heads.take_pending(head);
    assert_eq!(heads.bytes(), 2);
    heads.remove(head);
    assert_eq!((heads.len(), heads.bytes()), (0, 0));
}

/// A slot that is used again belongs to its new flow alone, and removing twice frees it once.
#[test]
fn a_removed_head_is_gone_for_its_flow_and_is_not_evicted_again() {
    let mut heads = StreamHeads::new(2, 65536);
    let first = heads.create(owner(1, 1, 0), 0, true);
    heads.remove(first);
    heads.remove(first);
    let (second, third) = (heads.create(owner(1, 2, 0), 0, true), heads.create(owner(1, 3, 0), 0, true));
    assert_eq!((second, heads.len()), (first, 2));
    assert_ne!(second, third);
    assert!(heads.owned(first, 1, 0).is_none());
    let order: Vec<u32> = std::iter::from_fn(|| heads.evict().map(|lost| lost.flow)).collect();
    assert_eq!(order, [2, 3]);
}
