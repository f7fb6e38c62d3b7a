//! The opening of a TCP stream: a preamble, then a ClientHello or the server's answer, complete in one segment
//! or reassembled from many.

use super::facts::Fact;
use super::preamble_steps::Turn;
use super::reader::Reader;
use crate::types::opening_state::OpeningState;
use crate::types::tcp_header::TcpHeader;
use crate::wire::preamble::is_step;
use crate::wire::tls_server::{is_server_hello, parse_server_certificate};
use crate::wire::{tls, Progress, Segment};

/// Maximum number of segments collected for the rest of a hello whose beginning is known.
const MAX_SEGMENTS: u32 = 2048;
/// Maximum number of segments collected while the beginning is unknown, because no SYN was seen.
const MAX_UNANCHORED: u32 = 8;

impl Reader<'_> {
    /// Reads one segment with payload; true if it completed a ClientHello or showed another name.
    pub fn read_segment(&mut self, header: TcpHeader, segment: &Segment<'_>) -> bool {
        if self.own().state == OpeningState::Waiting && self.opening.is_server(1 - self.side, self.ends) {
            self.forget_other();
        }
        let named = self.read_payload(header.first_byte(), segment);
        if named && self.own().state == OpeningState::Hello && self.wants_certificate() {
            self.expect_answer(header);
        }
        named
    }

    fn read_payload(&mut self, seq: u32, segment: &Segment<'_>) -> bool {
        let cut = (segment.payload.len() as u32) < segment.payload_len;
        let base = self.own().base;
        if self.own().doubtful != 0 {
            let is_replaced = seq == base && is_beginning(segment.payload);
            if is_replaced {
                self.leave(OpeningState::Waiting);
            }
            let ahead = seq.wrapping_sub(base);
            if is_replaced || (1..1 << 31).contains(&ahead) {
                self.own().doubtful = 0;
            }
        }
        match self.own().state {
            OpeningState::Collecting => return self.continue_head(seq, segment.payload, cut),
            OpeningState::Waiting | OpeningState::Between => {}
            _ => return false,
        }
        if self.own().base_known {
            let ahead = seq.wrapping_sub(base);
            if ahead == 0 {
                return self.read_first(segment.payload, cut);
            }
            if ahead < 1 << 31 {
                return self.collect(base, true, seq, segment.payload, cut);
            }
            // A keep-alive, or a retransmission of the handshake: what lies before the stream is skipped.
            return match segment.payload.get(base.wrapping_sub(seq) as usize..) {
                Some(rest) if !rest.is_empty() => self.read_first(rest, cut),
                _ => false,
            };
        }
        if is_beginning(segment.payload) {
            if tls::may_be_hello(segment.payload) && self.opening.is_server(self.side, self.ends) {
                return false; // and the stream may begin with another number
            }
            self.own().base = seq;
            self.own().base_known = true;
            return self.read_beginning(segment.payload, cut);
        }
        if tls::is_record_in_mid_stream(segment.payload)
            || (segment.src_port < 1024 && segment.dst_port >= 1024)
        {
            self.leave(OpeningState::MidStream);
            return false;
        }
        self.collect(seq, false, seq, segment.payload, cut)
    }

    /// Reads a payload that begins where the stream does. If it is no beginning, it may be a probe, or bytes that only
    /// the sensor gets to see.
    fn read_first(&mut self, bytes: &[u8], cut: bool) -> bool {
        let steps = self.own().steps;
        let named = self.read_beginning(bytes, cut);
        let side = self.own();
        let is_beginning = named || side.steps != steps || tls::may_be_hello(bytes);
        let is_unclear = matches!(side.state, OpeningState::NotTls | OpeningState::Collecting);
        if is_unclear && !is_beginning {
            side.doubtful = u16::try_from(bytes.len()).unwrap_or(0);
        }
        named
    }

    /// Reads the stream's first bytes, or those after a part of its preamble.
    fn read_beginning(&mut self, mut bytes: &[u8], cut: bool) -> bool {
        while !tls::may_be_hello(bytes) {
            if bytes.is_empty() && !cut {
                self.own().state = OpeningState::Between;
                return false;
            }
            let turn = if is_server_hello(bytes) {
                self.read_answer(parse_server_certificate(bytes))
            } else {
                self.read_step(self.parse_next(bytes))
            };
            match turn {
                Turn::Skip(length) => bytes = &bytes[length..],
                Turn::Done(named) => return named,
                Turn::NeedMore => return self.await_rest(bytes, cut),
            }
        }
        if self.is_unasked() {
            self.leave(OpeningState::NotTls);
            return false;
        }
        match tls::parse_hello_stream(bytes) {
            Ok(Progress::Parsed(hello)) => self.accept_hello(hello),
            Ok(Progress::NeedMore) => self.await_rest(bytes, cut),
            Err(malformed) => {
                let name = tls::partial_server_name(bytes);
                self.reject_hello(malformed, name)
            }
        }
    }

    /// The rest of what begins with `bytes` is in other segments, unless it was cut off.
    fn await_rest(&mut self, bytes: &[u8], cut: bool) -> bool {
        if cut {
            return self.give_up(OpeningState::Cut, bytes);
        }
        let base = self.own().base;
        self.collect(base, true, base, bytes, false)
    }

    /// Starts a stream head with a first segment.
    fn collect(&mut self, base: u32, anchored: bool, seq: u32, bytes: &[u8], cut: bool) -> bool {
        let head = self.start_head(base, anchored);
        self.heads.insert(head, seq, bytes);
        if cut {
            return self.give_up_head(OpeningState::Cut);
        }
        false
    }

    /// Adds one more segment to the stream head.
    fn continue_head(&mut self, seq: u32, bytes: &[u8], cut: bool) -> bool {
        let number = self.own().head;
        let Some(head) = self.heads.owned(number, self.slot, self.side) else {
            self.opening.facts.note(Fact::Gap, true);
            self.leave(OpeningState::Incomplete);
            return false;
        };
        let (anchored, segments) = (head.anchored, head.segments);
        let mut grew = self.heads.insert(number, seq, bytes);
        if !anchored && is_beginning(bytes) {
            self.own().base = seq;
            self.own().base_known = true;
            self.heads.anchor(number, seq);
            grew = true;
        } else if !anchored && segments >= MAX_UNANCHORED {
            return self.give_up_head(OpeningState::MidStream);
        }
        if grew && self.read_head(number) {
            return true;
        }
        if self.own().state != OpeningState::Collecting {
            return false;
        }
        if cut {
            return self.give_up_head(OpeningState::Cut);
        }
        if segments >= MAX_SEGMENTS || self.heads.is_exhausted(number) {
            return self.give_up_head(OpeningState::Incomplete);
        }
        false
    }

    /// Reads the contiguous bytes of a stream head; true if a name may be known now.
    fn read_head(&mut self, head: u32) -> bool {
        let bytes = loop {
            let Some(bytes) = self.heads.get(head).map(|head| head.contiguous()) else {
                return false;
            };
            if tls::may_be_hello(bytes) {
                if self.is_unasked() {
                    self.leave(OpeningState::NotTls);
                    return false;
                }
                break bytes;
            }
            let turn = if is_server_hello(bytes) {
                let parsed = parse_server_certificate(bytes);
                self.read_answer(parsed)
            } else {
                let next = self.parse_next(bytes);
                self.read_step(next)
            };
            match turn {
                Turn::Skip(length) if !self.heads.skip(head, length) => {
                    self.leave(OpeningState::Between);
                    return false;
                }
                Turn::Skip(_) => {}
                Turn::Done(named) => return named,
                Turn::NeedMore => return false,
            }
        };
        match tls::parse_hello_stream(bytes) {
            Ok(Progress::Parsed(hello)) => self.accept_hello(hello),
            Ok(Progress::NeedMore) => false,
            Err(malformed) => {
                let name = tls::partial_server_name(bytes);
                self.reject_hello(malformed, name)
            }
        }
    }
}

/// True for a segment that shows by itself that a stream, or the relevant part of it, begins with it.
fn is_beginning(bytes: &[u8]) -> bool {
    tls::may_be_hello(bytes) || is_server_hello(bytes) || is_step(bytes)
}
