//! DNS that is not read, and DNS that is telling: encrypted DNS by port, protocol and resolver, and
//! questions to resolvers that a vendor's products fall back to.

use super::dns::DNS_PORT;
use super::names::Names;
use super::record::Flow;
use crate::tag::Matcher;
use crate::types::encrypted_dns::EncryptedDns;
use crate::types::opening_state::OpeningState;

/// The port of DNS over TLS (RFC 7858, 3.1).
const DOT_PORT: u16 = 853;
const HTTPS_PORT: u16 = 443;

/// What was asked in clear, the most telling last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Question {
    /// A name of nobody.
    Other,
    /// A name that matches this signature entry.
    Entry(u32),
}

/// What a flow is to DNS.
#[derive(Clone, Copy, Debug, Default)]
pub struct DnsUse {
    /// It carries encrypted DNS.
    pub encrypted: Option<EncryptedDns>,
    /// What it asked a resolver that products fall back to; the most telling of several questions.
    pub question: Option<Question>,
    /// It is worth a report as use of such a resolver.
    pub is_fallback: bool,
}

/// True for a flow that is reported for its DNS, whosever it is.
pub fn is_reported(flow: &Flow) -> bool {
    let dns = flow.naming.as_ref().map(|naming| naming.dns);
    dns.is_some_and(|dns| dns.encrypted.is_some() || dns.is_fallback)
}

/// Notes what a flow asked a resolver that products fall back to.
pub fn note_question(flow: &mut Flow, asked: Option<Question>) {
    if asked.is_some() {
        let dns = &mut flow.naming.get_or_insert_default().dns;
        dns.question = dns.question.max(asked);
    }
}

/// Recognises the DNS that a flow carries, as far as it was seen, and remembers its client for it.
pub fn follow(flow: &mut Flow, names: &Names, matcher: &Matcher) {
    let encrypted = recognise(flow, matcher);
    let ((client, _), (server, _)) = (flow.ends.client_end(), flow.ends.server_end());
    let last_ns = flow.traffic.last_ns();
    if encrypted.is_some() {
        names.clients.note_encrypted_dns(client, last_ns);
        flow.naming.get_or_insert_default().dns.encrypted = encrypted;
    }
    let Some(naming) = flow.naming.as_deref_mut() else { return };
    let dns = &mut naming.dns;
    if !dns.is_fallback && (encrypted.is_some() || dns.question.is_some()) && matcher.is_fallback(server) {
        // A vendor's name always tells; anybody may use a public resolver, so that is told now and then.
        let strong = matches!(dns.question, Some(Question::Entry(_)));
        dns.is_fallback = names.clients.is_first_fallback(client, server, last_ns) || strong;
    }
}

/// The public resolver that a DNS flow asks: by the name in its hello, else by address.
pub fn resolver(flow: &Flow, matcher: &Matcher) -> Option<u32> {
    let naming = flow.naming.as_deref();
    let (server, port) = flow.ends.server_end();
    if port != DNS_PORT && naming.is_none_or(|naming| naming.dns.encrypted.is_none()) {
        return None;
    }
    let named =
        naming.and_then(|naming| naming.server_name()).and_then(|name| matcher.find_resolver_name(name));
    named.or_else(|| matcher.find_resolver(server))
}

/// DNS over QUIC by its protocol name (RFC 9250, 4.1, and its drafts), DNS over TLS by that (RFC 7858)
/// or by its port, and DNS over HTTPS, which looks like any web traffic, by a known resolver: its name
/// in the hello, or its address where the hello shows none.
fn recognise(flow: &Flow, matcher: &Matcher) -> Option<EncryptedDns> {
    let naming = flow.naming.as_deref();
    let hello = naming.and_then(|naming| naming.disclosed.hello());
    let offers =
        |is: fn(&str) -> bool| hello.is_some_and(|hello| hello.content().alpn.iter().any(|name| is(name)));
    let is_tcp = flow.ends.is_tcp();
    let (server, port) = flow.ends.server_end();
    if is_tcp && (offers(|name| name == "dot") || (port == DOT_PORT && may_be_tls(flow))) {
        return Some(EncryptedDns::Dot);
    }
    if !is_tcp && offers(|name| name == "doq" || name.starts_with("doq-")) {
        return Some(EncryptedDns::Doq);
    }
    let by_name = naming.and_then(|naming| naming.server_name());
    let is_resolver = match by_name {
        Some(name) => matcher.find_resolver_name(name).is_some(),
        None => port == HTTPS_PORT && matcher.find_resolver(server).is_some() && may_be_tls(flow),
    };
    is_resolver.then_some(EncryptedDns::Doh)
}

/// True if what was seen of a flow is TLS or QUIC, or the part of it behind the hello.
fn may_be_tls(flow: &Flow) -> bool {
    let phases = flow.opening.states();
    let other = |phase: &OpeningState| {
        matches!(phase, OpeningState::Waiting | OpeningState::NotTls | OpeningState::Malformed)
    };
    !phases.contains(&OpeningState::NotTls) && !phases.iter().all(other)
}
