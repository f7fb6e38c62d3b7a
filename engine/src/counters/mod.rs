//! Counters: plain numbers that add up. They know nothing of what they count.

pub mod tally;
pub mod view_counters;
