//! A host: an address in its realm. What is remembered of addresses is remembered of hosts, so that realms cannot be
//! mixed.

use super::realm::Realm;
use super::Address;

/// An address, and the realm in which it means one host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Host {
    /// Where the address is used.
    pub realm: Realm,
    /// The address.
    pub address: Address,
}

impl Host {
    /// Another address in the same realm.
    #[inline]
    pub fn beside(self, address: Address) -> Self {
        Self { realm: self.realm, address }
    }

    /// As `Address::host_prefix`.
    #[inline]
    pub fn host_prefix(self) -> Self {
        self.beside(self.address.host_prefix())
    }
}

impl From<Address> for Host {
    /// The address in a network whose realms are not told apart.
    fn from(address: Address) -> Self {
        Self { realm: Realm::NONE, address }
    }
}
