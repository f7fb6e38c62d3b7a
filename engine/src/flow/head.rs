//! Heads of TCP streams: the first bytes of a direction, put together from segments in any order.
//!
//! Only streams whose opening is not whole in one segment have a head, so most flows never allocate.
//! Heads are bounded in number and in bytes, each and together; the oldest gives way, counted.

use crate::wire::quic::ConnectionId;
use std::collections::VecDeque;

/// No head.
pub const NO_HEAD: u32 = u32::MAX;

/// Bytes all heads together may hold, for each head that there may be.
const MEAN_HEAD_BYTES: usize = 4096;

/// Segments waiting for an earlier one, per head.
const MAX_PENDING: usize = 256;

/// The opening of one direction of one flow.
#[derive(Debug, Default)]
pub struct Head {
    /// Sequence number of the first byte of `data`.
    pub base: u32,
    /// True once `base` is known to be the beginning of the stream.
    pub anchored: bool,
    /// Slot of the flow in the table.
    pub flow: u32,
    /// The side of the flow.
    pub side: u8,
    /// Segments taken in.
    pub segments: u32,
    /// Connection ID that the keys of a QUIC stream come from.
    pub origin: ConnectionId,
    data: Vec<u8>,
    pending: Vec<(u32, Vec<u8>)>,
    bytes: usize,
    generation: u32,
    live: bool,
}

