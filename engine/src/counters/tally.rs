//! The counters of one monitor.

use crate::counters::view_counters::ViewCounters;
use crate::types::ech_state::EchState;
use crate::types::encrypted_dns::EncryptedDns;
use crate::types::evidence::Evidence;
use crate::types::unnamed::Unnamed;
use crate::wire::quic::Family;
use crate::wire::Rejection;
use std::collections::BTreeMap;

/// Counters of one monitor; those of several workers add up.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// The counters of each interface, by number.
    pub views: Vec<ViewCounters>,
    /// Packets that gave no segment, by `Rejection`.
    pub rejected: [u64; Rejection::COUNT],
    /// Parser errors, by station and reason (closed sets, so bounded).
    pub problems: BTreeMap<(&'static str, &'static str), u64>,
    /// Flows started.
    pub flows: u64,
    /// Ended flows, by evidence.
    pub named: [u64; Evidence::ALL.len()],
    /// Their bytes in both directions.
    pub named_bytes: [u64; Evidence::ALL.len()],
    /// Ended flows without a name, by reason.
    pub unnamed: [u64; Unnamed::ALL.len()],
    /// Their bytes in both directions.
    pub unnamed_bytes: [u64; Unnamed::ALL.len()],
    /// Ended flows whose hello had an ECH extension, by what it was.
    pub ech: [u64; EchState::ALL.len()],
    /// Ended flows that carried encrypted DNS, by protocol.
    pub encrypted_dns: [u64; EncryptedDns::ALL.len()],
    /// Ended flows that match no vendor.
    pub other_flows: u64,
    /// Their bytes from client to server.
    pub other_sent_bytes: u64,
    /// Their bytes from server to client.
    pub other_received_bytes: u64,
    /// Flows evicted because the table was full.
    pub flows_evicted: u64,
    /// Stream heads evicted because there were too many.
    pub heads_evicted: u64,
    /// IP packets in fragments evicted because there were too many.
    pub fragments_evicted: u64,
    /// Pending DNS queries evicted because there were too many.
    pub queries_evicted: u64,
    /// ClientHellos read.
    pub hellos: u64,
    /// QUIC Initial packets seen from sides that may be clients.
    pub quic_initials: u64,
    /// Ended QUIC flows, by version.
    pub quic_flows: [u64; Family::ALL.len()],
    /// Version negotiations of QUIC servers.
    pub quic_negotiations: u64,
    /// DNS messages read.
    pub dns_messages: u64,
    /// Times that the packets' clock was set back by more than a minute.
    pub clock_steps: u64,
    /// Monitors that suspect a middlebox of answering (`Interception::Suspected`).
    pub interceptions: u64,
    /// Earliest packet time, to the minute where the clock goes back.
    pub first_ns: Option<u64>,
    /// Latest packet time.
    pub last_ns: u64,
    /// Live flows.
    pub live_flows: u64,
    /// Live stream heads.
    pub live_heads: u64,
    /// IP packets of which fragments are missing.
    pub live_fragments: u64,
}

/// Adds each named field of another tally.
macro_rules! add_fields {
    ($sum:ident, $more:ident, $($field:ident,)+) => { $($sum.$field += $more.$field;)+ };
}

impl Tally {
    /// Counts a parser error.
    pub fn problem(&mut self, station: &'static str, reason: &'static str) {
        *self.problems.entry((station, reason)).or_default() += 1;
    }

    /// The counters of an interface.
    #[inline]
    pub fn view(&mut self, interface: u16) -> &mut ViewCounters {
        let number = usize::from(interface);
        if number >= self.views.len() {
            self.views.resize(number + 1, ViewCounters::default());
        }
        &mut self.views[number]
    }

    /// The counters of all interfaces together.
    pub fn total_view(&self) -> ViewCounters {
        let mut total = ViewCounters::default();
        self.views.iter().for_each(|view| total.add(view));
        total
    }

    /// Adds another worker's counters.
    pub fn add(&mut self, other: &Self) {
        add_fields!(
            self,
            other,
            flows,
            other_flows,
            other_sent_bytes,
            other_received_bytes,
            flows_evicted,
            heads_evicted,
            fragments_evicted,
            queries_evicted,
            hellos,
            quic_initials,
            quic_negotiations,
            dns_messages,
            clock_steps,
            interceptions,
            live_flows,
            live_heads,
            live_fragments,
        );
        add_all(&mut self.rejected, &other.rejected);
        add_all(&mut self.named, &other.named);
        add_all(&mut self.quic_flows, &other.quic_flows);
        add_all(&mut self.unnamed, &other.unnamed);
        add_all(&mut self.ech, &other.ech);
        add_all(&mut self.named_bytes, &other.named_bytes);
        add_all(&mut self.unnamed_bytes, &other.unnamed_bytes);
        for (interface, view) in other.views.iter().enumerate() {
            self.view(interface as u16).add(view);
        }
        add_all(&mut self.encrypted_dns, &other.encrypted_dns);
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
