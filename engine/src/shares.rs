//! Which entry of a full table has to go: the oldest of the client that holds most of the table, so that one client
//! that fills a table displaces itself and not the others.
//!
//! Clients are counted in a fixed number of buckets by a seeded hash, so memory does not depend on how many there
//! are. Each client has two different buckets, and an entry is put into the one that holds less, so that a client with
//! few entries is rarely in one with a client that has many. Where it is, entries of others than the client that holds
//! the majority of a bucket are spared. The largest bucket is found in constant time, because buckets are listed by the
//! magnitude of what they hold (to a quarter of a power of two).
//!
//! Sender addresses can be forged, and then every entry seems to be of another client. So a table has two halves: an
//! entry that is *confirmed*, because its client was seen to receive what the server sent, is only displaced when
//! those that are not take less than half of the table.

mod half;

use self::half::{Bucket, Half, NONE};
use crate::address::realm_host::Host;
use foldhash::fast::RandomState;
use std::hash::BuildHasher;

/// Entries of a full table for each bucket, if clients are many: a client may have as many at once as are in its two
/// buckets, however many clients there are.
const MEAN_ENTRIES: usize = 64;
/// Entries that are looked at to see whether a client has the majority, the oldest ones.
const MAX_LOOKED_AT: usize = MEAN_ENTRIES;
/// That many are enough where one client clearly has it.
const ENOUGH: usize = 8;
/// Times that so many entries of others are spared for one eviction. They become the newest, so the next ones need not.
const MAX_SPARED: usize = 4;

/// One entry of the table that is shared.
#[derive(Debug)]
struct Holding<K> {
    key: K,
    amount: u32,
    /// The buckets of the client, the one with the entry first.
    buckets: [u16; 2],
    is_confirmed: bool,
    /// Tells the clients in one bucket apart.
    tag: u16,
    older: u32,
    newer: u32,
}

/// What the oldest entries of a bucket show of its majority.
#[derive(Default)]
struct Look {
    /// The oldest entry of the client with the majority.
    own: Option<u32>,
    /// The entries of others that are older, or all that were looked at.
    others: Vec<u32>,
    /// That client holds more than the others.
    is_majority: bool,
    /// There are no more entries.
    is_complete: bool,
}

/// The entries of a table by client. `K` is how the table finds an entry; a ticket stands for it here.
#[derive(Debug)]
pub struct Shares<K> {
    halves: [Half; 2],
    holdings: Vec<Holding<K>>,
    free: Vec<u32>,
    hasher: RandomState,
    buckets: u16,
}

impl<K: Copy> Shares<K> {
    /// No entries, of a table for about `max_entries`.
    pub fn new(max_entries: usize) -> Self {
        Self {
            halves: [Half::new(), Half::new()],
            holdings: Vec::new(),
            free: Vec::new(),
            hasher: RandomState::default(),
            buckets: (max_entries / MEAN_ENTRIES).clamp(64, 4096) as u16,
        }
    }

    /// Adds an entry of a client that takes an amount of the table; returns its ticket.
    pub fn add(&mut self, client: Host, key: K, amount: u32, is_confirmed: bool) -> u32 {
        let buckets = self.buckets_of(client);
        let tag = self.tag_of(client);
        let holding = Holding { key, amount, buckets, is_confirmed, tag, older: NONE, newer: NONE };
        let ticket = match self.free.pop() {
            Some(ticket) => {
                self.holdings[ticket as usize] = holding;
                ticket
            }
            None => {
                self.holdings.push(holding);
                (self.holdings.len() - 1) as u32
            }
        };
        self.enter(ticket);
        ticket
    }

    /// Removes an entry.
    pub fn release(&mut self, ticket: u32) {
        if (ticket as usize) < self.holdings.len() {
            self.leave(ticket);
            self.free.push(ticket);
        }
    }

    /// The client was seen to receive what the server sent.
    pub fn confirm(&mut self, ticket: u32) {
        if self.holdings.get(ticket as usize).is_some_and(|holding| !holding.is_confirmed) {
            self.leave(ticket);
            self.holdings[ticket as usize].is_confirmed = true;
            self.enter(ticket);
        }
    }

    /// Makes an entry the newest of its client.
    pub fn renew(&mut self, ticket: u32) {
        if (ticket as usize) < self.holdings.len() {
            self.leave(ticket);
            self.enter(ticket);
        }
    }

    /// The entry takes another amount.
    pub fn resize(&mut self, ticket: u32, amount: u32) {
        if let Some(holding) = self.holdings.get_mut(ticket as usize) {
            let before = std::mem::replace(&mut holding.amount, amount);
            let (half, tag, [bucket, _]) = (usize::from(holding.is_confirmed), holding.tag, holding.buckets);
            self.halves[half].change(bucket, tag, amount, before);
        }
    }

