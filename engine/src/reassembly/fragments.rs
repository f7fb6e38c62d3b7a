//! Reassembly of IP packets from their fragments, in any order.
//!
//! Fragments that overlap or contradict each other invalidate their packet in both versions of IP: RFC 5722
//! requires it for IPv6, and receivers of IPv4 do the same, because overlaps have only been used to show a
//! monitor something else than the receiver. An exact duplicate of a fragment is ignored (RFC 8200, 4.5).
//!
//! Bounded in packets and bytes: the client that holds most loses its oldest. Every packet is accounted for: one that stays incomplete is given up after 30 seconds, or when it is evicted
//! or invalid. It is then counted for its flow with the fragments that arrived, but not read,
//! because its receiver did not read it either.

use crate::address::realm::Realm;
use crate::address::realm_host::Host;
use crate::counters::tally::Tally;
use crate::shares::Shares;
use crate::wire::fragment::{Fragment, PacketId, ReassembledPacket};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::VecDeque;

/// Time within which all fragments of one packet have to arrive: that of Linux for IPv4. RFC 791 leaves it open;
/// RFC 8200, 4.5 says 60 seconds, which no real path needs.
const PATIENCE_NS: u64 = 30_000_000_000;
/// Maximum number of incomplete packets.
pub const MAX_PACKETS: usize = 4096;
/// Maximum number of bytes in their fragments; the default of Linux.
pub const MAX_BYTES: usize = 4 << 20;
/// What a packet is charged in addition to its bytes, because packets are bounded in number as well.
const MEAN_PACKET_BYTES: u32 = (MAX_BYTES / MAX_PACKETS) as u32;
/// Maximum number of fragments of one packet: 64 KiB in packets of 576 bytes, which every IPv4 path can carry, are
/// 119.
const MAX_PIECES: usize = 128;
/// A fragment as kept.
#[derive(Debug)]
struct StoredFragment {
    offset: u32,
    len: u32,
    bytes: Vec<u8>,
}

impl StoredFragment {
    fn end(&self) -> u32 {
        self.offset + self.len
    }
}

/// An incomplete packet.
#[derive(Debug)]
struct PartialPacket {
    serial: u64,
    ticket: u32,
    started_ns: u64,
    last_ns: u64,
    interface: u16,
    /// That of the fragment that arrived first, as its packet shows it.
    realm: Realm,
    /// Sorted by offset.
    pieces: Vec<StoredFragment>,
    /// Type of the header that the payload begins with, from the first fragment.
    next: Option<u8>,
    /// Length of the complete payload, once the last fragment has arrived.
    len: Option<u32>,
    ip_bytes: u32,
    ip_packets: u32,
    /// Fragments contradict each other, so no more are kept.
    invalid: bool,
}

/// A packet that is complete, or was given up.
#[derive(Debug)]
pub struct Reassembled {
    /// What arrived of it; None if the first fragment is missing.
    pub packet: Option<ReassembledPacket>,
    /// IP packets that it arrived in.
    pub ip_packets: u32,
    /// Every byte arrived.
    pub is_complete: bool,
    /// Fragments contradict each other.
    pub is_invalid: bool,
    /// Time of its latest fragment.
    pub time_ns: u64,
    /// Capture interface of the fragment that arrived first.
    pub interface: u16,
}

/// All incomplete packets.
#[derive(Debug)]
pub struct Fragments {
    parts: HashMap<PacketId, PartialPacket, RandomState>,
    /// In the order in which they started; some may be done already.
    oldest: VecDeque<(PacketId, u64)>,
    done: VecDeque<Reassembled>,
    shares: Shares<PacketId>,
    serial: u64,
    bytes: usize,
    max_packets: usize,
    max_bytes: usize,
}

impl Fragments {
    /// An empty table for at most `max_packets` packets with `max_bytes` bytes together.
    pub fn new(max_packets: usize, max_bytes: usize) -> Self {
        Self {
            parts: HashMap::default(),
            oldest: VecDeque::new(),
            done: VecDeque::new(),
            shares: Shares::new(max_packets),
            serial: 0,
            bytes: 0,
            max_packets: max_packets.max(1),
            max_bytes,
        }
    }

    /// Incomplete packets.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Bytes of all fragments kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a fragment; `next_done` returns what it completes or evicts.
    pub fn add(&mut self, fragment: &Fragment<'_>, time_ns: u64, interface: u16, tally: &mut Tally) {
        self.expire(time_ns, tally);
        let id = fragment.packet;
        if !self.parts.contains_key(&id) {
            self.begin(fragment, time_ns, interface, tally);
        }
        let Some(parts) = self.parts.get_mut(&id) else { return };
        if parts.has_duplicate_of(fragment) {
            return tally.problem("fragments", "duplicate");
        }
        parts.last_ns = parts.last_ns.max(time_ns);
        parts.ip_bytes = parts.ip_bytes.saturating_add(fragment.ip_bytes);
        parts.ip_packets += 1;
        if parts.invalid {
            return;
        }
        match parts.insert(fragment) {
            Ok(()) => self.bytes += fragment.bytes.len(),
            Err(reason) => {
                tally.problem("fragments", reason);
                self.bytes -= parts.invalidate();
            }
        }
        self.shares.resize(parts.ticket, MEAN_PACKET_BYTES + parts.bytes() as u32);
        if parts.is_complete() {
            self.end(&id);
        }
        while self.bytes > self.max_bytes && self.evict(tally) {}
    }

    /// The next packet that is done.
    pub fn next_done(&mut self) -> Option<Reassembled> {
        self.done.pop_front()
    }

    /// Gives up packets that have waited too long.
    pub fn expire(&mut self, now_ns: u64, tally: &mut Tally) {
        self.give_up(|started_ns| now_ns.saturating_sub(started_ns) > PATIENCE_NS, tally);
    }

