//! The tables of addresses and of hardware addresses.
//!
//! Shared by all workers: a shard is locked where a flow begins or is reported, and for messages that name machines,
//! never for an ordinary packet.

use super::bounded::Bounded;
use super::machine_names::{set, MachineNames};
use super::sighting::Sighting;
use super::station::Station;
use crate::address::realm::Realm;
use crate::address::realm_host::Host;
use crate::address::Address;
use crate::types::mac::Mac;
use crate::types::withheld::Withheld;
use crate::wire::dhcp::{Lease, Speaker};
use crate::wire::dns::{Data, Message};
use crate::wire::host::can_exist;
use crate::wire::Segment;
use foldhash::fast::RandomState;
use std::hash::{BuildHasher, Hash};
use std::sync::{Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;
const SECOND_NS: u64 = 1_000_000_000;
/// A lease counts for at most this long: 30 days.
const MAX_LEASE_S: u32 = 30 * 86_400;
/// The hop limits with which packets begin. One with another limit came through a router.
const FIRST_HOPS: [u8; 3] = [64, 128, 255];

/// The machine of a client, as far as packets show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Its hardware address.
    pub mac: Option<Mac>,
    /// Why the hardware address of its frames is not its own.
    pub withheld: Option<Withheld>,
    /// The name that it states.
    pub name: Option<String>,
}

#[derive(Debug)]
struct Shard {
    addresses: Bounded<Host, Sighting>,
    stations: Bounded<(Realm, Mac), Station>,
}

/// The machines of a network.
#[derive(Debug)]
pub struct Machines {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
}

impl Machines {
    /// Empty tables for about `max_machines` addresses and as many hardware addresses.
    pub fn new(max_machines: usize) -> Self {
        let max = max_machines / SHARDS;
        let shard = || Mutex::new(Shard { addresses: Bounded::new(max), stations: Bounded::new(max) });
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), hasher: RandomState::default() }
    }

    fn shard(&self, key: impl Hash) -> MutexGuard<'_, Shard> {
        let number = (self.hasher.hash_one(key) >> 32) as usize % SHARDS;
        // A worker that panicked leaves the shard usable: every entry is independent.
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_address(&self, host: Host, change: impl FnOnce(&mut Sighting) -> bool) -> bool {
        change(self.shard(host).addresses.entry(host, host))
    }

    fn with_station(&self, host: Host, mac: Mac, change: impl FnOnce(&mut Station)) {
        let key = (host.realm, mac);
        change(self.shard(key).stations.entry(key, host));
    }

    /// A flow of a client begins with a segment that the client sent.
    pub fn note_sender(&self, client: Host, segment: &Segment<'_>, now_ns: u64) {
        // Machines without an address all send from the same one.
        let Some(mac) = Mac::of_sender(segment).filter(|_| !client.address.is_unspecified()) else { return };
        let is_forwarded = !FIRST_HOPS.contains(&segment.hops);
        if self.with_address(client, |sighting| sighting.note_frame(mac, is_forwarded, now_ns)) {
            self.with_station(client, mac, |station| station.note(client.address, now_ns));
        }
    }

    /// A message of DHCP that `host` sent in a frame of `sender`.
    pub fn learn_lease(&self, lease: &Lease, host: Host, sender: Option<Mac>, now_ns: u64) {
        // Only what a relay passes on has another sender than the machine itself, which uses a link-local address.
        let is_direct = lease.speaker == Speaker::Client && host.address.is_link_local();
        let own = lease.mac.and_then(Mac::new);
        let mac = own.or(sender.filter(|_| is_direct));
        if let (Some(mac), Some(name)) = (mac, &lease.name) {
            if lease.speaker != Speaker::Other {
                self.with_station(host, mac, |station| set(&mut station.names.leased, name));
            }
        }
        for (address, valid_s) in &lease.addresses {
            let until_ns = now_ns.saturating_add(u64::from(*valid_s.min(&MAX_LEASE_S)) * SECOND_NS);
            self.with_address(host.beside(*address), |sighting| {
                match (own, &lease.name) {
                    (Some(mac), _) => sighting.grant(mac, until_ns),
                    (None, Some(name)) => set(&mut sighting.names.leased, name),
                    (None, None) => {}
                }
                false
            });
        }
    }

    /// A message of multicast DNS or LLMNR that `host` sent in a frame of `sender`: what it says about its own address.
    pub fn learn_announcement(&self, message: &Message, host: Host, sender: Option<Mac>) {
        let Some(name) = own_name(message, host.address) else { return };
        self.with_address(host, |sighting| {
            set(&mut sighting.names.announced, name);
            false
        });
        if let Some(mac) = sender {
            self.with_station(host, mac, |station| set(&mut station.names.announced, name));
        }
    }

    /// The machine of a client. What the frames of its flows show has precedence over what DHCP says.
    pub fn find(&self, client: Host, now_ns: u64) -> Machine {
        let shard = self.shard(client);
        let Some(sighting) = shard.addresses.get(client) else { return Machine::default() };
        let (frame, is_forwarded, leased_to) =
            (sighting.frame, sighting.is_forwarded, sighting.leased_to(now_ns));
        let own = sighting.names.clone();
        drop(shard);
        let withheld = match frame {
            _ if is_forwarded => Some(Withheld::Forwarded),
            Some(mac) if self.is_shared((client.realm, mac), now_ns) => Some(Withheld::Shared),
            _ => None,
        };
        let mac = frame.filter(|_| withheld.is_none()).or(leased_to);
        let of_station = mac.map(|mac| self.names_of((client.realm, mac))).unwrap_or_default();
        let name = of_station.leased.or(own.leased).or(own.announced).or(of_station.announced);
        Machine { mac, withheld: withheld.filter(|_| mac.is_none()), name: name.map(String::from) }
    }

    fn is_shared(&self, key: (Realm, Mac), now_ns: u64) -> bool {
        self.shard(key).stations.get(key).is_some_and(|station| station.is_shared(now_ns))
    }

    fn names_of(&self, key: (Realm, Mac)) -> MachineNames {
        self.shard(key).stations.get(key).map(|station| station.names.clone()).unwrap_or_default()
    }

    /// (entries, evicted entries) of all shards.
    pub fn usage(&self) -> (usize, u64) {
        let shards = self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner));
        shards.fold((0, 0), |sum, shard| {
            let (addresses, stations) = (shard.addresses.usage(), shard.stations.usage());
            (sum.0 + addresses.0 + stations.0, sum.1 + addresses.1 + stations.1)
        })
    }
}

/// The name that the sender of a message has for its own address: one label, and `local` in multicast DNS (RFC 6762, 3).
fn own_name(message: &Message, own: Address) -> Option<&str> {
    let is_own = |data: &Data| matches!(data, Data::Address(address) if *address == own);
    let mut answers = message.answers.iter().filter(|answer| message.response && is_own(&answer.data));
    let name = &answers.next()?.name;
    let label = name.strip_suffix(".local").unwrap_or(name);
    (can_exist(name) && !label.contains('.')).then_some(name)
}

#[cfg(test)]
#[path = "machine_table_tests.rs"]
mod tests;
