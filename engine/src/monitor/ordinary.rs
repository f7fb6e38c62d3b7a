//! What is done with almost every segment: it continues a flow of which nothing more is to be learnt, or was delivered
//! before.

use super::state::Monitor;
use crate::flow::{Flow, Found};
use crate::types::arrival::Arrival;
use crate::view::flow_duplicates::Treatment;
use crate::wire::{Segment, Transport};

impl Monitor {
    /// Counts a segment with new data of a settled connection: it is no duplicate, so it is not compared with what was
    /// delivered before. False for any other segment, which changes nothing.
    ///
    /// Data is new if its side had not come as far, unless a copy of the segment waits with a SYN.
    #[inline(always)] // the path of almost every packet
    pub(super) fn continue_with_data(
        &mut self,
        segment: &Segment<'_>,
        found: Found,
        arrival: Arrival,
    ) -> bool {
        let is_data = segment.payload_len > 0 && matches!(segment.transport, Transport::Tcp { .. });
        if !is_data || !self.pending.is_empty() || !self.continue_settled(segment, found, arrival) {
            return false;
        }
        if let Some(flow) = found.slot.and_then(|slot| self.table.get_mut(slot)) {
            self.duplicates.note_new(segment, found.direction(), arrival, flow.known(), &self.tally);
        }
        true
    }

    /// Skips and counts a segment that is a duplicate, or set aside because it may be one; false for any other one, which is
    /// stored for later comparison.
    #[inline(always)] // the path of every packet
    pub(super) fn skip_duplicate(&mut self, segment: &Segment<'_>, found: Found, arrival: Arrival) -> bool {
        let flow = found.slot.and_then(|slot| self.table.get_mut(slot)).map(Flow::known);
        let treatment = self.duplicates.find(segment, found.direction(), arrival, flow, &self.tally);
        let Treatment::Skip(known_duplicates) = treatment else { return false };
        let counters = self.tally.view(arrival.interface);
        counters.flow_packets += u64::from(segment.ip_packets);
        counters.duplicate_packets += u64::from(known_duplicates);
        if let Some(flow) = found.slot.and_then(|slot| self.table.get_mut(slot)) {
            flow.realms.note_duplicate(found.side, segment.realm);
        }
        true
    }

    /// Counts a segment, if it is one of those that make up most of a connection; see `Flow::add_settled`.
    #[inline(always)] // the path of almost every packet
    pub(super) fn continue_settled(&mut self, segment: &Segment<'_>, found: Found, arrival: Arrival) -> bool {
        if self.kept.are_kept() || self.heads.has_lost() {
            return false;
        }
        let Some(flow) = found.slot.and_then(|slot| self.table.get_mut(slot)) else { return false };
        let is_tcp = matches!(segment.transport, Transport::Tcp { .. });
        flow.traffic.silence_ns(arrival.time_ns) <= self.settings.timeout_ns(is_tcp)
            && flow.add_settled(found.side, segment, arrival.time_ns)
    }
}
