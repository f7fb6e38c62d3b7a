//! Names learned from DNS responses: which client looked up which name, and the addresses in the response.
//!
//! Shared by all workers: a shard is locked for one DNS response or one new flow, never for an ordinary packet.
//! Bounded in entries and bytes; the oldest entry that was not learned again is evicted.

use super::clients::Clients;
use crate::address::Address;
use crate::wire::dns::{Data, Message};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;
/// Maximum number of names kept for one address, and for one client and address.
const MAX_CHAINS: usize = 8;
/// Maximum number of links kept of a CNAME chain.
const MAX_LINKS: usize = 16;
/// Maximum number of addresses learned from one response.
const MAX_ADDRESSES: usize = 256;
/// Mean bytes per entry that the byte bound allows.
const MEAN_ENTRY_BYTES: usize = 512;
/// Names for each client that is remembered: a site has far fewer clients than names.
const NAMES_PER_CLIENT: usize = 8;
const SECOND: u64 = 1_000_000_000;
/// Clients keep addresses beyond their TTL: browsers for a minute, connections for longer.
const GRACE_NS: u64 = 300 * SECOND;
/// A longer TTL is shortened to this one.
const MAX_TTL_S: u32 = 86_400;

/// The name that was looked up, then the links of its CNAME chain.
#[derive(Debug, PartialEq, Eq)]
pub struct Chain {
    /// At least one name.
    pub names: Vec<Box<str>>,
}

impl Chain {
    /// The name that was looked up.
    pub fn question(&self) -> &str {
        self.names.first().map_or("", |name| name)
    }

    fn bytes(&self) -> usize {
        self.names.iter().map(|name| name.len() + 16).sum::<usize>() + 64
    }
}

/// The names that DNS shows for a flow's server.
#[derive(Debug, Default)]
pub struct FoundNames {
    /// Newest first; one for each name that was looked up.
    pub chains: Box<[Arc<Chain>]>,
    /// The flow's own client looked them up; otherwise another client did.
    pub by_client: bool,
}

#[derive(Debug)]
struct Learned {
    chain: Arc<Chain>,
    expires_ns: u64,
}

#[derive(Debug, Default)]
struct Entry {
    learned: Vec<Learned>, // newest last
    again: bool,
}

impl Entry {
    /// Bytes added minus bytes dropped.
    fn learn(&mut self, chain: &Arc<Chain>, expires_ns: u64) -> isize {
        self.again = true;
        let mut change = chain.bytes() as isize;
        if let Some(at) = self.learned.iter().position(|l| l.chain.question() == chain.question()) {
            change -= self.learned.remove(at).chain.bytes() as isize;
        } else if self.learned.len() >= MAX_CHAINS {
            change -= self.learned.remove(0).chain.bytes() as isize;
        }
        self.learned.push(Learned { chain: Arc::clone(chain), expires_ns });
        change
    }

    fn alive(&self, now_ns: u64) -> Box<[Arc<Chain>]> {
        let alive = self.learned.iter().rev().filter(|l| l.expires_ns >= now_ns);
        alive.map(|l| Arc::clone(&l.chain)).collect()
    }

    fn bytes(&self) -> usize {
        self.learned.iter().map(|l| l.chain.bytes()).sum()
    }
}

#[derive(Debug)]
struct NameTable<K> {
    entries: HashMap<K, Entry, RandomState>,
    order: VecDeque<K>,
    bytes: usize,
    evicted: u64,
}

impl<K: Hash + Eq + Copy> NameTable<K> {
    fn new() -> Self {
        Self {
            entries: HashMap::with_hasher(RandomState::default()),
            order: VecDeque::new(),
            bytes: 0,
            evicted: 0,
        }
    }

    fn learn(&mut self, key: K, chain: &Arc<Chain>, expires_ns: u64, max_entries: usize) {
        if !self.entries.contains_key(&key) {
            while self.entries.len() >= max_entries || self.bytes > max_entries * MEAN_ENTRY_BYTES {
                if !self.evict() {
                    break;
                }
            }
            self.order.push_back(key);
        }
        let entry = self.entries.entry(key).or_default();
        let change = entry.learn(chain, expires_ns);
        self.bytes = self.bytes.saturating_add_signed(change);
    }

