//! One flow as the table keeps it.

use super::dns::Kind;
use super::naming::Naming;
use super::traffic::Traffic;
use crate::counters::tally::Tally;
use crate::opening::{find_first_payload, Opening, Reader};
use crate::reassembly::stream_heads::StreamHeads;
use crate::tag::Matcher;
use crate::types::ends::Ends;
use crate::types::flow_key::FlowKey;
use crate::types::opening_state::OpeningState;
use crate::view::flow_view::FlowView;
use crate::wire::Segment;

/// No signature entry.
pub const NO_ENTRY: u32 = u32::MAX;

/// A bidirectional flow.
#[derive(Debug)]
pub struct Flow {
    /// Both ends.
    pub ends: Ends,
    /// Number of the flow, in order of first packets.
    pub id: u64,
    /// Times and volume.
    pub traffic: Traffic,
    /// How its two sides open the conversation.
    pub opening: Opening,
    /// What the sensor could see of it.
    pub view: FlowView,
    /// The messages that its datagrams are.
    pub messages: Option<Kind>,
    /// Names, once there are any.
    pub naming: Option<Box<Naming>>,
    /// Bytes of both sides at the latest report.
    pub reported_bytes: [u64; 2],
    /// Signature entry, or NO_ENTRY.
    pub entry: u32,
    /// Capture interface of the first packet.
    pub interface: u16,
    /// The client uses encrypted DNS, and no plain one told the server's name.
    pub dns_hidden: bool,
    /// Name and tag are settled enough to report.
    pub decided: bool,
    /// A report has been written.
    pub reported: bool,
}

impl Flow {
    /// A flow that begins with a packet of `first_sender`.
    pub fn new(key: FlowKey, id: u64, now_ns: u64, interface: u16, first_sender: usize) -> Self {
        Self {
            ends: Ends::new(key, first_sender),
            id,
            traffic: Traffic::new(now_ns),
            opening: Opening::default(),
            view: FlowView::default(),
            messages: None,
            naming: None,
            reported_bytes: [0; 2],
            entry: NO_ENTRY,
            interface,
            dns_hidden: false,
            decided: false,
            reported: false,
        }
    }

    /// Reads what `side` sends first with `read`, which returns true if a name may be known now.
    pub fn read_opening(
        &mut self,
        (slot, side): (u32, usize),
        heads: &mut StreamHeads,
        tally: &mut Tally,
        read: impl FnOnce(&mut Reader<'_>) -> bool,
    ) -> bool {
        // The reader works on what is disclosed so far, and the box is allocated once there is something to keep.
        let known = self.naming.as_deref_mut().map(|naming| std::mem::take(&mut naming.disclosed));
        let disclosed = known.unwrap_or_default();
        let mut reader =
            Reader::new(&mut self.opening, &mut self.ends, disclosed, (slot, side), heads, tally);
        let named = read(&mut reader);
        let disclosed = reader.into_disclosed();
        if !disclosed.is_empty() {
            self.naming.get_or_insert_default().disclosed = disclosed;
        }
        named
    }

    /// Reads what is left of incomplete openings: the flow is over.
    pub fn finish_opening(&mut self, slot: u32, heads: &mut StreamHeads, tally: &mut Tally) {
        for side in [0, 1] {
            if self.opening.state(side) == OpeningState::Collecting {
                self.read_opening((slot, side), heads, tally, |reader| reader.finish());
            }
        }
    }

    /// Keeps the payload of a segment that `side` sent, if it is the side's first and a signature matches it;
    /// true if so.
    #[inline]
    pub fn keep_first_payload(&mut self, side: usize, segment: &Segment<'_>, matcher: &Matcher) -> bool {
        let sent = self.traffic.sides()[side].packets;
        let first = find_first_payload(&self.opening, &self.ends, (side, sent), segment, matcher);
        let Some(first) = first else { return false };
        self.naming.get_or_insert_default().disclosed.add_first_payload(first);
        true
    }
}
