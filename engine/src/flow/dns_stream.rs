//! DNS over TCP (RFC 1035, 4.2.2; RFC 7766): messages behind a length, one after the other for as long
//! as the connection lives.
//!
//! Only the place of the next message is kept for a direction, and bytes only while a message is not
//! whole. Where the beginning or a part is missing, reading goes on at the next length that has a
//! DNS header behind it; a direction that shows none is given up, counted.

use super::dns::Messages;
use crate::reassembly::stream_heads::{StreamHead, StreamHeads, NO_HEAD};
use crate::wire::{dns, Progress};
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// Bytes of a message's length.
const PREFIX: usize = 2;
/// Bytes of a message's header.
const HEADER: usize = 12;
/// Room for the longest message, and for as much that came before its turn.
const MAX_HEAD_BYTES: usize = 2 * (PREFIX + 65_535);
/// Segments taken in while an earlier one is missing.
const MAX_AHEAD: u32 = 32;
/// Segments looked at for a message's beginning before a direction is given up.
const MAX_TRIES: u8 = 8;

/// Where the next message of a direction begins.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// No payload so far.
    New,
    /// At this sequence number.
    Known(u32),
    /// The beginning or a part is missing.
    Unknown,
    /// This is no DNS, or it cannot be followed.
    GivenUp,
}

#[derive(Clone, Copy, Debug)]
struct Side {
    place: Place,
    /// A message was read there: the lengths can be trusted.
    trusted: bool,
    /// Followed since the connection's beginning.
    from_start: bool,
    tries: u8,
    head: u32,
}

impl Side {
    const NEW: Self = Self { place: Place::New, trusted: false, from_start: false, tries: 0, head: NO_HEAD };
}

/// Payload of a segment.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Sequence number of its first byte.
    pub seq: u32,
    /// What was kept of it.
    pub bytes: &'a [u8],
    /// Its bytes on the wire.
    pub wire_bytes: u32,
}

/// The directions of all connections that carry DNS, by the slot of their flow.
#[derive(Debug)]
pub struct DnsStreams {
    sides: HashMap<(u32, usize), Side, RandomState>,
    heads: StreamHeads,
}

/// What stands where a message should begin is none.
struct NoMessage;

impl DnsStreams {
    /// At most `max_heads` directions with bytes that wait for more.
    pub fn new(max_heads: usize) -> Self {
        Self { sides: HashMap::default(), heads: StreamHeads::new(max_heads, MAX_HEAD_BYTES) }
    }

    /// Directions with bytes that wait for more.
    pub fn waiting(&self) -> usize {
        self.heads.len()
    }

    /// Follows the payload of one segment of a stream that begins at `start`, if that is known, and hands on the
    /// messages that it completes.
    pub fn follow(
        &mut self,
        (slot, side): (u32, usize),
        start: Option<u32>,
        part: Part<'_>,
        messages: &mut Messages<'_>,
    ) {
        let state = self.sides.get(&(slot, side)).copied().unwrap_or(Side::NEW);
        let mut stream = Stream { state, slot, side, heads: &mut self.heads, messages };
        if matches!(stream.state.place, Place::New) {
            stream.state.from_start = start.is_some();
            stream.state.place = start.map_or(Place::Unknown, Place::Known);
        }
        stream.take(part);
        stream.mind_bounds();
        let state = stream.state;
        self.sides.insert((slot, side), state);
    }

    /// A flow is over: what waited for missing bytes of one side is read as far as it goes.
    pub fn close(&mut self, slot: u32, side: usize, messages: &mut Messages<'_>) {
        if let Some(state) = self.sides.remove(&(slot, side)) {
            let mut stream = Stream { state, slot, side, heads: &mut self.heads, messages };
            if stream.head().is_some() {
                stream.skip_gap();
                stream.drop_head();
            }
        }
    }
}

/// One direction while a segment of it is looked at.
struct Stream<'a, 'm> {
    state: Side,
    slot: u32,
    side: usize,
    heads: &'a mut StreamHeads,
    messages: &'a mut Messages<'m>,
}

impl Stream<'_, '_> {
    fn head(&self) -> Option<&StreamHead> {
        self.heads.owned(self.state.head, self.slot, self.side)
    }

    fn drop_head(&mut self) {
        if self.head().is_some() {
            self.heads.remove(self.state.head);
        }
        self.state.head = NO_HEAD;
    }

