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

use crate::address::realm_host::Host;
use foldhash::fast::RandomState;
use std::hash::BuildHasher;

/// Stands for no entry and no bucket.
const NONE: u32 = u32::MAX;
/// Entries of a full table for each bucket, if clients are many: a client may have as many at once as are in its two
/// buckets, however many clients there are.
const MEAN_ENTRIES: usize = 64;
/// Entries that are looked at to see whether a client has the majority, the oldest ones.
const MAX_LOOKED_AT: usize = MEAN_ENTRIES;
/// That many are enough where one client clearly has it.
const ENOUGH: usize = 8;
/// Times that so many entries of others are spared for one eviction. They become the newest, so the next ones need not.
const MAX_SPARED: usize = 4;
/// The part of a bucket that its largest client has to hold more than all others, to be looked for.
const LEAST_LEAD: u64 = 4;
/// Magnitudes of an amount of 32 bits, in quarters of a power of two.
const LEVELS: usize = 128;

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

/// The entries of the clients with one hash, oldest first, in a list of the buckets of the same level.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    oldest: u32,
    newest: u32,
    amount: u64,
    level: Option<u8>,
    /// The client that may hold the majority of the amount, and how much more it holds than all others.
    majority: u16,
    lead: u64,
    previous: u32,
    next: u32,
}

impl Bucket {
    const EMPTY: Self = Self {
        oldest: NONE,
        newest: NONE,
        amount: 0,
        level: None,
        majority: 0,
        lead: 0,
        previous: NONE,
        next: NONE,
    };

    /// A client's entry takes another amount: the sum changes, and the majority (Boyer and Moore, with weights). What a
    /// smaller client gives back may have been set off against an earlier majority, so the lead is bounded by the sum.
    fn change(&mut self, tag: u16, more: u32, less: u32) {
        let (more, less) = (u64::from(more), u64::from(less));
        self.amount = self.amount + more - less;
        let (up, down) = if tag == self.majority { (more, less) } else { (less, more) };
        let lead = self.lead + up;
        if tag != self.majority && down > lead {
            (self.majority, self.lead) = (tag, down - lead);
        } else {
            self.lead = lead.saturating_sub(down);
        }
        self.lead = self.lead.min(self.amount);
    }

    /// Whether a client may have the majority, and whether it would hold three quarters.
    fn has_majority(&self) -> (bool, bool) {
        (self.lead > self.amount / LEAST_LEAD, self.lead > self.amount / 2)
    }
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

/// The buckets of one half of the table.
#[derive(Debug)]
struct Half {
    /// None until the first entry.
    buckets: Vec<Bucket>,
    /// The first and the last bucket of each level; the last is the one that came to it last.
    levels: [(u32, u32); LEVELS],
    /// One bit for each level that has buckets.
    occupied: u128,
    amount: u64,
}

impl Half {
    fn new() -> Self {
        Self { buckets: Vec::new(), levels: [(NONE, NONE); LEVELS], occupied: 0, amount: 0 }
    }

    /// A client has more in a bucket, or less.
    fn change(&mut self, number: u16, tag: u16, more: u32, less: u32) {
        self.amount = self.amount + u64::from(more) - u64::from(less);
        let bucket = &mut self.buckets[usize::from(number)];
        bucket.change(tag, more, less);
        let level = level_of(bucket.amount);
        if level != bucket.level {
            self.unlist(number.into());
            self.list(number.into(), level);
        }
    }

    fn unlist(&mut self, number: u32) {
        let Bucket { level, previous, next, .. } = self.buckets[number as usize];
        let Some(level) = level else { return };
        let ends = &mut self.levels[usize::from(level)];
        match self.buckets.get_mut(previous as usize) {
            Some(previous) => previous.next = next,
            None => ends.0 = next,
        }
        match self.buckets.get_mut(next as usize) {
            Some(next) => next.previous = previous,
            None => ends.1 = previous,
        }
        if ends.0 == NONE {
            self.occupied &= !(1 << level);
        }
    }

    fn list(&mut self, number: u32, level: Option<u8>) {
        let mut previous = NONE;
        if let Some(level) = level {
            let ends = &mut self.levels[usize::from(level)];
            previous = std::mem::replace(&mut ends.1, number);
            match self.buckets.get_mut(previous as usize) {
                Some(previous) => previous.next = number,
                None => ends.0 = number,
            }
            self.occupied |= 1 << level;
        }
        let bucket = &mut self.buckets[number as usize];
        (bucket.level, bucket.previous, bucket.next) = (level, previous, NONE);
    }

    /// Of two buckets, the one that holds less first.
    fn order(&self, [one, other]: [u16; 2]) -> [u16; 2] {
        let amount = |number: u16| self.buckets.get(usize::from(number)).map_or(0, |bucket| bucket.amount);
        if amount(other) < amount(one) {
            [other, one]
        } else {
            [one, other]
        }
    }

    /// The oldest entry of a largest bucket, the one that has been so large for longest.
    fn oldest_of_largest(&self) -> Option<u32> {
        let level = 127u32.checked_sub(self.occupied.leading_zeros())?;
        let (largest, _) = self.levels[level as usize];
        self.buckets.get(largest as usize).map(|bucket| bucket.oldest)
    }
}

/// The magnitude of an amount: its highest bit and the two behind it; None for nothing.
fn level_of(amount: u64) -> Option<u8> {
    let amount = amount.min(u64::from(u32::MAX)) as u32;
    let highest = amount.checked_ilog2()?;
    let behind = (u64::from(amount) << 2 >> highest) & 3;
    Some((highest as u8) << 2 | behind as u8)
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
        let tag = self.hasher.hash_one(client.host_prefix()) as u16;
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

    /// Another client uses the entry as well: it is counted for the one that holds less, so that nobody can take over
    /// the entries of others to have them displaced.
    pub fn offer(&mut self, ticket: u32, client: Host) {
        let Some(holding) = self.holdings.get(ticket as usize) else { return };
        let (half, [own, _]) = (&self.halves[usize::from(holding.is_confirmed)], holding.buckets);
        let buckets = half.order(self.buckets_of(client));
        if half.order([own, buckets[0]])[0] != own {
            self.leave(ticket);
            self.holdings[ticket as usize].buckets = buckets;
            self.holdings[ticket as usize].tag = self.hasher.hash_one(client.host_prefix()) as u16;
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
