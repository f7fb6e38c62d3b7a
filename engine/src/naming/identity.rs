//! From clues to a name and a signature.

use super::knowledge::Knowledge;
use crate::tag::Matcher;
use crate::types::evidence::Evidence;

/// What a flow is identified as.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Best name.
    pub name: Option<&'a str>,
    /// How it is known.
    pub evidence: Evidence,
    /// The name that matched a signature: the best name or a link of its CNAME chain.
    pub matched: Option<&'a str>,
    /// Index of the matching signature.
    pub signature: Option<u32>,
}

/// A name that a flow may have.
struct Clue<'a> {
    name: &'a str,
    evidence: Evidence,
    /// The rest of the CNAME chain that begins with the name.
    links: &'a [Box<str>],
}

impl<'a> Clue<'a> {
    /// The identity by this name, with a signature if the name or a link of its chain matches one.
    fn identify(self, matcher: &Matcher) -> Identity<'a> {
        let Self { name, evidence, links } = self;
        let find = |name: &str| match evidence {
            Evidence::Certificate => matcher.find_name(name).or_else(|| matcher.find_certificate(name)),
            _ => matcher.find_name(name),
        };
        let mut names = std::iter::once(name).chain(links.iter().map(|link| &**link));
        let matching = names.find_map(|name| find(name).map(|signature| (name, signature)));
        let (matched, signature) = matching.unzip();
        Identity { name: Some(name), evidence, matched, signature }
    }
}

/// The name that the client itself states, and how.
fn stated_name<'a>(known: Knowledge<'a>) -> Option<(&'a str, Evidence)> {
    let sni = if known.opening.quic().is_some() { Evidence::QuicSni } else { Evidence::Sni };
    let in_hello = known.server_name().map(|name| (name, sni));
    let host = || known.clues.and_then(|clues| clues.disclosed.host());
    in_hello.or_else(|| host().map(|host| (host, Evidence::HttpHost)))
}

/// What names the flow, strongest first.
///
/// A name that the client itself states is the only clue: a client that states the name of another server does
/// not mean the vendor. Otherwise there may be several: the names in the server's certificate, and those that the
/// client looked up. A wildcard is the weakest, because it names no host.
fn clues<'a>(known: Knowledge<'a>) -> impl Iterator<Item = Clue<'a>> {
    let dns = known.clues.map(|clues| &clues.dns);
    let stated = stated_name(known).map(|(name, evidence)| {
        let own_chain = dns.and_then(|dns| dns.chains().iter().find(|chain| chain.question() == name));
        Clue { name, evidence, links: own_chain.map_or(&[], |chain| &chain.names) }
    });
    let certified = |name| Clue { name, evidence: Evidence::Certificate, links: &[] };
    let certificate = known.clues.and_then(|clues| clues.disclosed.certificate());
    let host = certificate.and_then(|certificate| certificate.host_name()).map(certified);
    let is_by_client = dns.is_some_and(|dns| dns.is_by_client());
    let evidence = if is_by_client { Evidence::DnsClient } else { Evidence::DnsAny };
    let chain = known.naming_chains().next();
    let looked_up = chain.map(|chain| Clue { name: chain.question(), evidence, links: &chain.names });
    let wildcard = known.certified_names().first().map(|name| certified(name));
    let others = if stated.is_none() { [host, looked_up, wildcard] } else { [None, None, None] };
    stated.into_iter().chain(others.into_iter().flatten())
}

/// Names a flow and matches it with the signatures, from everything known about it.
///
/// The strongest clue that matches a signature decides, or the strongest of all if none matches. Names take
/// precedence over the first payload bytes, and these over the address. Payload and address match a flow where no
/// name does, so that an unrelated name in the hello does not hide where the bytes go.
pub fn identify<'a>(known: Knowledge<'a>, matcher: &Matcher) -> Identity<'a> {
    let mut best = Identity { name: None, evidence: Evidence::None, matched: None, signature: None };
    for clue in clues(known) {
        let identity = clue.identify(matcher);
        if identity.signature.is_some() || best.name.is_none() {
            best = identity;
        }
        if best.signature.is_some() {
            break;
        }
    }
    if best.signature.is_none() {
        let payload = known.clues.and_then(|clues| clues.disclosed.first_payload());
        let by_payload = payload.and_then(|payload| payload.find(known.ends, matcher));
        let (server, _) = known.ends.server_end();
        let by_network = || matcher.find_network(server).map(|signature| (signature, Evidence::Network));
        let found = by_payload.map(|signature| (signature, Evidence::Payload)).or_else(by_network);
        if let Some((signature, evidence)) = found {
            best.signature = Some(signature);
            if best.name.is_none() {
                best.evidence = evidence;
            }
        }
    }
    if best.evidence == Evidence::None && known.state.is_encrypted() {
        best.evidence = Evidence::EchOuter;
    }
    best
}
