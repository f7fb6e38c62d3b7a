//! Everything known about a flow from which it can be named, borrowed from the flow.

use super::clues::Clues;
use super::naming_state::NamingState;
use crate::opening::Opening;
use crate::resolution::{Chain, LookedUpBy};
use crate::types::ends::Ends;
use std::sync::Arc;

/// What is known about a flow.
#[derive(Clone, Copy)]
pub struct Knowledge<'a> {
    /// Both ends.
    pub ends: &'a Ends,
    /// The openings of both sides.
    pub opening: &'a Opening,
    /// What the opening and DNS have disclosed; None if nothing.
    pub clues: Option<&'a Clues>,
    /// What hides the name.
    pub state: NamingState,
    /// Its datagrams carry DNS messages.
    pub has_messages: bool,
    /// The snap length cut a packet.
    pub is_cut: bool,
}

impl<'a> Knowledge<'a> {
    /// The server_name that was sent, even if it is empty or only the public name of a client-facing server.
    pub fn sent_name(self) -> Option<&'a str> {
        self.clues.and_then(|clues| clues.disclosed.sent_name())
    }

    /// The server's name in the hello: neither an empty one nor the public name of an encrypted hello counts.
    pub fn server_name(self) -> Option<&'a str> {
        self.sent_name().filter(|name| !name.is_empty() && !self.state.is_encrypted())
    }

    /// The look-ups that may name the flow. A client-facing server serves many names, so for an encrypted hello only
    /// what this client itself looked up counts, except for the public name.
    pub fn naming_chains(self) -> impl Iterator<Item = &'a Arc<Chain>> {
        let is_encrypted = self.state.is_encrypted();
        let outer = self.sent_name().filter(|_| is_encrypted);
        let dns = self
            .clues
            .map(|clues| &clues.dns)
            .filter(|dns| dns.looked_up_by() == LookedUpBy::Client || !is_encrypted);
        let chains = dns.into_iter().flat_map(|dns| dns.chains());
        chains.filter(move |chain| Some(chain.question()) != outer)
    }

    /// All names in the server's certificate.
    pub fn certified_names(self) -> &'a [String] {
        let certificate = self.clues.and_then(|clues| clues.disclosed.certificate());
        certificate.map_or(&[], |certificate| &certificate.names)
    }
}
