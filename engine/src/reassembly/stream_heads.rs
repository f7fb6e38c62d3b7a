//! Stream heads: the first bytes of a direction, reassembled from segments in any order.
//!
//! Only streams whose opening does not fit into one segment have a head, so most flows never allocate.
//! Heads are bounded in number and in bytes, each and together. The client that holds most of them loses its oldest.

use crate::address::realm_host::Host;
use crate::shares::Shares;
use crate::wire::quic::ConnectionId;
use std::collections::VecDeque;

/// Stands for no head where the number of one is stored.
pub const NO_HEAD: u32 = u32::MAX;

/// Maximum mean size of a head: bounds the bytes of all heads together.
const MEAN_HEAD_BYTES: usize = 4096;

/// Maximum number of segments of one head that wait for an earlier one.
const MAX_PENDING: usize = 256;

/// Memory for a waiting segment in addition to its bytes, so that many small ones stay within the bound as well.
const SEGMENT_BYTES: usize = 96;

/// Whose opening a head holds.
#[derive(Clone, Copy, Debug)]
pub struct HeadOwner {
    /// Slot of the flow in the table.
    pub flow: u32,
    /// The side of the flow.
    pub side: usize,
    /// The client of the flow.
    pub client: Host,
    /// The client was seen to receive what the server sent.
    pub is_confirmed: bool,
}

/// What an evicted head held up to its first gap.
#[derive(Debug)]
pub struct LostHead {
    /// Slot of the flow in the table.
    pub flow: u32,
    /// The side of the flow.
    pub side: usize,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The opening of one direction of one flow.
#[derive(Debug, Default)]
pub struct StreamHead {
    /// Sequence number of the first byte of `data`.
    pub base: u32,
    /// True once `base` is known to be the beginning of the stream.
    pub anchored: bool,
    /// Slot of the flow in the table.
    pub flow: u32,
    /// The side of the flow.
    pub side: u8,
    /// Segments added.
    pub segments: u32,
    /// Connection ID that the keys of a QUIC stream come from.
    pub origin: ConnectionId,
    data: Vec<u8>,
    pending: Vec<(u32, Vec<u8>)>,
    bytes: usize,
    ticket: u32,
    live: bool,
}

impl StreamHead {
    /// The bytes from the beginning up to the first gap.
    pub fn contiguous(&self) -> &[u8] {
        if self.anchored {
            &self.data
        } else {
            &[]
        }
    }

    /// Bytes held, including the overhead of waiting segments.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Segments wait for bytes that have not arrived.
    pub fn has_gap(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Adds bytes of the stream; true if `contiguous` grew. Where segments overlap, the first to arrive
    /// is kept.
    fn insert(&mut self, seq: u32, bytes: &[u8]) -> bool {
        self.segments += 1;
        if !self.anchored {
            self.keep(seq, bytes);
            return false;
        }
        let before = self.data.len();
        if !self.append(seq, bytes) && is_ahead(seq, self.base) {
            self.keep(seq, bytes);
        }
        self.absorb();
        self.data.len() > before
    }

    /// Keeps a segment that arrived early, unless another one holds all of it: retransmissions cost nothing.
    fn keep(&mut self, seq: u32, bytes: &[u8]) {
        let holds = |(start, held): &(u32, Vec<u8>)| {
            let offset = seq.wrapping_sub(*start) as usize;
            offset < held.len() && offset + bytes.len() <= held.len()
        };
        let is_known = bytes.is_empty() || self.pending.iter().any(holds);
        if !is_known && self.pending.len() < MAX_PENDING {
            self.pending.push((seq, bytes.to_vec()));
            self.bytes += SEGMENT_BYTES + bytes.len();
        }
    }

    /// Appends what is new in a segment that touches the contiguous bytes; false if there is a gap.
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
                    self.bytes -= SEGMENT_BYTES + bytes.len();
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
pub struct StreamHeads {
    slots: Vec<StreamHead>,
    free: Vec<u32>,
    shares: Shares<u32>,
    lost: VecDeque<LostHead>,
    bytes: usize,
    max_heads: usize,
    max_head_bytes: usize,
}

impl StreamHeads {
    /// An empty table for at most `max_heads` heads of `max_head_bytes` each, and `max_heads` × 4 KiB together.
    pub fn new(max_heads: usize, max_head_bytes: usize) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            shares: Shares::new(max_heads),
            lost: VecDeque::new(),
            bytes: 0,
            max_heads: max_heads.max(1),
            max_head_bytes: max_head_bytes.max(1024),
        }
    }

    /// The head in a slot.
    pub fn get(&self, head: u32) -> Option<&StreamHead> {
        self.slots.get(head as usize).filter(|h| h.live)
    }

    /// The head of a side of a flow, unless it was evicted.
    pub fn owned(&self, head: u32, flow: u32, side: usize) -> Option<&StreamHead> {
        self.get(head).filter(|h| h.flow == flow && usize::from(h.side) == side)
    }

    /// True if one more head needs `evict` first.
    pub fn is_full(&self) -> bool {
        self.len() >= self.max_heads || self.bytes > self.max_heads * MEAN_HEAD_BYTES
    }

    /// Live heads.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes held by all heads.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Removes the oldest head of the client that holds most and returns what it held; None if there is no head.
    /// Afterwards `owned` no longer finds it for its flow.
    pub fn evict(&mut self) -> Option<LostHead> {
        let (_, slot) = self.shares.candidate()?;
        let bytes = self.take_contiguous(slot);
        let head = self.get(slot)?;
        let (flow, side) = (head.flow, usize::from(head.side));
        self.remove(slot);
        Some(LostHead { flow, side, bytes })
    }

