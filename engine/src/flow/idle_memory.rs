//! Connections that are silent for longer than their flows last. TCP connections are found by their ends, those of
//! QUIC by the connection ID of the receiver, whatever the client's port (NAT may change it).
//!
//! Bounded: where there is no room, one of a few is evicted. If a client has many of these, it is one of that client;
//! otherwise one without a signature, of the client with most of them. Of several, the one silent for longest.
//!
//! Who forges one end makes connections of which one side was seen: these are evicted first.
//!
//! Who forges both ends of connections may seem to be any number of clients. So connections that went on after a
//! silence, which takes time to forge, are evicted first only while they take more than half of the memory.

use super::draws::Draws;
use super::remembered::Remembered;
use crate::address::realm_host::Host;
use crate::types::flow_key::{FlowKey, TCP};
use crate::wire::quic::{may_be_short_header, short_header_id, ConnectionId, MAX_CID};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::cmp::Reverse;
use std::hash::BuildHasher;

/// Number of connections that are compared to find one to evict.
const EVICTION_SAMPLE: usize = 16;
/// A client with so many of them may have filled the memory, whatever the names of its connections.
const BUSY_SHARE: usize = 4;

/// A place in the memory.
#[derive(Debug)]
struct Place {
    /// By what it is found: its ends, or those in what is sent to the client and to the server of QUIC.
    keys: [Option<u64>; 2],
    client: u32,
    /// Its hosts and the server's port, if it is of QUIC.
    pair: u32,
    remembered: Remembered,
}

/// The connections that are remembered.
#[derive(Debug)]
pub struct IdleMemory {
    places: Vec<Place>,
    numbers: HashMap<u64, u32, RandomState>,
    hasher: RandomState,
    max_places: usize,
    draws: Draws,
    /// Those that went on after a silence.
    continued: usize,
    /// QUIC connections by their hosts and the server's port.
    pairs: HashMap<u32, u32, RandomState>,
    /// A bit for each length of a connection ID that is in use.
    id_lengths: u32,
}

/// The connection IDs that the two ends of a QUIC connection are addressed by.
#[derive(Clone, Copy, Debug)]
pub struct QuicIds {
    /// In what the client sends.
    pub server: ConnectionId,
    /// In what the server sends; often empty.
    pub client: ConnectionId,
}

impl IdleMemory {
    /// An empty memory for at most so many connections.
    pub fn new(max_places: usize) -> Self {
        Self {
            places: Vec::new(),
            numbers: HashMap::default(),
            hasher: RandomState::default(),
            max_places: max_places.min(u32::MAX as usize),
            draws: Draws::default(),
            continued: 0,
            pairs: HashMap::default(),
            id_lengths: 0,
        }
    }

    /// Connections that are remembered.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Remembers a TCP connection; true if another was evicted for it.
    pub fn remember_tcp(&mut self, key: &FlowKey, client: Host, remembered: Remembered) -> bool {
        let keys = [Some(self.hasher.hash_one(key)), None];
        self.insert(keys, (client, 0), remembered)
    }

    /// Remembers a QUIC connection by what `side` shows; true if another was evicted for it. One that has the same port and
    /// no ID of the client keeps its place until both sides have shown this one.
    pub fn remember_quic(
        &mut self,
        key: &FlowKey,
        ids: QuicIds,
        side: usize,
        remembered: Remembered,
    ) -> bool {
        let client = remembered.client_side();
        let to_client = self.key_to_client(key, client, ids.client);
        let rests = self.numbers.get(&to_client).map(|number| &self.places[*number as usize].remembered);
        let is_free = rests.is_none_or(|one| one.yields_to(side));
        if !is_free && side == client {
            return false;
        }
        let keys =
            [Some(to_client).filter(|_| is_free), Some(self.key_to_server(key, 1 - client, ids.server))];
        for id in [ids.server, ids.client] {
            self.id_lengths |= 1 << id.as_slice().len();
        }
        self.insert(keys, (key.host(client), self.pair(key, client)), remembered)
    }