    /// Evicts the oldest entry; one that was learned again in the meantime is spared once.
    fn evict(&mut self) -> bool {
        while let Some(key) = self.order.pop_front() {
            match self.entries.get_mut(&key) {
                Some(entry) if entry.again => {
                    entry.again = false;
                    self.order.push_back(key);
                }
                Some(entry) => {
                    self.bytes = self.bytes.saturating_sub(entry.bytes());
                    self.entries.remove(&key);
                    self.evicted += 1;
                    return true;
                }
                None => {}
            }
        }
        false
    }
}

#[derive(Debug)]
struct Shard {
    by_client: NameTable<(Address, Address)>,
    by_server: NameTable<Address>,
}

/// The table of learned names.
#[derive(Debug)]
pub struct LearnedNames {
    /// What is remembered of clients apart from the names that they looked up.
    pub clients: Clients,
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    max_per_shard: usize,
}

impl LearnedNames {
    /// An empty table for about `max_names` entries by address, as many by client and address, and an eighth of
    /// that by client.
    pub fn new(max_names: usize) -> Self {
        let shard = || Mutex::new(Shard { by_client: NameTable::new(), by_server: NameTable::new() });
        Self {
            clients: Clients::new(max_names / NAMES_PER_CLIENT),
            shards: (0..SHARDS).map(|_| shard()).collect(),
            hasher: RandomState::default(),
            max_per_shard: (max_names / SHARDS).max(1),
        }
    }

    fn shard(&self, server: Address) -> MutexGuard<'_, Shard> {
        use std::hash::BuildHasher;
        let number = (self.hasher.hash_one(server) >> 32) as usize % SHARDS;
        // A worker that panicked leaves the tables usable: every entry is independent.
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns the addresses in a response that `client` received.
    pub fn learn(&self, client: Address, message: &Message, now_ns: u64) {
        let Some(question) = message.questions.first() else { return };
        if !message.response || message.rcode != 0 || question.name.is_empty() {
            return;
        }
        let (chain, ttl_s) = chain_of(&question.name, message);
        let chain = Arc::new(chain);
        let addresses = message.answers.iter().flat_map(|answer| match &answer.data {
            Data::Address(address) => std::slice::from_ref(address),
            Data::Service(service) => service.hints.as_slice(),
            Data::Alias(_) | Data::Other => &[],
        });
        let expires_ns = expiry_ns(ttl_s, now_ns);
        for &server in addresses.take(MAX_ADDRESSES) {
            let mut shard = self.shard(server);
            let max = self.max_per_shard;
            shard.by_client.learn((client, server), &chain, expires_ns, max);
            shard.by_server.learn(server, &chain, expires_ns, max);
        }
    }

    /// The names by which `client` may know `server`; its own look-ups take precedence over those of others.
    pub fn find(&self, client: Address, server: Address, now_ns: u64) -> Option<FoundNames> {
        let shard = self.shard(server);
        let own = shard.by_client.entries.get(&(client, server)).map(|entry| entry.alive(now_ns));
        if let Some(chains) = own.filter(|chains| !chains.is_empty()) {
            return Some(FoundNames { chains, by_client: true });
        }
        let any = shard.by_server.entries.get(&server).map(|entry| entry.alive(now_ns));
        any.filter(|chains| !chains.is_empty()).map(|chains| FoundNames { chains, by_client: false })
    }

    /// (entries, bytes, evicted entries) of all shards.
    pub fn usage(&self) -> (usize, usize, u64) {
        let mut sum = (0, 0, 0);
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            sum.0 += shard.by_client.entries.len() + shard.by_server.entries.len();
            sum.1 += shard.by_client.bytes + shard.by_server.bytes;
            sum.2 += shard.by_client.evicted + shard.by_server.evicted;
        }
        sum
    }
}

/// Until when a client may use a record that it receives now.
pub(super) fn expiry_ns(ttl_s: u32, now_ns: u64) -> u64 {
    let ttl_ns = u64::from(ttl_s.min(MAX_TTL_S)) * SECOND;
    now_ns.saturating_add(ttl_ns).saturating_add(GRACE_NS)
}

