//! From clues to a name and a signature.

use super::knowledge::Knowledge;
use crate::resolution::{Chain, DnsClues, LookedUpBy};
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
    /// The DNS answer that has this name, or the one that matched, and the server's address.
    pub answer: Option<&'a Chain>,
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
        Identity { name, evidence, matched, signature, grounds, answer: None }
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
        grounds: Grounds::Hearsay, // any server can show it
        link_grounds: Grounds::Hearsay,
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
///
/// What a server shows, its certificate or its first payload, is hearsay unless the client looked up a name of the
/// vendor, or the address is in a network of the vendor.
pub fn identify<'a>(known: Knowledge<'a>, matcher: &Matcher) -> Identity<'a> {
    let mut best = match_names(known, matcher);
    if best.signature.is_none() {
        best.grounds = Grounds::Own;
        match_without_name(known, matcher, &mut best);
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
    best.answer = best.name.or(best.matched).and_then(|name| find_answer(known, name));
    best
}

/// The DNS answer that has this name: as the name that was looked up, or else as a link of its chain.
fn find_answer<'a>(known: Knowledge<'a>, name: &str) -> Option<&'a Chain> {
    let chains = || known.naming_chains().map(|chain| &**chain);
    chains().find(|chain| chain.question() == name).or_else(|| chains().find(|chain| chain.has(name)))
}

/// The identity by the strongest name that matches a signature, or by the strongest of all.
fn match_names<'a>(known: Knowledge<'a>, matcher: &Matcher) -> Identity<'a> {
    let mut best = Identity {
        name: None,
        evidence: Evidence::None,
        matched: None,
        signature: None,
        grounds: Grounds::Own,
        answer: None,
    };
    for clue in clues(known) {
        let identity = clue.identify(matcher);
        if identity.signature.is_some() || best.name.is_none() {
            best = identity;
        }
        if best.signature.is_some() {
            break;
        }
    }
    if let Some(signature) = best.signature.filter(|_| best.grounds == Grounds::Hearsay) {
        let is_certified = best.evidence == Evidence::Certificate;
        let vendor = matcher.vendor(signature);
        best.grounds = match is_held_by(known, matcher, vendor) {
            true if is_certified => Grounds::Own,
            true => Grounds::Holder,
            false if is_certified && is_meant(known, matcher, vendor) => Grounds::Own,
            false => Grounds::Hearsay,
        };
    }
    best
}

/// The server's address is in a network of the vendor.
fn is_held_by(known: Knowledge<'_>, matcher: &Matcher, vendor: u32) -> bool {
    let server = known.ends.destination();
    matcher.find_network(server).map(|network| matcher.vendor(network)) == Some(vendor)
}

/// DNS shows that the client meant the vendor.
fn is_meant(known: Knowledge<'_>, matcher: &Matcher, vendor: u32) -> bool {
    looked_up(known).filter(|clue| clue.grounds == Grounds::Own).any(|clue| {
        clue.identify(matcher).signature.map(|signature| matcher.vendor(signature)) == Some(vendor)
    })
}

/// Matches a flow that no name matches by its first payload, or else by the address of its server. A payload that
/// only the server sent is hearsay, unless the address is in a network of the vendor.
fn match_without_name(known: Knowledge<'_>, matcher: &Matcher, best: &mut Identity<'_>) {
    let payload = known.clues.and_then(|clues| clues.disclosed.first_payload());
    let by_payload = payload.and_then(|payload| Some((payload, payload.find(known.ends, matcher)?)));
    let evidence = if let Some((payload, signature)) = by_payload {
        let is_own = payload.is_sent_by(known.ends.client_side());
        if !is_own && !is_held_by(known, matcher, matcher.vendor(signature)) {
            best.grounds = Grounds::Hearsay;
        }
        best.signature = Some(signature);
        Evidence::Payload
    } else {
        best.signature = matcher.find_network(known.ends.destination());
        Evidence::Network
    };
    if best.signature.is_some() && best.name.is_none() {
        best.evidence = evidence;
    }
}
