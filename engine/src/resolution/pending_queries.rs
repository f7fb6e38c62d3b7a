//! DNS queries that were seen and not answered yet, and answers that wait for their query.
//!
//! An answer counts as solicited if a query was seen before it with the same client, resolver, ports, transport,
//! message ID and name. Anyone can send an answer that only looks like one; whoever guesses port and ID of a
//! query in time deceives the client as well as the sensor.
//!
//! A client that repeats a query may be answered as often. Queries are kept as fingerprints in sets of fixed
//! size, so that neither memory nor time depends on what is sent. Of a full set, the oldest query of the client that has
//! most of it is evicted, and of the answers that wait for their query the oldest of a client that has most of them.

use super::lesson::Lesson;
use crate::address::realm_host::Host;
use crate::address::Address;
use crate::counters::tally::Tally;
use crate::kept::kept_packet::KeptPacket;
use std::collections::hash_map::RandomState;
use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::sync::Arc;

const SECOND_NS: u64 = 1_000_000_000;
/// Resolvers give up within this time, and clients before.
const MAX_AGE_NS: u64 = 30 * SECOND_NS;
/// With the directions on two interfaces, an answer may be read before its query.
const MAX_WAIT_NS: u64 = SECOND_NS;
/// Answers that may wait for their query.
const MAX_WAITING: usize = 256;
const SETS: usize = 4096;
const WAYS: usize = 8;

/// A query whose packet is longer is not kept as evidence: real ones are a tenth as long.
const MAX_PACKET_BYTES: usize = 1024;
/// The packets of the queries in one set.
type SetPackets = [Option<Arc<KeptPacket>>; WAYS];

/// What identifies a query in the query and in its answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct QueryKey<'a> {
    /// Who queries.
    pub client: (Host, u16),
    /// Who answers.
    pub resolver: (Address, u16),
    /// The transport is TCP, otherwise UDP.
    pub is_tcp: bool,
    /// Message ID.
    pub id: u16,
    /// The name, lower case.
    pub name: &'a str,
}

/// Queries with one fingerprint; none if `open` is 0.
#[derive(Clone, Copy, Debug, Default)]
struct Pending {
    fingerprint: u64,
    queried_ns: u64,
    /// Queries without an answer so far.
    open: u32,
    /// A hash of who queried.
    client: u32,
}

impl Pending {
    fn is_open(&self, now_ns: u64) -> bool {
        self.open > 0 && now_ns.saturating_sub(self.queried_ns) <= MAX_AGE_NS
    }
}

/// An answer without a query so far.
#[derive(Debug)]
struct Waiting {
    fingerprint: u64,
    lesson: Lesson,
}

/// The queries of one monitor.
#[derive(Debug)]
pub struct PendingQueries {
    sets: Vec<[Pending; WAYS]>,
    /// The packets of the queries, in the same places; empty if packets are not kept.
    packets: Vec<SetPackets>,
    waiting: VecDeque<Waiting>,
    hasher: RandomState,
}

impl Default for PendingQueries {
    /// None.
    fn default() -> Self {
        Self {
            sets: vec![[Pending::default(); WAYS]; SETS],
            packets: Vec::new(),
            waiting: VecDeque::new(),
            hasher: RandomState::new(),
        }
    }
}

impl PendingQueries {
    /// Adds a query. Returns an answer to it that was read before, if it was not sent before.
    pub fn add(&mut self, key: &QueryKey<'_>, now_ns: u64, tally: &mut Tally) -> Option<Lesson> {
        let fingerprint = self.hasher.hash_one(key);
        let is_its_answer =
            |waiting: &Waiting| waiting.fingerprint == fingerprint && waiting.lesson.time_ns >= now_ns;
        if let Some(at) = self.waiting.iter().position(is_its_answer) {
            return self.waiting.remove(at).map(|waiting| waiting.lesson);
        }
        let client = self.hasher.hash_one(key.client.0.host_prefix()) as u32;
        let set = &mut self.sets[fingerprint as usize % SETS];
        if let Some(known) = set.iter_mut().find(|one| one.fingerprint == fingerprint && one.is_open(now_ns))
        {
            *known = Pending { queried_ns: now_ns, open: known.open.saturating_add(1), ..*known };
            return None;
        }
        let way = Self::way_for(client, set, now_ns);
        tally.evicted.queries += u64::from(set[way].is_open(now_ns));
        set[way] = Pending { fingerprint, queried_ns: now_ns, open: 1, client };
        None
    }

