//! Names learned from DNS answers: who looked up which name, and the addresses in the answer.
//!
//! Solicited answers (`pending_queries`) are kept by client and address, and by address for all clients.
//! Unsolicited ones are kept apart, so that they neither replace nor evict what a host looked up.
//!
//! Shared by all workers: a shard is locked for one address of a DNS answer or one new flow, never for an ordinary
//! packet. Bounded in entries and bytes; the client that holds most loses what it learned longest ago.

use super::clients::Clients;
use super::lesson::{Chain, Lesson};
use super::nat64_prefixes::{Nat64Prefixes, KNOWN_NAME};
use crate::address::embedded::Nat64Prefix;
use crate::address::realm_host::Host;
use crate::address::Address;
use crate::machines::Machines;
use crate::shares::Shares;
use crate::tag::Matcher;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;
/// Maximum number of names kept for one address, and for one client and address.
const MAX_CHAINS: usize = 8;
/// Mean bytes per entry that the byte bound allows.
const MEAN_ENTRY_BYTES: usize = 512;
/// Names for each client that is remembered, and for each address in an unsolicited answer: a site has far fewer
/// of them than names.
const NAMES_PER_CLIENT: usize = 8;
/// Capture clocks and the two directions of a tap differ by less: an answer this much after a flow's first packet
/// may have come before it.
const SIMULTANEOUS_NS: u64 = 100_000_000;

/// Who looked a name up, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum LookedUpBy {
    /// The flow's own client.
    Client,
    /// A resolver of the site: one that is configured, or that answered this client.
    SiteResolver,
    /// Another host.
    Other,
    /// No host whose query was seen: the answer was unsolicited.
    #[default]
    Unsolicited,
}

impl LookedUpBy {
    /// It was the client, or a resolver of the site.
    pub fn is_of_site(self) -> bool {
        matches!(self, Self::Client | Self::SiteResolver)
    }
}

/// The names that DNS shows for a flow's server.
#[derive(Debug, Default)]
pub struct FoundNames {
    /// Best first, one for each name that was looked up: the latest before the flow began, then the earliest
    /// after that.
    pub chains: Box<[Arc<Chain>]>,
    /// Who looked them up.
    pub by: LookedUpBy,
    /// The best was looked up after the flow began, so the flow cannot be due to it.
    pub is_late: bool,
}

#[derive(Debug)]
struct Learned {
    chain: Arc<Chain>,
    expires_ns: u64,
    learned_ns: u64,
    /// The latest two hosts that looked the name up, except that a configured resolver gives way to another one only.
    clients: [Host; 2],
    /// A name of the chain matches a signature.
    is_matched: bool,
}

/// What decides which look-ups are kept where there is no room for all.
struct Preference<'a> {
    site_resolvers: &'a [Address],
    is_matched: bool,
}

impl<'a> Preference<'a> {
    fn of(chain: &Chain, site_resolvers: &'a [Address], matcher: &Matcher) -> Self {
        let is_matched = chain.names.iter().any(|name| matcher.find_name(name).is_some());
        Self { site_resolvers, is_matched }
    }

    /// Which of the hosts that looked a name up before is kept beside the latest one.
    fn other(&self, known: [Host; 2], latest: Host) -> Host {
        let others = || known.into_iter().filter(|one| *one != latest);
        let resolver = others().find(|one| self.site_resolvers.contains(&one.address));
        resolver.or_else(|| others().next()).unwrap_or(latest)
    }
}

#[derive(Debug)]
struct Entry {
    learned: Vec<Learned>, // newest last
    ticket: u32,
}

impl Entry {
    /// Bytes added minus bytes dropped. If there is no room, the oldest name goes that matches no signature or has
    /// expired, or else the oldest of all.
    fn learn(&mut self, chain: &Arc<Chain>, lesson: &Lesson, preference: &Preference) -> isize {
        let mut change = chain.bytes() as isize;
        let mut clients = [lesson.client; 2];
        if let Some(at) = self.learned.iter().position(|l| l.chain.question() == chain.question()) {
            let known = self.learned.remove(at);
            change -= known.chain.bytes() as isize;
            clients[1] = preference.other(known.clients, lesson.client);
        } else if self.learned.len() >= MAX_CHAINS {
            let is_spare = |l: &Learned| !l.is_matched || l.expires_ns < lesson.time_ns;
            let at = self.learned.iter().position(is_spare).unwrap_or_default();
            change -= self.learned.remove(at).chain.bytes() as isize;
        }
        let (expires_ns, learned_ns) = (lesson.expires_ns, lesson.time_ns);
        let (chain, is_matched) = (Arc::clone(chain), preference.is_matched);
        self.learned.push(Learned { chain, expires_ns, learned_ns, clients, is_matched });
        change
    }

