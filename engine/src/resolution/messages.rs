//! What is done with every DNS message, whatever transport carried it: it is counted, learned from and reported.

use super::captured_message::CapturedMessage;
use super::context::Context;
use super::dns_clues::FallbackQuery;
use super::learned_names::expiry_ns;
use crate::address::Address;
use crate::types::ends::Ends;
use crate::wire::dns::{self, Data, Message};
use crate::wire::{ech, Progress, Segment};

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
    source: (Address, u16),
    destination: (Address, u16),
    time_ns: u64,
    query: Option<FallbackQuery>,
}

impl<'a> Messages<'a> {
    /// For the message in a datagram of this `kind`.
    pub fn of_datagram(segment: &Segment<'_>, kind: MessageKind, time_ns: u64, context: Context<'a>) -> Self {
        let source = (segment.src, segment.src_port);
        let destination = (segment.dst, segment.dst_port);
        Self { context, kind, is_tcp: false, source, destination, time_ns, query: None }
    }

    /// For the messages that one side of a TCP connection sends.
    pub fn of_stream(ends: &Ends, side: usize, time_ns: u64, context: Context<'a>) -> Self {
        let (source, destination) = (ends.end(side), ends.end(1 - side));
        let kind = MessageKind::Dns(DNS_PORT);
        Self { context, kind, is_tcp: true, source, destination, time_ns, query: None }
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

    /// Notes what a fallback resolver is queried for, from the query or from its response.
    fn note_query(&mut self, message: &Message, port: u16) {
        let (resolver, _) = if self.source.1 == port { self.source } else { self.destination };
        let Some(question) = message.questions.first() else { return };
        if self.context.matcher.is_fallback(resolver) {
            let signature = self.context.matcher.find_name(&question.name);
            let query = signature.map_or(FallbackQuery::Unmatched, FallbackQuery::Signature);
            self.query = self.query.max(Some(query));
        }
    }

    /// Learns the public names that the ECH configurations in a response announce to the client.
    fn learn_public_names(&mut self, message: &Message) {
        for answer in message.answers.iter().filter(|_| message.response) {
            let Data::Service(service) = &answer.data else { continue };
            let Some(list) = &service.ech else { continue };
            let Ok(Progress::Parsed(names)) = ech::parse_public_names(list) else {
                self.context.tally.problem("dns", "ech");
                continue;
            };
            let expires_ns = expiry_ns(answer.ttl_s, self.time_ns);
            for name in &names {
                self.context.names.clients.learn_public_name(self.destination.0, name, expires_ns);
            }
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
            self.note_query(&message, port);
            if self.source.1 == port {
                self.context.names.learn(self.destination.0, &message, self.time_ns);
                self.learn_public_names(&message);
            }
        }
        if let Some(reports) = &mut self.context.reports {
            reports.push(CapturedMessage {
                time_ns: self.time_ns,
                source: self.source,
                destination: self.destination,
                kind: self.kind.label(),
                is_tcp: self.is_tcp,
                message,
            });
        }
    }
}
