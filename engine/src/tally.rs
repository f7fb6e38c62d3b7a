//! Everything that moves gets a counter: what one monitor has counted so far.

use crate::flow::ech::Ech;
use crate::flow::naming::{Evidence, Unnamed};
use crate::wire::Rejection;
use std::collections::BTreeMap;

/// Counters of one monitor; those of several workers add up.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Packets seen.
    pub packets: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Packets cut by the snap length.
    pub cut_packets: u64,
    /// Packets that gave no segment, by `Rejection`.
    pub rejected: [u64; Rejection::COUNT],
    /// What parsers found wrong, by station and reason (closed sets, so bounded).
    pub problems: BTreeMap<(&'static str, &'static str), u64>,
    /// Flows begun.
    pub flows: u64,
    /// Flows that are over, by evidence.
    pub named: [u64; Evidence::ALL.len()],
    /// Flows that are over without a name, by reason.
    pub unnamed: [u64; Unnamed::ALL.len()],
    /// Flows that are over and whose hello had an ECH extension, by what it was.
    pub ech: [u64; Ech::ALL.len()],
    /// Flows that are over and of no vendor.
    pub other_flows: u64,
    /// Their bytes from client to server.
    pub other_sent_bytes: u64,
    /// Their bytes from server to client.
    pub other_received_bytes: u64,
    /// Flows ended early because the table was full.
    pub flows_evicted: u64,
    /// Stream heads given up because there were too many.
    pub heads_evicted: u64,
    /// IP packets in fragments given up because there were too many.
    pub fragments_evicted: u64,
    /// ClientHellos read.
    pub hellos: u64,
    /// QUIC Initial packets seen from sides that may be clients.
    pub quic_initials: u64,
    /// DNS messages read.
    pub dns_messages: u64,
    /// Times the packets' clock went back by more than a minute.
    pub clock_steps: u64,
    /// Monitors that suspect something in the middle of answering (`Interception::Suspected`).
    pub interceptions: u64,
    /// Time of the first packet.
    pub first_ns: Option<u64>,
    /// Latest packet time.
    pub last_ns: u64,
    /// Live flows.
    pub live_flows: u64,
    /// Live stream heads.
    pub live_heads: u64,
    /// IP packets in fragments that wait for more.
    pub live_fragments: u64,
}

/// Adds each named field of another tally.
macro_rules! add_fields {
    ($sum:ident, $more:ident, $($field:ident,)+) => { $($sum.$field += $more.$field;)+ };
}

impl Tally {
    /// Counts what a parser found wrong.
    pub fn problem(&mut self, station: &'static str, reason: &'static str) {
        *self.problems.entry((station, reason)).or_default() += 1;
    }

    /// Adds another worker's counters.
    pub fn add(&mut self, other: &Self) {
        add_fields!(
            self,
            other,
            packets,
            bytes,
            cut_packets,
            flows,
            other_flows,
            other_sent_bytes,
            other_received_bytes,
            flows_evicted,
            heads_evicted,
            fragments_evicted,
            hellos,
            quic_initials,
            dns_messages,
            clock_steps,
            interceptions,
            live_flows,
            live_heads,
            live_fragments,
        );
        add_all(&mut self.rejected, &other.rejected);
        add_all(&mut self.named, &other.named);
        add_all(&mut self.unnamed, &other.unnamed);
        add_all(&mut self.ech, &other.ech);
        for (problem, count) in &other.problems {
            *self.problems.entry(*problem).or_default() += count;
        }
        self.first_ns = match (self.first_ns, other.first_ns) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.last_ns = self.last_ns.max(other.last_ns);
    }
}

fn add_all(sums: &mut [u64], more: &[u64]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more;
    }
}
