//! How an ended flow is added to the counters.

use crate::counters::tally::Tally;
use crate::counters::view_counters::ViewCounters;
use crate::flow::Flow;
use crate::naming::{unnamed_reason, Identity};

/// Counts a flow that is over: by its evidence, and by the reason if it has no name.
pub fn count_ended_flow(tally: &mut Tally, flow: &Flow, identity: &Identity<'_>) {
    let client = flow.ends.client_side();
    let bytes = flow.traffic.bytes();
    let (sent, received) = (bytes[client], bytes[1 - client]);
    let evidence = identity.evidence;
    tally.named[evidence as usize] += 1;
    tally.named_bytes[evidence as usize] += sent + received;
    if !evidence.is_name() {
        let reason = unnamed_reason(flow.knowledge());
        tally.unnamed[reason as usize] += 1;
        tally.unnamed_bytes[reason as usize] += sent + received;
    }
    if let Some(ech) = flow.naming.ech() {
        tally.ech[ech as usize] += 1;
    }
    if let Some(family) = flow.opening.quic() {
        tally.quic_flows[family as usize] += 1;
    }
    if let Some(encrypted) = flow.clues().and_then(|clues| clues.dns.encrypted()) {
        tally.encrypted_dns[encrypted as usize] += 1;
    }
    if identity.signature.is_none() {
        tally.other_flows += 1;
        tally.other_sent_bytes += sent;
        tally.other_received_bytes += received;
    }
    count_view(tally.view(flow.interface()), flow);
}

/// Counts what the ended flow shows about the view of its interface.
fn count_view(counters: &mut ViewCounters, flow: &Flow) {
    counters.overlapping_flows += u64::from(flow.realms.overlap());
    counters.incomplete_hellos += u64::from(flow.opening.has_gap());
    if !flow.ends.is_tcp() {
        return;
    }
    let unseen = &flow.view.unseen;
    counters.unseen_tcp_bytes += unseen.bytes();
    let [a, b] = (*flow.traffic.sides()).map(|volume| volume.packets > 0);
    counters.connections += u64::from(unseen.is_answered());
    counters.one_way_connections += u64::from(unseen.is_answered() && a != b);
}
