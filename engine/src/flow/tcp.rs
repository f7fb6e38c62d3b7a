//! TCP as far as names need it: handshake, orientation, round trip, and the ClientHello at a
//! stream's head, whole in one segment or put together from many.

use super::preamble::Turn;
use super::record::{Flow, Side};
use crate::counters::tally::Tally;
use crate::reassembly::stream_heads::{StreamHeads, NO_HEAD};
use crate::types::opening_state::OpeningState;
use crate::types::tcp_header::TcpHeader;
use crate::wire::preamble::{is_step, parse_step};
use crate::wire::tls_server::{is_server_hello, parse_server_certificate};
use crate::wire::{flags, tls, Progress, Segment};

/// Segments taken in while waiting for the rest of a hello whose beginning is known.
const MAX_SEGMENTS: u32 = 2048;
/// Segments taken in while waiting for a beginning, when no SYN was seen.
const MAX_UNANCHORED: u32 = 8;

/// True if a SYN opens another connection than the one in `flow`.
pub fn opens_anew(flow: &Flow, side: usize, header: TcpHeader) -> bool {
    if header.flags & (flags::SYN | flags::ACK) != flags::SYN {
        return false;
    }
    let Side { base, base_known, skipped, .. } = flow.sides[side];
    let same_syn = base_known && base == header.seq.wrapping_add(1).wrapping_add(u32::from(skipped));
    let had_payload = flow.sides.iter().any(|s| s.phase != OpeningState::Waiting);
    !same_syn && (flow.is_closed() || had_payload)
}

/// The opening of one side of one flow: what came first, as far as a name may be in it.
pub struct Opening<'a> {
    /// The flow.
    pub flow: &'a mut Flow,
    /// Its slot in the table.
    pub slot: u32,
    /// The side that sends.
    pub side: usize,
    /// Where segments are put together.
    pub heads: &'a mut StreamHeads,
    /// What is counted.
    pub tally: &'a mut Tally,
}

impl Opening<'_> {
    /// Follows one segment of the flow; true if it completed a ClientHello or gave another name.
    #[inline]
    pub fn follow(&mut self, header: TcpHeader, segment: &Segment<'_>) -> bool {
        if header.flags & (flags::SYN | flags::FIN | flags::RST) != 0 {
            follow_control(self.flow, self.side, header);
        }
        let phase = self.flow.sides[self.side].phase;
        let waiting =
            matches!(phase, OpeningState::Waiting | OpeningState::Collecting | OpeningState::Between);
        if !waiting || segment.payload.is_empty() {
            return false;
        }
        let named = self.take(header.first_byte(), segment);
        if named && self.flow.sides[self.side].phase == OpeningState::Hello && self.wants_certificate() {
            self.expect_answer(header);
        }
        named
    }
}

fn follow_control(flow: &mut Flow, side: usize, header: TcpHeader) {
    if header.flags & flags::SYN != 0 {
        flow.started = true;
        if flow.sides[side].phase == OpeningState::Waiting {
            flow.sides[side].base = header.seq.wrapping_add(1);
            flow.sides[side].base_known = true;
        }
        if header.flags & flags::ACK == 0 {
            flow.ends.orient(side);
        } else {
            flow.ends.orient_if_unknown(1 - side);
        }
    }
    if header.flags & flags::FIN != 0 {
        flow.sides[side].fin = true;
    }
    if header.flags & flags::RST != 0 {
        flow.reset = true;
    }
}