    /// The place of a set for one more query of a client: a free one, or that of the oldest query of the client that
    /// would have most.
    fn way_for(client: u32, set: &[Pending; WAYS], now_ns: u64) -> usize {
        let rank = |one: &Pending| {
            let share = set.iter().filter(|other| other.client == one.client).count();
            let share = share + usize::from(one.client == client);
            (one.is_open(now_ns), usize::MAX - share, one.queried_ns)
        };
        (0..WAYS).min_by_key(|way| rank(&set[*way])).unwrap_or_default()
    }

    /// Keeps the packet of a query that was added.
    pub fn keep_packet(&mut self, key: &QueryKey<'_>, packet: Arc<KeptPacket>) {
        let fingerprint = self.hasher.hash_one(key);
        let set = fingerprint as usize % SETS;
        let way = self.sets[set].iter().position(|one| one.fingerprint == fingerprint && one.open > 0);
        if self.packets.is_empty() {
            self.packets.resize_with(SETS, SetPackets::default);
        }
        if let Some(way) = way {
            self.packets[set][way] = Some(packet).filter(|packet| packet.bytes.len() <= MAX_PACKET_BYTES);
        }
    }

    /// The packet of a query that is not answered yet, if it was kept.
    pub fn packet(&self, key: &QueryKey<'_>) -> Option<Arc<KeptPacket>> {
        let fingerprint = self.hasher.hash_one(key);
        let set = fingerprint as usize % SETS;
        let way = self.sets[set].iter().position(|one| one.fingerprint == fingerprint && one.open > 0)?;
        self.packets.get(set)?[way].clone()
    }

    /// Notes an answer: true if a query for it was seen.
    pub fn answer(&mut self, key: &QueryKey<'_>, now_ns: u64) -> bool {
        self.find(key, now_ns).map(|query| query.open -= 1).is_some()
    }

    /// True if a query was seen that this answer may belong to.
    pub fn is_open(&mut self, key: &QueryKey<'_>, now_ns: u64) -> bool {
        self.find(key, now_ns).is_some()
    }

    fn find(&mut self, key: &QueryKey<'_>, now_ns: u64) -> Option<&mut Pending> {
        let fingerprint = self.hasher.hash_one(key);
        let set = &mut self.sets[fingerprint as usize % SETS];
        set.iter_mut()
            .find(|one| one.fingerprint == fingerprint && one.is_open(now_ns) && one.queried_ns <= now_ns)
    }

    /// Keeps an answer without a query for a while, because the query may still be read. Returns the answer that
    /// it displaces: no query was seen for that.
    pub fn keep(&mut self, key: &QueryKey<'_>, lesson: Lesson) -> Option<Lesson> {
        self.waiting.push_back(Waiting { fingerprint: self.hasher.hash_one(key), lesson });
        if self.waiting.len() <= MAX_WAITING {
            return None;
        }
        // The only client that may have more than half of them (Boyer and Moore's majority vote).
        let clients = || self.waiting.iter().map(|one| one.lesson.client.host_prefix());
        let (most, _) = clients().fold((Host::default(), 0usize), |(most, lead), client| match lead {
            0 => (client, 1),
            _ if client == most => (most, lead + 1),
            _ => (most, lead - 1),
        });
        let has_most = clients().filter(|client| *client == most).count() > MAX_WAITING / 2;
        let displaced = clients().position(|client| !has_most || client == most)?;
        self.waiting.remove(displaced).map(|one| one.lesson)
    }

    /// The next answer for which no query was seen in time.
    pub fn next_unsolicited(&mut self, now_ns: u64) -> Option<Lesson> {
        let first = self.waiting.front()?;
        let waited_ns = now_ns.saturating_sub(first.lesson.time_ns);
        (waited_ns >= MAX_WAIT_NS).then(|| self.waiting.pop_front()).flatten().map(|one| one.lesson)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::realm::Realm;

    fn key(id: u16, name: &str) -> QueryKey<'_> {
        let [client, resolver] = [1, 2].map(|n: u32| Address::v4(n.to_be_bytes()));
        QueryKey { client: (client.into(), 5000), resolver: (resolver, 53), is_tcp: false, id, name }
    }

    struct Table(PendingQueries, Tally);

    impl Table {
        fn new() -> Self {
            Self(PendingQueries::default(), Tally::default())
        }

        fn query(&mut self, key: &QueryKey<'_>, now_ns: u64) -> Option<Lesson> {
            self.0.add(key, now_ns, &mut self.1)
        }
    }

