//! The packet engine of netmon. Rust looks at packets; Python decides what they mean.
//!
//! Modules import one way only, from the top of this list to the bottom:
//!
//! - `python`: the only module that knows PyO3
//! - `sensor`: live capture with several workers
//! - `monitor`: the path of a packet through all modules below
//! - `report`: what Python receives about a flow
//! - `flow`: a flow composed of the parts below, the table, timeouts
//! - `naming`: from clues to a name and a signature
//! - `opening`: what each side of a connection says first
//! - `resolution`: DNS messages, learned names, encrypted DNS
//! - `view`: what the sensor's vantage point let it see
//! - `reassembly`: stream heads and IP fragments
//! - `counters`: plain numbers
//! - `tag`: the signatures, compiled
//! - `types`: plain values that several modules share
//! - `capture`: packets from files and interfaces
//! - `wire`: from bytes to headers and messages
//! - `row`: structs that cross to Python as rows
//! - `settings`, `address`

pub mod address;
pub mod capture;
pub mod counters;
pub mod flow;
pub mod monitor;
pub mod naming;
pub mod opening;
#[cfg(feature = "python")]
mod python;
pub mod reassembly;
pub mod report;
pub mod resolution;
pub mod row;
#[cfg(target_os = "linux")]
pub mod sensor;
pub mod settings;
pub mod tag;
pub mod types;
pub mod view;
pub mod wire;