    /// The chains that were valid at a time, best first.
    fn find(
        &self,
        start_ns: u64,
        by: LookedUpBy,
        is_wanted: impl Fn(&Learned) -> bool,
    ) -> Option<FoundNames> {
        let is_late = |learned: &&Learned| learned.learned_ns > start_ns.saturating_add(SIMULTANEOUS_NS);
        let valid = || self.learned.iter().filter(|l| l.expires_ns >= start_ns && is_wanted(l));
        let before = valid().rev().filter(|l| !is_late(l));
        let after = valid().filter(is_late);
        let chains: Box<[_]> = before.chain(after).map(|l| Arc::clone(&l.chain)).collect();
        let is_late = valid().all(|l| is_late(&l));
        (!chains.is_empty()).then_some(FoundNames { chains, by, is_late })
    }

    fn bytes(&self) -> usize {
        self.learned.iter().map(|l| l.chain.bytes()).sum()
    }
}

#[derive(Debug)]
struct NameTable<K> {
    entries: HashMap<K, Entry, RandomState>,
    shares: Shares<K>,
    bytes: usize,
    evicted: u64,
}

impl<K: Hash + Eq + Copy> NameTable<K> {
    fn new(max_entries: usize) -> Self {
        Self {
            entries: HashMap::with_hasher(RandomState::default()),
            shares: Shares::new(max_entries),
            bytes: 0,
            evicted: 0,
        }
    }

    fn learn(
        &mut self,
        key: K,
        (chain, lesson): (&Arc<Chain>, &Lesson),
        preference: &Preference,
        max_entries: usize,
    ) {
        if !self.entries.contains_key(&key) {
            while self.entries.len() >= max_entries || self.bytes > max_entries * MEAN_ENTRY_BYTES {
                if !self.evict() {
                    break;
                }
            }
        }
        let (client, shares) = (lesson.client, &mut self.shares);
        let entry = self.entries.entry(key).or_insert_with(|| {
            let ticket = shares.add(client, key, MEAN_ENTRY_BYTES as u32, false);
            Entry { learned: Vec::new(), ticket }
        });
        let change = entry.learn(chain, lesson, preference);
        self.bytes = self.bytes.saturating_add_signed(change);
        shares.resize(entry.ticket, (MEAN_ENTRY_BYTES + entry.bytes()) as u32);
        shares.offer(entry.ticket, client);
        shares.renew(entry.ticket);
    }

    /// Evicts what the client that holds most learned longest ago.
    fn evict(&mut self) -> bool {
        let Some((ticket, key)) = self.shares.candidate() else { return false };
        self.shares.release(ticket);
        if let Some(entry) = self.entries.remove(&key) {
            self.bytes = self.bytes.saturating_sub(entry.bytes());
            self.evicted += 1;
        }
        true
    }
}

#[derive(Debug)]
struct Shard {
    by_client: NameTable<(Host, Address)>,
    by_server: NameTable<Host>,
    unsolicited: NameTable<Host>,
}

/// The table of learned names.
#[derive(Debug)]
pub struct LearnedNames {
    /// What is remembered of clients apart from the names that they looked up.
    pub clients: Clients,
    /// Which machines use which addresses; None unless they are to be named.
    pub machines: Option<Machines>,
    nat64: Nat64Prefixes,
    site_resolvers: Vec<Address>,
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    max_per_shard: usize,
}

impl LearnedNames {
    /// An empty table for about `max_names` entries by address, as many by client and address, and an eighth of
    /// that by client and by address in unsolicited answers.
    pub fn new(max_names: usize) -> Self {
        let max_per_shard = (max_names / SHARDS).max(1);
        let shard = || {
            Mutex::new(Shard {
                by_client: NameTable::new(max_per_shard),
                by_server: NameTable::new(max_per_shard),
                unsolicited: NameTable::new(max_per_shard / NAMES_PER_CLIENT),
            })
        };
        Self {
            clients: Clients::new(max_names / NAMES_PER_CLIENT),
            machines: None,
            nat64: Nat64Prefixes::new(max_names / NAMES_PER_CLIENT),
            site_resolvers: Vec::new(),
            shards: (0..SHARDS).map(|_| shard()).collect(),
            hasher: RandomState::default(),
            max_per_shard,
        }
    }

    /// Adds resolvers of the site, which look names up for its clients.
    pub fn with_site_resolvers(mut self, resolvers: Vec<Address>) -> Self {
        self.site_resolvers = resolvers;
        self
    }

    /// Adds the prefixes of the site's NAT64 translators.
    pub fn with_nat64_prefixes(mut self, prefixes: Vec<Nat64Prefix>) -> Self {
        self.nat64.configure(prefixes);
        self
    }

    /// Also remembers which machines use which addresses, for about as many as clients.
    pub fn with_machines(mut self) -> Self {
        self.machines = Some(Machines::new(self.max_per_shard * SHARDS / NAMES_PER_CLIENT));
        self
    }

