//! Recognises encrypted DNS by port, protocol name and resolver.

use super::messages::DNS_PORT;
use crate::tag::Matcher;
use crate::types::encrypted_dns::EncryptedDns;
use crate::types::ends::Ends;
use crate::types::opening_state::OpeningState;
use crate::wire::tls::ClientHello;

/// The port of DNS over TLS (RFC 7858, 3.1).
const DOT_PORT: u16 = 853;
const HTTPS_PORT: u16 = 443;

/// What shows whether the server of a flow is a resolver.
pub struct DnsPeer<'a> {
    /// Both ends of the flow.
    pub ends: &'a Ends,
    /// How far the openings of both sides have been read.
    pub states: [OpeningState; 2],
    /// The client's hello.
    pub hello: Option<&'a ClientHello>,
    /// The server's name in the hello.
    pub server_name: Option<&'a str>,
}

/// Recognises DNS over QUIC by its protocol name (RFC 9250, 4.1, and its drafts), DNS over TLS by that (RFC 7858)
/// or by its port, and DNS over HTTPS, which looks like other web traffic, by a known resolver: its name in the
/// hello, or its address if the hello has no name.
pub fn find_encrypted_dns(peer: &DnsPeer<'_>, matcher: &Matcher) -> Option<EncryptedDns> {
    let offers = |matches: fn(&str) -> bool| {
        peer.hello.is_some_and(|hello| hello.alpn.iter().any(|name| matches(name)))
    };
    let is_tcp = peer.ends.is_tcp();
    let (server, (_, port)) = (peer.ends.destination(), peer.ends.server_end());
    if is_tcp && (offers(|name| name == "dot") || (port == DOT_PORT && may_be_tls(peer.states))) {
        return Some(EncryptedDns::Dot);
    }
    if !is_tcp && offers(|name| name == "doq" || name.starts_with("doq-")) {
        return Some(EncryptedDns::Doq);
    }
    let is_resolver = match peer.server_name {
        Some(name) => matcher.find_resolver_name(name).is_some(),
        None => port == HTTPS_PORT && matcher.find_resolver(server).is_some() && may_be_tls(peer.states),
    };
    is_resolver.then_some(EncryptedDns::Doh)
}

/// The number of the public resolver that a flow queries, by the name in its hello or else by address; None if
/// the flow carries no DNS.
pub fn find_resolver(peer: &DnsPeer<'_>, is_encrypted: bool, matcher: &Matcher) -> Option<u32> {
    let (server, (_, port)) = (peer.ends.destination(), peer.ends.server_end());
    if port != DNS_PORT && !is_encrypted {
        return None;
    }
    let by_name = peer.server_name.and_then(|name| matcher.find_resolver_name(name));
    by_name.or_else(|| matcher.find_resolver(server))
}

/// True if what was seen of a flow is TLS or QUIC, or the part of it after the hello.
fn may_be_tls(states: [OpeningState; 2]) -> bool {
    let is_other = |state: &OpeningState| {
        matches!(state, OpeningState::Waiting | OpeningState::NotTls | OpeningState::Malformed)
    };
    !states.contains(&OpeningState::NotTls) && !states.iter().all(is_other)
}
