//! What DNS shows about one flow: the names under which its client may know the server, and DNS that the flow
//! itself carries.

use super::learned_names::{FoundNames, LearnedNames, LookedUpBy};
use super::lesson::Chain;
use crate::tag::Matcher;
use crate::types::encrypted_dns::EncryptedDns;
use crate::types::ends::Ends;
use std::sync::Arc;

/// What a fallback resolver was queried for in clear, the most significant last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FallbackQuery {
    /// A name that matches no signature.
    Unmatched,
    /// A name that matches the signature with this index.
    Signature(u32),
}

/// What DNS shows about one flow.
#[derive(Clone, Debug, Default)]
pub struct DnsClues {
    /// Best first; empty if DNS shows nothing.
    chains: Box<[Arc<Chain>]>,
    by: LookedUpBy,
    is_late: bool,
    encrypted: Option<EncryptedDns>,
    query: Option<FallbackQuery>,
    is_fallback: bool,
}

impl DnsClues {
    /// Stores the names that were learned for the flow's server.
    pub fn set_names(&mut self, found: FoundNames) {
        (self.chains, self.by, self.is_late) = (found.chains, found.by, found.is_late);
    }

    /// The names that were learned for the flow's server, best first.
    pub fn chains(&self) -> &[Arc<Chain>] {
        &self.chains
    }

    /// Who looked the names up, if there are any.
    pub fn looked_up_by(&self) -> LookedUpBy {
        self.by
    }

    /// The names were looked up after the flow began.
    pub fn is_late(&self) -> bool {
        self.is_late
    }

    /// A query for the names was seen: there is nothing better to be found.
    pub fn is_solicited(&self) -> bool {
        !self.chains.is_empty() && self.by != LookedUpBy::Unsolicited
    }

    /// Notes a query that the flow sent to a fallback resolver; the most significant of several is kept.
    pub fn note_query(&mut self, query: FallbackQuery) {
        self.query = self.query.max(Some(query));
    }

    /// Notes whether the flow carries encrypted DNS, and whether it is worth a report as use of a fallback
    /// resolver.
    pub fn note_use(
        &mut self,
        encrypted: Option<EncryptedDns>,
        ends: &Ends,
        last_ns: u64,
        names: &LearnedNames,
        matcher: &Matcher,
    ) {
        let (client, server) = (ends.client(), ends.destination());
        if encrypted.is_some() {
            names.clients.note_encrypted_dns(client, last_ns);
            self.encrypted = encrypted;
        }
        let is_dns = encrypted.is_some() || self.query.is_some();
        if !self.is_fallback && is_dns && matcher.is_fallback(server) {
            // A vendor's name is always significant. Anyone may use a public resolver, so that use alone is reported
            // once an hour.
            let is_significant = matches!(self.query, Some(FallbackQuery::Signature(_)));
            self.is_fallback = names.clients.is_first_fallback(client, server, last_ns) || is_significant;
        }
    }

    /// The encrypted DNS that the flow carries.
    pub fn encrypted(&self) -> Option<EncryptedDns> {
        self.encrypted
    }

    /// Index of the signature that matches a name for which the flow queried a fallback resolver.
    pub fn queried_signature(&self) -> Option<u32> {
        match self.query {
            Some(FallbackQuery::Signature(signature)) => Some(signature),
            Some(FallbackQuery::Unmatched) | None => None,
        }
    }

    /// The flow is worth a report as use of a fallback resolver.
    pub fn is_fallback(&self) -> bool {
        self.is_fallback
    }

    /// The flow is reported for its DNS, even if it matches no vendor.
    pub fn is_reported(&self) -> bool {
        self.encrypted.is_some() || self.is_fallback
    }
}
