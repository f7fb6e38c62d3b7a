//! What is remembered about a client: the public names that it received in HTTPS records, whether it uses encrypted
//! DNS, which resolvers answered it, and which fallback resolvers it queried.
//!
//! Shared by all workers like the learned names: a shard is locked at the start and end of a flow and for DNS
//! messages that concern it, never for an ordinary packet. Bounded in clients, and in what is kept about each. The /64
//! with most clients loses the one that was seen longest ago.

use crate::address::realm_host::Host;
use crate::address::Address;
use crate::shares::Shares;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;
/// Maximum number of public names kept of one client, the newest ones.
const MAX_PUBLIC_NAMES: usize = 16;
/// Maximum number of fallback resolvers kept of one client, the latest ones.
const MAX_FALLBACKS: usize = 16;
/// Resolvers kept of one client, the latest ones.
const MAX_RESOLVERS: usize = 4;
const HOUR_NS: u64 = 3_600_000_000_000;
/// A client that used encrypted DNS is assumed to use it for this long, because it is a setting.
const ENCRYPTED_DNS_NS: u64 = 24 * HOUR_NS;
/// A client that keeps querying one fallback resolver is reported this often.
const FALLBACK_EVERY_NS: u64 = HOUR_NS;

/// The latest resolvers that answered one client.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResolversOf {
    addresses: [Option<Address>; MAX_RESOLVERS],
    next: usize,
}

impl ResolversOf {
    fn add(&mut self, resolver: Address) {
        if !self.contains(resolver) {
            self.addresses[self.next % MAX_RESOLVERS] = Some(resolver);
            self.next = (self.next + 1) % MAX_RESOLVERS;
        }
    }

    /// True for one of them.
    pub fn contains(&self, resolver: Address) -> bool {
        self.addresses.contains(&Some(resolver))
    }
}

/// One client.
#[derive(Debug, Default)]
struct Client {
    /// Public names and until when they are valid, newest last.
    public_names: Vec<(Box<str>, u64)>,
    /// Latest use of encrypted DNS.
    encrypted_dns_ns: Option<u64>,
    /// Fallback resolvers and when their use was reported, latest last.
    fallbacks: Vec<(Address, u64)>,
    /// Resolvers that answered it.
    resolvers: ResolversOf,
    /// What stands for it in the shares of its table.
    ticket: u32,
}

impl Client {
    fn learn(&mut self, name: &str, expires_ns: u64) {
        if let Some(at) = self.public_names.iter().position(|(known, _)| **known == *name) {
            self.public_names.remove(at);
        } else if self.public_names.len() >= MAX_PUBLIC_NAMES {
            self.public_names.remove(0);
        }
        self.public_names.push((name.into(), expires_ns));
    }
}

#[derive(Debug)]
struct Shard {
    clients: HashMap<Host, Client, RandomState>,
    shares: Shares<Host>,
    evicted: u64,
}

impl Shard {
    fn new(max_clients: usize) -> Self {
        Self { clients: HashMap::default(), shares: Shares::new(max_clients), evicted: 0 }
    }

    fn client(&mut self, host: Host, max_clients: usize) -> &mut Client {
        if !self.clients.contains_key(&host) {
            while self.clients.len() >= max_clients && self.evict() {}
        }
        let shares = &mut self.shares;
        let client = self.clients.entry(host).or_insert_with(|| {
            let ticket = shares.add(host, host, 1, false);
            Client { ticket, ..Client::default() }
        });
        shares.renew(client.ticket);
        client
    }

    /// Evicts a client.
    fn evict(&mut self) -> bool {
        let Some((ticket, host)) = self.shares.candidate() else { return false };
        self.shares.release(ticket);
        self.evicted += u64::from(self.clients.remove(&host).is_some());
        true
    }
}

/// The table of clients.
#[derive(Debug)]
pub struct Clients {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    max_per_shard: usize,
}

impl Clients {
    /// An empty table for about `max_clients` clients.
    pub fn new(max_clients: usize) -> Self {
        let max_per_shard = (max_clients / SHARDS).max(1);
        Self {
            shards: (0..SHARDS).map(|_| Mutex::new(Shard::new(max_per_shard))).collect(),
            hasher: RandomState::default(),
            max_per_shard,
        }
    }

    fn shard(&self, client: Host) -> MutexGuard<'_, Shard> {
        let number = (self.hasher.hash_one(client) >> 32) as usize % SHARDS;
        // A worker that panicked leaves the shard usable: every client is independent.
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client received a record by which its hellos to some server show this name.
    pub fn learn_public_name(&self, client: Host, name: &str, expires_ns: u64) {
        self.shard(client).client(client, self.max_per_shard).learn(name, expires_ns);
    }

    /// True if the client received this public name, and may still use it.
    pub fn knows_public_name(&self, client: Host, name: &str, now_ns: u64) -> bool {
        let shard = self.shard(client);
        let names = shard.clients.get(&client).map_or(&[] as &[_], |client| &client.public_names);
        names.iter().any(|(known, expires_ns)| **known == *name && *expires_ns >= now_ns)
    }

    /// A resolver answered a query of the client.
    pub fn note_resolver(&self, client: Host, resolver: Address) {
        let mut shard = self.shard(client);
        shard.client(client, self.max_per_shard).resolvers.add(resolver);
    }

    /// The resolvers that answered queries of the client.
    pub fn resolvers_of(&self, client: Host) -> ResolversOf {
        let shard = self.shard(client);
        shard.clients.get(&client).map(|client| client.resolvers).unwrap_or_default()
    }

