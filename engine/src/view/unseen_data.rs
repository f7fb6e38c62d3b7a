//! What the sensor did not see of a flow's data: bytes that its packets prove to be missing, and payload that the
//! snap length cut.

use crate::types::tcp_header::TcpHeader;
use crate::wire::flags;

/// No host has more than this in flight: a sequence number farther off belongs to another connection or is
/// damaged, and is ignored.
const MAX_STEP: u32 = 1 << 26;
/// Missing bytes that were acknowledged this far back will not arrive any more; more recent ones may still arrive on
/// another interface of the sensor.
const MAX_REORDERING: u32 = 1 << 22;

/// A connection goes on this near to where it was at most; both numbers of another one are that near once in four
/// million times.
const MAX_UNSEEN_STEP: u32 = 1 << 20;

const ACKNOWLEDGED_RESET: u8 = flags::ACK | flags::RST;

/// What was not seen of one side's stream. One span is kept instead of a list: it reaches from the first
/// missing byte to the last, with a count of the missing ones in it.
#[derive(Clone, Copy, Debug, Default)]
struct Missing {
    /// Missing for good: acknowledged, and before the span.
    lost: u64,
    /// Where the span begins and ends, if anything is missing.
    span: (u32, u32),
    /// Bytes missing in it.
    bytes: u32,
    /// The other side has everything before this number.
    acked: u32,
    /// The number that the side reached in segments whose both numbers were near those reached before: a forged one may
    /// guess one of them, and be taken for what follows missing bytes.
    certain: u32,
}

impl Missing {
    /// The bytes between two numbers are missing.
    fn add(&mut self, from: u32, to: u32) {
        if self.bytes > 0 && from.wrapping_sub(self.span.0) > MAX_REORDERING {
            self.settle();
        }
        if self.bytes == 0 {
            (self.span.0, self.acked) = (from, from);
        }
        self.bytes += to.wrapping_sub(from);
        self.span.1 = to;
    }

    /// Bytes arrive late, or again: those within the span count as seen. If bytes of the span that were already seen
    /// are retransmitted, too many count as seen, never too few.
    fn fill(&mut self, first: u32, end: u32) {
        let [from, to, width] = [first, end, self.span.1].map(|n| n.wrapping_sub(self.span.0) as i32);
        let inside = to.min(width).saturating_sub(from.max(0)).max(0) as u32;
        self.bytes -= inside.min(self.bytes);
    }

    fn acknowledge(&mut self, number: u32) {
        if (number.wrapping_sub(self.acked) as i32) > 0 {
            self.acked = number;
        }
    }

    /// What is missing now will not arrive any more.
    fn settle(&mut self) {
        self.lost = self.unseen_bytes();
        self.bytes = 0;
    }

    fn unseen_bytes(&self) -> u64 {
        let [width, acked] = [self.span.1, self.acked].map(|n| n.wrapping_sub(self.span.0));
        let in_span = if acked >= width { self.bytes } else { self.bytes.min(acked) };
        self.lost + u64::from(in_span)
    }
}

/// Payload that a segment shows to have been sent, and that was not seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Revealed {
    /// Of its sender, which goes on behind it.
    pub own: bool,
    /// Of the other side: it is acknowledged.
    pub acknowledged: bool,
}

/// What was not seen of a flow's data.
#[derive(Debug, Default)]
pub struct UnseenData {
    /// Bytes of each side that were not seen; None if all were.
    missing: Option<Box<[Missing; 2]>>,
    /// For each side, the sequence number after the highest one sent or acknowledged, if `next_known`.
    next: [u32; 2],
    next_known: [bool; 2],
    cut: bool,
}

impl UnseenData {
    /// Notes whether the snap length cut a packet of which `kept` bytes of payload were captured.
    #[inline]
    pub fn note_payload(&mut self, kept: usize, payload_len: u32) {
        self.cut |= (kept as u32) < payload_len;
    }

    /// As `follow`, for a segment without control bits on which everything was seen and that continues where its side
    /// was; false for any other one, which changes nothing.
    #[inline(always)] // the path of almost every packet
    pub fn follow_in_order(&mut self, side: usize, header: TcpHeader, payload_len: u32) -> bool {
        let is_ahead = (header.ack.wrapping_sub(self.next[1 - side]) as i32) > 0;
        let is_in_order = header.seq == self.next[side] && !is_ahead;
        let is_expected = is_in_order && self.is_answered() && self.missing.is_none();
        if is_expected {
            self.next[side] = header.seq.wrapping_add(payload_len);
        }
        is_expected
    }

