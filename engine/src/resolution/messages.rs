//! What is done with every DNS message, whatever transport carried it: it is counted, learned from and reported.

use super::captured_message::CapturedMessage;
use super::context::Context;
use super::dns_clues::FallbackQuery;
use super::lesson::Lesson;
use super::pending_queries::QueryKey;
use crate::address::host::Host;
use crate::address::realm::Realm;
use crate::address::Address;
use crate::types::arrival::Arrival;
use crate::types::ends::Ends;
use crate::wire::dns::{self, Message};
use crate::wire::{Progress, Segment};

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
        } else if !either(NETBIOS_PORT) && dns::is_plain_query(first.payload) {
            Some(Self::Dns(first.dst_port))
        } else {
            None
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Dns(_) => "dns",
            Self::Mdns => "mdns",
            Self::Llmnr => "llmnr",
        }
    }
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
    query: Option<FallbackQuery>,
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
        Self { context, kind, is_tcp: false, realm, source, destination, arrival, query: None }
    }

    /// For the messages that one side of a TCP connection sends.
    pub fn of_stream(ends: &Ends, side: usize, arrival: Arrival, context: Context<'a>) -> Self {
        let (source, destination) = (ends.end(side), ends.end(1 - side));
        let (kind, realm) = (MessageKind::Dns(DNS_PORT), ends.key().realm);
        Self { context, kind, is_tcp: true, realm, source, destination, arrival, query: None }
    }

    /// What a fallback resolver was queried for: the most significant query so far.
    pub fn fallback_query(&self) -> Option<FallbackQuery> {
        self.query
    }

    /// Counts an error in the stream that carries the messages.
    pub(super) fn stream_problem(&mut self, reason: &'static str) {
        self.context.tally.problem("dns_stream", reason);
    }

    /// Counts a stream head that was evicted.
    pub(super) fn count_evicted_head(&mut self) {
        self.context.tally.evicted.heads += 1;
    }

    /// A host in the realm of the conversation.
    fn host(&self, address: Address) -> Host {
        Host { realm: self.realm, address }
    }

    /// Notes what a fallback resolver is queried for. A response alone shows nothing, as anyone can send it.
    fn note_query(&mut self, message: &Message) {
        let Some(question) = message.questions.first() else { return };
        let ((client, _), (resolver, _)) = (self.source, self.destination);
        let Context { names, matcher, .. } = self.context;
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
        let Context { queries, tally, names, .. } = &mut self.context;
        if let Some(lesson) = queries.add(&key, self.arrival.time_ns, tally) {
            tally.view(lesson.interface).solicited_dns_answers += 1;
            names.learn(&lesson);
        }
    }

    /// Learns from an answer if its query was seen; otherwise it waits for the query.
    fn process_answer(&mut self, message: &Message) {
        let ends = (self.host(self.destination.0), self.source.0);
        let tally = &mut *self.context.tally;
        let on_malformed = || tally.problem("dns", "ech");
        let lesson = Lesson::of(message, ends, self.arrival, on_malformed);
        let Some(key) = self.query_key(message) else {
            return self.context.count_unsolicited(&lesson);
        };
        let Context { queries, tally, names, .. } = &mut self.context;
        if queries.answer(&key, self.arrival.time_ns) {
            tally.view(self.arrival.interface).solicited_dns_answers += 1;
            names.learn(&lesson);
        } else if let Some(displaced) = queries.keep(&key, lesson) {
            self.context.count_unsolicited(&displaced);
        }
    }

    /// Processes one message.
    pub fn process(&mut self, bytes: &[u8]) {
        self.context.tally.dns_messages += 1;
        let message = match dns::parse_message(bytes) {
            Ok(Progress::Parsed(message)) => message,
            Ok(Progress::NeedMore) => return self.context.tally.problem("dns", "cut"),
            Err(malformed) => return self.context.tally.problem("dns", malformed.0),
        };
        if let Some(damage) = message.damage {
            self.context.tally.problem("dns", damage.0);
        } else if let MessageKind::Dns(port) = self.kind {
            if message.response && self.source.1 == port {
                self.process_answer(&message);
            } else if !message.response && self.destination.1 == port {
                self.note_query(&message);
                self.process_query(&message);
            }
        }
        if let Some(reports) = &mut self.context.reports {
            reports.push(CapturedMessage {
                time_ns: self.arrival.time_ns,
                source: self.source,
                destination: self.destination,
                kind: self.kind.label(),
                is_tcp: self.is_tcp,
                message,
            });
        }
    }
}