    fn shard(&self, server: Host) -> MutexGuard<'_, Shard> {
        use std::hash::BuildHasher;
        let number = (self.hasher.hash_one(server) >> 32) as usize % SHARDS;
        // A worker that panicked leaves the tables usable: every entry is independent.
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns from the answer to a query that was seen. Names that match a signature are kept longest.
    pub fn learn(&self, lesson: &Lesson, matcher: &Matcher) {
        self.clients.note_resolver(lesson.client, lesson.resolver);
        for (name, expires_ns) in &lesson.public_names {
            self.clients.learn_public_name(lesson.client, name, *expires_ns);
        }
        let Some(chain) = &lesson.chain else { return };
        if chain.question() == KNOWN_NAME {
            self.nat64.learn(lesson, self.site_resolvers.contains(&lesson.resolver));
        }
        let preference = Preference::of(chain, &self.site_resolvers, matcher);
        for &server in &lesson.addresses {
            let host = lesson.client.beside(server);
            let mut shard = self.shard(host);
            let key = (lesson.client, server);
            shard.by_client.learn(key, (chain, lesson), &preference, self.max_per_shard);
            shard.by_server.learn(host, (chain, lesson), &preference, self.max_per_shard);
        }
    }

    /// Notes an answer for which no query was seen.
    pub fn note_unsolicited(&self, lesson: &Lesson, matcher: &Matcher) {
        let Some(chain) = &lesson.chain else { return };
        let preference = Preference::of(chain, &self.site_resolvers, matcher);
        let max = (self.max_per_shard / NAMES_PER_CLIENT).max(1);
        for &server in &lesson.addresses {
            let host = lesson.client.beside(server);
            self.shard(host).unsolicited.learn(host, (chain, lesson), &preference, max);
        }
    }

    /// The IPv4 address at which arrives what `client` sends to `server`; None if that is the server's own address. A
    /// network of the signatures is where they say, whatever prefixes were learned.
    pub fn find_embedded(
        &self,
        client: Host,
        server: Address,
        now_ns: u64,
        matcher: &Matcher,
    ) -> Option<Address> {
        self.nat64.find(client, server, now_ns, || matcher.find_network(server).is_some())
    }

    /// The names by which `client` may know a server with an embedded address: the server's, or those of the embedded
    /// address if they were looked up by somebody nearer, because an IPv4 look-up may lead to a translator as well
    /// (RFC 6877).
    pub fn find_either(
        &self,
        client: Host,
        server: Address,
        embedded: Option<Address>,
        start_ns: u64,
    ) -> Option<FoundNames> {
        let found = [Some(server), embedded].into_iter().flatten();
        let found = found.filter_map(|address| self.find(client, address, start_ns));
        found.min_by_key(|found| (found.by, found.is_late))
    }

    /// The names by which `client` may know `server` in a flow that begins at `start_ns`: those that it looked
    /// up itself, else those that a resolver of the site did, else those that another host did, else those in
    /// unsolicited answers.
    pub fn find(&self, client: Host, server: Address, start_ns: u64) -> Option<FoundNames> {
        let host = client.beside(server);
        let shard = self.shard(host);
        let own = shard.by_client.entries.get(&(client, server));
        if let Some(found) = own.and_then(|own| own.find(start_ns, LookedUpBy::Client, |_| true)) {
            return Some(found);
        }
        if let Some(any) = shard.by_server.entries.get(&host) {
            let own_resolvers = self.clients.resolvers_of(client);
            let is_resolver =
                |one: Address| self.site_resolvers.contains(&one) || own_resolvers.contains(one);
            let by_resolver = |learned: &Learned| learned.clients.iter().any(|one| is_resolver(one.address));
            let by_site = any.find(start_ns, LookedUpBy::SiteResolver, by_resolver);
            if let Some(found) = by_site.or_else(|| any.find(start_ns, LookedUpBy::Other, |_| true)) {
                return Some(found);
            }
        }
        let unsolicited = shard.unsolicited.entries.get(&host)?;
        unsolicited.find(start_ns, LookedUpBy::Unsolicited, |_| true)
    }

    /// Networks whose learned NAT64 prefixes were evicted.
    pub fn evicted_nat64_networks(&self) -> u64 {
        self.nat64.evicted()
    }

    /// (entries, bytes, evicted entries) of all shards.
    pub fn usage(&self) -> (usize, usize, u64) {
        let mut sum = (0, 0, 0);
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let Shard { by_client, by_server, unsolicited } = &*shard;
            sum.0 += by_client.entries.len() + by_server.entries.len() + unsolicited.entries.len();
            sum.1 += by_client.bytes + by_server.bytes + unsolicited.bytes;
            sum.2 += by_client.evicted + by_server.evicted + unsolicited.evicted;
        }
        sum
    }
}

#[cfg(test)]
#[path = "learned_names_tests.rs"]
mod tests;
