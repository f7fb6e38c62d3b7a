//! What is done with every DNS message, whatever carried it: counted, learned from, reported.

use super::names::{expiry_ns, Names};
use super::record::Flow;
use super::report::DnsReport;
use crate::address::Address;
use crate::tally::Tally;
use crate::wire::dns::{self, Data, Message};
use crate::wire::{ech, Progress};

/// The port of DNS (RFC 1035, 4.2).
pub const DNS_PORT: u16 = 53;

/// Takes in the messages of one direction of a conversation.
pub struct Messages<'a> {
    /// Where addresses of answers are learned.
    pub names: &'a Names,
    /// What is counted.
    pub tally: &'a mut Tally,
    /// Where messages are reported; None: nobody asked for them.
    pub reports: Option<&'a mut Vec<DnsReport>>,
    /// "dns", "mdns" or "llmnr".
    pub kind: &'static str,
    /// They came over TCP.
    pub is_tcp: bool,
    /// Who sent them.
    pub source: (Address, u16),
    /// To whom.
    pub destination: (Address, u16),
    /// When.
    pub time_ns: u64,
}

impl<'a> Messages<'a> {
    /// For the messages that one side of a TCP flow sends.
    pub fn of_stream(
        flow: &Flow,
        side: usize,
        time_ns: u64,
        names: &'a Names,
        tally: &'a mut Tally,
        reports: Option<&'a mut Vec<DnsReport>>,
    ) -> Self {
        let end = |side: usize| (flow.key.addresses[side], flow.key.ports[side]);
        let (source, destination) = (end(side), end(1 - side));
        Self { names, tally, reports, kind: "dns", is_tcp: true, source, destination, time_ns }
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
        } else if self.kind == "dns" && self.source.1 == DNS_PORT {
            self.names.learn(self.destination.0, &message, self.time_ns);
            self.learn_public_names(&message);
        }
        if let Some(reports) = &mut self.reports {
            reports.push(DnsReport {
                time_ns: self.time_ns,
                source: self.source,
                destination: self.destination,
                kind: self.kind,
                is_tcp: self.is_tcp,
                message,
            });
        }
    }
}
