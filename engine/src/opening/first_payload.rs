//! The first payload of each side, where a signature matches its first bytes.

use super::sides::Opening;
use crate::tag::Matcher;
use crate::types::ends::Ends;
use crate::types::opening_state::OpeningState;
use crate::wire::Segment;

/// Maximum number of bytes kept of a payload: no signature compares more.
pub const MAX_PREFIX_BYTES: usize = 64;

/// A first payload that a signature matches, kept so that new signatures can be compared with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstPayload {
    bytes: Box<[u8]>,
    /// Its length on the wire.
    length: u32,
    /// The side that sent it.
    side: u8,
}

impl FirstPayload {
    /// True if this side sent it.
    pub fn is_sent_by(&self, side: usize) -> bool {
        usize::from(self.side) == side
    }

    /// Index of the signature that matches it.
    pub fn find(&self, ends: &Ends, matcher: &Matcher) -> Option<u32> {
        matcher.find_payload(ends.is_tcp(), ends.key().ports, &self.bytes, self.length)
    }
}

/// The payload of a segment that `side` sent, if it is the side's first and a signature matches it. `sent` are
/// the packets that the side has sent so far.
#[inline]
pub fn find_first_payload(
    opening: &Opening,
    ends: &Ends,
    (side, sent): (usize, u64),
    segment: &Segment<'_>,
    matcher: &Matcher,
) -> Option<FirstPayload> {
    let is_first = if ends.is_tcp() {
        opening.state(side) == OpeningState::Waiting
    } else {
        sent <= u64::from(segment.ip_packets)
    };
    if is_first && !segment.payload.is_empty() {
        match_payload(ends, side, segment, matcher)
    } else {
        None
    }
}

#[cold]
fn match_payload(ends: &Ends, side: usize, segment: &Segment<'_>, matcher: &Matcher) -> Option<FirstPayload> {
    let bytes = &segment.payload[..segment.payload.len().min(MAX_PREFIX_BYTES)];
    matcher.find_payload(ends.is_tcp(), ends.key().ports, bytes, segment.payload_len)?;
    Some(FirstPayload { bytes: bytes.into(), length: segment.payload_len, side: side as u8 })
}
