//! DNS over TCP (RFC 1035, 4.2.2; RFC 7766): messages with a length before each, one after the other for as long
//! as the connection lives.
//!
//! For a direction, only the position of the next message is kept, and bytes only while a message is
//! incomplete. If the beginning or a part is missing, reading continues at the next length that a DNS header
//! follows; a direction without one is given up, and the problem counted. Segments far away from a direction's last
//! position come from somebody who does not know its sequence numbers: they are counted and not read.

use super::dns_beginning::{find_beginning, has_likely_header, is_sound, split_length, HEADER, PREFIX};
use super::messages::{may_begin_query, Messages};
use crate::reassembly::stream_heads::{HeadOwner, StreamHead, StreamHeads, NO_HEAD};
use crate::wire::dns;
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// Maximum size of a head: the longest message, and as many bytes that arrived early.
const MAX_HEAD_BYTES: usize = 2 * (PREFIX + 65_535);
/// Maximum number of segments collected while an earlier one is missing.
const MAX_AHEAD: u32 = 32;
/// No end of a connection sends this many bytes ahead, and the sensor rarely loses so many together.
const MAX_DISTANCE: u32 = 1 << 20;
/// Maximum number of segments farther away, with none nearer between them, before they count as the stream.
const MAX_FAR: u32 = 1000;
/// Maximum number of segments searched for the beginning of a message before a direction is given up.
const MAX_TRIES: u8 = 8;

/// Where the next message of a direction begins.
#[derive(Clone, Copy, Debug)]
enum Position {
    /// No payload so far.
    New,
    /// At this sequence number.
    Known(u32),
    /// The beginning or a part is missing.
    Unknown,
    /// This is not DNS, or it cannot be followed.
    GivenUp,
}

#[derive(Clone, Copy, Debug)]
struct Direction {
    position: Position,
    /// A message was read there: the lengths can be trusted.
    trusted: bool,
    /// Followed since the connection's beginning.
    from_start: bool,
    tries: u8,
    head: u32,
    place: Place,
}

/// Where a direction was last, whatever has become of its position.
#[derive(Clone, Copy, Debug)]
struct Place {
    last: Option<u32>,
    /// The connection's beginning was seen. Otherwise somebody else may have sent what was found first.
    from_start: bool,
    /// Segments far away since the latest that was near.
    far: u32,
}

impl Place {
    const UNKNOWN: Self = Self { last: None, from_start: false, far: 0 };

    /// Whether a segment is far away.
    fn is_far(&self, seq: u32) -> bool {
        self.last.is_some_and(|last| {
            seq.wrapping_sub(last) > MAX_DISTANCE && last.wrapping_sub(seq) > MAX_DISTANCE
        })
    }

    /// There were too many segments far away to be of somebody else.
    fn is_wrong(&self) -> bool {
        self.far > if self.from_start { MAX_FAR } else { MAX_AHEAD }
    }
}

impl Direction {
    const NEW: Self = Self {
        position: Position::New,
        trusted: false,
        from_start: false,
        tries: 0,
        head: NO_HEAD,
        place: Place::UNKNOWN,
    };
}

/// Payload of a segment.
#[derive(Clone, Copy, Debug)]
pub struct StreamPart<'a> {
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
    directions: HashMap<(u32, usize), Direction, RandomState>,
    heads: StreamHeads,
}

/// There is no message where one should begin.
struct NoMessage;

impl DnsStreams {
    /// An empty table for at most `max_heads` directions with bytes that wait for more.
    pub fn new(max_heads: usize) -> Self {
        Self { directions: HashMap::default(), heads: StreamHeads::new(max_heads, MAX_HEAD_BYTES) }
    }

    /// Directions with bytes that wait for more.
    pub fn waiting(&self) -> usize {
        self.heads.len()
    }

    /// Follows the payload of one segment of a stream that begins at `start`, if that is known, and processes the
    /// messages that it completes.
    pub fn follow(
        &mut self,
        owner: HeadOwner,
        start: Option<u32>,
        part: StreamPart<'_>,
        messages: &mut Messages<'_>,
    ) {
        let key = (owner.flow, owner.side);
        let state = self.directions.get(&key).copied().unwrap_or(Direction::NEW);
        let mut stream = Stream { state, owner, heads: &mut self.heads, messages };
        if matches!(stream.state.position, Position::New) {
            stream.state.from_start = start.is_some();
            stream.state.position = start.map_or(Position::Unknown, Position::Known);
            stream.state.place = Place { last: start, from_start: start.is_some(), far: 0 };
        }
        stream.read_near(part);
        stream.enforce_bounds();
        let state = stream.state;
        self.directions.insert(key, state);
    }

