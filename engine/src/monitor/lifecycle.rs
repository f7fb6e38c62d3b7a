//! How flows begin, are identified, and end.

use super::keeping::keep_answers;
use super::pending_syns::count_unanswered;
use super::state::{context, Monitor, Sender};
use crate::flow::{due_ns, Flow, DECIDE_AFTER_NS};
use crate::naming::identify;
use crate::report::accounting::count_ended_flow;
use crate::report::flow_record::report;
use crate::report::phase::Phase;
use crate::resolution::{MessageKind, Messages};
use crate::types::arrival::Arrival;
use crate::types::contact::Contact;
use crate::types::end_reason::EndReason;
use crate::wire::Segment;

impl Monitor {
    /// The slot of the flow that a packet continues. None if there is no such flow, or if it was over before the
    /// packet; it is ended then. `is_new` is true if the packet starts another flow with the same key.
    #[inline]
    pub(super) fn continue_flow(
        &mut self,
        slot: Option<u32>,
        is_tcp: bool,
        now_ns: u64,
        is_new: impl FnOnce(&Flow) -> bool,
    ) -> Option<u32> {
        let flow = self.table.get_mut(slot?)?;
        let reason = if flow.traffic.silence_ns(now_ns) > self.settings.timeout_ns(is_tcp) {
            EndReason::Idle
        } else if is_new(flow) {
            EndReason::Reused
        } else {
            return slot;
        };
        let reason = flow.opening.end_reason(reason);
        self.end(slot?, reason);
        None
    }

    /// Starts a flow with its first packet; returns its slot.
    pub(super) fn begin(
        &mut self,
        sender: Sender,
        arrival: Arrival,
        segment: &Segment<'_>,
        message_kind: Option<MessageKind>,
    ) -> u32 {
        let id = self.flow_ids.0;
        self.flow_ids.0 += self.flow_ids.1;
        self.tally.flows += 1;
        let recalled = self.recall(sender, id, arrival, segment);
        let mut flow = recalled.unwrap_or_else(|| {
            let mut flow = Flow::new(sender.key, sender.side, id, arrival, message_kind);
            flow.naming.note_rest(self.idle.may_hold(&sender.key));
            flow
        });
        let first_ns = self.tally.first_ns.unwrap_or(arrival.time_ns);
        if arrival.time_ns.saturating_sub(first_ns) > self.settings.timeout_ns(flow.ends.is_tcp()) {
            flow.naming.note_unknown_start();
        }
        if let Some(machines) =
            self.names.machines.as_ref().filter(|_| flow.ends.client_side() == sender.side)
        {
            machines.note_sender(flow.ends.client(), segment, arrival.time_ns);
        }
        flow.look_up_names(&self.names, &self.matcher);
        let due_ns = due_ns(&self.settings, &flow, arrival.time_ns);
        self.table.insert(flow, due_ns)
    }

    /// Ends a flow: reads what is left of it, counts it, and reports it if it matches or if all flows are reported.
    pub(super) fn end(&mut self, slot: u32, reason: EndReason) {
        self.end_sieving(slot);
        let unanswered = self.pending.take(slot, |_| true);
        count_unanswered(&unanswered, &mut self.table);
        let Some(flow) = self.table.get_mut(slot) else { return };
        flow.finish_opening(slot, &mut self.heads, &mut self.tally);
        if let Some(kind) = flow.message_kind().filter(|_| flow.ends.is_tcp()) {
            let packets = self.conversation(slot);
            let Some(flow) = self.table.get_mut(slot) else { return };
            for side in [0, 1] {
                let arrival =
                    Arrival { time_ns: flow.traffic.last_ns(), interface: flow.interface(), number: 0 };
                let messages = Messages::of_stream(&flow.ends, side, kind, arrival, context!(self));
                let mut messages = messages.carried_by(packets.clone());
                let owner = flow.opening.head_owner(&flow.ends, slot, side);
                if !kind.is_certain() {
                    self.dns_streams.forget(owner);
                    continue;
                }
                self.dns_streams.close(owner, &mut messages);
                flow.note_query(messages.fallback_query());
            }
        }
        let Some(mut flow) = self.table.remove(slot) else { return };
        flow.look_up_names(&self.names, &self.matcher);
        flow.recognise_dns(&self.names, &self.matcher);
        flow.settle_duplicates(&self.duplicates, &mut self.tally);
        let identity = identify(flow.knowledge(), &self.matcher);
        count_ended_flow(&mut self.tally, &flow, &identity);
        let is_matched = identity.signature.is_some();
        let is_wanted = is_matched
            || flow.is_reported_for_dns()
            || flow.reporting.is_reported()
            || self.settings.every_flow;
        if is_wanted {
            self.tally.evicted.evidence += keep_answers(&self.kept, &flow, &self.matcher);
            let view = self.sensor_view(&flow);
            self.flows.push(report(&mut flow, Phase::End(reason), &self.matcher, view));
        }
        if !is_matched {
            self.kept.release(flow.id());
        }
        self.remember(&flow, reason, is_matched);
    }

