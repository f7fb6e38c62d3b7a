//! The flow table: a slab of flows, found by key through a seeded hash index, bounded.

use super::client_counts::ClientCounts;
use super::flow_state::Flow;
use super::found::Found;
use crate::address::realm::Realm;
use crate::types::flow_key::FlowKey;
use crate::wire::Segment;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::cmp::Reverse;
use std::hash::BuildHasher;

/// Number of flows that are compared to find one to evict. While a client has half of the table, none of its flows is
/// among them once in 65,536 times; the more it has, the rarer.
const EVICTION_SAMPLE: usize = 16;
/// Maximum number of flows for which room is made beforehand.
const MAX_RESERVED: usize = 1_000_000;
/// When a slot without a flow is due.
const NEVER: u64 = u64::MAX;
/// When a flow is due that is to be matched with the signatures again: at once, before any time of a packet.
const TO_MATCH: u64 = 0;

/// A time at which a flow is due that means nothing else.
fn within(due_ns: u64) -> u64 {
    due_ns.clamp(TO_MATCH + 1, NEVER - 1)
}

/// The hash of the flow in a slot.
fn hash_of(slots: &[Option<Flow>], hasher: &RandomState, slot: u32) -> u64 {
    match &slots[slot as usize] {
        Some(flow) => hasher.hash_one(flow.ends.key()),
        None => 0, // the index holds live slots only
    }
}

/// All live flows. A slot number is valid until its flow is removed.
#[derive(Debug)]
pub struct Table {
    index: HashTable<u32>,
    slots: Vec<Option<Flow>>,
    /// When each slot is due (packet time); separate from the flows, so that a sweep is cheap.
    due_ns: Vec<u64>,
    free: Vec<u32>,
    hasher: RandomState,
    /// The slot that was filled, or found by `look_up`, last, and the hash of its flow's key. The hash is right as long as
    /// the slot has a flow: whatever fills it again becomes the latest.
    latest: (u32, u64),
    clients: ClientCounts,
    max_flows: usize,
}

impl Table {
    /// An empty table for at most `max_flows` flows.
    pub fn new(max_flows: usize) -> Self {
        Self {
            index: HashTable::new(),
            slots: Vec::new(),
            due_ns: Vec::new(),
            free: Vec::new(),
            hasher: RandomState::default(),
            latest: (0, 0),
            clients: ClientCounts::new(max_flows),
            max_flows: max_flows.clamp(1, u32::MAX as usize - 1),
        }
    }

    /// Makes room, so that nothing is moved while packets wait: with a million flows that takes 0.1 s. Memory is
    /// taken when it is used. If there is none, the table grows as it is needed.
    pub fn reserve(&mut self) {
        let flows = self.max_flows.min(MAX_RESERVED);
        let (slots, hasher) = (&self.slots, &self.hasher);
        let _ = self.index.try_reserve(flows, |slot| hash_of(slots, hasher, *slot));
        let _ = self.slots.try_reserve_exact(flows);
        let _ = self.due_ns.try_reserve_exact(flows);
    }

    /// Live flows.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The slot of the flow with a key.
    pub fn find(&self, key: &FlowKey) -> Option<u32> {
        self.find_hashed(key, self.hasher.hash_one(key))
    }

    #[inline]
    fn find_hashed(&self, key: &FlowKey, hash: u64) -> Option<u32> {
        let same = |slot: &u32| matches!(&self.slots[*slot as usize], Some(flow) if flow.ends.key() == key);
        self.index.find(hash, same).copied()
    }

    /// The flow of a segment in a realm. The latest flow is tried first: packets of a flow often follow each other.
    #[inline(always)] // the path of every packet
    pub fn look_up(&mut self, segment: &Segment<'_>, realm: Realm) -> Found {
        let (latest, hash) = self.latest;
        if let Some(side) = self.get(latest).and_then(|flow| flow.ends.key().side_of(segment, realm)) {
            return Found { slot: Some(latest), hash, side };
        }
        let (key, side) = FlowKey::of(segment, realm);
        let (slot, hash) = self.find_other(&key);
        Found { slot, hash, side }
    }

    /// The slot of a flow, which becomes the latest one, and the hash of its key. Not inlined: the key has to be in memory
    /// here, which costs a packet of the latest flow nothing.
    #[inline(never)]
    fn find_other(&mut self, key: &FlowKey) -> (Option<u32>, u64) {
        let hash = self.hasher.hash_one(key);
        let slot = self.find_hashed(key, hash);
        if let Some(slot) = slot {
            self.latest = (slot, hash);
        }
        (slot, hash)
    }

