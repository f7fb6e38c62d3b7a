//! Signatures, compiled: names (exact, suffix, pattern) and networks (longest prefix). Knows no packets.

use crate::address::Address;

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
#[derive(Debug, Default)]
pub struct Matcher {}

impl Matcher {
    /// Compiles rules; fails with the offending text.
    pub fn new(
        _names: &[(u32, Kind, String)],
        _networks: &[(u32, String)],
        _denied: &[String],
    ) -> Result<Self, String> {
        Ok(Self {})
    }

    /// The entry that a name (lower case, no final dot) matches.
    pub fn find_name(&self, _name: &str) -> Option<u32> {
        None
    }

    /// The entry of the longest network that holds the address.
    #[inline]
    pub fn find_network(&self, _address: Address) -> Option<u32> {
        None
    }
}