    /// A flow turned out to carry something else: its side is followed no further.
    pub fn forget(&mut self, owner: HeadOwner) {
        if let Some(state) = self.directions.remove(&(owner.flow, owner.side)) {
            if self.heads.owned(state.head, owner.flow, owner.side).is_some() {
                self.heads.remove(state.head);
            }
        }
    }

    /// True unless a side of a flow was given up, or never followed.
    pub fn follows(&self, owner: HeadOwner) -> bool {
        let state = self.directions.get(&(owner.flow, owner.side));
        state.is_some_and(|state| matches!(state.position, Position::Known(_)))
    }

    /// A flow is over: reads what waited for missing bytes of one side, as far as it goes.
    pub fn close(&mut self, owner: HeadOwner, messages: &mut Messages<'_>) {
        if let Some(state) = self.directions.remove(&(owner.flow, owner.side)) {
            let mut stream = Stream { state, owner, heads: &mut self.heads, messages };
            if stream.head().is_some() {
                stream.skip_gap();
                stream.drop_head();
            }
        }
    }
}

/// One direction while a segment of it is processed.
struct Stream<'a, 'm> {
    state: Direction,
    owner: HeadOwner,
    heads: &'a mut StreamHeads,
    messages: &'a mut Messages<'m>,
}

impl Stream<'_, '_> {
    fn head(&self) -> Option<&StreamHead> {
        self.heads.owned(self.state.head, self.owner.flow, self.owner.side)
    }

    fn drop_head(&mut self) {
        if self.head().is_some() {
            self.heads.remove(self.state.head);
        }
        self.state.head = NO_HEAD;
    }

    /// Reads a segment unless it is far away from the others.
    fn read_near(&mut self, part: StreamPart<'_>) {
        if matches!(self.state.position, Position::GivenUp) {
            return;
        }
        let place = &mut self.state.place;
        if place.is_far(part.seq) {
            place.far += 1;
            if !place.is_wrong() {
                return self.messages.stream_problem("far");
            }
            *place = Place::UNKNOWN;
            self.lose_position("gap");
        }
        self.state.place.far = 0;
        self.read_segment(part);
        if let Position::Known(next) = self.state.position {
            self.state.place.last = Some(next);
        }
    }

    fn read_segment(&mut self, part: StreamPart<'_>) {
        if self.state.head != NO_HEAD && self.head().is_none() {
            self.lose_position("evicted");
        }
        let result = match self.state.position {
            Position::Known(next) => self.continue_at(next, part),
            Position::Unknown => Err(NoMessage),
            Position::New | Position::GivenUp => return,
        };
        if result.is_err() {
            self.search(part);
        }
    }

    /// One more segment, while the position of the next message is known.
    fn continue_at(&mut self, next: u32, part: StreamPart<'_>) -> Result<(), NoMessage> {
        let behind = next.wrapping_sub(part.seq);
        let is_ahead = behind > 1 << 31;
        if self.head().is_none() && !is_ahead {
            return match part.bytes.get(behind as usize..) {
                Some(new) => self.begin(next, new, part.wire_bytes.saturating_sub(behind)),
                None => Ok(()), // retransmitted, or cut before anything new
            };
        }
        if self.head().is_none() {
            self.collect(next);
        }
        self.heads.insert(self.state.head, part.seq, part.bytes);
        if (part.bytes.len() as u32) < part.wire_bytes {
            // It is unknown which of the waiting bytes belong together.
            self.lose_position("cut");
            return Ok(());
        }
        self.drain(next)
    }

    /// Reads bytes that begin where the next message does.
    fn begin(&mut self, next: u32, bytes: &[u8], wire_bytes: u32) -> Result<(), NoMessage> {
        let used = self.read(bytes).inspect_err(|_| self.refuse())?;
        let next = next.wrapping_add(used as u32);
        self.state.position = Position::Known(next);
        let rest = &bytes[used..];
        if (bytes.len() as u32) < wire_bytes {
            self.skip_cut(next, rest, wire_bytes.saturating_sub(used as u32));
        } else if !rest.is_empty() {
            self.collect(next);
            self.heads.insert(self.state.head, next, rest);
        }
        Ok(())
    }