    /// More is known of the connection with these IDs; nothing changes if another one has them.
    pub fn update_quic(&mut self, key: &FlowKey, client: usize, ids: QuicIds, mut remembered: Remembered) {
        let number = self.numbers.get(&self.key_to_server(key, 1 - client, ids.server)).copied();
        let Some(place) = number.map(|number| &mut self.places[number as usize]) else { return };
        if place.remembered.first_id == remembered.first_id {
            remembered.has_continued = place.remembered.has_continued; // as it was counted
            place.remembered = remembered;
        }
    }

    /// The client uses the ID that the server chose: the connection that is remembered by it takes the place of another one
    /// that has the same port and no ID of the client.
    pub fn establish_quic(&mut self, key: &FlowKey, client: usize, ids: QuicIds) {
        let to_client = self.key_to_client(key, client, ids.client);
        let to_server = self.key_to_server(key, 1 - client, ids.server);
        let [rests, own] = [to_client, to_server].map(|key| self.numbers.get(&key).copied());
        if let Some(number) = rests.filter(|_| rests != own) {
            self.remove(number);
        }
        if let Some(number) = self.numbers.get(&to_server).copied() {
            self.places[number as usize].keys[0] = Some(to_client);
            self.numbers.insert(to_client, number);
        }
    }

    /// A connection with these ends is remembered: of TCP one with both, of QUIC one with these hosts and the server's port.
    pub fn may_hold(&self, key: &FlowKey) -> bool {
        match key.protocol {
            _ if self.is_empty() => false,
            TCP => self.numbers.contains_key(&self.hasher.hash_one(key)),
            _ => [0, 1].into_iter().any(|client| self.pairs.contains_key(&self.pair(key, client))),
        }
    }

    /// True if the connection with these IDs is remembered.
    pub fn has_quic(&self, key: &FlowKey, client: usize, ids: QuicIds) -> bool {
        self.numbers.contains_key(&self.key_to_server(key, 1 - client, ids.server))
    }

    /// The TCP connection with these ends.
    pub fn find_tcp(&self, key: &FlowKey) -> Option<&Remembered> {
        if self.is_empty() {
            return None;
        }
        let number = *self.numbers.get(&self.hasher.hash_one(key))?;
        Some(&self.places[number as usize].remembered)
    }

    /// Takes out the TCP connection with these ends.
    pub fn take_tcp(&mut self, key: &FlowKey) -> Option<Remembered> {
        let number = *self.numbers.get(&self.hasher.hash_one(key))?;
        Some(self.remove(number))
    }

    /// The QUIC connection that goes on with a datagram from `side`, and the side of its client.
    pub fn continue_quic(
        &mut self,
        key: &FlowKey,
        side: usize,
        datagram: &[u8],
    ) -> Option<(&Remembered, usize)> {
        let (number, client) = self.find_quic(key, side, datagram)?;
        let remembered = &mut self.places[number as usize].remembered;
        self.continued += usize::from(!remembered.has_continued);
        remembered.has_continued = true;
        Some((remembered, client))
    }

    /// The connection that goes on with a datagram from `side`: number of its first flow, and the side of its client.
    pub fn quic_owner(&self, key: &FlowKey, side: usize, datagram: &[u8]) -> Option<(u64, usize)> {
        let (number, client) = self.find_quic(key, side, datagram)?;
        Some((self.places[number as usize].remembered.first_id, client))
    }

    fn find_quic(&self, key: &FlowKey, side: usize, datagram: &[u8]) -> Option<(u32, usize)> {
        if self.id_lengths == 0 || !may_be_short_header(datagram) {
            return None;
        }
        let lengths = (0..=MAX_CID).rev().filter(|length| self.id_lengths >> length & 1 == 1);
        let ids = lengths.filter_map(|length| short_header_id(datagram, length));
        let keys = ids.flat_map(|id| {
            let to_server = (!id.as_slice().is_empty()).then(|| self.key_to_server(key, 1 - side, id));
            [(to_server, side), (Some(self.key_to_client(key, 1 - side, id)), 1 - side)]
        });
        let mut found = keys.filter_map(|(key, client)| Some((*self.numbers.get(&key?)?, client)));
        found.next()
    }