    /// Keeps what an evicted head held until its flow can be given it.
    pub fn keep_lost(&mut self, lost: LostHead) {
        self.lost.push_back(lost);
    }

    /// There are evicted heads whose flows have not been given what they held.
    #[inline]
    pub fn has_lost(&self) -> bool {
        !self.lost.is_empty()
    }

    /// What the next evicted head held.
    pub fn next_lost(&mut self) -> Option<LostHead> {
        self.lost.pop_front()
    }

    /// A new, empty head.
    pub fn create(&mut self, owner: HeadOwner, base: u32, anchored: bool) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(StreamHead::default());
            (self.slots.len() - 1) as u32
        });
        let HeadOwner { flow, side, client, is_confirmed } = owner;
        let ticket = self.shares.add(client, slot, MEAN_HEAD_BYTES as u32, is_confirmed);
        let side = side as u8;
        self.slots[slot as usize] =
            StreamHead { base, anchored, flow, side, ticket, live: true, ..StreamHead::default() };
        slot
    }

    /// Adds a segment to a head; true if its contiguous bytes grew. Bytes beyond the bound of one head are
    /// dropped.
    pub fn insert(&mut self, head: u32, seq: u32, bytes: &[u8]) -> bool {
        let Some(head) = self.slots.get_mut(head as usize).filter(|h| h.live) else {
            return false;
        };
        let room = self.max_head_bytes.saturating_sub(head.bytes + SEGMENT_BYTES);
        let before = head.bytes;
        let grew = head.insert(seq, &bytes[..bytes.len().min(room)]);
        let (ticket, after) = (head.ticket, head.bytes);
        self.account(ticket, before, after);
        grew
    }

    /// A head takes another number of bytes. It is charged a mean head in addition, because heads are bounded in
    /// number as well.
    fn account(&mut self, ticket: u32, before: usize, after: usize) {
        self.bytes = self.bytes + after - before;
        self.shares.resize(ticket, (MEAN_HEAD_BYTES + after) as u32);
    }

    /// Notes where the keys of a QUIC stream come from.
    pub fn set_origin(&mut self, head: u32, origin: ConnectionId) {
        if let Some(head) = self.slots.get_mut(head as usize).filter(|h| h.live) {
            head.origin = origin;
        }
    }

    /// Sets the beginning of the stream to `base`, where it has turned out to be, and sorts the segments again.
    pub fn anchor(&mut self, head: u32, base: u32) {
        if let Some(head) = self.slots.get_mut(head as usize).filter(|h| h.live) {
            let before = head.bytes;
            head.base = base;
            head.anchored = true;
            head.absorb();
            let (ticket, after) = (head.ticket, head.bytes);
            self.account(ticket, before, after);
        }
    }

    /// Moves the contiguous bytes out of a head, to be put back.
    pub fn take_contiguous(&mut self, head: u32) -> Vec<u8> {
        match self.slots.get_mut(head as usize).filter(|h| h.live && h.anchored) {
            Some(head) => std::mem::take(&mut head.data),
            None => Vec::new(),
        }
    }

    /// Puts back what `take_contiguous` returned, without the `used` bytes at its front.
    pub fn put_back(&mut self, head: u32, mut bytes: Vec<u8>, used: usize) {
        if let Some(head) = self.slots.get_mut(head as usize).filter(|h| h.live) {
            let used = used.min(bytes.len());
            bytes.drain(..used);
            head.data = bytes;
            if used > 0 {
                head.base = head.base.wrapping_add(used as u32);
                head.segments = 0;
                let before = head.bytes;
                head.bytes -= used;
                let (ticket, after) = (head.ticket, head.bytes);
                self.account(ticket, before, after);
            }
        }
    }

    /// Drops the first `count` contiguous bytes of a head; false if nothing is left of it.
    pub fn skip(&mut self, head: u32, count: usize) -> bool {
        let bytes = self.take_contiguous(head);
        self.put_back(head, bytes, count);
        self.get(head).is_some_and(|head| head.bytes > 0)
    }

    /// Moves the segments that wait for an earlier one out of a head, in the stream's order.
    pub fn take_pending(&mut self, head: u32) -> Vec<(u32, Vec<u8>)> {
        let Some(head) = self.slots.get_mut(head as usize).filter(|h| h.live) else {
            return Vec::new();
        };
        let mut pending = std::mem::take(&mut head.pending);
        let bytes: usize = pending.iter().map(|(_, bytes)| SEGMENT_BYTES + bytes.len()).sum();
        let (base, ticket, before) = (head.base, head.ticket, head.bytes);
        head.bytes -= bytes;
        self.account(ticket, before, before - bytes);
        pending.sort_by_key(|(seq, _)| seq.wrapping_sub(base));
        pending
    }

    /// True if a head has no room left.
    pub fn is_exhausted(&self, head: u32) -> bool {
        self.get(head)
            .is_some_and(|h| h.bytes + SEGMENT_BYTES >= self.max_head_bytes || h.pending.len() >= MAX_PENDING)
    }

    /// Frees a head.
    pub fn remove(&mut self, head: u32) {
        if let Some(slot) = self.slots.get_mut(head as usize).filter(|h| h.live) {
            self.bytes -= slot.bytes;
            self.shares.release(slot.ticket);
            *slot = StreamHead::default();
            self.free.push(head);
        }
    }
}

#[cfg(test)]
#[path = "stream_heads_tests.rs"]
mod tests;
