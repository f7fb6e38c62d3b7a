//! Which packets are kept as evidence: those that show how a flow opened, what names it, and how long its round trips
//! take.

use super::state::Monitor;
use crate::flow::Flow;
use crate::kept::captured::Captured;
use crate::kept::kept_packet::{KeptPacket, Shows};
use crate::kept::kept_packets::KeptPackets;
use crate::naming::{identify, Identity};
use crate::reassembly::fragments::Reassembled;
use crate::tag::Matcher;
use crate::types::evidence::Evidence;
use crate::types::opening_state::OpeningState;
use crate::view::timing_stage::TimingStage;
use std::sync::Arc;

/// What a segment turned out to be for its flow.
#[derive(Clone, Copy)]
pub(super) struct Role {
    /// The side that sent it.
    pub side: usize,
    /// What its header and its payload alone show.
    pub own: Shows,
    /// It was read as part of the opening.
    pub reads: bool,
    /// It completed what names the flow.
    pub named: bool,
    /// The sides came further in contact.
    pub met: bool,
    /// How far the round trips were measured before it.
    pub before: TimingStage,
}

impl Role {
    /// What its packets show; empty if they need not be kept.
    #[inline]
    pub fn shows(self, flow: &Flow) -> Shows {
        let stage = flow.view.handshake.stage();
        let timed = match stage {
            _ if stage == self.before => Shows::default(),
            TimingStage::Waiting | TimingStage::Opened => Shows::default(),
            TimingStage::Measured => Shows::ROUND_TRIP,
            TimingStage::Sent => Shows::FIRST_DATA,
            TimingStage::Both if self.before == TimingStage::Sent => Shows::ANSWER_TIMED,
            TimingStage::Both => Shows::ROUND_TRIP.and(Shows::ANSWER_TIMED, true),
            TimingStage::Untimed => Shows::UNTIMED,
        };
        let all = self.own.and(timed, true);
        let all = all.and(Shows::OPENING, self.reads).and(Shows::NAME, self.named);
        let all = all.and(Shows::CONTACT, self.met);
        all.and(Shows::BY_CLIENT, !all.is_empty() && self.side == flow.ends.client_side())
    }
}

impl Monitor {
    /// Keeps the packets in which a segment of a side arrived, and which show this; returns the copies.
    #[cold]
    pub(super) fn keep(
        &mut self,
        slot: u32,
        side: usize,
        captured: &Captured<'_>,
        shows: Shows,
    ) -> Vec<Arc<KeptPacket>> {
        let Some(flow) = self.table.get(slot).filter(|flow| !is_of_no_interest(flow)) else {
            return Vec::new();
        };
        let addresses = [side, 1 - side].map(|side| flow.ends.end(side).0);
        let copies = captured.copies(addresses, shows);
        let owner = (flow.ends.client(), flow.opening.is_confirmed(&flow.ends));
        self.tally.evicted.evidence += self.kept.keep(flow.id(), owner, copies.clone());
        copies
    }

    /// The packets of a DNS conversation over TCP so far.
    pub(super) fn conversation(&self, slot: u32) -> Vec<Arc<KeptPacket>> {
        if !self.kept.are_kept() {
            return Vec::new();
        }
        self.table.get(slot).map(|flow| self.kept.own_of(flow.id())).unwrap_or_default()
    }

    /// The packets in which the fragments of an IP packet arrived.
    pub(super) fn take_fragments(&mut self, done: &Reassembled) -> Vec<Arc<KeptPacket>> {
        let id = done.packet.as_ref().map(|packet| packet.id);
        id.filter(|_| self.kept.are_kept()).map(|id| self.fragment_packets.take(&id)).unwrap_or_default()
    }

    /// A live flow matches no signature: what was kept of it is released, unless its opening or the DNS that it carries
    /// is still being read.
    pub(super) fn release_unmatched(&mut self, slot: u32) {
        let Some(flow) = self.table.get(slot).filter(|_| self.kept.are_kept()) else { return };
        if is_of_no_interest(flow) {
            self.kept.release(flow.id());
        }
    }
}

/// A flow is reported: keeps the DNS messages on which its name rests. Returns the number of flows that were evicted.
pub(super) fn keep_answers(kept: &KeptPackets, flow: &Flow, matcher: &Matcher) -> u64 {
    if !kept.are_kept() {
        return 0;
    }
    let identity = identify(flow.knowledge(), matcher);
    kept.rest_on(flow.id(), flow.ends.client(), dns_packets(flow, &identity))
}

/// A flow of which everything is known that can name it, and that matches no signature.
fn is_of_no_interest(flow: &Flow) -> bool {
    let is_reading = |state: &OpeningState| {
        matches!(state, OpeningState::Waiting | OpeningState::Collecting | OpeningState::Between)
    };
    flow.reporting.is_decided()
        && !flow.reporting.has_signature()
        && flow.message_kind().is_none()
        && !flow.opening.states().iter().any(is_reading)
}

/// The packets of the DNS messages on which the name of a flow rests.
fn dns_packets(flow: &Flow, identity: &Identity<'_>) -> Vec<Arc<KeptPacket>> {
    use Evidence::{Certificate, DnsAny, DnsClient, DnsUnsolicited};
    let known = flow.knowledge();
    let rests_on_all = matches!(identity.evidence, DnsClient | DnsAny | DnsUnsolicited | Certificate);
    let chains = known.naming_chains().map(|chain| &**chain);
    let others = chains.filter(|chain| rests_on_all && Some(*chain) != identity.answer);
    let mut packets: Vec<Arc<KeptPacket>> = Vec::new();
    for packet in identity.answer.into_iter().chain(others).flat_map(|chain| &chain.packets) {
        if !packets.iter().any(|one| Arc::ptr_eq(one, packet)) {
            packets.push(Arc::clone(packet));
        }
    }
    packets
}
