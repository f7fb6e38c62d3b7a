//! How a flow that is over is added to the counters.

use super::naming::{unnamed_reason, Resolution};
use super::record::{Flow, NO_ENTRY};
use super::view::count_flow;
use crate::counters::tally::Tally;

/// Counts a flow that is over: by its evidence, and by the reason where that is no name.
pub fn count_ended_flow(tally: &mut Tally, flow: &Flow, resolution: &Resolution<'_>) {
    let client = flow.ends.client_side();
    let bytes = flow.traffic.bytes();
    let (sent, received) = (bytes[client], bytes[1 - client]);
    let evidence = resolution.evidence;
    tally.named[evidence as usize] += 1;
    tally.named_bytes[evidence as usize] += sent + received;
    if !evidence.is_name() {
        let reason = unnamed_reason(flow);
        tally.unnamed[reason as usize] += 1;
        tally.unnamed_bytes[reason as usize] += sent + received;
    }
    if let Some(ech) = flow.naming.as_ref().and_then(|naming| naming.ech) {
        tally.ech[ech as usize] += 1;
    }
    if let Some(family) = flow.quic {
        tally.quic_flows[family as usize] += 1;
    }
    if let Some(encrypted) = flow.naming.as_ref().and_then(|naming| naming.dns.encrypted) {
        tally.encrypted_dns[encrypted as usize] += 1;
    }
    if resolution.entry == NO_ENTRY {
        tally.other_flows += 1;
        tally.other_sent_bytes += sent;
        tally.other_received_bytes += received;
    }
    count_flow(tally.view(flow.interface), flow);
}