/// The chain from a question through the CNAME (or SVCB alias) records of the response, and the smallest TTL on
/// it.
fn chain_of(question: &str, message: &Message) -> (Chain, u32) {
    let mut names: Vec<Box<str>> = vec![question.into()];
    let mut ttl_s = MAX_TTL_S;
    for _ in 0..MAX_LINKS {
        let current = names.last().map_or("", |name| &**name);
        let next = message.answers.iter().find_map(|answer| match &answer.data {
            Data::Alias(target) if answer.name == current => Some((target, answer.ttl_s)),
            Data::Service(service) if service.priority == 0 && answer.name == current => {
                Some((&service.target, answer.ttl_s))
            }
            _ => None,
        });
        match next {
            Some((target, ttl)) if !names.iter().any(|name| **name == **target) => {
                ttl_s = ttl_s.min(ttl);
                names.push(target.as_str().into());
            }
            _ => break,
        }
    }
    for answer in &message.answers {
        if matches!(answer.data, Data::Address(_) | Data::Service(_)) {
            ttl_s = ttl_s.min(answer.ttl_s);
        }
    }
    (Chain { names }, ttl_s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dns::{Answer, Question};

    fn address(n: u32) -> Address {
        Address::v4(n.to_be_bytes())
    }

    fn answer(name: &str, links: &[&str], server: Address, ttl_s: u32) -> Message {
        let mut answers = Vec::new();
        let mut owner = name;
        for link in links {
            answers.push(Answer { name: owner.into(), rtype: 5, ttl_s, data: Data::Alias((*link).into()) });
            owner = link;
        }
        answers.push(Answer { name: owner.into(), rtype: 1, ttl_s, data: Data::Address(server) });
        Message {
            response: true,
            questions: vec![Question { name: name.into(), rtype: 1, rclass: 1 }],
            answers,
            ..Message::default()
        }
    }

    fn names_of(found: Option<FoundNames>) -> (Vec<String>, bool) {
        let found = found.unwrap();
        (found.chains.iter().map(|c| c.question().to_owned()).collect(), found.by_client)
    }

    #[test]
    fn a_clients_own_look_up_takes_precedence_over_those_of_others() {
        let names = LearnedNames::new(1000);
        let (me, other, server) = (address(1), address(2), address(100));
        names.learn(me, &answer("mine.example", &[], server, 60), 0);
        names.learn(other, &answer("theirs.example", &[], server, 60), 1);
        assert_eq!(names_of(names.find(me, server, 2)), (vec!["mine.example".into()], true));
        let (all, by_client) = names_of(names.find(address(3), server, 2));
        assert_eq!(all, ["theirs.example", "mine.example"]);
        assert!(!by_client);
    }

    #[test]
    fn the_chain_holds_every_link() {
        let names = LearnedNames::new(1000);
        names.learn(address(1), &answer("a.example", &["b.example", "c.example"], address(9), 60), 0);
        let found = names.find(address(1), address(9), 0).unwrap();
        let links: Vec<&str> = found.chains[0].names.iter().map(|n| &**n).collect();
        assert_eq!(links, ["a.example", "b.example", "c.example"]);
    }

    #[test]
    fn a_name_is_forgotten_after_its_ttl_and_the_grace() {
        let names = LearnedNames::new(1000);
        names.learn(address(1), &answer("a.example", &[], address(9), 60), 0);
        assert!(names.find(address(1), address(9), 60 * SECOND + GRACE_NS).is_some());
        assert!(names.find(address(1), address(9), 60 * SECOND + GRACE_NS + 1).is_none());
    }

    #[test]
    fn a_cname_loop_ends() {
        let names = LearnedNames::new(1000);
        names.learn(address(1), &answer("a.example", &["b.example", "a.example"], address(9), 60), 0);
        assert!(names.usage().0 <= 2);
    }

    #[test]
    fn a_flood_of_names_stays_within_the_bound_and_is_counted() {
        let names = LearnedNames::new(1600);
        for n in 0..20_000u32 {
            names.learn(address(n % 7), &answer(&format!("n{n}.example"), &[], address(n), 60), 0);
        }
        let (entries, bytes, evicted) = names.usage();
        assert!(entries <= 3200, "{entries}");
        assert!(bytes <= 3200 * (MEAN_ENTRY_BYTES + 8 * 1024), "{bytes}");
        assert!(evicted >= 2 * 20_000 - 3200);
    }

    #[test]
    fn many_names_on_one_address_keep_the_newest() {
        let names = LearnedNames::new(1000);
        for n in 0..100u64 {
            names.learn(address(1), &answer(&format!("n{n}.example"), &[], address(9), 60), n);
        }
        let (all, _) = names_of(names.find(address(1), address(9), 100));
        assert_eq!(all.len(), MAX_CHAINS);
        assert_eq!(all[0], "n99.example");
    }
}
