//! A compiled signature set with all lookups of the engine.

use super::name_rules::{MatchKind, NameRules};
use super::networks::Networks;
use super::payload_prefixes::{Magic, Payloads};
use super::resolvers::{Resolver, Resolvers};
use crate::address::Address;
use std::collections::HashMap;
use std::sync::Arc;

/// A compiled signature set. A signature is identified by its index.
///
/// Among names, look-alikes (`denied`) take precedence, then an exact name, then a pattern, then the longest
/// suffix. Among networks, the longest prefix matches.
///
/// Immutable, so all workers share one. A lookup allocates nothing (a pattern takes its scratch space from a
/// pool).
#[derive(Debug, Default)]
pub struct Matcher {
    names: NameRules,
    networks: Networks,
    public_names: NameRules,
    certificates: HashMap<String, u32>,
    payloads: Payloads,
    resolvers: Resolvers,
    /// Number of the vendor of each signature.
    vendors: Vec<u32>,
    /// The id of each vendor, by number.
    vendor_ids: Vec<Arc<str>>,
}

impl Matcher {
    /// Compiles rules, each with the index of its signature.
    ///
    /// Names and denied domains are lower case without the final dot. A pattern is anchored at both ends and
    /// ends in a literal domain of at least two labels (`…\.example\.com$`). Networks are `address/length`
    /// without host bits.
    ///
    /// # Errors
    ///
    /// The first invalid rule, and why.
    pub fn new(
        names: &[(u32, MatchKind, String)],
        networks: &[(u32, String)],
        denied: &[String],
    ) -> Result<Self, String> {
        Ok(Self {
            names: NameRules::new(names, denied)?,
            networks: Networks::new(networks)?,
            ..Self::default()
        })
    }

    /// Adds the public names of known client-facing servers (RFC 9849).
    ///
    /// # Errors
    ///
    /// The first invalid name, and why.
    pub fn with_public_names(mut self, names: &[String]) -> Result<Self, String> {
        let rules: Vec<_> = names.iter().map(|name| (0, MatchKind::Exact, name.clone())).collect();
        self.public_names = NameRules::new(&rules, &[])?;
        Ok(self)
    }

    /// Adds names in the certificates of known servers: host names, or "*." and a domain.
    pub fn with_certificates(mut self, names: &[(u32, String)]) -> Self {
        for (signature, name) in names {
            self.certificates.entry(name.clone()).or_insert(*signature);
        }
        self
    }

    /// Adds first payload bytes.
    pub fn with_payloads(mut self, magic: &[Magic]) -> Self {
        self.payloads = Payloads::new(magic);
        self
    }

    /// The signature that matches the first payload of one side, which begins with `bytes`: the longest
    /// prefix matches.
    pub fn find_payload(&self, is_tcp: bool, ports: [u16; 2], bytes: &[u8], length: u32) -> Option<u32> {
        self.payloads.find(is_tcp, ports, bytes, length)
    }

    /// The signature with exactly this certificate name.
    pub fn find_certificate(&self, name: &str) -> Option<u32> {
        self.certificates.get(name).copied()
    }

    /// Adds public resolvers, and the resolver addresses to which products fall back.
    ///
    /// # Errors
    ///
    /// The first invalid or duplicate address or name, and why.
    pub fn with_resolvers(mut self, known: &[Resolver], fallbacks: &[String]) -> Result<Self, String> {
        self.resolvers = Resolvers::new(known, fallbacks)?;
        Ok(self)
    }

    /// Adds the number of the vendor of each signature, and the id of each vendor; without them all are of one vendor.
    pub fn with_vendors(mut self, vendors: Vec<u32>, ids: Vec<String>) -> Self {
        self.vendors = vendors;
        self.vendor_ids = ids.into_iter().map(Arc::from).collect();
        self
    }

    /// The number of the vendor of a signature.
    pub fn vendor(&self, signature: u32) -> u32 {
        self.vendors.get(signature as usize).copied().unwrap_or_default()
    }

    /// The number of the vendor whose signature matches a name.
    pub fn find_vendor(&self, name: &str) -> Option<u32> {
        self.find_name(name).map(|signature| self.vendor(signature))
    }

    /// The id of the vendor whose signature matches a name, if it has one.
    pub fn find_vendor_id(&self, name: &str) -> Option<&Arc<str>> {
        self.find_vendor(name).and_then(|vendor| self.vendor_ids.get(vendor as usize))
    }

    /// The number of the public resolver at an address.
    pub fn find_resolver(&self, address: Address) -> Option<u32> {
        self.resolvers.find_address(address)
    }

    /// The number of the public resolver with a name.
    pub fn find_resolver_name(&self, name: &str) -> Option<u32> {
        self.resolvers.find_name(name)
    }

    /// True for a resolver address that a vendor's products query if the local resolver fails.
    pub fn is_fallback(&self, address: Address) -> bool {
        self.resolvers.is_fallback(address)
    }

    /// True for the public name of a known client-facing server (RFC 9849, 4), which many servers share.
    pub fn is_public_name(&self, name: &str) -> bool {
        self.public_names.find(name).is_some()
    }

    /// The signature that matches a name (lower case, without the final dot).
    pub fn find_name(&self, name: &str) -> Option<u32> {
        self.names.find(name)
    }

    /// The signature of the longest prefix that contains the address.
    #[inline]
    pub fn find_network(&self, address: Address) -> Option<u32> {
        self.networks.find(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_matcher_finds_nothing() {
        let matcher = Matcher::new(&[], &[], &[]).unwrap();
        assert_eq!(matcher.find_name("www.example.com"), None);
        assert_eq!(matcher.find_network(Address::v4([192, 0, 2, 1])), None);
        assert_eq!(Matcher::default().find_name(""), None);
    }

    #[test]
    fn names_and_networks_are_looked_up_separately() {
        let matcher = Matcher::new(
            &[(7, MatchKind::Suffix, "example.com".into())],
            &[(9, "192.0.2.0/24".into())],
            &["fake.example.com".into()],
        )
        .unwrap();
        assert_eq!(matcher.find_name("www.example.com"), Some(7));
        assert_eq!(matcher.find_name("fake.example.com"), None);
        assert_eq!(matcher.find_network(Address::v4([192, 0, 2, 1])), Some(9));
    }
}