    /// Another client uses the entry as well: it is counted for the one that holds less, so that no client can take
    /// over the entries of others to have them displaced.
    pub fn offer(&mut self, ticket: u32, client: Host) {
        let Some(holding) = self.holdings.get(ticket as usize) else { return };
        let (half, [own, _]) = (&self.halves[usize::from(holding.is_confirmed)], holding.buckets);
        let buckets = half.order(self.buckets_of(client));
        if half.order([own, buckets[0]])[0] != own {
            self.leave(ticket);
            self.holdings[ticket as usize].buckets = buckets;
            self.holdings[ticket as usize].tag = self.tag_of(client);
            self.enter(ticket);
        }
    }

    /// The oldest entry of the client that holds most: its ticket and its key. Only clients that are not confirmed are
    /// considered while they take half of the table.
    pub fn candidate(&mut self) -> Option<(u32, K)> {
        let mut chosen = self.oldest()?;
        for _ in 0..MAX_SPARED {
            let (is_likely, is_clear) = self.bucket_of(chosen).has_majority();
            if !is_likely {
                break;
            }
            let look = self.look(chosen);
            let is_shown = look.is_majority || (is_clear && !look.is_complete);
            if !is_shown {
                // It was that of entries that are gone: it is found anew.
                self.bucket_of(chosen).lead = 0;
                break;
            }
            look.others.iter().for_each(|other| self.renew(*other));
            if let Some(own) = look.own {
                chosen = own;
                break;
            }
            chosen = self.oldest()?;
        }
        self.holdings.get(chosen as usize).map(|holding| (chosen, holding.key))
    }

    /// Looks at the oldest entries of a bucket, the first of which is given.
    fn look(&mut self, oldest: u32) -> Look {
        let majority = self.bucket_of(oldest).majority;
        let (mut look, mut lead, mut next) = (Look::default(), 0i64, oldest);
        for seen in 0..MAX_LOOKED_AT {
            let Some(holding) = self.holdings.get(next as usize) else { break };
            if holding.tag == majority {
                look.own = look.own.or(Some(next));
                lead += i64::from(holding.amount);
            } else {
                if look.own.is_none() {
                    look.others.push(next);
                }
                lead -= i64::from(holding.amount);
            }
            next = holding.newer;
            if seen >= ENOUGH && lead > 0 {
                break;
            }
        }
        look.is_majority = lead > 0;
        look.is_complete = next == NONE;
        look
    }

    fn bucket_of(&mut self, ticket: u32) -> &mut Bucket {
        let Holding { is_confirmed, buckets: [bucket, _], .. } = &self.holdings[ticket as usize];
        &mut self.halves[usize::from(*is_confirmed)].buckets[usize::from(*bucket)]
    }

    fn oldest(&self) -> Option<u32> {
        let [open, confirmed] = &self.halves;
        let (first, other) =
            if open.amount >= confirmed.amount { (open, confirmed) } else { (confirmed, open) };
        first.oldest_of_largest().or_else(|| other.oldest_of_largest())
    }

    fn tag_of(&self, client: Host) -> u16 {
        self.hasher.hash_one(client.host_prefix()) as u16
    }

    fn buckets_of(&self, client: Host) -> [u16; 2] {
        let (hash, count) = (self.hasher.hash_one(client.host_prefix()), u64::from(self.buckets));
        let first = (hash >> 32) % count;
        let distance = 1 + (hash & 0xffff_ffff) % (count - 1);
        [first, (first + distance) % count].map(|number| number as u16)
    }

    /// Puts an entry behind all others of the smaller of its client's buckets.
    fn enter(&mut self, ticket: u32) {
        let Holding { amount, buckets, is_confirmed, tag, .. } = self.holdings[ticket as usize];
        let half = &mut self.halves[usize::from(is_confirmed)];
        if half.buckets.is_empty() {
            half.buckets = vec![Bucket::EMPTY; self.buckets.into()];
        }
        let buckets = half.order(buckets);
        let own = &mut half.buckets[usize::from(buckets[0])];
        let older = std::mem::replace(&mut own.newest, ticket);
        match self.holdings.get_mut(older as usize) {
            Some(older) => older.newer = ticket,
            None => own.oldest = ticket,
        }
        half.change(buckets[0], tag, amount, 0);
        let holding = &mut self.holdings[ticket as usize];
        (holding.buckets, holding.older, holding.newer) = (buckets, older, NONE);
    }

    /// Takes an entry out of its bucket.
    fn leave(&mut self, ticket: u32) {
        let Holding { amount, buckets, is_confirmed, tag, older, newer, .. } = self.holdings[ticket as usize];
        let [bucket, _] = buckets;
        let half = &mut self.halves[usize::from(is_confirmed)];
        let own = &mut half.buckets[usize::from(bucket)];
        match self.holdings.get_mut(older as usize) {
            Some(older) => older.newer = newer,
            None => own.oldest = newer,
        }
        match self.holdings.get_mut(newer as usize) {
            Some(newer) => newer.older = older,
            None => own.newest = older,
        }
        half.change(bucket, tag, 0, amount);
    }
}

#[cfg(test)]
#[path = "shares/shares_tests.rs"]
mod tests;