    /// Gives up all packets.
    pub fn finish(&mut self, tally: &mut Tally) {
        self.give_up(|_| true, tally);
    }

    fn begin(&mut self, first: &Fragment<'_>, time_ns: u64, interface: u16, tally: &mut Tally) {
        let id = first.packet;
        while self.len() >= self.max_packets && self.evict(tally) {}
        self.serial += 1;
        let serial = self.serial;
        let ticket = self.shares.add(likely_client(&id), id, MEAN_PACKET_BYTES, false);
        self.parts.insert(
            id,
            PartialPacket {
                serial,
                ticket,
                started_ns: time_ns,
                last_ns: time_ns,
                interface,
                realm: first.realm,
                pieces: Vec::new(),
                next: None,
                len: None,
                ip_bytes: 0,
                ip_packets: 0,
                invalid: false,
            },
        );
        if self.oldest.len() > 2 * self.max_packets {
            let parts = &self.parts;
            self.oldest.retain(|(id, serial)| parts.get(id).is_some_and(|p| p.serial == *serial));
        }
        self.oldest.push_back((id, serial));
    }

    /// Ends packets by their start time, the oldest first.
    fn give_up(&mut self, is_too_old: impl Fn(u64) -> bool, tally: &mut Tally) {
        while let Some((id, serial)) = self.oldest.front().copied() {
            match self.parts.get(&id).filter(|parts| parts.serial == serial) {
                Some(parts) if !is_too_old(parts.started_ns) => break,
                Some(parts) => {
                    if !parts.invalid {
                        tally.problem("fragments", "incomplete");
                    }
                    self.end(&id);
                }
                None => {}
            }
            self.oldest.pop_front();
        }
    }

    /// Evicts the oldest packet of the client that holds most.
    fn evict(&mut self, tally: &mut Tally) -> bool {
        let Some((_, id)) = self.shares.candidate() else { return false };
        tally.evicted.fragments += 1;
        self.end(&id);
        true
    }

    fn end(&mut self, id: &PacketId) {
        if let Some(parts) = self.parts.remove(id) {
            self.bytes -= parts.bytes();
            self.shares.release(parts.ticket);
            self.done.push_back(parts.into_reassembled(*id));
        }
    }
}

/// The end that is not public, or else the sender: a fragment shows no ports.
fn likely_client(id: &PacketId) -> Host {
    let is_answer = id.src.is_public() && !id.dst.is_public();
    Host { realm: id.realm, address: if is_answer { id.dst } else { id.src } }
}

impl PartialPacket {
    fn bytes(&self) -> usize {
        self.pieces.iter().map(|piece| piece.bytes.len()).sum()
    }

    fn has_duplicate_of(&self, fragment: &Fragment<'_>) -> bool {
        let place = self.pieces.binary_search_by_key(&fragment.offset, |piece| piece.offset);
        place.is_ok_and(|at| {
            let piece = &self.pieces[at];
            let is_last = self.len == Some(piece.end());
            piece.len == fragment.len && piece.bytes == fragment.bytes && is_last != fragment.more
        })
    }

    /// Adds a fragment.
    ///
    /// # Errors
    ///
    /// The reason why it invalidates the packet.
    fn insert(&mut self, fragment: &Fragment<'_>) -> Result<(), &'static str> {
        if self.pieces.len() >= MAX_PIECES {
            return Err("too_many");
        }
        let (offset, end) = (fragment.offset, fragment.offset + fragment.len);
        let at = self.pieces.partition_point(|piece| piece.offset < offset);
        let overlaps_before = at > 0 && self.pieces[at - 1].end() > offset;
        let overlaps_behind = self.pieces.get(at).is_some_and(|piece| piece.offset < end);
        let reaches = self.pieces.last().map_or(end, |piece| piece.end().max(end));
        if !fragment.more {
            if self.len.is_some_and(|len| len != end) {
                return Err("overlap");
            }
            self.len = Some(end);
        }
        if overlaps_before || overlaps_behind || self.len.is_some_and(|len| reaches > len) {
            return Err("overlap");
        }
        if offset == 0 {
            self.next = Some(fragment.next);
        }
        self.pieces.insert(at, StoredFragment { offset, len: fragment.len, bytes: fragment.bytes.to_vec() });
        Ok(())
    }

    /// Nothing of the packet will be read; only its first fragment is kept, because it shows the flow.
    /// Returns the number of bytes that were freed.
    fn invalidate(&mut self) -> usize {
        let before = self.bytes();
        self.invalid = true;
        self.pieces.retain(|piece| piece.offset == 0);
        before - self.bytes()
    }

    fn is_complete(&self) -> bool {
        let received: u32 = self.pieces.iter().map(|piece| piece.len).sum();
        !self.invalid && self.len == Some(received)
    }

    fn into_reassembled(self, id: PacketId) -> Reassembled {
        let is_complete = self.is_complete();
        let (ip_bytes, ip_packets) = (self.ip_bytes, self.ip_packets);
        let len = self.pieces.last().map_or(0, StoredFragment::end);
        let mut bytes = Vec::with_capacity(self.pieces.iter().map(|piece| piece.bytes.len()).sum());
        for piece in &self.pieces {
            if bytes.len() != piece.offset as usize {
                break; // the snap length cut the fragment before, or it is missing
            }
            bytes.extend_from_slice(&piece.bytes);
        }
        let realm = self.realm;
        let packet =
            self.next.map(|next| ReassembledPacket { id, next, bytes, len, ip_bytes, ip_packets, realm });
        Reassembled {
            packet,
            ip_packets,
            is_complete,
            is_invalid: self.invalid,
            time_ns: self.last_ns,
            interface: self.interface,
        }
    }
}
