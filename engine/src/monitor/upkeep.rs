//! What is done for flows as time passes: they time out, long ones are reported again, all end with the capture.

use super::pending_syns::count_unanswered;
use super::state::{context, Monitor, Sender};
use crate::address::realm::Realm;
use crate::counters::tally::Tally;
use crate::flow::{due_ns, Found, DECIDE_AFTER_NS, LINGER_NS};
use crate::report::phase::Phase;
use crate::resolution::MessageKind;
use crate::tag::Matcher;
use crate::types::arrival::Arrival;
use crate::types::end_reason::EndReason;
use crate::types::interception::Interception;
use crate::wire::Segment;
use std::sync::Arc;

const SECOND_NS: u64 = 1_000_000_000;
/// Many flows may be due at once, and live packets wait meanwhile. So a packet is followed by so many of them; that is
/// more than packets can make due.
pub(super) const WITH_PACKET: usize = 8;
/// Without packets, so many are done between two looks at the rings.
pub(super) const WITHOUT_PACKETS: usize = 512;

impl Monitor {
    /// Begins what is done once a second, and finds the flows that are due.
    pub(super) fn begin_upkeep(&mut self) {
        let now_ns = self.clocks.now_ns();
        self.tally.first_ns = Some(self.tally.first_ns.map_or(now_ns, |first_ns| first_ns.min(now_ns)));
        self.next_upkeep_ns = now_ns.saturating_add(SECOND_NS);
        context!(self).expire_answers(now_ns);
        self.timer.evaluate(now_ns);
        let unanswered = self.pending.take_expired(now_ns);
        count_unanswered(&unanswered, &mut self.table);
        self.collect_due();
    }

    fn collect_due(&mut self) {
        self.due_at_ns = self.clocks.now_ns();
        self.table.collect_due(self.due_at_ns, &mut self.due);
        self.due.reverse(); // they are taken from its end, in order of their slots
    }

    /// Does what is due for some flows; for all of them if no packets wait meanwhile.
    pub(super) fn maintain_due(&mut self, most: usize) {
        let most = if self.settings.is_live() { most } else { usize::MAX };
        for _ in 0..most {
            let Some(slot) = self.due.pop() else { break };
            self.maintain_if_due(slot);
        }
        self.next_sweep_ns = if self.is_behind() { 0 } else { self.next_upkeep_ns };
    }

    /// Flows are due that were not looked at yet.
    pub fn is_behind(&self) -> bool {
        !self.due.is_empty()
    }

    /// The flow of a segment, after what is due for it was done: it may be over.
    #[inline(always)] // the path of every packet
    pub(super) fn find_current(&mut self, segment: &Segment<'_>, realm: Realm) -> Found {
        let found = self.table.look_up(segment, realm);
        match found.slot {
            Some(slot) if self.is_behind() => Found { slot: self.catch_up(slot), ..found },
            _ => found,
        }
    }

    /// Does what is due for the flow in a slot; it keeps the slot if it goes on.
    #[cold]
    fn catch_up(&mut self, slot: u32) -> Option<u32> {
        self.maintain_if_due(slot);
        self.table.get(slot).map(|_| slot)
    }

    /// Starts a flow with its first packet, for which one is ended if there is no room; returns its slot.
    #[inline(never)]
    pub(super) fn admit(
        &mut self,
        sender: Sender,
        arrival: Arrival,
        segment: &Segment<'_>,
        message_kind: Option<MessageKind>,
    ) -> u32 {
        if self.table.is_full() {
            self.maintain_due(WITHOUT_PACKETS); // some may be over
        }
        if self.table.is_full() {
            if let Some(slot) = self.table.eviction_candidate() {
                self.tally.evicted.flows += 1;
                self.end(slot, EndReason::Evicted);
            }
        }
        self.begin(sender, arrival, segment, message_kind)
    }

    /// Does what is due for a flow, as of the time at which the due ones were collected.
    fn maintain_if_due(&mut self, slot: u32) {
        let now_ns = self.due_at_ns;
        if !self.table.is_due(slot, now_ns) {
            return;
        }
        self.take_from_sieve(slot);
        if self.table.is_to_match(slot) {
            self.match_again(slot);
        } else {
            self.maintain(slot, now_ns);
        }
        if let Some(flow) = self.table.get_mut(slot) {
            let due_ns = due_ns(&self.settings, flow, now_ns);
            self.table.set_due(slot, due_ns);
        }
    }

    /// Matches a flow with signatures that were replaced.
    fn match_again(&mut self, slot: u32) {
        if self.table.get(slot).is_some_and(|flow| flow.reporting.is_decided()) {
            self.decide(slot);
        }
    }

    /// Ends a flow that is over, or reports it if that is due.
    fn maintain(&mut self, slot: u32, now_ns: u64) {
        let Some(flow) = self.table.get_mut(slot) else { return };
        let silence_ns = flow.traffic.silence_ns(now_ns);
        let closed = flow.opening.is_closed() && silence_ns >= LINGER_NS;
        if closed || silence_ns >= self.settings.timeout_ns(flow.ends.is_tcp()) {
            let end = flow.opening.end_reason(EndReason::Idle);
            return self.end(slot, end);
        }
        if self.settings.reports_openings() {
            if !flow.reporting.is_decided() || flow.reporting.waits_for_data() {
                if now_ns.saturating_sub(flow.traffic.start_ns()) >= DECIDE_AFTER_NS {
                    self.decide(slot);
                }
            } else if self.settings.is_live() && flow.reporting.is_outdated(flow.traffic.bytes()) {
                self.report_live(slot, Phase::Update);
            }
        }
    }

    /// Ends every flow, in order of their numbers.
    pub(super) fn end_flows(&mut self) {
        self.maintain_due(usize::MAX);
        context!(self).expire_answers(u64::MAX);
        self.timer.evaluate(self.clocks.now_ns());
        for slot in self.table.live() {
            if let Some(flow) = self.table.get_mut(slot) {
                let end = flow.opening.end_reason(EndReason::CaptureEnd);
                self.end(slot, end);
            }
        }
        context!(self).expire_answers(u64::MAX); // those at the end of streams
    }

    /// From now on also reports flows that match a signature once they are recognised.
    pub fn report_openings(&mut self) {
        self.settings.report_openings = true;
    }

    /// Replaces the signatures: every live flow is matched again, before its next packet at the latest.
    /// Returns what was replaced.
    pub fn set_matcher(&mut self, matcher: Arc<Matcher>) -> Arc<Matcher> {
        let old = std::mem::replace(&mut self.matcher, matcher);
        self.table.match_all();
        self.collect_due();
        self.maintain_due(WITHOUT_PACKETS);
        old
    }

    /// The current counters.
    pub fn tally(&self) -> Tally {
        let mut tally = self.tally.clone();
        tally.last_ns = tally.last_ns.max(self.clocks.now_ns());
        tally.interceptions = u64::from(self.timer.interception() == Interception::Suspected);
        tally.live_flows = self.table.len() as u64;
        tally.live_fragments = self.fragments.len() as u64;
        tally.live_heads = (self.heads.len() + self.dns_streams.waiting()) as u64;
        tally
    }
}
