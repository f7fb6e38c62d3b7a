//! The prefixes with which translators represent IPv4 addresses: configured, or learned from answers for ipv4only.arpa
//! (RFC 7050), which only a resolver that synthesises addresses gives IPv6 addresses.
//!
//! Whoever can make netmon learn a prefix can make it take one server for another. So only solicited answers teach,
//! and only about the network of the client that asked: its /64, because a host uses several addresses there. What a
//! resolver of the site that is configured says counts for all clients. Where prefixes are configured, none are learned.
//!
//! Bounded in networks, and in prefixes of each. The /48 with most networks loses the one that learned longest ago:
//! sites get a /48, so a client with many networks displaces its own.

use super::lesson::Lesson;
use crate::address::embedded::{embedded_by_prefix, embedded_ipv4, Nat64Prefix};
use crate::address::realm::Realm;
use crate::address::realm_host::Host;
use crate::address::Address;
use crate::shares::Shares;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

/// The name that shows prefixes (RFC 7050, 3).
pub const KNOWN_NAME: &str = "ipv4only.arpa";
/// Prefixes kept of one network, the latest ones.
const MAX_PREFIXES: usize = 4;
/// A learned prefix is used for this long, because it is a setting of the network.
const REMEMBERED_NS: u64 = 24 * 3_600_000_000_000;

/// The /64 in which prefixes are used; None: everywhere in the realm.
type Network = (Realm, Option<Address>);
/// The network of the site if its realms are not told apart.
const EVERYWHERE: Network = (Realm::NONE, None);

#[derive(Debug)]
struct Learned {
    /// By network: prefixes and when they were learned, latest last.
    networks: HashMap<Network, Vec<(Nat64Prefix, u64)>, RandomState>,
    /// The networks without EVERYWHERE: what stands for them in `shares`.
    tickets: HashMap<Network, u32, RandomState>,
    shares: Shares<Network>,
    evicted: u64,
}

impl Learned {
    fn new(max_networks: usize) -> Self {
        Self {
            networks: HashMap::default(),
            tickets: HashMap::default(),
            shares: Shares::new(max_networks),
            evicted: 0,
        }
    }

    fn learn(&mut self, network: Network, prefix: Nat64Prefix, now_ns: u64, max_networks: usize) {
        if network != EVERYWHERE {
            self.make_room(network, max_networks);
        }
        let prefixes = self.networks.entry(network).or_default();
        prefixes.retain(|(known, _)| *known != prefix);
        if prefixes.len() >= MAX_PREFIXES {
            prefixes.remove(0);
        }
        prefixes.push((prefix, now_ns));
    }

    /// Makes a network the newest of its site, and evicts another one for it if it is new and there are too many.
    fn make_room(&mut self, network: Network, max_networks: usize) {
        if let Some(ticket) = self.tickets.get(&network) {
            return self.shares.renew(*ticket);
        }
        if self.tickets.len() >= max_networks {
            if let Some((ticket, oldest)) = self.shares.candidate() {
                self.shares.release(ticket);
                self.tickets.remove(&oldest);
                self.evicted += u64::from(self.networks.remove(&oldest).is_some());
            }
        }
        let (realm, prefix) = network;
        let site = Host { realm, address: prefix.unwrap_or_default().site_prefix() };
        self.tickets.insert(network, self.shares.add(site, network, 1, false));
    }
}

/// The prefixes of translators.
#[derive(Debug)]
pub struct Nat64Prefixes {
    configured: Vec<Nat64Prefix>,
    learned: RwLock<Learned>,
    /// Something was learned: without it, no flow takes the lock, which is shared by all workers.
    has_learned: AtomicBool,
    max_networks: usize,
}

impl Nat64Prefixes {
    /// Learned prefixes of at most so many networks.
    pub fn new(max_networks: usize) -> Self {
        Self {
            configured: Vec::new(),
            learned: RwLock::new(Learned::new(max_networks)),
            has_learned: AtomicBool::new(false),
            max_networks: max_networks.max(1),
        }
    }

    /// Sets the prefixes that are in use, besides those that are known everywhere.
    pub fn configure(&mut self, prefixes: Vec<Nat64Prefix>) {
        self.configured = prefixes;
    }

    /// Learns from an answer for `KNOWN_NAME`; `is_of_site`: the resolver is one of the site.
    pub fn learn(&self, lesson: &Lesson, is_of_site: bool) {
        // Nothing shows from where a client that asked over IPv4 connects over IPv6.
        let is_useless = !is_of_site && lesson.client.address.is_v4();
        if is_useless || !self.configured.is_empty() {
            return;
        }
        let Host { realm, address } = lesson.client.host_prefix();
        let network = (realm, (!is_of_site).then_some(address));
        for &address in &lesson.addresses {
            let Some(prefix) = Nat64Prefix::of_known_name(address) else { continue };
            if embedded_ipv4(address, &[]).is_some() {
                continue; // known everywhere
            }
            let mut learned = self.learned.write().unwrap_or_else(PoisonError::into_inner);
            learned.learn(network, prefix, lesson.time_ns, self.max_networks);
            self.has_learned.store(true, Ordering::Release);
        }
    }

    /// The IPv4 address at which arrives what `client` sends to `server`. Learned prefixes do not count for a server
    /// that `is_known` otherwise.
    pub fn find(
        &self,
        client: Host,
        server: Address,
        now_ns: u64,
        is_known: impl FnOnce() -> bool,
    ) -> Option<Address> {
        if server.is_v4() {
            return None;
        }
        let found = embedded_ipv4(server, &self.configured);
        if found.is_some() || !self.has_learned.load(Ordering::Acquire) || is_known() {
            return found;
        }
        let learned = self.learned.read().unwrap_or_else(PoisonError::into_inner);
        let Host { realm, address } = client.host_prefix();
        let networks = [Some(address), None].map(|prefix| (realm, prefix));
        let prefixes = networks.iter().filter_map(|one| learned.networks.get(one));
        let is_fresh = |at_ns: u64| at_ns.saturating_add(REMEMBERED_NS) >= now_ns;
        let fresh = prefixes.flatten().filter(|(_, at_ns)| is_fresh(*at_ns)).map(|(prefix, _)| *prefix);
        embedded_by_prefix(server, fresh)
    }

    /// Networks whose prefixes were forgotten because there were too many.
    pub fn evicted(&self) -> u64 {
        self.learned.read().unwrap_or_else(PoisonError::into_inner).evicted
    }
}

#[cfg(test)]
#[path = "nat64_prefixes_tests.rs"]
mod tests;