    /// The flow in a slot.
    pub fn get(&self, slot: u32) -> Option<&Flow> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// The flow in a slot, to be changed.
    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Flow> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// Sets when a slot is due.
    #[inline]
    pub fn set_due(&mut self, slot: u32, due_ns: u64) {
        if let Some(due) = self.due_ns.get_mut(slot as usize) {
            *due = within(due_ns);
        }
    }

    /// True if a flow has to be evicted before another one is added.
    pub fn is_full(&self) -> bool {
        self.len() >= self.max_flows
    }

    /// Adds a flow whose key is not in the table yet; returns its slot.
    pub fn insert(&mut self, mut flow: Flow, due_ns: u64) -> u32 {
        let hash = self.hasher.hash_one(flow.ends.key());
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.slots.push(None);
                self.due_ns.push(NEVER);
                (self.slots.len() - 1) as u32
            }
        };
        flow.counted = self.clients.add(flow.ends.client(), false);
        self.slots[slot as usize] = Some(flow);
        self.due_ns[slot as usize] = within(due_ns);
        self.latest = (slot, hash);
        let (slots, hasher) = (&self.slots, &self.hasher);
        self.index.insert_unique(hash, slot, |slot| hash_of(slots, hasher, *slot));
        slot
    }

    /// Removes and returns a flow.
    pub fn remove(&mut self, slot: u32) -> Option<Flow> {
        let flow = self.slots.get_mut(slot as usize)?.take()?;
        let hash = self.hasher.hash_one(flow.ends.key());
        if let Ok(entry) = self.index.find_entry(hash, |other| *other == slot) {
            entry.remove();
        }
        self.due_ns[slot as usize] = NEVER;
        self.clients.remove(flow.counted);
        self.free.push(slot);
        Some(flow)
    }

    /// The flow in a slot is due at `now_ns`.
    pub fn is_due(&self, slot: u32, now_ns: u64) -> bool {
        self.due_ns.get(slot as usize).is_some_and(|due| *due <= now_ns)
    }

    /// Makes every flow due: it is to be matched with the signatures again.
    pub fn match_all(&mut self) {
        for due in self.due_ns.iter_mut().filter(|due| **due != NEVER) {
            *due = TO_MATCH;
        }
    }

    /// The flow in a slot is due because it is to be matched again.
    pub fn is_to_match(&self, slot: u32) -> bool {
        self.due_ns.get(slot as usize) == Some(&TO_MATCH)
    }

    /// Collects the slots that are due at `now_ns`, in slot order.
    pub fn collect_due(&self, now_ns: u64, into: &mut Vec<u32>) {
        into.clear();
        let due = self.due_ns.iter().enumerate().filter(|(_, due)| **due <= now_ns);
        into.extend(due.map(|(slot, _)| slot as u32));
    }

    /// The client of the flow in a slot was seen to receive what the server sent.
    pub fn confirm(&mut self, slot: u32) {
        let Some(flow) = self.slots.get_mut(slot as usize).and_then(Option::as_mut) else { return };
        if !flow.counted.is_confirmed() {
            self.clients.remove(flow.counted);
            flow.counted = self.clients.add(flow.ends.client(), true);
        }
    }

    /// The best of a few flows to evict: of the client that has most, then those without a signature, then the one
    /// silent for longest.
    pub fn eviction_candidate(&mut self) -> Option<u32> {
        let all = self.slots.len();
        let draw = |at| if all <= EVICTION_SAMPLE { at } else { self.clients.draw(all) };
        let drawn: [usize; EVICTION_SAMPLE] = std::array::from_fn(draw);
        let rank = |slot: usize| {
            let flow = self.slots.get(slot)?.as_ref()?;
            let blame = Reverse(self.clients.blame(flow.counted));
            Some((blame, flow.reporting.has_signature(), flow.traffic.last_ns(), slot as u32))
        };
        drawn.into_iter().filter_map(rank).min().map(|(_, _, _, slot)| slot)
    }

    /// All live slots, in order of the flows' numbers.
    pub fn live(&self) -> Vec<u32> {
        let mut live: Vec<(u64, u32)> = Vec::with_capacity(self.len());
        let flows = self.slots.iter().enumerate();
        live.extend(flows.filter_map(|(slot, flow)| flow.as_ref().map(|f| (f.id(), slot as u32))));
        live.sort_unstable();
        live.into_iter().map(|(_, slot)| slot).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::types::arrival::Arrival;

    fn flow(n: u32, last_ns: u64) -> Flow {
        let key = FlowKey {
            addresses: [Address::v4([192, 0, 2, 1]), Address::v4(n.to_be_bytes())],
            ports: [1, 443],
            protocol: 6,
            realm: Realm::NONE,
        };
        Flow::new(key, 0, u64::from(n), Arrival { time_ns: last_ns, ..Arrival::default() }, None)
    }

    fn find(table: &Table, n: u32) -> Option<u32> {
        let key = *flow(n, 0).ends.key();
        table.find(&key)
    }

    #[test]
    fn what_was_inserted_is_found_until_removed() {
        let mut table = Table::new(1000);
        let slots: Vec<u32> = (0..500).map(|n| table.insert(flow(n, 0), 0)).collect();
        for n in 0..500 {
            assert_eq!(find(&table, n), Some(slots[n as usize]));
        }
        for n in (0..500u32).step_by(2) {
            assert_eq!(table.remove(slots[n as usize]).unwrap().id(), u64::from(n));
        }
        for n in 0..500 {
            assert_eq!(find(&table, n).is_some(), n % 2 == 1);
        }
        assert_eq!(table.len(), 250);
    }

    #[test]
    fn a_segment_has_the_same_hash_wherever_its_flow_is() {
        let segment = |n: u32| Segment::between(([192, 0, 2, 1], 1), (n.to_be_bytes(), 443));
        let mut table = Table::new(10);
        let first = table.look_up(&segment(0), Realm::NONE);
        assert_eq!(first.slot, None);
        let hashes: Vec<u64> = (0..10).map(|n| table.look_up(&segment(n), Realm::NONE).hash).collect();
        // Each flow comes into the slot of the one before, which was the latest.
        for (n, hash) in (0..10).zip(hashes) {
            let (key, side) = FlowKey::of(&segment(n), Realm::NONE);
            let slot = table.insert(Flow::new(key, side, 0, Arrival::default(), None), 0);
            for other in [n, n, n + 1, n] {
                let found = table.look_up(&segment(other), Realm::NONE);
                assert_eq!((found.slot.is_some(), found.hash == hash), (other == n, other == n));
            }
            table.remove(slot);
            let found = table.look_up(&segment(n), Realm::NONE);
            assert_eq!((found.slot, found.hash), (None, hash));
        }
    }

    #[test]
    fn slots_are_reused() {
        let mut table = Table::new(10);
        for n in 0..1000 {
            let slot = table.insert(flow(n, 0), 0);
            assert_eq!(slot, 0);
            table.remove(slot);
        }
    }

    #[test]
    fn flows_without_a_signature_and_silent_flows_are_evicted_first() {
        let mut table = Table::new(3);
        let mut matched = flow(1, 10);
        matched.reporting.decide(Some(5));
        let old_matched = table.insert(matched, 0);
        let new = table.insert(flow(2, 30), 0);
        let old = table.insert(flow(3, 20), 0);
        assert!(table.is_full());
        let mut order = Vec::new();
        while let Some(slot) = table.eviction_candidate() {
            order.push(slot);
            table.remove(slot);
        }
        assert_eq!(order, [old, new, old_matched]);
    }

    #[test]
    fn the_client_with_most_flows_is_evicted_first_and_confirmed_ones_keep_half() {
        let mut of_largest = 0;
        for round in 1..=100 {
            // Far apart and in no order, because what the hash does to neighbours depends on the process.
            let address_of = |client: u32| {
                Address::v4(client.wrapping_mul(0x9e37_79b1u32.wrapping_mul(2 * round + 1)).to_be_bytes())
            };
            let from = |client: u32, port: u16| {
                let addresses = [address_of(client), Address::v4([192, 0, 2, 1])];
                let key = FlowKey { addresses, ports: [port, 443], protocol: 6, realm: Realm::NONE };
                Flow::new(key, 0, 0, Arrival::default(), None)
            };
            let [confirmed, largest] = [1, 2].map(address_of);
            let mut table = Table::new(EVICTION_SAMPLE); // so that all are compared
            for port in 5000..5005 {
                let slot = table.insert(from(1, port), 0);
                table.confirm(slot);
            }
            for client in [3, 4, 5, 2, 2, 2, 2, 2, 2, 2, 2] {
                table.insert(from(client, 5000 + table.len() as u16), 0);
            }
            let mut evicted = Vec::new();
            while let Some(slot) = table.eviction_candidate() {
                evicted.push(table.remove(slot).unwrap().ends.client_end().0);
            }
            of_largest += evicted[..5].iter().filter(|client| **client == largest).count();
            assert!(evicted[..6].iter().all(|client| *client != confirmed));
            assert!(evicted[6..8].contains(&confirmed));
        }
        // In one table of fifteen, another client is counted in a bucket of the largest.
        assert!(of_largest >= 470, "{of_largest}");
    }

    #[test]
    fn only_due_slots_are_collected() {
        let mut table = Table::new(10);
        for n in 0..5 {
            table.insert(flow(n, 0), u64::from(n) * 10);
        }
        let mut due = Vec::new();
        table.collect_due(20, &mut due);
        assert_eq!(due, [0, 1, 2]);
    }
}
