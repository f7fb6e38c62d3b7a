//! IPv4 addresses inside IPv6 addresses. What is sent to such an address arrives at the IPv4 address, through a
//! translator or a relay.
//!
//! - NAT64 (RFC 6052): prefixes of six lengths, among them the well-known 64:ff9b::/96.
//! - 64:ff9b:1::/48 (RFC 8215) is for translators of a site, with a length of its choice. If that is neither
//!   configured nor learned, it is taken for /96, unless the last 24 bits are zero: then a shorter prefix was
//!   followed by zeros (RFC 6052, 2.2), and its length is not known.
//! - 6to4 (RFC 3056): the router of the far site.
//! - Teredo (RFC 4380): the client, whose address is stored inverted. The Teredo server, which is in the address
//!   too, only helps to set up the tunnel.
//!
//! An IPv4-mapped address is IPv4 to netmon from the start (`Address`). Two kinds are not read. ISATAP (RFC 5214):
//! packets are routed by the IPv6 prefix, and a server chooses the rest of its address, and so what would be read.
//! IPv4-compatible addresses (RFC 4291, 2.5.5.1) are deprecated and not routed.

use crate::address::Address;

/// Bits 64 to 71 are zero in every address with an IPv4 address (RFC 6052, 2.2).
const RESERVED: u128 = 0xff << 56;
/// The prefix lengths of RFC 6052, 2.2.
const LENGTHS: [u8; 6] = [32, 40, 48, 56, 64, 96];
/// 64:ff9b::/96 (RFC 6052, 2.1).
const WELL_KNOWN: Nat64Prefix = Nat64Prefix { first: Address(0x0064_ff9b << 96), length: 96 };
/// The first 48 bits of 64:ff9b:1::/48.
const LOCAL_USE: u128 = 0x0064_ff9b_0001;
/// The first 16 bits of 2002::/16.
const SIX_TO_FOUR: u128 = 0x2002;
/// The first 32 bits of 2001::/32.
const TEREDO: u128 = 0x2001_0000;
/// The addresses of ipv4only.arpa (RFC 7050, 2.2).
const KNOWN_IPV4: [u32; 2] = [0xc000_00aa, 0xc000_00ab];

/// A prefix with which a translator represents IPv4 addresses as IPv6 addresses (RFC 6052).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nat64Prefix {
    first: Address,
    length: u8,
}

impl Nat64Prefix {
    /// Reads a prefix such as `2001:db8:64::/96`.
    ///
    /// # Errors
    ///
    /// Why it is not one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, length) = text.split_once('/').ok_or("a prefix is written address/length")?;
        let ip: std::net::Ipv6Addr =
            address.parse().map_err(|_| format!("'{address}' is not an IPv6 address"))?;
        let length = length.parse().ok().filter(|length| LENGTHS.contains(length));
        let length = length.ok_or("the length is 32, 40, 48, 56, 64 or 96 (RFC 6052, 2.2)")?;
        let prefix = Self { first: Address(ip.into()), length };
        if prefix.first.0 & (u128::MAX >> length) != 0 {
            return Err(format!("bits are set after /{length}"));
        }
        if prefix.first.0 & RESERVED != 0 {
            return Err("bits 64 to 71 are not zero (RFC 6052, 2.2)".into());
        }
        Ok(prefix)
    }

    /// The prefix that an IPv6 address of ipv4only.arpa shows (RFC 7050, 3): one with which it contains one of the
    /// name's IPv4 addresses. None if there is none, or more than one.
    pub fn of_known_name(address: Address) -> Option<Self> {
        let shown = LENGTHS.map(|length| {
            let first = Address(address.0 & !(u128::MAX >> length));
            Self { first, length }.ipv4_in(address).filter(|ipv4| KNOWN_IPV4.contains(ipv4)).map(|_| first)
        });
        let mut found = LENGTHS
            .into_iter()
            .zip(shown)
            .filter(|_| !address.is_v4())
            .filter_map(|(length, first)| first.map(|first| Self { first, length }));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The IPv4 address in an address with this prefix.
    #[inline]
    pub fn embedded_in(self, address: Address) -> Option<Address> {
        self.ipv4_in(address).map(|ipv4| Address::v4(ipv4.to_be_bytes()))
    }

    fn ipv4_in(self, address: Address) -> Option<u32> {
        let is_within = (address.0 ^ self.first.0) >> (128 - self.length) == 0;
        if !is_within || address.0 & RESERVED != 0 {
            return None;
        }
        // The reserved bits are skipped: the IPv4 address follows the prefix in the other 120.
        let (upper, lower) = (address.0 >> 64, address.0 & (u128::MAX >> 72));
        Some(match self.length {
            96 => lower as u32,
            length => (((upper << 56) | lower) >> (120 - 32 - length)) as u32,
        })
    }
}

/// The IPv4 address at which arrives what is sent to an address; None for IPv4, and for IPv6 that goes to its
/// address as it is. `prefixes` are those of translators of the site; the longest that contains the address counts.
pub fn embedded_ipv4(address: Address, prefixes: &[Nat64Prefix]) -> Option<Address> {
    if address.is_v4() {
        return None;
    }
    let by_prefix = embedded_by_prefix(address, prefixes.iter().copied());
    let ipv4 = |bits: u128| Some(Address::v4((bits as u32).to_be_bytes()));
    by_prefix.or_else(|| WELL_KNOWN.embedded_in(address)).or_else(|| {
        if address.0 >> 112 == SIX_TO_FOUR {
            ipv4(address.0 >> 80)
        } else if address.0 >> 96 == TEREDO {
            ipv4(!address.0)
        } else {
            let is_local = address.0 >> 80 == LOCAL_USE && address.0 & RESERVED == 0;
            ipv4(address.0).filter(|_| is_local && address.0 & 0xff_ffff != 0)
        }
    })
}

/// The IPv4 address in an address by the longest of several prefixes.
pub fn embedded_by_prefix(address: Address, prefixes: impl Iterator<Item = Nat64Prefix>) -> Option<Address> {
    let containing = prefixes.filter_map(|one| one.embedded_in(address).map(|ipv4| (one.length, ipv4)));
    containing.max_by_key(|(length, _)| *length).map(|(_, ipv4)| ipv4)
}

#[cfg(test)]
#[path = "embedded_tests.rs"]
mod tests;
