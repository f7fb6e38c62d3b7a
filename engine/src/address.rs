//! One address type for both IP versions: IPv4 is kept in its mapped form (RFC 4291, 2.5.5.2).

pub mod embedded;
pub mod realm;
pub mod realm_host;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const MAPPED: u128 = 0xffff_0000_0000;

/// An IPv4 or IPv6 address, ordered and hashed as one number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(Rust, packed(8))] // with the alignment of u128, a flow would be 16 bytes larger
pub struct Address(pub u128);

impl Address {
    /// From the four bytes of an IPv4 header.
    #[inline]
    pub fn v4(bytes: [u8; 4]) -> Self {
        Self(MAPPED | u128::from(u32::from_be_bytes(bytes)))
    }

    /// From the sixteen bytes of an IPv6 header.
    #[inline]
    pub fn v6(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// True for an address that came from IPv4.
    #[inline]
    pub fn is_v4(self) -> bool {
        self.0 >> 32 == 0xffff
    }

    /// False for addresses that are never routed on the internet: private, shared, link-local, loopback, multicast
    /// (RFC 6890). Addresses for documentation count as public.
    pub fn is_public(self) -> bool {
        match self.to_ip() {
            IpAddr::V4(ip) => {
                let [a, b, ..] = ip.octets();
                let is_shared = a == 100 && b & 0xc0 == 64;
                !(ip.is_private()
                    || ip.is_link_local()
                    || ip.is_loopback()
                    || is_shared
                    || a == 0
                    || a >= 224)
            }
            IpAddr::V6(ip) => ip.segments()[0] & 0xe000 == 0x2000,
        }
    }

    /// True for the address of a host that has none.
    pub fn is_unspecified(self) -> bool {
        self.0 == 0 || self.0 == MAPPED
    }

    /// True for an IPv6 address that is used on one link only (RFC 4291, 2.5.6).
    pub fn is_link_local(self) -> bool {
        self.0 >> 118 == 0xfe80 >> 6
    }

    /// The address itself, or the /64 of an IPv6 address, in which one host may have any number of them.
    #[inline]
    pub fn host_prefix(self) -> Self {
        if self.is_v4() {
            self
        } else {
            Self(self.0 >> 64 << 64)
        }
    }

    /// The address itself, or the /48 of an IPv6 address, which is what a site gets at most (RFC 6177).
    pub fn site_prefix(self) -> Self {
        if self.is_v4() {
            self
        } else {
            Self(self.0 >> 80 << 80)
        }
    }

    /// The address as a type of the standard library.
    pub fn to_ip(self) -> IpAddr {
        if self.is_v4() {
            IpAddr::V4(Ipv4Addr::from(self.0 as u32))
        } else {
            IpAddr::V6(Ipv6Addr::from(self.0))
        }
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::v4(ip.octets()),
            IpAddr::V6(ip) => Self::v6(ip.octets()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_ip().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_never_routed_on_the_internet_are_not_public() {
        let is_public = |text: &str| Address::from(text.parse::<IpAddr>().unwrap()).is_public();
        for text in ["192.0.2.1", "8.8.8.8", "100.63.0.1", "172.32.0.1", "2001:db8::1", "3fff::1"] {
            assert!(is_public(text), "{text}");
        }
        for text in ["10.0.0.1", "172.31.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "169.254.0.1"] {
            assert!(!is_public(text), "{text}");
        }
        for text in ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fd00::1", "ff02::1"] {
            assert!(!is_public(text), "{text}");
        }
    }

    #[test]
    fn addresses_of_both_versions_are_converted_without_loss() {
        for text in ["0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "2001:db8::1"] {
            let ip: IpAddr = text.parse().unwrap();
            assert_eq!(Address::from(ip).to_string(), text);
            assert_eq!(Address::from(ip).is_v4(), ip.is_ipv4());
        }
    }
}
