//! What is done for flows as time passes: they time out, long ones are reported again, all end with the capture.

use super::pending_syns::count_unanswered;
use super::state::{context, Monitor};
use crate::counters::tally::Tally;
use crate::flow::{due_ns, DECIDE_AFTER_NS, LINGER_NS};
use crate::report::phase::Phase;
use crate::tag::Matcher;
use crate::types::end_reason::EndReason;
use crate::types::interception::Interception;
use std::sync::Arc;

const SECOND_NS: u64 = 1_000_000_000;

impl Monitor {
    /// Does what is due for all flows.
    pub(super) fn maintain_flows(&mut self) {
        let now_ns = self.clocks.now_ns();
        self.tally.first_ns = Some(self.tally.first_ns.map_or(now_ns, |first_ns| first_ns.min(now_ns)));
        self.next_sweep_ns = now_ns.saturating_add(SECOND_NS);
        context!(self).expire_answers(now_ns);
        self.timer.evaluate(now_ns);
        let unanswered = self.pending.take_expired(now_ns);
        count_unanswered(&unanswered, &mut self.table);
        let mut due = std::mem::take(&mut self.due);
        self.table.collect_due(now_ns, &mut due);
        for &slot in &due {
            self.maintain(slot, now_ns);
        }
        self.due = due;
    }

    /// Does what is due for one flow.
    fn maintain(&mut self, slot: u32, now_ns: u64) {
        self.take_from_sieve(slot);
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
        if let Some(flow) = self.table.get_mut(slot) {
            let due_ns = due_ns(&self.settings, flow, now_ns);
            self.table.set_due(slot, due_ns);
        }
    }

    /// Ends every flow, in order of their numbers.
    pub(super) fn end_flows(&mut self) {
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

    /// Replaces the signatures: every live flow is matched again.
    pub fn set_matcher(&mut self, matcher: Arc<Matcher>) {
        self.matcher = matcher;
        for slot in self.table.live() {
            self.take_from_sieve(slot);
            if let Some(flow) = self.table.get_mut(slot) {
                if flow.reporting.is_decided() {
                    self.decide(slot);
                }
            }
        }
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
