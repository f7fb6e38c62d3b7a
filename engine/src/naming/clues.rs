//! What may name a flow, in one allocation.

use crate::opening::Disclosed;
use crate::resolution::DnsClues;

/// Clues from the opening and from DNS. Only the module that defines a part changes it.
#[derive(Clone, Debug, Default)]
pub struct Clues {
    /// What the opening discloses.
    pub disclosed: Disclosed,
    /// What DNS shows.
    pub dns: DnsClues,
}