    /// Follows the sequence numbers of one segment that `side` of a TCP flow sent.
    #[inline]
    pub fn follow(&mut self, side: usize, header: TcpHeader, payload_len: u32) -> Revealed {
        let mut revealed = Revealed::default();
        if header.flags & flags::RST != 0 {
            return revealed; // its numbers may be anything (RFC 9293, 3.10.7)
        }
        let first = header.first_byte();
        let end = first.wrapping_add(payload_len).wrapping_add(u32::from(header.flags & flags::FIN != 0));
        if first == self.next[side] && self.next_known[side] {
            self.next[side] = end;
        } else {
            revealed.own = self.follow_out_of_order(side, (first, end), header.flags & flags::SYN != 0);
        }
        if self.missing.is_some() {
            self.follow_certain(side, header, (first, end));
        }
        let other = 1 - side;
        let is_ahead = (header.ack.wrapping_sub(self.next[other]) as i32) > 0;
        let is_relevant = is_ahead || !self.next_known[other] || self.missing.is_some();
        revealed.acknowledged =
            header.flags & flags::ACK != 0 && is_relevant && self.acknowledge(other, header.ack);
        revealed
    }

    /// Follows what is certain of both numbers.
    fn follow_certain(&mut self, side: usize, header: TcpHeader, (first, end): (u32, u32)) {
        let Some(missing) = &mut self.missing else { return };
        let certain = [missing[0].certain, missing[1].certain];
        if is_near(first, certain[side]) && is_near(header.ack, certain[1 - side]) {
            for (side, number) in [(side, end), (1 - side, header.ack)] {
                let ahead = number.wrapping_sub(certain[side]) as i32;
                missing[side].certain = certain[side].wrapping_add(ahead.max(0) as u32);
            }
        }
    }

    /// What is missing of both sides; nothing was until now, if this is the first of it.
    fn missing(&mut self) -> &mut [Missing; 2] {
        let next = self.next;
        self.missing
            .get_or_insert_with(|| Box::new(next.map(|certain| Missing { certain, ..Missing::default() })))
    }

    /// A segment that does not continue at the expected number; true if there is payload before it.
    fn follow_out_of_order(&mut self, side: usize, (first, end): (u32, u32), is_syn: bool) -> bool {
        let next = self.next[side];
        let is_late = self.next_known[side] && next.wrapping_sub(end) <= MAX_STEP;
        if is_syn && is_late {
            return false; // a copy of the SYN that began the stream, or its retransmission
        }
        if is_syn || !self.next_known[side] {
            (self.next[side], self.next_known[side]) = (end, true);
            if let Some(missing) = &mut self.missing {
                missing[side].settle();
                missing[side].certain = end;
            }
            return false;
        }
        let ahead = first.wrapping_sub(next);
        if ahead <= MAX_STEP {
            self.missing()[side].add(next, first);
            self.next[side] = end;
        } else if ahead.wrapping_neg() <= MAX_STEP {
            if (end.wrapping_sub(next) as i32) > 0 {
                self.next[side] = end;
            }
            if let Some(missing) = &mut self.missing {
                missing[side].fill(first, end);
            }
        }
        (2..=MAX_STEP).contains(&ahead) // one number may be a FIN that was not seen, which is no byte
    }

    /// The other side has received everything of `side` before `number`; true if some of it was not seen.
    fn acknowledge(&mut self, side: usize, number: u32) -> bool {
        let next = self.next[side];
        if !self.next_known[side] {
            (self.next[side], self.next_known[side]) = (number, true);
            if let Some(missing) = &mut self.missing {
                missing[side].certain = number;
            }
            return false;
        }
        match number.wrapping_sub(next) as i32 {
            // One number may be a FIN that was not seen, which is no byte.
            ..=1 => {
                if let Some(missing) = &mut self.missing {
                    missing[side].acknowledge(number);
                }
            }
            ahead if ahead as u32 <= MAX_STEP => {
                let missing = &mut self.missing()[side];
                missing.add(next, number);
                missing.acknowledge(number);
                self.next[side] = number;
            }
            _ => {}
        }
        self.bytes_of(side) > 0
    }

    /// The sequence number after the highest one that `side` sent or the other side acknowledged.
    pub fn next_of(&self, side: usize) -> u32 {
        self.next[side]
    }

    /// `side` sent what precedes this sequence number, or the other side acknowledged it, and nothing behind it.
    pub fn has_reached(&self, side: usize, number: u32) -> bool {
        self.next_known[side] && self.next[side] == number
    }

    /// Segments that were counted in another flow may have carried what follows, so that no segment continues in order from
    /// now on; see `follow_in_order`.
    pub fn note_strays(&mut self) {
        self.missing();
    }