    /// Reads a message that the snap length cut as far as it was captured. The next one may begin where its length
    /// says, unless that was cut off as well.
    fn skip_cut(&mut self, next: u32, rest: &[u8], wire_bytes: u32) {
        let Some((length, message)) = split_length(rest) else {
            return self.lose_position("cut");
        };
        self.messages.process(message);
        let total = (PREFIX + length) as u32;
        if total < wire_bytes {
            return self.lose_position("cut");
        }
        self.state.position = Position::Known(next.wrapping_add(total));
    }

    /// Starts to keep bytes.
    fn collect(&mut self, next: u32) {
        while self.heads.is_full() && self.heads.evict().is_some() {
            self.messages.count_evicted_head();
        }
        self.state.head = self.heads.create(self.owner, next, true);
    }

    /// Reads the complete messages in the bytes that were kept.
    fn drain(&mut self, next: u32) -> Result<(), NoMessage> {
        // The bytes are moved out while they are read, because reading may change the state of this stream.
        let bytes = self.heads.take_contiguous(self.state.head);
        let used = self.read(&bytes).inspect_err(|_| self.refuse())?;
        self.state.position = Position::Known(next.wrapping_add(used as u32));
        self.heads.put_back(self.state.head, bytes, used);
        if self.head().is_some_and(|head| head.contiguous().is_empty() && !head.has_gap()) {
            self.drop_head();
        }
        Ok(())
    }

    /// Processes the complete messages at the beginning of `bytes`; returns their bytes.
    fn read(&mut self, bytes: &[u8]) -> Result<usize, NoMessage> {
        let mut used = 0;
        while let Some((length, behind)) = split_length(&bytes[used..]) {
            let available = &behind[..length.min(behind.len())];
            let is_message = length >= HEADER && (self.state.trusted || self.may_begin(available, length));
            if !is_message {
                return Err(NoMessage);
            }
            if available.len() < length {
                break;
            }
            self.messages.note_dns();
            self.messages.process(available);
            self.state.trusted = true;
            self.state.tries = 0;
            used += PREFIX + length;
        }
        Ok(used)
    }

    /// Whether bytes are accepted as a first message. Where it is not certain that there are any, it has to be a plain
    /// query. Otherwise, at the beginning of the connection its header decides; in the
    /// middle every byte of it has to be correct.
    fn may_begin(&self, available: &[u8], length: usize) -> bool {
        if self.messages.are_possible() {
            return may_begin_query(available, length) || dns::is_plain_query(available);
        }
        available.len() < HEADER
            || (has_likely_header(available, length)
                && (self.state.from_start || is_sound(available, length)))
    }

    /// There was no message where one should have been.
    fn refuse(&mut self) {
        if self.state.from_start && !self.state.trusted {
            self.give_up("not_dns");
        } else if self.state.trusted {
            self.lose_position("length");
        } else {
            self.drop_head();
            self.state.position = Position::Unknown;
        }
    }

    /// Searches a segment for the beginning of a message.
    fn search(&mut self, part: StreamPart<'_>) {
        if matches!(self.state.position, Position::GivenUp) || part.bytes.is_empty() {
            return;
        }
        self.state.tries += 1;
        if self.state.tries > MAX_TRIES {
            return self.give_up("out_of_step");
        }
        if let Some(at) = find_beginning(part.bytes) {
            let begin = part.seq.wrapping_add(at as u32);
            // If what was found proves wrong, the next segment is searched.
            let _ = self.begin(begin, &part.bytes[at..], part.wire_bytes.saturating_sub(at as u32));
        }
    }

    fn give_up(&mut self, reason: &'static str) {
        self.drop_head();
        self.messages.stream_problem(reason);
        self.state.position = Position::GivenUp;
    }

    fn lose_position(&mut self, reason: &'static str) {
        self.drop_head();
        self.messages.stream_problem(reason);
        let place = self.state.place;
        self.state = Direction { position: Position::Unknown, place, ..Direction::NEW };
    }

    /// Stops waiting for bytes that were never seen: reading continues after them.
    fn skip_gap(&mut self) {
        let waiting = self.heads.take_pending(self.state.head);
        self.lose_position(if waiting.is_empty() { "incomplete" } else { "gap" });
        for (seq, bytes) in waiting {
            self.read_segment(StreamPart { seq, bytes: &bytes, wire_bytes: bytes.len() as u32 });
        }
    }

    fn enforce_bounds(&mut self) {
        let Some(head) = self.head() else { return };
        if (head.has_gap() && head.segments > MAX_AHEAD) || self.heads.is_exhausted(self.state.head) {
            self.skip_gap();
        }
    }
}
