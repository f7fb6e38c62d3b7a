//! From clues to a name and a signature.

use super::knowledge::Knowledge;
use crate::resolution::{DnsClues, LookedUpBy};
use crate::tag::Matcher;
use crate::types::evidence::Evidence;
use crate::types::grounds::Grounds;

/// What a flow is identified as.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Best name.
    pub name: Option<&'a str>,
    /// How it is known.
    pub evidence: Evidence,
    /// The name that matched a signature: the best name or a link of its CNAME chain, or one from an unsolicited
    /// answer.
    pub matched: Option<&'a str>,
    /// Index of the matching signature.
    pub signature: Option<u32>,
    /// What the match rests on.
    pub grounds: Grounds,
}

/// A name that a flow may have.
struct Clue<'a> {
    name: &'a str,
    evidence: Evidence,
    /// The rest of the CNAME chain that begins with the name.
    links: &'a [Box<str>],
    /// What a match of the name rests on.
    grounds: Grounds,
    /// What a match of a link rests on.
    link_grounds: Grounds,
}

impl<'a> Clue<'a> {
    /// The identity by this name, with a signature if the name or a link of its chain matches one.
    fn identify(&self, matcher: &Matcher) -> Identity<'a> {
        let Self { name, evidence, links, grounds, link_grounds } = *self;
        let find = |name: &str| match evidence {
            Evidence::Certificate => matcher.find_name(name).or_else(|| matcher.find_certificate(name)),
            _ => matcher.find_name(name),
        };
        let mut names = std::iter::once(name).chain(links.iter().map(|link| &**link));
        let matching = names.find_map(|name| find(name).map(|signature| (name, signature)));
        let (matched, signature) = matching.unzip();
        let is_link = matched.is_some_and(|matched| matched != name);
        let name = evidence.is_name().then_some(name);
        let grounds = if is_link { link_grounds } else { grounds };
        Identity { name, evidence, matched, signature, grounds }
    }
}

/// The name that the client itself states, and how.
fn stated_name<'a>(known: Knowledge<'a>) -> Option<(&'a str, Evidence)> {
    let sni = if known.opening.quic().is_some() { Evidence::QuicSni } else { Evidence::Sni };
    let in_hello = known.server_name().map(|name| (name, sni));
    let host = || known.clues.and_then(|clues| clues.disclosed.host());
    in_hello.or_else(|| host().map(|host| (host, Evidence::HttpHost)))
}

/// The look-ups that may name the flow, best first. Only the best shows what the client meant, and only if the
/// client or its resolver looked it up, before the flow.
fn looked_up<'a>(known: Knowledge<'a>) -> impl Iterator<Item = Clue<'a>> {
    let dns = known.clues.map(|clues| &clues.dns);
    let by = dns.map_or(LookedUpBy::Unsolicited, DnsClues::looked_up_by);
    let is_late = dns.is_some_and(DnsClues::is_late);
    let evidence = match by {
        LookedUpBy::Client => Evidence::DnsClient,
        LookedUpBy::SiteResolver | LookedUpBy::Other => Evidence::DnsAny,
        LookedUpBy::Unsolicited => Evidence::DnsUnsolicited,
    };
    let best = match by {
        LookedUpBy::Client | LookedUpBy::SiteResolver if !is_late => Grounds::Own,
        LookedUpBy::Unsolicited => Grounds::Unsolicited,
        _ => Grounds::Hearsay,
    };
    known.naming_chains().enumerate().map(move |(number, chain)| {
        let grounds = if number > 0 && best == Grounds::Own { Grounds::Hearsay } else { best };
        Clue { name: chain.question(), evidence, links: &chain.names, grounds, link_grounds: grounds }
    })
}

/// What names the flow, strongest first.
///
/// A name that the client itself states is the only clue: a client that states the name of another server does
/// not mean the vendor. Otherwise there may be several: the names in the server's certificate, and those that the
/// client looked up. A wildcard is the weakest, because it names no host. Unsolicited answers name nothing.
fn clues<'a>(known: Knowledge<'a>) -> impl Iterator<Item = Clue<'a>> {
    let stated = stated_name(known).map(|(name, evidence)| {
        let chain = looked_up(known).find(|clue| clue.name == name && clue.evidence.is_name());
        // The client states the name, so any look-up of it is as good as the best.
        let link_grounds = match &chain {
            Some(chain) if chain.evidence == Evidence::DnsAny => chain.grounds,
            _ => Grounds::Own,
        };
        let links = chain.map_or(&[][..], |chain| chain.links);
        Clue { name, evidence, links, grounds: Grounds::Own, link_grounds }
    });
    let certified = |name| Clue {
        name,
        evidence: Evidence::Certificate,
        links: &[],
        grounds: Grounds::Own,
        link_grounds: Grounds::Own,
    };
    let certificate = known.clues.and_then(|clues| clues.disclosed.certificate());
    let host = certificate.and_then(|certificate| certificate.host_name()).map(certified);
    let wildcard = known.certified_names().first().map(|name| certified(name));
    let is_stated = stated.is_some();
    let others =
        host.into_iter().chain(looked_up(known).filter(|clue| clue.evidence.is_name())).chain(wildcard);
    stated.into_iter().chain(others.filter(move |_| !is_stated))
}

/// Names a flow and matches it with the signatures, from everything known about it.
///
/// The strongest clue that matches a signature decides, or the strongest of all if none matches. Names take
/// precedence over the first payload bytes, and these over the address. Payload and address match a flow where no
/// name does, so that an unrelated name in the hello does not hide where the bytes go. A name in
/// an unsolicited answer matches a flow that nothing else names or matches.
pub fn identify<'a>(known: Knowledge<'a>, matcher: &Matcher) -> Identity<'a> {
    let (name, matched, signature) = (None, None, None);
    let mut best = Identity { name, evidence: Evidence::None, matched, signature, grounds: Grounds::Own };
    for clue in clues(known) {
        let identity = clue.identify(matcher);
        if identity.signature.is_some() || best.name.is_none() {
            best = identity;
        }
        if best.signature.is_some() {
            break;
        }
    }
    let server = known.ends.destination();
    if let Some(signature) = best.signature.filter(|_| best.grounds == Grounds::Hearsay) {
        let holder = matcher.find_network(server).map(|network| matcher.vendor(network));
        if holder == Some(matcher.vendor(signature)) {
            best.grounds = Grounds::Holder;
        }
    }
    if best.signature.is_none() {
        best.grounds = Grounds::Own;
        let payload = known.clues.and_then(|clues| clues.disclosed.first_payload());
        let by_payload = payload.and_then(|payload| payload.find(known.ends, matcher));
        let by_network = || matcher.find_network(server).map(|signature| (signature, Evidence::Network));
        let found = by_payload.map(|signature| (signature, Evidence::Payload)).or_else(by_network);
        if let Some((signature, evidence)) = found {
            best.signature = Some(signature);
            if best.name.is_none() {
                best.evidence = evidence;
            }
        }
    }
    if best.evidence == Evidence::None {
        let mut unsolicited = looked_up(known).map(|clue| clue.identify(matcher)).peekable();
        if known.state.is_encrypted() {
            best.evidence = Evidence::EchOuter;
        } else if let Some(first) = unsolicited.peek() {
            best.evidence = first.evidence;
            best = unsolicited.find(|identity| identity.signature.is_some()).unwrap_or(best);
        }
    }
    best
}