impl Head {
    /// The bytes from the beginning up to the first gap.
    pub fn contiguous(&self) -> &[u8] {
        if self.anchored {
            &self.data
        } else {
            &[]
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Segments wait for bytes that have not come.
    pub fn has_gap(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes in bytes of the stream; true if `contiguous` grew. What came first is kept where
    /// segments overlap.
    fn insert(&mut self, seq: u32, bytes: &[u8]) -> bool {
        self.segments += 1;
        if !self.anchored {
            if self.pending.len() < MAX_PENDING {
                self.pending.push((seq, bytes.to_vec()));
                self.bytes += bytes.len();
            }
            return false;
        }
        let before = self.data.len();
        if !self.append(seq, bytes) && self.pending.len() < MAX_PENDING && is_ahead(seq, self.base) {
            self.pending.push((seq, bytes.to_vec()));
            self.bytes += bytes.len();
        }
        self.absorb();
        self.data.len() > before
    }

    /// Appends what is new of a segment that touches the contiguous bytes; false if there is a gap.
    fn append(&mut self, seq: u32, bytes: &[u8]) -> bool {
        let end = self.base.wrapping_add(self.data.len() as u32);
        let behind = end.wrapping_sub(seq);
        if behind >= 1 << 31 {
            return false; // starts after the end: a gap
        }
        if let Some(new) = bytes.get(behind as usize..) {
            self.data.extend_from_slice(new);
            self.bytes += new.len();
        }
        true
    }

    fn absorb(&mut self) {
        let mut waiting = std::mem::take(&mut self.pending);
        loop {
            let before = waiting.len();
            waiting.retain(|(seq, bytes)| {
                let taken = self.append(*seq, bytes);
                if taken {
                    self.bytes -= bytes.len();
                }
                !taken
            });
            if waiting.len() == before {
                break;
            }
        }
        self.pending = waiting;
    }
}

/// True if sequence number `seq` lies at or after `base` (RFC 9293, 3.4).
fn is_ahead(seq: u32, base: u32) -> bool {
    seq.wrapping_sub(base) < 1 << 31
}

/// All heads.
#[derive(Debug)]
pub struct Heads {
    slots: Vec<Head>,
    free: Vec<u32>,
    oldest: VecDeque<(u32, u32)>,
    bytes: usize,
    max_heads: usize,
    max_head_bytes: usize,
}

impl Heads {
    /// At most `max_heads` heads of `max_head_bytes` each, and `max_heads` × 4 KiB together.
    pub fn new(max_heads: usize, max_head_bytes: usize) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            oldest: VecDeque::new(),
            bytes: 0,
            max_heads: max_heads.max(1),
            max_head_bytes: max_head_bytes.max(1024),
        }
    }

    /// The head in a slot.
    pub fn get(&self, head: u32) -> Option<&Head> {
        self.slots.get(head as usize).filter(|h| h.live)
    }

    /// The head of a side of a flow, unless it was evicted.
    pub fn owned(&self, head: u32, flow: u32, side: usize) -> Option<&Head> {
        self.get(head).filter(|h| h.flow == flow && usize::from(h.side) == side)
    }

    /// True if one more head needs `evict_oldest` first.
    pub fn is_full(&self) -> bool {
        self.len() >= self.max_heads || self.bytes > self.max_heads * MEAN_HEAD_BYTES
    }

    /// Live heads.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held by all heads.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Removes the oldest head; false if there is none. Its flow finds it gone (`owned`).
    pub fn evict_oldest(&mut self) -> bool {
        while let Some((slot, generation)) = self.oldest.pop_front() {
            let head = &self.slots[slot as usize];
            if head.live && head.generation == generation {
                self.remove(slot);
                return true;
            }
        }
        false
    }

    /// A new, empty head for a side of a flow.
    pub fn create(&mut self, flow: u32, side: u8, base: u32, anchored: bool) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Head::default());
            (self.slots.len() - 1) as u32
        });
        let head = &mut self.slots[slot as usize];
        let generation = head.generation.wrapping_add(1);
        *head = Head { base, anchored, flow, side, generation, live: true, ..Head::default() };
        if self.oldest.len() > 2 * self.max_heads {
            let slots = &self.slots;
            self.oldest.retain(|(slot, generation)| {
                let head = &slots[*slot as usize];
                head.live && head.generation == *generation
            });
        }
        self.oldest.push_back((slot, generation));
        slot
    }

    /// Takes a segment into a head; true if its contiguous bytes grew. Bytes beyond the bound of
    /// one head are left out.
    pub fn insert(&mut self, head: u32, seq: u32, bytes: &[u8]) -> bool {
        let Some(head) = self.slots.get_mut(head as usize).filter(|h| h.live) else {
            return false;
        };
        let room = self.max_head_bytes.saturating_sub(head.bytes);
        let before = head.bytes;
        let grew = head.insert(seq, &bytes[..bytes.len().min(room)]);
        self.bytes = self.bytes + head.bytes - before;
        grew
    }

    /// Notes where the keys of a QUIC stream come from.
    pub fn set_origin(&mut self, head: u32, origin: ConnectionId) {
        if let Some(head) = self.slots.get_mut(head as usize).filter(|h| h.live) {
            head.origin = origin;
        }
    }

    /// The stream begins at `base` after all: what was taken in is sorted again from there.
    pub fn anchor(&mut self, head: u32, base: u32) {
        if let Some(head) = self.slots.get_mut(head as usize).filter(|h| h.live) {
            let before = head.bytes;
            head.base = base;
            head.anchored = true;
            head.absorb();
            self.bytes = self.bytes + head.bytes - before;
        }
    }

    /// Moves the contiguous bytes out of a head, to be put back.
    pub fn take_contiguous(&mut self, head: u32) -> Vec<u8> {
        match self.slots.get_mut(head as usize).filter(|h| h.live && h.anchored) {
            Some(head) => std::mem::take(&mut head.data),
            None => Vec::new(),
        }
    }

    /// Puts back what `take_contiguous` gave, without the `used` bytes at its front.
    pub fn put_back(&mut self, head: u32, mut bytes: Vec<u8>, used: usize) {
        if let Some(head) = self.slots.get_mut(head as usize).filter(|h| h.live) {
            let used = used.min(bytes.len());
            bytes.drain(..used);
            head.data = bytes;
            if used > 0 {
                head.base = head.base.wrapping_add(used as u32);
                head.segments = 0;
                head.bytes -= used;
                self.bytes -= used;
            }
        }
    }

    /// Moves the segments that wait for an earlier one out of a head, in the stream's order.
    pub fn take_pending(&mut self, head: u32) -> Vec<(u32, Vec<u8>)> {
        let Some(head) = self.slots.get_mut(head as usize).filter(|h| h.live) else {
            return Vec::new();
        };
        let mut pending = std::mem::take(&mut head.pending);
        let bytes: usize = pending.iter().map(|(_, bytes)| bytes.len()).sum();
        head.bytes -= bytes;
        self.bytes -= bytes;
        pending.sort_by_key(|(seq, _)| seq.wrapping_sub(head.base));
        pending
    }

    /// True if a head has no room left.
    pub fn is_exhausted(&self, head: u32) -> bool {
        self.get(head).is_some_and(|h| h.bytes >= self.max_head_bytes || h.pending.len() >= MAX_PENDING)
    }

    /// Frees a head.
    pub fn remove(&mut self, head: u32) {
        if let Some(slot) = self.slots.get_mut(head as usize).filter(|h| h.live) {
            self.bytes -= slot.bytes;
            *slot = Head { generation: slot.generation, ..Head::default() };
            self.free.push(head);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_together(base: u32, parts: &[(u32, &[u8])]) -> Vec<u8> {
        let mut heads = Heads::new(4, 65536);
        let head = heads.create(0, 0, base, true);
        for (offset, bytes) in parts {
            heads.insert(head, base.wrapping_add(*offset), bytes);
        }
        heads.get(head).unwrap().contiguous().to_vec()
    }

    #[test]
    fn segments_in_any_order_give_the_stream() {
        let text = b"abcdefghijkl";
        let parts: [(u32, &[u8]); 4] = [(0, b"abc"), (3, b"def"), (6, b"ghi"), (9, b"jkl")];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]] {
            for base in [0, 1, u32::MAX - 4] {
                let shuffled: Vec<_> = order.iter().map(|i| parts[*i]).collect();
                assert_eq!(put_together(base, &shuffled), text);
            }
        }
    }

    #[test]
    fn retransmissions_and_overlaps_change_nothing() {
        assert_eq!(put_together(7, &[(0, b"abcd"), (2, b"cdef"), (0, b"XXXX"), (4, b"efgh")]), b"abcdefgh");
        assert_eq!(put_together(7, &[(4, b"efgh"), (2, b"cdefgh"), (0, b"abc")]), b"abcdefgh");
    }

    #[test]
    fn bytes_before_the_beginning_are_left_out() {
        assert_eq!(put_together(100, &[(u32::MAX, b"Zab"), (2, b"cd")]), b"abcd");
    }

    #[test]
    fn a_gap_stops_the_contiguous_bytes() {
        let mut heads = Heads::new(4, 65536);
        let head = heads.create(0, 0, 0, true);
        heads.insert(head, 0, b"ab");
        heads.insert(head, 4, b"ef");
        assert_eq!(heads.get(head).unwrap().contiguous(), b"ab");
        assert!(heads.get(head).unwrap().has_gap());
    }

    #[test]
    fn an_unanchored_head_is_sorted_when_the_beginning_comes() {
        let mut heads = Heads::new(4, 65536);
        let head = heads.create(0, 0, 0, false);
        heads.insert(head, 13, b"def");
        heads.insert(head, 10, b"abc");
        assert_eq!(heads.get(head).unwrap().contiguous(), b"");
        heads.anchor(head, 10);
        assert_eq!(heads.get(head).unwrap().contiguous(), b"abcdef");
    }

    #[test]
    fn bytes_are_bounded_and_add_up_to_zero_when_all_are_gone() {
        let mut heads = Heads::new(3, 2048);
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
    fn the_oldest_gives_way_first() {
        let mut heads = Heads::new(2, 2048);
        let first = heads.create(1, 0, 0, true);
        heads.create(2, 1, 0, true);
        assert!(heads.is_full());
        assert!(heads.evict_oldest());
        assert!(heads.owned(first, 1, 0).is_none());
    }
}