    /// The hosts and the server's port.
    fn pair(&self, key: &FlowKey, client: usize) -> u32 {
        let server = 1 - client;
        self.hasher.hash_one((key.host(client), key.host(server), key.ports[server])) as u32
    }

    /// The key of what is sent to a server.
    fn key_to_server(&self, key: &FlowKey, server: usize, id: ConnectionId) -> u64 {
        self.hasher.hash_one((true, key.host(server), key.ports[server], id.as_slice()))
    }

    /// The key of what is sent to a client. Without a connection ID its port must be the same.
    fn key_to_client(&self, key: &FlowKey, client: usize, id: ConnectionId) -> u64 {
        if id.as_slice().is_empty() {
            return self.hasher.hash_one((false, key, client));
        }
        let server = 1 - client;
        self.hasher.hash_one((false, key.host(server), key.ports[server], id.as_slice()))
    }

    fn insert(
        &mut self,
        keys: [Option<u64>; 2],
        (client, pair): (Host, u32),
        remembered: Remembered,
    ) -> bool {
        for key in keys.into_iter().flatten() {
            if let Some(number) = self.numbers.get(&key).copied() {
                self.remove(number); // the same connection, or an earlier one with the same ends
            }
        }
        let is_full = self.places.len() >= self.max_places;
        if let Some(number) = self.eviction_candidate().filter(|_| is_full) {
            self.remove(number);
        }
        if self.places.len() < self.max_places {
            let number = self.places.len() as u32;
            let client = self.hasher.hash_one(client.host_prefix()) as u32;
            self.numbers.extend(keys.into_iter().flatten().map(|key| (key, number)));
            self.continued += usize::from(remembered.has_continued);
            if keys[1].is_some() {
                *self.pairs.entry(pair).or_default() += 1;
            }
            self.places.push(Place { keys, client, pair, remembered });
        }
        is_full
    }

    fn remove(&mut self, number: u32) -> Remembered {
        let place = self.places.swap_remove(number as usize);
        for key in place.keys.into_iter().flatten() {
            self.numbers.remove(&key);
        }
        self.continued -= usize::from(place.remembered.has_continued);
        if let Some(count) = self.pairs.get_mut(&place.pair).filter(|_| place.keys[1].is_some()) {
            *count -= 1;
            if *count == 0 {
                self.pairs.remove(&place.pair);
            }
        }
        if let Some(moved) = self.places.get(number as usize) {
            self.numbers.extend(moved.keys.into_iter().flatten().map(|key| (key, number)));
        }
        place.remembered
    }

    /// The best of a few to evict.
    fn eviction_candidate(&mut self) -> Option<u32> {
        let count = self.places.len();
        // Anywhere: those that arrived together are neighbours, and may all be of other clients than the busiest.
        let draw = |at| if count <= EVICTION_SAMPLE { at } else { self.draws.below(count) };
        let mut drawn: [usize; EVICTION_SAMPLE] = std::array::from_fn(draw);
        drawn.sort_unstable();
        // What is drawn twice is one connection, and makes its client no busier.
        let is_first = |at: usize| at == 0 || drawn[at - 1] != drawn[at];
        let sample =
            || (0..drawn.len()).filter(|at| is_first(*at)).map(|at| drawn[at]).filter(|at| *at < count);
        let share_of = |client| sample().filter(|at| self.places[*at].client == client).count();
        let is_mostly_continued = self.continued > count / 2;
        let best = sample().min_by_key(|at| {
            let Place { client, remembered, .. } = &self.places[*at];
            let share = share_of(*client);
            let is_spared = remembered.has_continued != is_mostly_continued;
            let is_busy = share >= BUSY_SHARE;
            (
                is_spared,
                !remembered.is_one_sided(),
                !is_busy,
                remembered.is_matched,
                Reverse(share),
                remembered.last_ns,
            )
        });
        best.map(|at| at as u32)
    }
}

#[cfg(test)]
#[path = "idle_memory_tests.rs"]
mod tests;
