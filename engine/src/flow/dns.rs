//! What is done with every DNS message, whatever carried it: counted, learned from, reported.

use super::dns_use::Question;
use super::names::{expiry_ns, Names};
use super::record::Flow;
use super::report::DnsReport;
use crate::address::Address;
use crate::counters::tally::Tally;
use crate::tag::Matcher;
use crate::wire::dns::{self, Data, Message};
use crate::wire::{ech, Progress, Segment};

/// The port of DNS (RFC 1035, 4.2).
pub const DNS_PORT: u16 = 53;

/// What the datagrams of a flow are, if they are messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// DNS, with the server's port.
    Dns(u16),
    /// Multicast DNS.
    Mdns,
    /// Link-local multicast name resolution.
    Llmnr,
}

impl Kind {
    /// By a flow's first datagram: by its ports, or, on other ports, by a query that looks like nothing else.
    /// NetBIOS names (RFC 1002) have the layout of DNS and another meaning.
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

/// Takes in the messages of one direction of a conversation.
pub struct Messages<'a> {
    /// Where addresses of answers are learned.
    pub names: &'a Names,
    /// Whose names are asked for.
    pub matcher: &'a Matcher,
    /// What is counted.
    pub tally: &'a mut Tally,
    /// Where messages are reported; None: nobody asked for them.
    pub reports: Option<&'a mut Vec<DnsReport>>,
    /// What they are.
    pub kind: Kind,
    /// They came over TCP.
    pub is_tcp: bool,
    /// Who sent them.
    pub source: (Address, u16),
    /// To whom.
    pub destination: (Address, u16),
    /// When.
    pub time_ns: u64,
    /// What was asked a resolver that products fall back to: the most telling question so far.
    pub asked: Option<Question>,
}

impl<'a> Messages<'a> {
    /// For the message in a datagram of this `kind`.
    pub fn of_datagram(
        segment: &Segment<'_>,
        kind: Kind,
        time_ns: u64,
        names: &'a Names,
        matcher: &'a Matcher,
        tally: &'a mut Tally,
        reports: Option<&'a mut Vec<DnsReport>>,
    ) -> Self {
        let source = (segment.src, segment.src_port);
        let destination = (segment.dst, segment.dst_port);
        Self {
            names,
            matcher,
            tally,
            reports,
            kind,
            is_tcp: false,
            source,
            destination,
            time_ns,
            asked: None,
        }
    }

    /// For the messages that one side of a TCP flow sends.
    pub fn of_stream(
        flow: &Flow,
        side: usize,
        time_ns: u64,
        names: &'a Names,
        matcher: &'a Matcher,
        tally: &'a mut Tally,
        reports: Option<&'a mut Vec<DnsReport>>,
    ) -> Self {
        let (source, destination) = (flow.ends.end(side), flow.ends.end(1 - side));
        let kind = Kind::Dns(DNS_PORT);
        Self { names, matcher, tally, reports, kind, is_tcp: true, source, destination, time_ns, asked: None }
    }

    /// Notes what a fallback resolver is asked, from the question or from its answer.
    fn note_question(&mut self, message: &Message, port: u16) {
        let (resolver, _) = if self.source.1 == port { self.source } else { self.destination };
        let Some(question) = message.questions.first() else { return };
        if self.matcher.is_fallback(resolver) {
            let entry = self.matcher.find_name(&question.name);
            self.asked = self.asked.max(Some(entry.map_or(Question::Other, Question::Entry)));
        }
    }

    /// Learns the public names that an answer's ECH configurations tell the client.
    fn learn_public_names(&mut self, message: &Message) {
        for answer in message.answers.iter().filter(|_| message.response) {
            let Data::Service(service) = &answer.data else { continue };
            let Some(list) = &service.ech else { continue };
            let Ok(Progress::Parsed(names)) = ech::parse_public_names(list) else {
                self.tally.problem("dns", "ech");
                continue;
            };
            let expires_ns = expiry_ns(answer.ttl_s, self.time_ns);
            for name in &names {
                self.names.clients.learn_public_name(self.destination.0, name, expires_ns);
            }
        }
    }

    /// Takes in one message.
    pub fn take(&mut self, bytes: &[u8]) {
        self.tally.dns_messages += 1;
        let message = match dns::parse_message(bytes) {
            Ok(Progress::Parsed(message)) => message,
            Ok(Progress::NeedMore) => return self.tally.problem("dns", "cut"),
            Err(malformed) => return self.tally.problem("dns", malformed.0),
        };
        if let Some(damage) = message.damage {
            self.tally.problem("dns", damage.0);
        } else if let Kind::Dns(port) = self.kind {
            self.note_question(&message, port);
            if self.source.1 == port {
                self.names.learn(self.destination.0, &message, self.time_ns);
                self.learn_public_names(&message);
            }
        }
        if let Some(reports) = &mut self.reports {
            reports.push(DnsReport {
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
