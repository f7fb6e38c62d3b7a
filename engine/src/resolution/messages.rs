//! What is done with every DNS message, whatever transport carried it: it is counted, learned from and reported.

use super::captured_message::CapturedMessage;
use super::context::Context;
use super::dns_clues::FallbackQuery;
use super::lesson::Lesson;
use super::pending_queries::QueryKey;
use crate::address::realm::Realm;
use crate::address::realm_host::Host;
use crate::address::Address;
use crate::kept::kept_packet::KeptPacket;
use crate::types::arrival::Arrival;
use crate::types::ends::Ends;
use crate::types::mac::Mac;
use crate::wire::dns::{self, Message};
use crate::wire::host::can_exist;
use crate::wire::{Malformed, Progress, Segment};
use std::sync::Arc;

/// The port of DNS (RFC 1035, 4.2).
pub const DNS_PORT: u16 = 53;

/// The kind of messages that the datagrams of a flow carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// DNS, with the server's port.
    Dns(u16),
    /// Multicast DNS.
    Mdns,
    /// Link-local multicast name resolution.
    Llmnr,
    /// Data that looks like DNS, with the port of what may be its server: DNS if each direction has a message that
    /// belongs to one of the other.
    Possible(u16),
}

impl MessageKind {
    /// The kind of a flow's messages, by the ports of its first datagram, or on other ports by a query that
    /// cannot be anything else. NetBIOS names (RFC 1002) have the layout of DNS and another meaning.
    pub fn of(first: &Segment<'_>) -> Option<Self> {
        const MDNS_PORT: u16 = 5353;
        const LLMNR_PORT: u16 = 5355;
        const NETBIOS_PORT: u16 = 137;
        let either = |port| first.src_port == port || first.dst_port == port;
        if either(DNS_PORT) {
            Some(Self::Dns(DNS_PORT))
        } else if either(MDNS_PORT) {
            Some(Self::Mdns)
        } else if either(LLMNR_PORT) {
            Some(Self::Llmnr)
        } else if either(NETBIOS_PORT) {
            None
        } else if dns::is_plain_query(first.payload) {
            Some(Self::Dns(first.dst_port))
        } else {
            let message = dns::possible_message(first.payload)?;
            Some(Self::Possible(if message.response { first.src_port } else { first.dst_port }))
        }
    }

    /// The kind of the messages in a TCP stream, by the port, or by a first segment with a query or the beginning of one.
    pub fn of_stream(first: &Segment<'_>) -> Option<Self> {
        if first.src_port == DNS_PORT || first.dst_port == DNS_PORT {
            return Some(Self::Dns(DNS_PORT));
        }
        // No longer query is expected on another port. Almost all other data end here.
        const MAX_HIGH_BYTE: u8 = 1;
        first.payload.first().filter(|high| **high <= MAX_HIGH_BYTE)?;
        let Some((length, message)) = first.payload.split_first_chunk::<2>() else {
            return Some(Self::Possible(first.dst_port));
        };
        let length = usize::from(u16::from_be_bytes(*length));
        if length == message.len() && dns::is_plain_query(message) {
            return Some(Self::Dns(first.dst_port));
        }
        may_begin_query(message, length).then_some(Self::Possible(first.dst_port))
    }

    /// It is certain that the flow carries such messages.
    pub fn is_certain(self) -> bool {
        !matches!(self, Self::Possible(_))
    }

    /// The port of the server; None for messages without one.
    pub fn port(self) -> Option<u16> {
        match self {
            Self::Dns(port) | Self::Possible(port) => Some(port),
            Self::Mdns | Self::Llmnr => None,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Dns(_) | Self::Possible(_) => "dns",
            Self::Mdns => "mdns",
            Self::Llmnr => "llmnr",
        }
    }
}

/// True for the beginning of what may become a plain query of `length` bytes.
pub(super) fn may_begin_query(beginning: &[u8], length: usize) -> bool {
    const SHORTEST_QUERY: usize = 17;
    length >= SHORTEST_QUERY && beginning.len() < length && dns::may_be_plain_query(beginning)
}