impl Opening<'_> {
    /// Takes payload in; true if a name may be known now.
    fn take(&mut self, seq: u32, segment: &Segment<'_>) -> bool {
        let cut = (segment.payload.len() as u32) < segment.payload_len;
        if self.flow.sides[self.side].phase == OpeningState::Collecting {
            return self.go_on(seq, segment.payload, cut);
        }
        let base = self.flow.sides[self.side].base;
        if self.flow.sides[self.side].base_known {
            let ahead = seq.wrapping_sub(base);
            if ahead == 0 {
                return self.begin(segment.payload, cut);
            }
            if ahead < 1 << 31 {
                return self.collect(base, true, seq, segment.payload, cut);
            }
            // A keep-alive, or a retransmission of the handshake: what lies before the stream is skipped.
            return match segment.payload.get(base.wrapping_sub(seq) as usize..) {
                Some(rest) if !rest.is_empty() => self.begin(rest, cut),
                _ => false,
            };
        }
        if is_beginning(segment.payload) {
            self.flow.sides[self.side].base = seq;
            self.flow.sides[self.side].base_known = true;
            return self.begin(segment.payload, cut);
        }
        if is_record_in_mid_stream(segment.payload) || (segment.src_port < 1024 && segment.dst_port >= 1024) {
            self.leave(OpeningState::MidStream);
            return false;
        }
        self.collect(seq, false, seq, segment.payload, cut)
    }

    /// The stream's first bytes, or those behind a part of its preamble.
    fn begin(&mut self, mut bytes: &[u8], cut: bool) -> bool {
        while !tls::may_be_hello(bytes) {
            if bytes.is_empty() && !cut {
                self.flow.sides[self.side].phase = OpeningState::Between;
                return false;
            }
            let turn = if is_server_hello(bytes) {
                self.take_answer(parse_server_certificate(bytes))
            } else {
                self.take_step(parse_step(bytes))
            };
            match turn {
                Turn::Behind(length) => bytes = &bytes[length..],
                Turn::Over(named) => return named,
                Turn::More => return self.await_rest(bytes, cut),
            }
        }
        match tls::parse_hello_stream(bytes) {
            Ok(Progress::Parsed(hello)) => self.found(hello),
            Ok(Progress::NeedMore) => self.await_rest(bytes, cut),
            Err(malformed) => {
                self.tally.problem("tls", malformed.0);
                self.leave(OpeningState::Malformed);
                false
            }
        }
    }

    /// The rest of what begins with `bytes` is in other segments, unless it was cut off.
    fn await_rest(&mut self, bytes: &[u8], cut: bool) -> bool {
        if cut {
            return self.give_up(OpeningState::Cut, bytes);
        }
        let base = self.flow.sides[self.side].base;
        self.collect(base, true, base, bytes, false)
    }

    /// Starts a head with a first segment.
    fn collect(&mut self, base: u32, anchored: bool, seq: u32, bytes: &[u8], cut: bool) -> bool {
        let head = self.start_head(base, anchored);
        self.heads.insert(head, seq, bytes);
        if cut {
            return self.give_up_head(OpeningState::Cut);
        }
        false
    }

    /// An empty head for this side; the oldest one of all gives way if there are too many.
    pub(super) fn start_head(&mut self, base: u32, anchored: bool) -> u32 {
        while self.heads.is_full() && self.heads.evict_oldest() {
            self.tally.heads_evicted += 1;
        }
        let head = self.heads.create(self.slot, self.side as u8, base, anchored);
        self.flow.sides[self.side].head = head;
        self.flow.sides[self.side].phase = OpeningState::Collecting;
        head
    }

    /// One more segment of a head.
    fn go_on(&mut self, seq: u32, bytes: &[u8], cut: bool) -> bool {
        let side = self.flow.sides[self.side];
        let Some(head) = self.heads.owned(side.head, self.slot, self.side) else {
            self.flow.gap = true;
            self.leave(OpeningState::Incomplete);
            return false;
        };
        let (anchored, segments) = (head.anchored, head.segments);
        let mut grew = self.heads.insert(side.head, seq, bytes);
        if !anchored && is_beginning(bytes) {
            self.flow.sides[self.side].base = seq;
            self.flow.sides[self.side].base_known = true;
            self.heads.anchor(side.head, seq);
            grew = true;
        } else if !anchored && segments >= MAX_UNANCHORED {
            return self.give_up_head(OpeningState::MidStream);
        }
        if grew && self.try_head(side.head) {
            return true;
        }
        if self.flow.sides[self.side].phase != OpeningState::Collecting {
            return false;
        }
        if cut {
            return self.give_up_head(OpeningState::Cut);
        }
        if segments >= MAX_SEGMENTS || self.heads.is_exhausted(side.head) {
            return self.give_up_head(OpeningState::Incomplete);
        }
        false
    }

    /// Looks at the contiguous bytes of a head; true if a name may be known now.
    fn try_head(&mut self, head: u32) -> bool {
        let bytes = loop {
            let Some(bytes) = self.heads.get(head).map(|head| head.contiguous()) else {
                return false;
            };
            if tls::may_be_hello(bytes) {
                break bytes;
            }
            let turn = if is_server_hello(bytes) {
                let parsed = parse_server_certificate(bytes);
                self.take_answer(parsed)
            } else {
                let parsed = parse_step(bytes);
                self.take_step(parsed)
            };
            match turn {
                Turn::Behind(length) if !self.heads.skip(head, length) => {
                    self.leave(OpeningState::Between);
                    return false;
                }
                Turn::Behind(_) => {}
                Turn::Over(named) => return named,
                Turn::More => return false,
            }
        };
        match tls::parse_hello_stream(bytes) {
            Ok(Progress::Parsed(hello)) => self.found(hello),
            Ok(Progress::NeedMore) => false,
            Err(malformed) => {
                self.tally.problem("tls", malformed.0);
                self.leave(OpeningState::Malformed);
                false
            }
        }
    }

    pub(super) fn found(&mut self, hello: tls::ClientHello) -> bool {
        self.flow.ends.orient(self.side);
        self.flow.naming.get_or_insert_default().hello = Some(hello.into());
        self.leave(OpeningState::Hello);
        if !self.wants_certificate() {
            let other = 1 - self.side;
            drop_head(self.flow, self.slot, other, self.heads);
            self.flow.sides[other].phase = OpeningState::Peer;
        }
        self.tally.hellos += 1;
        true
    }

    /// Ends the search with a name that the incomplete bytes may show; true if they do.
    fn give_up(&mut self, phase: OpeningState, bytes: &[u8]) -> bool {
        let partial = if self.flow.ends.is_tcp() {
            tls::partial_server_name(bytes)
        } else {
            tls::partial_message_name(bytes)
        };
        self.leave(phase);
        self.flow.gap |= phase == OpeningState::Incomplete;
        if partial.is_some() {
            self.flow.ends.orient(self.side);
            self.flow.naming.get_or_insert_default().partial = partial.map(String::into_boxed_str);
            return true;
        }
        false
    }

    pub(super) fn give_up_head(&mut self, phase: OpeningState) -> bool {
        let head = self.flow.sides[self.side].head;
        let bytes = self.heads.get(head).map(|head| head.contiguous().to_vec()).unwrap_or_default();
        let is_tcp = self.flow.ends.is_tcp();
        if is_tcp && phase == OpeningState::Incomplete && is_other_opening(&bytes) {
            let is_answer = is_server_hello(&bytes);
            self.flow.gap |= self.heads.get(head).is_some_and(|head| head.has_gap());
            self.leave(if is_answer { OpeningState::Answer } else { OpeningState::NotTls });
            return false;
        }
        self.give_up(phase, &bytes)
    }

    pub(super) fn leave(&mut self, phase: OpeningState) {
        drop_head(self.flow, self.slot, self.side, self.heads);
        self.flow.sides[self.side].phase = phase;
    }
}

