//! All that is known of a flow and may name it, borrowed from the flow.

use super::clues::Clues;
use super::naming_state::NamingState;
use crate::opening::Opening;
use crate::resolution::{Chain, LookedUpBy};
use crate::types::ends::Ends;
use std::sync::Arc;

/// What is known of a flow.
#[derive(Clone, Copy)]
pub struct Knowledge<'a> {
    /// Both ends.
    pub ends: &'a Ends,
    /// The openings of both sides.
    pub opening: &'a Opening,
    /// What the opening and DNS disclose, once there is anything.
    pub clues: Option<&'a Clues>,
    /// What hides the name.
    pub state: NamingState,
    /// Its datagrams are DNS messages.
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

    /// The look-ups that may name the flow. Behind the client-facing server of an encrypted hello are many names:
    /// there only what this very client looked up counts, except for the public name itself.
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
