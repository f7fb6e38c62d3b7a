//! A bounded table: the client that holds most of it loses its oldest entry.

use crate::address::realm_host::Host;
use crate::shares::Shares;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::hash::Hash;

/// Entries by key, each held by a client.
#[derive(Debug)]
pub struct Bounded<K, V> {
    entries: HashMap<K, (V, u32), RandomState>,
    shares: Shares<K>,
    max: usize,
    evicted: u64,
}

impl<K: Copy + Eq + Hash, V: Default> Bounded<K, V> {
    /// An empty table.
    pub fn new(max: usize) -> Self {
        Self { entries: HashMap::default(), shares: Shares::new(max), max: max.max(1), evicted: 0 }
    }

    /// An entry; None if there is none.
    pub fn get(&self, key: K) -> Option<&V> {
        self.entries.get(&key).map(|(value, _)| value)
    }

    /// An entry that `client` adds if it is new, and that becomes its newest.
    pub fn entry(&mut self, key: K, client: Host) -> &mut V {
        if !self.entries.contains_key(&key) {
            while self.entries.len() >= self.max && self.evict() {}
        }
        let shares = &mut self.shares;
        let add = || (V::default(), shares.add(client, key, 1, false));
        let (value, ticket) = self.entries.entry(key).or_insert_with(add);
        self.shares.renew(*ticket);
        value
    }

    fn evict(&mut self) -> bool {
        let Some((ticket, key)) = self.shares.candidate() else { return false };
        self.shares.release(ticket);
        self.evicted += u64::from(self.entries.remove(&key).is_some());
        true
    }

    /// (entries, evicted entries).
    pub fn usage(&self) -> (usize, u64) {
        (self.entries.len(), self.evicted)
    }
}