    /// Evaluates what a packet has shown: a name may be known now (`named`), or the sides came further in contact
    /// (`met`).
    #[inline]
    pub(super) fn evaluate(&mut self, slot: u32, arrival: Arrival, named: bool, met: bool) {
        if self.heads.has_lost() {
            self.read_lost();
        }
        if named {
            self.evaluate_opening(slot, arrival);
        } else if met {
            self.note_contact(slot);
        }
    }

    /// The sides came further in contact: that may confirm the client, and a live flow that waited for data is reported.
    #[cold]
    fn note_contact(&mut self, slot: u32) {
        let Some(flow) = self.table.get_mut(slot) else { return };
        let waits = flow.reporting.waits_for_data();
        if flow.opening.is_confirmed(&flow.ends) {
            self.table.confirm(slot);
        }
        if waits && self.settings.reports_openings() {
            self.decide(slot);
        }
    }

    /// Evaluates an opening of which a packet has just shown more.
    fn evaluate_opening(&mut self, slot: u32, arrival: Arrival) {
        if let Some(flow) = self.table.get_mut(slot) {
            flow.note_disclosure(arrival);
            flow.evaluate_hello(&self.names, &self.matcher, &mut self.hellos);
            flow.recognise_dns(&self.names, &self.matcher);
        }
        if self.settings.reports_openings() {
            self.decide(slot);
        }
    }

    /// Reads what evicted stream heads held: a name in it is not lost.
    #[cold]
    fn read_lost(&mut self) {
        while let Some(lost) = self.heads.next_lost() {
            let Some(flow) = self.table.get_mut(lost.flow) else { continue };
            if flow.lose_head(&lost, &mut self.heads, &mut self.tally) {
                let (time_ns, interface) = (flow.traffic.last_ns(), flow.interface());
                self.evaluate_opening(lost.flow, Arrival { time_ns, interface, number: 0 });
            }
        }
    }

    /// Names a live flow and matches it with the signatures, and reports it if it matches a vendor: as soon as
    /// data was exchanged, or else after a while.
    pub(super) fn decide(&mut self, slot: u32) {
        let Some(flow) = self.table.get_mut(slot) else { return };
        flow.look_up_names(&self.names, &self.matcher);
        flow.recognise_dns(&self.names, &self.matcher);
        let signature = identify(flow.knowledge(), &self.matcher).signature;
        flow.reporting.decide(signature);
        let is_early = self.clocks.now_ns().saturating_sub(flow.traffic.start_ns()) < DECIDE_AFTER_NS;
        let is_ready = flow.contact() == Contact::Data || !is_early;
        let is_wanted = (signature.is_some() && is_ready) || flow.is_reported_for_dns();
        if is_wanted && !flow.reporting.is_reported() {
            self.report_live(slot, Phase::Open);
        }
        self.release_unmatched(slot);
    }

    /// Reports a flow that continues.
    pub(super) fn report_live(&mut self, slot: u32, phase: Phase) {
        let Some(view) = self.table.get(slot).map(|flow| self.sensor_view(flow)) else { return };
        if let Some(flow) = self.table.get(slot) {
            self.tally.evicted.evidence += keep_answers(&self.kept, flow, &self.matcher);
        }
        if let Some(flow) = self.table.get_mut(slot) {
            flow.settle_duplicates(&self.duplicates, &mut self.tally);
            self.flows.push(report(flow, phase, &self.matcher, view));
        }
    }
}
