//! The packet engine of netmon. Rust looks at packets; Python decides what they mean.
//!
//! Rooms, in the order a packet meets them:
//! `capture` → `wire` → `flow` → `tag`, with `monitor` showing the whole way on one screen
//! and `python` as the only file that knows PyO3.

pub mod address;
pub mod capture;
pub mod flow;
pub mod monitor;
#[cfg(feature = "python")]
mod python;
pub mod row;
#[cfg(target_os = "linux")]
pub mod sensor;
pub mod settings;
pub mod tag;
pub mod tally;
pub mod wire;
