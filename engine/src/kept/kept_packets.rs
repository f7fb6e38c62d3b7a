//! The packets that are kept for flows, until the flow turns out to be of no interest: a table that is bounded in bytes,
//! for each flow and for all. The client whose flows take most loses its oldest.
//!
//! The worker that follows a flow adds packets, and Python takes them after it has judged the flow, so the table has a
//! lock. It is taken for packets of openings only.

use super::kept_packet::KeptPacket;
use crate::address::realm_host::Host;
use crate::shares::Shares;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Maximum number of packets of one flow: handshake, hello, certificate and what precedes them are hardly more than
/// twenty.
const MAX_PACKETS: usize = 48;
/// Maximum number of packets of one flow before one that shows more than that it was read; the rest is kept for such.
const MAX_ORDINARY_PACKETS: usize = 32;
/// Maximum number of bytes of one flow.
const MAX_FLOW_BYTES: usize = 96 << 10;
/// What a flow takes, about: the table is made for so many.
const MEAN_FLOW_BYTES: usize = 4 << 10;
/// What a flow is charged in addition to its packets.
const FLOW_OVERHEAD: usize = 192;

/// What is kept for one flow.
#[derive(Debug, Default)]
struct KeptFlow {
    packets: Vec<Arc<KeptPacket>>,
    /// Of the DNS messages on which its name rests.
    dns: Vec<Arc<KeptPacket>>,
    bytes: usize,
    ticket: u32,
}

#[derive(Debug)]
struct Store {
    flows: HashMap<u64, KeptFlow, RandomState>,
    shares: Shares<u64>,
    bytes: usize,
    max_bytes: usize,
}

impl Store {
    fn entry(&mut self, flow: u64, client: Host) -> &mut KeptFlow {
        let Self { flows, shares, bytes, .. } = self;
        flows.entry(flow).or_insert_with(|| {
            *bytes += FLOW_OVERHEAD;
            let ticket = shares.add(client, flow, FLOW_OVERHEAD as u32, false);
            KeptFlow { bytes: FLOW_OVERHEAD, ticket, ..KeptFlow::default() }
        })
    }

    fn grow(&mut self, flow: u64, by: usize) {
        let Some(entry) = self.flows.get_mut(&flow) else { return };
        entry.bytes += by;
        self.bytes += by;
        self.shares.resize(entry.ticket, entry.bytes as u32);
    }

    fn remove(&mut self, flow: u64) -> bool {
        let Some(entry) = self.flows.remove(&flow) else { return false };
        self.bytes -= entry.bytes;
        self.shares.release(entry.ticket);
        true
    }

    /// Evicts flows until the bound holds; returns how many.
    fn shrink(&mut self) -> u64 {
        let mut evicted = 0;
        while self.bytes > self.max_bytes {
            let Some((_, flow)) = self.shares.candidate() else { break };
            evicted += u64::from(self.remove(flow));
        }
        evicted
    }
}

/// The packets kept by one monitor; a handle that can be cloned.
#[derive(Clone, Debug, Default)]
pub struct KeptPackets(Option<Arc<Mutex<Store>>>);

impl KeptPackets {
    /// An empty table for `max_bytes` bytes; 0: no packets are kept.
    pub fn new(max_bytes: usize) -> Self {
        let store = || Store {
            flows: HashMap::default(),
            shares: Shares::new(max_bytes / MEAN_FLOW_BYTES),
            bytes: 0,
            max_bytes,
        };
        Self((max_bytes > 0).then(|| Arc::new(Mutex::new(store()))))
    }

    /// Packets are kept.
    #[inline]
    pub fn are_kept(&self) -> bool {
        self.0.is_some()
    }

    /// The table stays usable if a worker panicked: every flow is independent.
    fn lock(&self) -> Option<MutexGuard<'_, Store>> {
        self.0.as_ref().map(|store| store.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps packets of a flow, as far as there is room for it; returns the number of flows that were evicted.
    /// `is_confirmed`: the client was seen to receive what the server sent.
    pub fn keep(
        &self,
        flow: u64,
        (client, is_confirmed): (Host, bool),
        packets: Vec<Arc<KeptPacket>>,
    ) -> u64 {
        let Some(mut store) = self.lock() else { return 0 };
        let entry = store.entry(flow, client);
        let (ticket, mut more) = (entry.ticket, 0);
        for packet in packets {
            let max_packets = if packet.shows.are_ordinary() { MAX_ORDINARY_PACKETS } else { MAX_PACKETS };
            if entry.packets.len() < max_packets && entry.bytes + more + packet.size() <= MAX_FLOW_BYTES {
                more += packet.size();
                entry.packets.push(packet);
            }
        }
        if is_confirmed {
            store.shares.confirm(ticket);
        }
        store.grow(flow, more);
        store.shrink()
    }

    /// Sets the DNS messages on which the name of a flow rests; returns the number of flows that were evicted.
    pub fn rest_on(&self, flow: u64, client: Host, dns: Vec<Arc<KeptPacket>>) -> u64 {
        let Some(mut store) = self.lock() else { return 0 };
        let entry = store.entry(flow, client);
        let size = |packets: &[Arc<KeptPacket>]| packets.iter().map(|one| one.size()).sum::<usize>();
        let (before, after) = (size(&entry.dns), size(&dns));
        entry.dns = dns;
        entry.bytes -= before;
        store.bytes -= before;
        store.grow(flow, after);
        store.shrink()
    }

    /// What is kept of a flow: first its DNS messages, then its own packets.
    pub fn of(&self, flow: u64) -> Vec<Arc<KeptPacket>> {
        let Some(store) = self.lock() else { return Vec::new() };
        let found = store.flows.get(&flow);
        found.map(|entry| entry.dns.iter().chain(&entry.packets).cloned().collect()).unwrap_or_default()
    }

    /// Only the flow's own packets.
    pub fn own_of(&self, flow: u64) -> Vec<Arc<KeptPacket>> {
        let found = self.lock().and_then(|store| store.flows.get(&flow).map(|entry| entry.packets.clone()));
        found.unwrap_or_default()
    }

    /// Releases the packets of a flow.
    pub fn release(&self, flow: u64) {
        if let Some(mut store) = self.lock() {
            store.remove(flow);
        }
    }

    /// Flows and bytes that are kept.
    pub fn usage(&self) -> (usize, usize) {
        self.lock().map(|store| (store.flows.len(), store.bytes)).unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "kept_packets_tests.rs"]
mod tests;
