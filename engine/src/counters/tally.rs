//! The counters of one monitor.

use super::declaration::counters;
use super::evictions::Evictions;
use super::undecoded_packets::UndecodedPackets;
use super::view_counters::ViewCounters;
use crate::types::ech_state::EchState;
use crate::types::encrypted_dns::EncryptedDns;
use crate::types::evidence::Evidence;
use crate::types::unnamed::Unnamed;
use crate::wire::decode::undecoded::Undecoded;
use crate::wire::quic::Family;
use crate::wire::Rejection;
use std::collections::BTreeMap;
use std::sync::Arc;

counters! {
    /// Counters of one monitor; those of several workers add up.
    #[derive(Clone, Debug, Default)]
    pub struct Tally {
        /// Bytes of all packets on the wire.
        bytes,
        /// Flows started.
        flows,
        /// Ended flows that match no vendor.
        other_flows,
        /// Their bytes from client to server.
        other_sent_bytes,
        /// Their bytes from server to client.
        other_received_bytes,
        /// ClientHellos read.
        hellos,
        /// QUIC Initial packets seen from sides that may be clients.
        quic_initials,
        /// Version negotiations of QUIC servers.
        quic_negotiations,
        /// DNS messages read.
        dns_messages,
        /// Monitors in which interception is suspected: 0 or 1 for a single monitor.
        interceptions,
        /// Live flows.
        live_flows,
        /// Live stream heads.
        live_heads,
        /// IP packets of which fragments are missing.
        live_fragments,
    } with {
        /// The counters of each interface, by number.
        views: Vec<ViewCounters>,
        /// What was evicted because a table was full.
        evicted: Evictions,
        /// Packets from which no segment was decoded, by `Rejection`.
        rejected: [u64; Rejection::COUNT],
        /// The packets of each interface that were not decoded, by number of the interface.
        undecoded: Vec<UndecodedPackets>,
        /// Parser errors, by station and reason (closed sets, so bounded).
        problems: BTreeMap<(&'static str, &'static str), u64>,
        /// DNS queries for names of a vendor, by its id: an id counts on after signatures were reloaded.
        looked_up: BTreeMap<Arc<str>, u64>,
        /// Ended flows, by the evidence for their name.
        named: [u64; Evidence::ALL.len()],
        /// Their bytes in both directions.
        named_bytes: [u64; Evidence::ALL.len()],
        /// Ended flows without a name, by reason.
        unnamed: [u64; Unnamed::ALL.len()],
        /// Their bytes in both directions.
        unnamed_bytes: [u64; Unnamed::ALL.len()],
        /// Ended flows whose hello had an ECH extension, by whether it was used or GREASE.
        ech: [u64; EchState::ALL.len()],
        /// Ended flows that carried encrypted DNS, by protocol.
        encrypted_dns: [u64; EncryptedDns::ALL.len()],
        /// Ended QUIC flows, by version.
        quic_flows: [u64; Family::ALL.len()],
        /// Earliest packet time.
        first_ns: Option<u64>,
        /// Latest packet time.
        last_ns: u64,
    }
}

impl Tally {
    /// Counts a parser error.
    pub fn problem(&mut self, station: &'static str, reason: &'static str) {
        *self.problems.entry((station, reason)).or_default() += 1;
    }

    /// Counts a DNS query for a name of a vendor.
    pub fn count_look_up(&mut self, vendor: &Arc<str>) {
        match self.looked_up.get_mut(vendor) {
            Some(count) => *count += 1,
            None => _ = self.looked_up.insert(Arc::clone(vendor), 1),
        }
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

    /// Counts packets of an interface that were not decoded; those without a connection are no gap in the view.
    #[cold]
    pub fn count_undecoded(&mut self, undecoded: Undecoded, interface: u16, packets: u32) {
        let Undecoded { rejection, carried } = undecoded;
        self.rejected[rejection as usize] += u64::from(packets);
        if carried.is_control() {
            return;
        }
        self.view(interface).undecoded_packets += u64::from(packets);
        self.undecoded_of(interface).count(carried, packets.into());
    }

    fn undecoded_of(&mut self, interface: u16) -> &mut UndecodedPackets {
        let number = usize::from(interface);
        if number >= self.undecoded.len() {
            self.undecoded.resize_with(number + 1, UndecodedPackets::default);
        }
        &mut self.undecoded[number]
    }

    /// The counters of all interfaces together.
    pub fn total_view(&self) -> ViewCounters {
        let mut total = ViewCounters::default();
        self.views.iter().for_each(|view| total.add_counters(view));
        total
    }

    /// Adds the tally of another worker.
    pub fn add(&mut self, other: &Self) {
        self.add_counters(other);
        self.evicted.add_counters(&other.evicted);
        for (interface, view) in other.views.iter().enumerate() {
            self.view(interface as u16).add_counters(view);
        }
        for (interface, packets) in other.undecoded.iter().enumerate() {
            self.undecoded_of(interface as u16).add(packets);
        }
        add_all(&mut self.rejected, &other.rejected);
        add_all(&mut self.named, &other.named);
        add_all(&mut self.named_bytes, &other.named_bytes);
        add_all(&mut self.unnamed, &other.unnamed);
        add_all(&mut self.unnamed_bytes, &other.unnamed_bytes);
        add_all(&mut self.ech, &other.ech);
        add_all(&mut self.encrypted_dns, &other.encrypted_dns);
        add_all(&mut self.quic_flows, &other.quic_flows);
        for (problem, count) in &other.problems {
            *self.problems.entry(*problem).or_default() += count;
        }
        for (vendor, count) in &other.looked_up {
            *self.looked_up.entry(Arc::clone(vendor)).or_default() += count;
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
