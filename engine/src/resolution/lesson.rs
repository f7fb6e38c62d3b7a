//! What can be learned from a DNS answer: a name with its CNAME chain, addresses, public names of ECH.

use crate::address::realm_host::Host;
use crate::address::Address;
use crate::kept::kept_packet::KeptPacket;
use crate::types::arrival::Arrival;
use crate::wire::dns::{Data, Message};
use crate::wire::host::can_exist;
use crate::wire::{ech, Progress};
use std::sync::Arc;

/// Maximum number of links kept of a CNAME chain.
const MAX_LINKS: usize = 16;
/// Maximum number of addresses learned from one response. Servers give a client a choice of a few, at most two dozen.
const MAX_ADDRESSES: usize = 64;
const SECOND: u64 = 1_000_000_000;
/// Clients keep addresses beyond their TTL: browsers for a minute, connections for longer.
pub(super) const GRACE_NS: u64 = 300 * SECOND;
/// A longer TTL is shortened to this one.
const MAX_TTL_S: u32 = 86_400;

/// The name that was looked up, the links of its CNAME chain, and the answer that has them.
#[derive(Debug, PartialEq, Eq)]
pub struct Chain {
    /// At least one name: the one that was looked up, then the links.
    pub names: Vec<Box<str>>,
    /// Who sent the answer.
    pub resolver: Address,
    /// The packet with the answer.
    pub arrival: Arrival,
    /// Copies of the packets with query and answer, if packets are kept.
    pub packets: Vec<Arc<KeptPacket>>,
}

impl Chain {
    /// The name that was looked up.
    pub fn question(&self) -> &str {
        self.names.first().map_or("", |name| name)
    }

    /// True if the name was looked up, or is a link.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|one| **one == *name)
    }

    /// Bytes that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        let packets = self.packets.iter().map(|one| one.size()).sum::<usize>();
        self.names.iter().map(|name| name.len() + 16).sum::<usize>() + packets + 128
    }
}

/// What an answer teaches.
#[derive(Debug, Default)]
pub struct Lesson {
    /// Who received it.
    pub client: Host,
    /// Who sent it.
    pub resolver: Address,
    /// When it arrived.
    pub time_ns: u64,
    /// On which interface.
    pub interface: u16,
    /// The name that was looked up and its chain; None if the answer has no addresses.
    pub chain: Option<Arc<Chain>>,
    /// Until when the addresses may be used.
    pub expires_ns: u64,
    /// The addresses.
    pub addresses: Vec<Address>,
    /// Public names of client-facing servers (RFC 9849), with the end of their validity.
    pub public_names: Vec<(String, u64)>,
}

impl Lesson {
    /// Adds the packets of the query or the answer, before anything else refers to the chain.
    pub(super) fn add_packets(&mut self, packets: impl IntoIterator<Item = Arc<KeptPacket>>) {
        if let Some(chain) = self.chain.as_mut().and_then(Arc::get_mut) {
            chain.packets.extend(packets);
        }
    }

    /// What `client` learns from a response. `on_malformed` is called with the part for each ECH configuration that
    /// cannot be read, and for a name that no host can have.
    pub fn of(
        message: &Message,
        (client, resolver): (Host, Address),
        arrival: Arrival,
        mut on_malformed: impl FnMut(&'static str),
    ) -> Self {
        let Arrival { time_ns, interface, .. } = arrival;
        let mut lesson = Self { client, resolver, time_ns, interface, ..Self::default() };
        lesson.public_names = public_names(message, time_ns, || on_malformed("ech"));
        let name = message.questions.first().map_or("", |question| &question.name);
        if message.rcode != 0 || name.is_empty() {
            return lesson;
        }
        let addresses = message.answers.iter().flat_map(|answer| match &answer.data {
            Data::Address(address) => std::slice::from_ref(address),
            Data::Service(service) => service.hints.as_slice(),
            Data::Alias(_) | Data::Other => &[],
        });
        lesson.addresses = addresses.take(MAX_ADDRESSES).copied().collect();
        if !lesson.addresses.is_empty() && !can_exist(name) {
            on_malformed("name");
            lesson.addresses.clear();
        }
        if !lesson.addresses.is_empty() {
            let (names, ttl_s) = chain_of(name, message);
            lesson.chain = Some(Arc::new(Chain { names, resolver, arrival, packets: Vec::new() }));
            lesson.expires_ns = expiry_ns(ttl_s, time_ns);
        }
        lesson
    }
}

/// Until when a client may use a record that it receives now.
fn expiry_ns(ttl_s: u32, now_ns: u64) -> u64 {
    let ttl_ns = u64::from(ttl_s.min(MAX_TTL_S)) * SECOND;
    now_ns.saturating_add(ttl_ns).saturating_add(GRACE_NS)
}

/// The public names that the ECH configurations in a response announce to the client.
fn public_names(message: &Message, now_ns: u64, mut on_malformed: impl FnMut()) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for answer in &message.answers {
        let Data::Service(service) = &answer.data else { continue };
        let Some(list) = &service.ech else { continue };
        match ech::parse_public_names(list) {
            Ok(Progress::Parsed(names)) => {
                let expires_ns = expiry_ns(answer.ttl_s, now_ns);
                found.extend(names.into_iter().map(|name| (name, expires_ns)));
            }
            Ok(Progress::NeedMore) | Err(_) => on_malformed(),
        }
    }
    found
}

/// The chain from a question through the CNAME (or SVCB alias) records of the response, and the smallest TTL on
/// it.
fn chain_of(question: &str, message: &Message) -> (Vec<Box<str>>, u32) {
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
            Some((target, ttl)) if can_exist(target) && !names.iter().any(|name| **name == **target) => {
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
    (names, ttl_s)
}
