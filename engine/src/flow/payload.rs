//! The first payload of each side, where signatures know its first bytes.

use super::record::Flow;
use crate::tag::Matcher;
use crate::types::opening_state::OpeningState;
use crate::wire::Segment;

/// Bytes of a payload that are kept: no signature looks at more.
pub const MAX_PREFIX_BYTES: usize = 64;

/// A first payload that signatures know, kept so that new signatures can be asked about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstPayload {
    /// Its beginning.
    pub bytes: Box<[u8]>,
    /// Its length on the wire.
    pub length: u32,
}

impl FirstPayload {
    /// The signature entry that knows it.
    pub fn find(&self, flow: &Flow, matcher: &Matcher) -> Option<u32> {
        matcher.find_payload(flow.ends.is_tcp(), flow.ends.key().ports, &self.bytes, self.length)
    }
}

/// Looks at a side's first payload, the segment being counted already; true if signatures know it.
#[inline]
pub fn look(flow: &mut Flow, side: usize, segment: &Segment<'_>, matcher: &Matcher) -> bool {
    let is_first = if flow.ends.is_tcp() {
        flow.sides[side].phase == OpeningState::Waiting
    } else {
        flow.traffic.sides()[side].packets <= u64::from(segment.ip_packets)
    };
    is_first && !segment.payload.is_empty() && keep_if_known(flow, segment, matcher)
}

#[cold]
fn keep_if_known(flow: &mut Flow, segment: &Segment<'_>, matcher: &Matcher) -> bool {
    let bytes = &segment.payload[..segment.payload.len().min(MAX_PREFIX_BYTES)];
    let is_tcp = flow.ends.is_tcp();
    if matcher.find_payload(is_tcp, flow.ends.key().ports, bytes, segment.payload_len).is_none() {
        return false;
    }
    let first = FirstPayload { bytes: bytes.into(), length: segment.payload_len };
    flow.naming.get_or_insert_default().payload.get_or_insert_with(|| Box::new(first));
    true
}