/// The flow is over: what its heads still hold is read as far as it goes.
pub fn close(flow: &mut Flow, slot: u32, heads: &mut StreamHeads, tally: &mut Tally) {
    for side in [0, 1] {
        if flow.sides[side].phase == OpeningState::Collecting {
            let mut opening = Opening { flow, slot, side, heads, tally };
            let anchored = opening.heads.owned(opening.flow.sides[side].head, slot, side);
            let phase = match anchored.map(|head| head.anchored) {
                Some(false) => OpeningState::MidStream,
                Some(true) | None => OpeningState::Incomplete,
            };
            opening.give_up_head(phase);
        }
    }
}

fn drop_head(flow: &mut Flow, slot: u32, side: usize, heads: &mut StreamHeads) {
    let head = std::mem::replace(&mut flow.sides[side].head, NO_HEAD);
    if heads.owned(head, slot, side).is_some() {
        heads.remove(head);
    }
}

/// True for a TLS record that never begins a stream: change_cipher_spec, alert, application data.
fn is_record_in_mid_stream(bytes: &[u8]) -> bool {
    matches!(bytes, [20 | 21 | 23, 3, 0..=4, ..])
}

/// True for what begins with no ClientHello: a preamble or a server's answer that never became whole.
fn is_other_opening(bytes: &[u8]) -> bool {
    !bytes.is_empty() && !tls::may_be_hello(bytes)
}

/// True for a segment that shows by itself that a stream, or what matters of it, begins with it.
fn is_beginning(bytes: &[u8]) -> bool {
    tls::may_be_hello(bytes) || is_server_hello(bytes) || is_step(bytes)
}