    /// The client used encrypted DNS.
    pub fn note_encrypted_dns(&self, client: Host, now_ns: u64) {
        let mut shard = self.shard(client);
        let latest_ns = &mut shard.client(client, self.max_per_shard).encrypted_dns_ns;
        *latest_ns = (*latest_ns).max(Some(now_ns));
    }

    /// True if the client is known to use encrypted DNS at that time.
    pub fn uses_encrypted_dns(&self, client: Host, now_ns: u64) -> bool {
        let shard = self.shard(client);
        let latest_ns = shard.clients.get(&client).and_then(|client| client.encrypted_dns_ns);
        latest_ns.is_some_and(|latest_ns| latest_ns.saturating_add(ENCRYPTED_DNS_NS) >= now_ns)
    }

    /// The client queried a fallback resolver; true if that was not reported within the hour before.
    pub fn is_first_fallback(&self, client: Host, resolver: Address, now_ns: u64) -> bool {
        let mut shard = self.shard(client);
        let reported = &mut shard.client(client, self.max_per_shard).fallbacks;
        if let Some(at) = reported.iter().position(|(known, _)| *known == resolver) {
            if reported[at].1.saturating_add(FALLBACK_EVERY_NS) > now_ns {
                return false;
            }
            reported.remove(at);
        } else if reported.len() >= MAX_FALLBACKS {
            reported.remove(0);
        }
        reported.push((resolver, now_ns));
        true
    }

    /// (clients, evicted clients) of all shards.
    pub fn usage(&self) -> (usize, u64) {
        let shards = self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner));
        shards.fold((0, 0), |sum, shard| (sum.0 + shard.clients.len(), sum.1 + shard.evicted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> Address {
        Address::v4(n.to_be_bytes())
    }

    fn host(n: u32) -> Host {
        address(n).into()
    }

    #[test]
    fn a_public_name_is_valid_until_it_expires_for_the_client_that_received_it() {
        let clients = Clients::new(100);
        clients.learn_public_name(host(1), "front.example", 50);
        assert!(clients.knows_public_name(host(1), "front.example", 50));
        assert!(!clients.knows_public_name(host(1), "front.example", 51));
        assert!(!clients.knows_public_name(host(1), "other.example", 50));
        assert!(!clients.knows_public_name(host(2), "front.example", 50));
    }

    #[test]
    fn a_client_keeps_its_newest_public_names() {
        let clients = Clients::new(100);
        for n in 0..100 {
            clients.learn_public_name(host(1), &format!("n{n}.example"), 50);
        }
        let knows = |n: usize| clients.knows_public_name(host(1), &format!("n{n}.example"), 0);
        assert_eq!((0..100).filter(|n| knows(*n)).count(), MAX_PUBLIC_NAMES);
        assert!(knows(99));
    }

    #[test]
    fn a_client_keeps_the_latest_resolvers_that_answered_it() {
        let clients = Clients::new(100);
        for n in 0..10 {
            clients.note_resolver(host(1), address(n));
            clients.note_resolver(host(1), address(n));
        }
        let known: Vec<u32> =
            (0..10).filter(|n| clients.resolvers_of(host(1)).contains(address(*n))).collect();
        assert_eq!(known, [6, 7, 8, 9]);
        assert!(!clients.resolvers_of(host(2)).contains(address(9)));
    }

    #[test]
    fn encrypted_dns_is_remembered_for_a_day() {
        let clients = Clients::new(100);
        assert!(!clients.uses_encrypted_dns(host(1), 0));
        clients.note_encrypted_dns(host(1), 7);
        clients.note_encrypted_dns(host(1), 5);
        assert!(clients.uses_encrypted_dns(host(1), 7 + ENCRYPTED_DNS_NS));
        assert!(!clients.uses_encrypted_dns(host(1), 8 + ENCRYPTED_DNS_NS));
        assert!(!clients.uses_encrypted_dns(host(2), 7));
    }

    #[test]
    fn a_fallback_resolver_is_reported_once_an_hour_for_each_client() {
        let clients = Clients::new(100);
        let is_first =
            |client, resolver, now_ns| clients.is_first_fallback(host(client), address(resolver), now_ns);
        assert!(is_first(1, 53, 0));
        assert!(!is_first(1, 53, HOUR_NS - 1));
        assert!(is_first(1, 54, 0));
        assert!(is_first(2, 53, 0));
        assert!(is_first(1, 53, HOUR_NS));
        assert!(!is_first(1, 53, 2 * HOUR_NS - 1));
    }

    #[test]
    fn a_client_that_queries_resolvers_without_end_stays_within_the_bound() {
        let clients = Clients::new(100);
        let count = (0..1000).filter(|n| clients.is_first_fallback(host(1), address(*n), 0)).count();
        assert_eq!(count, 1000);
        assert!(clients.is_first_fallback(host(1), address(0), 0));
        assert!(!clients.is_first_fallback(host(1), address(999), 0));
        let shard = clients.shard(host(1));
        assert_eq!(shard.clients[&host(1)].fallbacks.len(), MAX_FALLBACKS);
    }

    #[test]
    fn a_flood_of_clients_stays_within_the_bound_and_is_counted() {
        let clients = Clients::new(160);
        for n in 0..10_000 {
            clients.learn_public_name(host(n), "front.example", 50);
        }
        let (live, evicted) = clients.usage();
        assert!(live <= 160, "{live}");
        assert_eq!(live as u64 + evicted, 10_000);
    }
}
