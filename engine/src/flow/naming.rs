//! From evidence to a name and a signature entry, and the reason where there is none.

use super::dns::DNS_PORT;
use super::dns_use::DnsUse;
use super::names::{Chain, Found, Names};
use super::record::{Flow, NO_ENTRY};
use crate::opening::Disclosed;
use crate::tag::Matcher;
use crate::types::ech_state::EchState;
use crate::types::evidence::Evidence;
use crate::types::opening_state::OpeningState;
use crate::types::unnamed::Unnamed;
use std::sync::Arc;

/// A UDP flow on this port that shows no handshake is QUIC that began before the sensor.
const QUIC_PORT: u16 = 443;

/// What was heard about a flow's server.
#[derive(Debug, Default)]
pub struct Naming {
    /// What the opening discloses.
    pub disclosed: Disclosed,
    /// What the hello's ECH extension is, if it has one.
    pub ech: Option<EchState>,
    /// What the flow itself is to DNS.
    pub dns: DnsUse,
    /// From DNS, newest first; none: DNS says nothing.
    pub chains: Box<[Arc<Chain>]>,
    /// The flow's own client asked for them.
    pub by_client: bool,
}

impl Naming {
    /// The name in the hello: an empty one is none, and neither is the public one of an encrypted hello.
    pub fn server_name(&self) -> Option<&str> {
        self.disclosed.sent_name().filter(|name| !name.is_empty() && !self.is_encrypted())
    }

    /// The hello's name is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.ech == Some(EchState::Used)
    }

    /// What DNS may name the flow by. Behind the front of an encrypted hello are many names: there only
    /// what this very client asked for counts, and asking for the front itself says nothing.
    pub(super) fn naming_chains(&self) -> impl Iterator<Item = &Arc<Chain>> {
        let hidden = self.is_encrypted();
        let outer = self.disclosed.sent_name().filter(|_| hidden);
        let chains = self.chains.iter().filter(move |_| self.by_client || !hidden);
        chains.filter(move |chain| Some(chain.question()) != outer)
    }

    /// The name that the client itself states, and how.
    fn stated_name(&self, is_quic: bool) -> Option<(&str, Evidence)> {
        let sni = if is_quic { Evidence::QuicSni } else { Evidence::Sni };
        let in_hello = self.server_name().map(|name| (name, sni));
        in_hello.or_else(|| self.disclosed.host().map(|host| (host, Evidence::HttpHost)))
    }

    /// All names in the server's certificate.
    pub(super) fn certified_names(&self) -> &[String] {
        self.disclosed.certificate().map_or(&[], |certificate| &certificate.names)
    }

    /// What names the flow, strongest first.
    ///
    /// A name that the client itself states is the only one: who asks for a stranger does not mean the
    /// vendor. Without one there may be several. A certificate says what a server can be, DNS what the
    /// client looked for; a wildcard is the weakest, for it names no host.
    fn clues(&self, is_quic: bool) -> impl Iterator<Item = Clue<'_>> {
        let stated = self.stated_name(is_quic).map(|(name, evidence)| {
            let own_chain = self.chains.iter().find(|chain| chain.question() == name);
            Clue { name, evidence, links: own_chain.map_or(&[], |chain| &chain.names) }
        });
        let certified = |name| Clue { name, evidence: Evidence::Certificate, links: &[] };
        let host =
            self.disclosed.certificate().and_then(|certificate| certificate.host_name()).map(certified);
        let evidence = if self.by_client { Evidence::DnsClient } else { Evidence::DnsAny };
        let asked = self.naming_chains().next();
        let asked = asked.map(|chain| Clue { name: chain.question(), evidence, links: &chain.names });
        let wildcard = self.certified_names().first().map(|name| certified(name));
        let others = if stated.is_none() { [host, asked, wildcard] } else { [None, None, None] };
        stated.into_iter().chain(others.into_iter().flatten())
    }
}

/// The outcome for one flow.
#[derive(Debug, PartialEq, Eq)]
pub struct Resolution<'a> {
    /// Best name.
    pub name: Option<&'a str>,
    /// How it is known.
    pub evidence: Evidence,
    /// The name that matched a signature: the best name or a link of its CNAME chain.
    pub matched: Option<&'a str>,
    /// Signature entry, or NO_ENTRY.
    pub entry: u32,
}

/// A name that a flow may have.
struct Clue<'a> {
    name: &'a str,
    evidence: Evidence,
    /// Of the CNAME chain that begins with the name.
    links: &'a [Box<str>],
}

impl<'a> Clue<'a> {
    /// The flow by this name, tagged if a signature knows the name or a link of its chain.
    fn resolve(self, matcher: &Matcher) -> Resolution<'a> {
        let Self { name, evidence, links } = self;
        let find = |name: &str| match evidence {
            Evidence::Certificate => matcher.find_name(name).or_else(|| matcher.find_certificate(name)),
            _ => matcher.find_name(name),
        };
        let mut names = std::iter::once(name).chain(links.iter().map(|link| &**link));
        let tagged = names.find_map(|name| find(name).map(|entry| (name, entry)));
        let (matched, entry) = tagged.map_or((None, NO_ENTRY), |(name, entry)| (Some(name), entry));
        Resolution { name: Some(name), evidence, matched, entry }
    }
}