    fn lesson(time_ns: u64) -> Lesson {
        Lesson { time_ns, ..Lesson::default() }
    }

    #[test]
    fn an_answer_needs_a_query_that_is_equal_in_everything() {
        let right = key(7, "a.example");
        let other = Address::v4([9; 4]);
        let mut realm = Realm::NONE;
        realm.add_vlan([0, 10]);
        let elsewhere = Host { realm, ..right.client.0 };
        let wrong = [
            QueryKey { client: (other.into(), 5000), ..right },
            QueryKey { client: (elsewhere, 5000), ..right },
            QueryKey { client: (right.client.0, 5001), ..right },
            QueryKey { resolver: (other, 53), ..right },
            QueryKey { resolver: (right.resolver.0, 54), ..right },
            QueryKey { is_tcp: true, ..right },
            QueryKey { id: 8, ..right },
            QueryKey { name: "b.example", ..right },
        ];
        let mut table = Table::new();
        table.query(&right, 0);
        assert!(wrong.iter().all(|key| !table.0.answer(key, 1)));
        assert!(table.0.answer(&right, 1));
    }

    #[test]
    fn each_query_is_answered_once() {
        let mut table = Table::new();
        for now_ns in 0..2 {
            table.query(&key(7, "a.example"), now_ns);
        }
        let answers = [2, 3, 4].map(|now_ns| table.0.answer(&key(7, "a.example"), now_ns));
        assert_eq!(answers, [true, true, false]);
    }

    #[test]
    fn a_query_is_forgotten_after_a_while() {
        let mut table = Table::new();
        table.query(&key(7, "a.example"), 0);
        assert!(!table.0.answer(&key(7, "a.example"), MAX_AGE_NS + 1));
    }

    #[test]
    fn an_answer_that_is_read_before_its_query_waits_for_it() {
        let mut table = Table::new();
        assert!(table.0.keep(&key(7, "a.example"), lesson(10)).is_none());
        assert!(table.query(&key(7, "a.example"), 9).is_some());
        // Sent before its query, it is a guess.
        table.0.keep(&key(8, "a.example"), lesson(10));
        assert!(table.query(&key(8, "a.example"), 11).is_none());
        assert!(table.0.next_unsolicited(9 + MAX_WAIT_NS).is_none());
        assert!(table.0.next_unsolicited(10 + MAX_WAIT_NS).is_some());
    }

    #[test]
    fn a_flood_of_one_client_displaces_no_query_and_no_answer_of_another() {
        let mut table = Table::new();
        let (flooding, honest) = (Address::v4([10, 0, 0, 1]).into(), Address::v4([10, 0, 0, 2]).into());
        let of = |client: Host, id| QueryKey { client: (client, 5000), ..key(id, "a.example") };
        for id in 0..1000u16 {
            table.query(&of(honest, id), u64::from(id));
            for n in 0..60u64 {
                let port = 1 + (n * 1000) as u16 + id;
                let query = QueryKey { client: (flooding, port), ..key(id, "b.example") };
                table.query(&query, u64::from(id));
                let lesson = Lesson { client: flooding, ..lesson(u64::from(id)) };
                table.0.keep(&QueryKey { id: id ^ 0xffff, ..query }, lesson);
            }
        }
        let solicited = (0..1000u16).filter(|id| table.0.answer(&of(honest, *id), 2000)).count();
        assert!(solicited >= 990, "{solicited}");
        let early = Lesson { client: honest, ..lesson(3000) };
        assert!(table.0.keep(&of(honest, 9999), early).is_some_and(|one| one.client == flooding));
        for _ in 0..1000 {
            let lesson = Lesson { client: flooding, ..lesson(3000) };
            table.0.keep(&key(1, "b.example"), lesson);
        }
        assert!(table.query(&of(honest, 9999), 2999).is_some());
    }

    #[test]
    fn a_flood_stays_within_the_bounds_and_is_counted() {
        let mut table = Table::new();
        let mut displaced = 0;
        for n in 0..100_000u32 {
            let name = format!("n{n}.example");
            table.query(&key(n as u16, &name), u64::from(n));
            displaced += u64::from(table.0.keep(&key(1, &name), lesson(u64::from(n))).is_some());
        }
        assert!(table.1.evicted.queries >= 100_000 - (SETS * WAYS) as u64);
        assert_eq!(displaced, 100_000 - MAX_WAITING as u64);
    }
}
