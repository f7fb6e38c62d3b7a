//! Public resolvers by address and name, and the resolver addresses to which products fall back.

use super::name_rules::{MatchKind, NameRules};
use crate::address::Address;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use std::net::IpAddr;

/// A resolver as described by the caller: its number, its addresses, and its names, which include all names
/// below them.
pub type Resolver = (u32, Vec<String>, Vec<String>);

/// All known resolvers.
#[derive(Debug, Default)]
pub(super) struct Resolvers {
    addresses: HashMap<Address, u32, RandomState>,
    names: NameRules,
    fallbacks: HashSet<Address, RandomState>,
}

impl Resolvers {
    /// Compiles resolvers and fallback addresses; the error quotes the first invalid or duplicate one.
    pub(super) fn new(known: &[Resolver], fallbacks: &[String]) -> Result<Self, String> {
        let mut resolvers = Self::default();
        let mut names = Vec::new();
        for (number, addresses, own_names) in known {
            for text in addresses {
                if resolvers.addresses.insert(parse(text)?, *number).is_some() {
                    return Err(format!("'{text}': duplicate resolver"));
                }
            }
            names.extend(own_names.iter().map(|name| (*number, MatchKind::Suffix, name.clone())));
        }
        resolvers.names = NameRules::new(&names, &[])?;
        resolvers.fallbacks = fallbacks.iter().map(|text| parse(text)).collect::<Result<_, _>>()?;
        Ok(resolvers)
    }

    pub(super) fn find_address(&self, address: Address) -> Option<u32> {
        self.addresses.get(&address).copied()
    }

    pub(super) fn find_name(&self, name: &str) -> Option<u32> {
        self.names.find(name)
    }

    pub(super) fn is_fallback(&self, address: Address) -> bool {
        self.fallbacks.contains(&address)
    }
}

fn parse(text: &str) -> Result<Address, String> {
    text.parse::<IpAddr>().map(Address::from).map_err(|_| format!("'{text}' is not an address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolvers() -> Resolvers {
        let known = [(4, vec!["192.0.2.53".into(), "2001:db8::53".into()], vec!["dns.example".into()])];
        Resolvers::new(&known, &["192.0.2.53".into(), "192.0.2.99".into()]).unwrap()
    }

    #[test]
    fn a_resolver_is_found_by_each_address_and_by_names_at_or_below_its_own() {
        let address = |text| Address::from(text_to_ip(text));
        assert_eq!(resolvers().find_address(address("192.0.2.53")), Some(4));
        assert_eq!(resolvers().find_address(address("2001:db8::53")), Some(4));
        assert_eq!(resolvers().find_address(address("192.0.2.54")), None);
        assert_eq!(resolvers().find_name("dns.example"), Some(4));
        assert_eq!(resolvers().find_name("me.dns.example"), Some(4));
        assert_eq!(resolvers().find_name("notdns.example"), None);
    }

    #[test]
    fn a_fallback_address_need_not_belong_to_a_known_resolver() {
        assert!(resolvers().is_fallback(Address::v4([192, 0, 2, 53])));
        assert!(resolvers().is_fallback(Address::v4([192, 0, 2, 99])));
        assert!(!resolvers().is_fallback(Address::v4([192, 0, 2, 54])));
    }

    #[test]
    fn an_address_belongs_to_one_resolver_only() {
        let twice = [(1, vec!["192.0.2.1".into()], vec![]), (2, vec!["192.0.2.1".into()], vec![])];
        assert_eq!(Resolvers::new(&twice, &[]).unwrap_err(), "'192.0.2.1': duplicate resolver");
        assert_eq!(Resolvers::new(&[], &["here".into()]).unwrap_err(), "'here' is not an address");
    }

    fn text_to_ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }
}