    fn take(&mut self, part: Part<'_>) {
        if self.state.head != NO_HEAD && self.head().is_none() {
            self.lose_place("evicted");
        }
        let taken = match self.state.place {
            Place::Known(next) => self.go_on(next, part),
            Place::Unknown => Err(NoMessage),
            Place::New | Place::GivenUp => return,
        };
        if taken.is_err() {
            self.search(part);
        }
    }

    /// One more segment where the next message's place is known.
    fn go_on(&mut self, next: u32, part: Part<'_>) -> Result<(), NoMessage> {
        let behind = next.wrapping_sub(part.seq);
        let is_ahead = behind > 1 << 31;
        if self.head().is_none() && !is_ahead {
            return match part.bytes.get(behind as usize..) {
                Some(new) => self.begin(next, new, part.wire_bytes.saturating_sub(behind)),
                None => Ok(()), // sent again, or cut before anything new
            };
        }
        if self.head().is_none() {
            self.collect(next);
        }
        self.heads.insert(self.state.head, part.seq, part.bytes);
        if (part.bytes.len() as u32) < part.wire_bytes {
            // Nobody can tell any more which of the bytes that wait belong together.
            self.lose_place("cut");
            return Ok(());
        }
        self.drain(next)
    }

    /// Reads bytes that begin where the next message does.
    fn begin(&mut self, next: u32, bytes: &[u8], wire_bytes: u32) -> Result<(), NoMessage> {
        let used = self.read(bytes).inspect_err(|_| self.refuse())?;
        let next = next.wrapping_add(used as u32);
        self.state.place = Place::Known(next);
        let rest = &bytes[used..];
        if (bytes.len() as u32) < wire_bytes {
            self.skip_cut(next, rest, wire_bytes.saturating_sub(used as u32));
        } else if !rest.is_empty() {
            self.collect(next);
            self.heads.insert(self.state.head, next, rest);
        }
        Ok(())
    }

    /// A message that the snap length cut is read as far as it is there; the next one may begin where its
    /// length says, unless that lies in what was cut off, too.
    fn skip_cut(&mut self, next: u32, rest: &[u8], wire_bytes: u32) {
        let Some((length, message)) = split_length(rest) else {
            return self.lose_place("cut");
        };
        self.messages.take(message);
        let whole = (PREFIX + length) as u32;
        if whole < wire_bytes {
            return self.lose_place("cut");
        }
        self.state.place = Place::Known(next.wrapping_add(whole));
    }

    /// Starts to keep bytes.
    fn collect(&mut self, next: u32) {
        while self.heads.is_full() && self.heads.evict_oldest() {
            self.messages.tally.heads_evicted += 1;
        }
        self.state.head = self.heads.create(self.slot, self.side as u8, next, true);
    }

    /// Reads what is whole of the bytes that were kept.
    fn drain(&mut self, next: u32) -> Result<(), NoMessage> {
        // The bytes are moved out while they are read, since reading may change this stream's state.
        let bytes = self.heads.take_contiguous(self.state.head);
        let used = self.read(&bytes).inspect_err(|_| self.refuse())?;
        self.state.place = Place::Known(next.wrapping_add(used as u32));
        self.heads.put_back(self.state.head, bytes, used);
        if self.head().is_some_and(|head| head.contiguous().is_empty() && !head.has_gap()) {
            self.drop_head();
        }
        Ok(())
    }

    /// Hands on the whole messages at the beginning of `bytes`; how many bytes they were.
    fn read(&mut self, bytes: &[u8]) -> Result<usize, NoMessage> {
        let mut used = 0;
        while let Some((length, behind)) = split_length(&bytes[used..]) {
            let there = &behind[..length.min(behind.len())];
            let is_message = length >= HEADER && (self.state.trusted || self.may_begin(there, length));
            if !is_message {
                return Err(NoMessage);
            }
            if there.len() < length {
                break;
            }
            self.messages.take(there);
            self.state.trusted = true;
            self.state.tries = 0;
            used += PREFIX + length;
        }
        Ok(used)
    }

    /// Whether a first message is to be believed: from the connection's beginning its header decides; in
    /// the middle every byte of it has to be right.
    fn may_begin(&self, there: &[u8], length: usize) -> bool {
        there.len() < HEADER
            || (has_likely_header(there, length) && (self.state.from_start || is_sound(there, length)))
    }

