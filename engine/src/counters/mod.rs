//! Counters: plain numbers, which add up over workers. The modules that count import them, never the reverse.

mod declaration;
pub mod evictions;
pub mod tally;
pub mod undecoded_packets;
pub mod view_counters;
