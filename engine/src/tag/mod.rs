//! Signatures, compiled: names (exact, suffix, pattern), networks (longest prefix), first payload bytes, and
//! what hides names.
//! Knows no packets.

mod names;
mod networks;
mod payload;
mod resolvers;

use self::names::Names;
use self::networks::Networks;
pub use self::payload::Magic;
use self::payload::Payloads;
pub use self::resolvers::Resolver;
use self::resolvers::Resolvers;
use crate::address::Address;
use std::collections::HashMap;

/// How a name matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The whole name.
    Exact,
    /// The name and all below it, on label boundary.
    Suffix,
    /// An anchored pattern on the whole name.
    Pattern,
}

/// A compiled signature set. Look-alikes (`denied`) win over everything; then exact, then pattern,
/// then the longest suffix. Networks: the longest prefix wins.
///
/// Immutable once made, so all workers share one. Looking up allocates nothing (a pattern borrows its
/// scratch space from its own pool).
#[derive(Debug, Default)]
pub struct Matcher {
    names: Names,
    networks: Networks,
    public_names: Names,
    certificates: HashMap<String, u32>,
    payloads: Payloads,
    resolvers: Resolvers,
}

impl Matcher {
    /// Compiles rules; fails with the offending text.
    ///
    /// Names and denied domains are lower case without a final dot. A pattern is anchored at both
    /// ends and ends in a literal domain of at least two labels (`…\.example\.com$`).
    /// Networks are `address/length` with no bit set behind the prefix.
    pub fn new(
        names: &[(u32, Kind, String)],
        networks: &[(u32, String)],
        denied: &[String],
    ) -> Result<Self, String> {
        Ok(Self { names: Names::new(names, denied)?, networks: Networks::new(networks)?, ..Self::default() })
    }

    /// Adds the public names of known ECH fronts; fails with the offending text.
    pub fn with_public_names(mut self, names: &[String]) -> Result<Self, String> {
        let rules: Vec<_> = names.iter().map(|name| (0, Kind::Exact, name.clone())).collect();
        self.public_names = Names::new(&rules, &[])?;
        Ok(self)
    }

    /// Adds names that stand in certificates of known servers: host names, or "*." and a domain.
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

    /// The signature of a side's first payload, of which `bytes` are the beginning: the longest prefix wins.
    pub fn find_payload(&self, is_tcp: bool, ports: [u16; 2], bytes: &[u8], length: u32) -> Option<u32> {
        self.payloads.find(is_tcp, ports, bytes, length)
    }

    /// The signature of a known certificate that has this very name.
    pub fn find_certificate(&self, name: &str) -> Option<u32> {
        self.certificates.get(name).copied()
    }

    /// Adds public resolvers, and the addresses that products fall back to; fails with the offending text.
    pub fn with_resolvers(mut self, known: &[Resolver], fallbacks: &[String]) -> Result<Self, String> {
        self.resolvers = Resolvers::new(known, fallbacks)?;
        Ok(self)
    }

    /// The number of the public resolver at an address.
    pub fn find_resolver(&self, address: Address) -> Option<u32> {
        self.resolvers.find_address(address)
    }

    /// The number of the public resolver that has a name.
    pub fn find_resolver_name(&self, name: &str) -> Option<u32> {
        self.resolvers.find_name(name)
    }

    /// True for an address that a vendor's products ask for names when the local resolver fails them.
    pub fn is_fallback(&self, address: Address) -> bool {
        self.resolvers.is_fallback(address)
    }

    /// True for the public name of a known ECH front (RFC 9849, 4): all of its servers show it.
    pub fn is_public_name(&self, name: &str) -> bool {
        self.public_names.find(name).is_some()
    }

    /// The signature that a name (lower case, no final dot) matches.
    pub fn find_name(&self, name: &str) -> Option<u32> {
        self.names.find(name)
    }

    /// The signature of the longest network that holds the address.
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
    fn names_and_networks_are_asked_apart() {
        let matcher = Matcher::new(
            &[(7, Kind::Suffix, "example.com".into())],
            &[(9, "192.0.2.0/24".into())],
            &["fake.example.com".into()],
        )
        .unwrap();
        assert_eq!(matcher.find_name("www.example.com"), Some(7));
        assert_eq!(matcher.find_name("fake.example.com"), None);
        assert_eq!(matcher.find_network(Address::v4([192, 0, 2, 1])), Some(9));
    }
}