/// Names and tags a flow from all that is known of it.
///
/// The strongest clue that a signature knows decides, otherwise the strongest of all. A name decides before
/// the first payload bytes do, and they before an address does. Both tag the flow where no name does, so
/// that a foreign name in the hello does not hide where the bytes go.
pub fn resolve<'a>(flow: &'a Flow, matcher: &Matcher) -> Resolution<'a> {
    let mut best = Resolution { name: None, evidence: Evidence::None, matched: None, entry: NO_ENTRY };
    let naming = flow.naming.as_deref();
    for clue in naming.into_iter().flat_map(|naming| naming.clues(flow.opening.quic().is_some())) {
        let resolution = clue.resolve(matcher);
        if resolution.entry != NO_ENTRY || best.name.is_none() {
            best = resolution;
        }
        if best.entry != NO_ENTRY {
            break;
        }
    }
    if best.entry == NO_ENTRY {
        let payload = naming.and_then(|naming| naming.disclosed.first_payload());
        let by_payload = payload.and_then(|payload| payload.find(&flow.ends, matcher));
        let by_network =
            || matcher.find_network(flow.ends.server_end().0).map(|entry| (entry, Evidence::Network));
        let found = by_payload.map(|entry| (entry, Evidence::Payload)).or_else(by_network);
        if let Some((entry, evidence)) = found {
            best.entry = entry;
            if best.name.is_none() {
                best.evidence = evidence;
            }
        }
    }
    if best.evidence == Evidence::None && naming.is_some_and(Naming::is_encrypted) {
        best.evidence = Evidence::EchOuter;
    }
    best
}

/// Asks the learned names for a flow that has none from DNS yet.
pub fn look_up(flow: &mut Flow, names: &Names) {
    if flow.naming.as_ref().is_some_and(|naming| !naming.chains.is_empty()) {
        return;
    }
    let (client, _) = flow.ends.client_end();
    let (server, _) = flow.ends.server_end();
    match names.find(client, server, flow.traffic.start_ns()) {
        Some(Found { chains, by_client }) => {
            let naming = flow.naming.get_or_insert_default();
            (naming.chains, naming.by_client) = (chains, by_client);
        }
        None => flow.dns_hidden = names.clients.uses_encrypted_dns(client, flow.traffic.start_ns()),
    }
}

/// A flow of datagrams that are no QUIC.
fn is_other_datagrams(flow: &Flow) -> bool {
    !flow.ends.is_tcp() && flow.opening.quic().is_none() && !flow.ends.has_port(QUIC_PORT)
}

/// Why the flow has no name: what hides it or keeps it from being read, first of all; where the hello
/// could not have told it, that the client's DNS is encrypted and so could not either; else what the
/// flow is instead.
pub fn unnamed_reason(flow: &Flow) -> Unnamed {
    match bare_reason(flow) {
        Unnamed::NoServerName | Unnamed::NotTls | Unnamed::StartedBeforeSensor
            if flow.dns_hidden && !carries_dns(flow) =>
        {
            Unnamed::EncryptedDns
        }
        reason => reason,
    }
}

/// A flow that carries DNS goes to an address that was set by hand, not looked up.
fn carries_dns(flow: &Flow) -> bool {
    let encrypted = flow.naming.as_ref().is_some_and(|naming| naming.dns.encrypted.is_some());
    encrypted || flow.messages.is_some() || flow.ends.server_end().1 == DNS_PORT
}

fn bare_reason(flow: &Flow) -> Unnamed {
    let client = flow.ends.client_side();
    let phases = [flow.opening.state(client), flow.opening.state(1 - client)];
    let either = |phase| phases.contains(&phase);
    if flow.naming.as_deref().is_some_and(Naming::is_encrypted) {
        Unnamed::Ech
    } else if either(OpeningState::Hello) {
        Unnamed::NoServerName
    } else if either(OpeningState::Malformed) {
        Unnamed::Malformed
    } else if either(OpeningState::Cut)
        || (flow.view.unseen.is_cut() && phases[0] == OpeningState::Waiting && flow.ends.is_tcp())
    {
        Unnamed::TruncatedCapture
    } else if either(OpeningState::Incomplete) || either(OpeningState::Collecting) {
        Unnamed::NoHelloSeen
    } else if either(OpeningState::NotTls)
        || either(OpeningState::Between)
        || is_other_datagrams(flow) && !either(OpeningState::MidStream)
    {
        Unnamed::NotTls
    } else if flow.opening.quic().is_some() {
        Unnamed::NoHelloSeen
    } else if either(OpeningState::MidStream) || !flow.opening.is_started() {
        Unnamed::StartedBeforeSensor
    } else {
        Unnamed::NoHelloSeen
    }
}