/// Processes the messages of one direction of a conversation.
pub struct Messages<'a> {
    context: Context<'a>,
    kind: MessageKind,
    is_tcp: bool,
    realm: Realm,
    source: (Address, u16),
    destination: (Address, u16),
    arrival: Arrival,
    /// Of the frame around a datagram.
    sender: Option<Mac>,
    query: Option<FallbackQuery>,
    /// Those that carry the messages, if packets are kept.
    packets: Vec<Arc<KeptPacket>>,
}

impl<'a> Messages<'a> {
    /// For the message in a datagram of this `kind` in a realm.
    pub fn of_datagram(
        (segment, realm): (&Segment<'_>, Realm),
        kind: MessageKind,
        arrival: Arrival,
        context: Context<'a>,
    ) -> Self {
        let source = (segment.src, segment.src_port);
        let destination = (segment.dst, segment.dst_port);
        let sender = Mac::of_sender(segment);
        Self {
            context,
            kind,
            is_tcp: false,
            realm,
            source,
            destination,
            arrival,
            sender,
            query: None,
            packets: Vec::new(),
        }
    }

    /// For the messages of this `kind` that one side of a TCP connection sends.
    pub fn of_stream(
        ends: &Ends,
        side: usize,
        kind: MessageKind,
        arrival: Arrival,
        context: Context<'a>,
    ) -> Self {
        let (source, destination) = (ends.end(side), ends.end(1 - side));
        let realm = ends.key().realm;
        Self {
            context,
            kind,
            is_tcp: true,
            realm,
            source,
            destination,
            arrival,
            sender: None,
            query: None,
            packets: Vec::new(),
        }
    }

    /// The same, carried by these packets.
    #[must_use]
    pub fn carried_by(mut self, packets: Vec<Arc<KeptPacket>>) -> Self {
        self.packets = packets;
        self
    }

    /// What a fallback resolver was queried for: the most significant query so far.
    pub fn fallback_query(&self) -> Option<FallbackQuery> {
        self.query
    }

    /// Counts an error in the stream that carries the messages, if it carries any.
    pub(super) fn stream_problem(&mut self, reason: &'static str) {
        if self.kind.is_certain() {
            self.context.tally.problem("dns_stream", reason);
        }
    }

    /// It is not certain that the stream carries messages.
    pub(super) fn are_possible(&self) -> bool {
        !self.kind.is_certain()
    }

    /// The stream has turned out to carry DNS.
    pub(super) fn note_dns(&mut self) {
        if let MessageKind::Possible(port) = self.kind {
            self.kind = MessageKind::Dns(port);
        }
    }

    /// The kind of the messages, as far as it has turned out.
    pub fn kind(&self) -> MessageKind {
        self.kind
    }

    /// Counts a stream head that was evicted.
    pub(super) fn count_evicted_head(&mut self) {
        self.context.tally.evicted.heads += 1;
    }

    /// A host in the realm of the conversation.
    fn host(&self, address: Address) -> Host {
        Host { realm: self.realm, address }
    }

    /// Counts a query for a name of a vendor, and notes what a fallback resolver is queried for. A response alone shows
    /// nothing, as anyone can send it.
    fn note_query(&mut self, message: &Message) {
        let Some(question) = message.questions.first() else { return };
        let ((client, _), (resolver, _)) = (self.source, self.destination);
        let Context { names, matcher, .. } = self.context;
        if !can_exist(&question.name) {
            return;
        }
        if let Some(vendor) = matcher.find_vendor_id(&question.name) {
            self.context.tally.count_look_up(vendor);
        }
        let embedded = names.find_embedded(self.host(client), resolver, self.arrival.time_ns, matcher);
        if matcher.is_fallback(embedded.unwrap_or(resolver)) {
            let signature = matcher.find_name(&question.name);
            let query = signature.map_or(FallbackQuery::Unmatched, FallbackQuery::Signature);
            self.query = self.query.max(Some(query));
        }
    }

    /// The pending query to which a message belongs.
    fn query_key<'m>(&self, message: &'m Message) -> Option<QueryKey<'m>> {
        let (client, resolver) = match message.response {
            true => (self.destination, self.source),
            false => (self.source, self.destination),
        };
        let name = &message.questions.first()?.name;
        let client = (self.host(client.0), client.1);
        Some(QueryKey { client, resolver, is_tcp: self.is_tcp, id: message.id, name })
    }

    /// Remembers a query; an answer to it that was read before is learned from.
    fn process_query(&mut self, message: &Message) {
        let Some(key) = self.query_key(message) else { return };
        let Context { queries, tally, names, matcher, .. } = &mut self.context;
        if let Some(mut lesson) = queries.add(&key, self.arrival.time_ns, tally) {
            lesson.add_packets(self.packets.iter().cloned());
            tally.view(lesson.interface).solicited_dns_answers += 1;
            names.learn(&lesson, matcher);
        } else if let ([packet], false) = (&*self.packets, self.is_tcp) {
            queries.keep_packet(&key, Arc::clone(packet));
        }
    }

    /// Learns from an answer if its query was seen; otherwise it waits for the query.
    fn process_answer(&mut self, message: &Message) {
        let ends = (self.host(self.destination.0), self.source.0);
        let tally = &mut *self.context.tally;
        let on_malformed = |part| tally.problem("dns", part);
        let mut lesson = Lesson::of(message, ends, self.arrival, on_malformed);
        let Some(key) = self.query_key(message) else {
            return self.context.count_unsolicited(&lesson);
        };
        let Context { queries, tally, names, matcher, .. } = &mut self.context;
        if !self.packets.is_empty() {
            lesson.add_packets(queries.packet(&key).into_iter().chain(self.packets.iter().cloned()));
        }
        if queries.answer(&key, self.arrival.time_ns) {
            tally.view(self.arrival.interface).solicited_dns_answers += 1;
            names.learn(&lesson, matcher);
        } else if let Some(displaced) = queries.keep(&key, lesson) {
            self.context.count_unsolicited(&displaced);
        }
    }

    /// Processes one message.
    pub fn process(&mut self, bytes: &[u8]) {
        if let Some(message) = self.parse(bytes) {
            self.process_message(message);
        }
    }

    /// Processes the beginning of a message of which IP fragments are missing: it is reported, and nothing is learned
    /// from it, because its receiver did not read it.
    pub fn process_beginning(&mut self, bytes: &[u8]) {
        if let Some(message) = self.parse(bytes) {
            self.process_message(Message { damage: Some(Malformed("fragment")), ..message });
        }
    }

    /// Processes a message of a flow that may carry DNS; true if the flow does, because the message answers a query.
    pub fn process_possible(&mut self, bytes: &[u8], server_port: u16) -> bool {
        let Some(message) = dns::possible_message(bytes) else { return false };
        let sender = if message.response { self.source } else { self.destination };
        if sender.1 != server_port {
            return false;
        }
        let Some(key) = self.query_key(&message) else { return false };
        let Context { queries, tally, .. } = &mut self.context;
        if !message.response {
            queries.add(&key, self.arrival.time_ns, tally);
            if let [packet] = &*self.packets {
                queries.keep_packet(&key, Arc::clone(packet));
            }
            return false;
        }
        let is_answer = queries.is_open(&key, self.arrival.time_ns);
        if is_answer {
            self.kind = MessageKind::Dns(server_port);
            self.context.tally.dns_messages += 1;
            self.process_message(message);
        }
        is_answer
    }

    fn parse(&mut self, bytes: &[u8]) -> Option<Message> {
        self.context.tally.dns_messages += 1;
        match dns::parse_message(bytes) {
            Ok(Progress::Parsed(message)) => return Some(message),
            Ok(Progress::NeedMore) => self.context.tally.problem("dns", "cut"),
            Err(malformed) => self.context.tally.problem("dns", malformed.0),
        }
        None
    }

    fn process_message(&mut self, message: Message) {
        if let Some(damage) = message.damage {
            self.context.tally.problem("dns", damage.0);
        } else if let MessageKind::Dns(port) = self.kind {
            if message.response && self.source.1 == port {
                self.process_answer(&message);
            } else if !message.response && self.destination.1 == port {
                self.note_query(&message);
                self.process_query(&message);
            }
        } else if let Some(machines) = &self.context.names.machines {
            machines.learn_announcement(&message, self.host(self.source.0), self.sender);
        }
        if let Some(reports) = &mut self.context.reports {
            reports.push(CapturedMessage {
                time_ns: self.arrival.time_ns,
                interface: self.arrival.interface,
                realm: self.realm,
                source: self.source,
                destination: self.destination,
                kind: self.kind.label(),
                is_tcp: self.is_tcp,
                message,
            });
        }
    }
}
