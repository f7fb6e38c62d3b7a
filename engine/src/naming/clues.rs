//! What may name a flow, in one allocation.

use crate::opening::Disclosed;
use crate::resolution::DnsClues;
use std::num::NonZeroU64;

/// Clues from the opening and from DNS. Only the module that defines a part changes it.
#[derive(Clone, Debug, Default)]
pub struct Clues {
    /// What the opening discloses.
    pub disclosed: Disclosed,
    /// What DNS shows.
    pub dns: DnsClues,
    /// One more than the number of the flow that disclosed them, if that was another one of the same connection.
    continues: Option<NonZeroU64>,
}

impl Clues {
    /// Number of the flow with which the connection began, if that was another one.
    pub fn continues(&self) -> Option<u64> {
        self.continues.map(|one_more| one_more.get() - 1)
    }

    /// Notes that another flow began the connection.
    pub fn continue_from(&mut self, flow_id: u64) {
        self.continues = NonZeroU64::new(flow_id.wrapping_add(1));
    }
}