    /// What should have been a message was none.
    fn refuse(&mut self) {
        if self.state.from_start && !self.state.trusted {
            self.give_up("not_dns");
        } else if self.state.trusted {
            self.lose_place("length");
        } else {
            self.drop_head();
            self.state.place = Place::Unknown;
        }
    }

    /// Looks for a message's beginning in a segment.
    fn search(&mut self, part: Part<'_>) {
        if matches!(self.state.place, Place::GivenUp) || part.bytes.is_empty() {
            return;
        }
        self.state.tries += 1;
        if self.state.tries > MAX_TRIES {
            return self.give_up("out_of_step");
        }
        if let Some(at) = find_beginning(part.bytes) {
            let begin = part.seq.wrapping_add(at as u32);
            // What was found here is read here; if it proves wrong, the next segment is looked at.
            let _ = self.begin(begin, &part.bytes[at..], part.wire_bytes.saturating_sub(at as u32));
        }
    }

    fn give_up(&mut self, reason: &'static str) {
        self.drop_head();
        self.messages.tally.problem("dns_stream", reason);
        self.state.place = Place::GivenUp;
    }

    fn lose_place(&mut self, reason: &'static str) {
        self.drop_head();
        self.messages.tally.problem("dns_stream", reason);
        self.state = Side { place: Place::Unknown, ..Side::NEW };
    }

    /// Bytes that were never seen are not waited for any longer: reading goes on behind them.
    fn skip_gap(&mut self) {
        let waiting = self.heads.take_pending(self.state.head);
        self.lose_place(if waiting.is_empty() { "incomplete" } else { "gap" });
        for (seq, bytes) in waiting {
            self.take(Part { seq, bytes: &bytes, wire_bytes: bytes.len() as u32 });
        }
    }

    fn mind_bounds(&mut self) {
        let Some(head) = self.head() else { return };
        if (head.has_gap() && head.segments > MAX_AHEAD) || self.heads.is_exhausted(self.state.head) {
            self.skip_gap();
        }
    }
}

/// A message's length, and what is there behind it.
fn split_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (prefix, behind) = bytes.split_first_chunk::<PREFIX>()?;
    Some((usize::from(u16::from_be_bytes(*prefix)), behind))
}

/// Where in a segment a message may begin: at the segment's first byte, as senders do it, or where a
/// whole message ends with the segment.
fn find_beginning(bytes: &[u8]) -> Option<usize> {
    let fits = |at: usize| match split_length(&bytes[at..]) {
        Some((length, behind)) => {
            let there = &behind[..length.min(behind.len())];
            let is_last = behind.len() == length;
            length >= HEADER
                && ((at == 0 && there.len() < HEADER)
                    || ((at == 0 || is_last) && has_likely_header(there, length) && is_sound(there, length)))
        }
        None => at == 0,
    };
    (0..bytes.len().saturating_sub(HEADER).max(1)).find(|&at| fits(at))
}

/// Whether a message of `length` bytes has a header that DNS servers and clients send: a known kind, the
/// reserved bit zero, and no more entries than have room in it.
fn has_likely_header(there: &[u8], length: usize) -> bool {
    const SHORTEST_QUESTION: usize = 5;
    const SHORTEST_RECORD: usize = 11;
    let Some((header, _)) = there.split_first_chunk::<HEADER>() else { return false };
    let count = |at: usize| usize::from(u16::from_be_bytes([header[at], header[at + 1]]));
    let records = count(6) + count(8) + count(10);
    let opcode = header[2] >> 3 & 0x0f;
    opcode <= 6
        && header[3] & 0x40 == 0
        && count(4) <= 1
        && count(4) + records > 0
        && HEADER + count(4) * SHORTEST_QUESTION + records * SHORTEST_RECORD <= length
}

/// Whether nothing is wrong in what is there of a message; of one that is not whole, a look at its
/// beginning is enough, since it comes back with every segment.
fn is_sound(there: &[u8], length: usize) -> bool {
    const GLANCE: usize = 512;
    let there = if there.len() < length { &there[..there.len().min(GLANCE)] } else { there };
    match dns::parse_message(there) {
        Ok(Progress::Parsed(message)) => match message.damage {
            None => true,
            Some(damage) => damage.0 == "short" && there.len() < length,
        },
        Ok(Progress::NeedMore) | Err(_) => false,
    }
}
