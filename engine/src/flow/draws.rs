//! Places of a table that are drawn at random, so that senders cannot foresee them.

use foldhash::fast::RandomState;
use std::hash::BuildHasher;

/// A sequence of numbers (SplitMix64). The hash of a counter alone would not do: with some seeds, what follows each
/// other is near each other.
#[derive(Debug)]
pub struct Draws(u64);

impl Default for Draws {
    /// Another sequence each time.
    fn default() -> Self {
        Self(RandomState::default().hash_one(0u64))
    }
}

impl Draws {
    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize % end.max(1)
    }
}