    /// Nothing is known to be missing of what `side` sent before `number`, which may be any distance from what was seen;
    /// it is ignored if it is just behind that.
    pub fn skip_to(&mut self, side: usize, number: u32) {
        if self.next[side].wrapping_sub(number) > MAX_STEP {
            self.next[side] = number;
            if let Some(missing) = &mut self.missing {
                missing[side].settle();
                missing[side].certain = number;
            }
        }
    }

    /// The state of a flow that goes on where this one ended: what is missing here is not missing there.
    pub fn to_be_continued(&self) -> Self {
        let is_far = |missing: &[Missing; 2]| {
            [0, 1].iter().any(|&side| !is_near(missing[side].certain, self.next[side]))
        };
        let missing = self.missing.as_deref().filter(|missing| is_far(missing)).map(|missing| {
            Box::new(missing.map(|one| Missing { certain: one.certain, ..Missing::default() }))
        });
        Self { missing, next: self.next, next_known: self.next_known, cut: false }
    }

    /// The same for a flow that a segment of `side` begins.
    pub fn continued_by(&self, side: usize, header: TcpHeader) -> Self {
        let state = self.to_be_continued();
        let certain = state.missing.as_deref().map(|missing| [missing[0].certain, missing[1].certain]);
        match certain.filter(|certain| is_near_both(*certain, side, header)) {
            Some(next) => Self { missing: None, next, ..state },
            None => state,
        }
    }

    /// A segment that `side` sent continues the connection: its numbers are near those that both sides reached.
    pub fn is_continued_by(&self, side: usize, header: TcpHeader) -> bool {
        let certain = || self.missing.as_deref().map(|missing| [missing[0].certain, missing[1].certain]);
        self.is_answered()
            && (is_near_both(self.next, side, header)
                || certain().is_some_and(|certain| is_near_both(certain, side, header)))
    }

    /// A number of `side` is farther from what it reached than anything in flight.
    pub fn is_far(&self, side: usize, number: u32) -> bool {
        let ahead = number.wrapping_sub(self.next[side]);
        self.next_known[side] && ahead.min(ahead.wrapping_neg()) > MAX_STEP
    }

    /// A number of `side` follows what it reached.
    pub fn is_ahead(&self, side: usize, number: u32) -> bool {
        self.next_known[side] && (number.wrapping_sub(self.next[side]) as i32) > 0
    }

    /// A segment that `side` sent belongs to the connection, and precedes what both sides reached.
    pub fn is_preceded_by(&self, side: usize, header: TcpHeader) -> bool {
        let is_behind = |number: u32, next: u32| (1..=MAX_UNSEEN_STEP).contains(&next.wrapping_sub(number));
        let is_acknowledged = header.flags & flags::ACK == 0 || is_behind(header.ack, self.next[1 - side]);
        let is_reset = header.flags & flags::RST != 0;
        !is_reset && self.is_answered() && is_acknowledged && is_behind(header.first_byte(), self.next[side])
    }

    /// Bytes of both sides that were acknowledged and not seen.
    pub fn bytes(&self) -> u64 {
        self.bytes_of(0) + self.bytes_of(1)
    }

    /// Bytes of `side` that were acknowledged and not seen.
    pub fn bytes_of(&self, side: usize) -> u64 {
        self.missing.as_ref().map_or(0, |missing| missing[side].unseen_bytes())
    }

    /// Both sides have sent or acknowledged something (TCP).
    pub fn is_answered(&self) -> bool {
        // The sequence numbers of a side without packets are known by acknowledgements alone.
        self.next_known == [true; 2]
    }

    /// A packet was cut by the snap length.
    pub fn is_cut(&self) -> bool {
        self.cut
    }
}

/// A connection may have gone on from one number to the other.
fn is_near(number: u32, next: u32) -> bool {
    let ahead = number.wrapping_sub(next);
    ahead.min(ahead.wrapping_neg()) <= MAX_UNSEEN_STEP
}

/// The numbers of a segment of `side` are near those that both sides reached.
fn is_near_both(next: [u32; 2], side: usize, header: TcpHeader) -> bool {
    let is_acknowledged = match header.flags & (flags::SYN | flags::ACK | flags::RST) {
        flags::ACK | ACKNOWLEDGED_RESET => is_near(header.ack, next[1 - side]),
        flags::RST => header.seq == next[side],
        _ => false,
    };
    is_acknowledged && is_near(header.seq, next[side])
}

#[cfg(test)]
#[path = "unseen_data_tests.rs"]
mod tests;
