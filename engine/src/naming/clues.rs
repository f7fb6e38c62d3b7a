//! What a flow keeps for its name, in one allocation.

use crate::opening::Disclosed;
use crate::resolution::DnsClues;

/// Clues from the opening and from DNS. Each part is changed by the module that defines it alone.
#[derive(Debug, Default)]
pub struct Clues {
    /// What the opening discloses.
    pub disclosed: Disclosed,
    /// What DNS shows.
    pub dns: DnsClues,
}
