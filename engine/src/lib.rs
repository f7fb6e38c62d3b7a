//! The packet engine of netmon. Rust looks at packets; Python decides what they mean.
//!
//! Modules import one way only, from the top of this list to the bottom:
//!
//! - `python`: the only module that knows PyO3
//! - `privileges`: what the sensor gives up before it starts
//! - `sensor`: live capture with several workers
//! - `reading`: capture files, also in a thread of its own
//! - `monitor`: the path of a packet through all modules below
//! - `event`: what is written about a flow or a DNS message
//! - `report`: the records that Python receives, with their `view`
//! - `flow`: a flow composed of the parts below, the table, timeouts
//! - `naming`: from clues to a name and a signature
//! - `opening`: what each side of a connection says first: preamble, hello, certificate, first payload
//! - `resolution`: DNS messages over UDP and TCP, the names learned from them, encrypted DNS
//! - `view`: what the sensor's vantage point let it see: duplicates, missing bytes, round trips, interception
//! - `machines`: which machine uses an address
//! - `reassembly`: the heads of streams, in which hellos are reassembled, and IP fragments
//! - `kept`: copies of the packets that name and judge flows
//! - `counters`: plain numbers
//! - `tag`: the signatures, compiled
//! - `types`: plain values that several modules share
//! - `shares`: which entry of a full table has to go
//! - `row`: structs that cross to Python as rows
//! - `settings`: bounds, and what is reported
//! - `wire`: from bytes to headers and messages
//! - `capture`: packets from files and interfaces
//! - `address`: one type for both versions of IP, and IPv4 addresses inside IPv6
//!
//! To follow a packet, start with `Monitor::packet`.

pub mod address;
pub mod capture;
pub mod counters;
pub mod event;
pub mod flow;
pub mod kept;
pub mod machines;
pub mod monitor;
pub mod naming;
pub mod opening;
#[cfg(target_os = "linux")]
pub mod privileges;
#[cfg(feature = "python")]
mod python;
pub mod reading;
pub mod reassembly;
pub mod report;
pub mod resolution;
pub mod row;
#[cfg(target_os = "linux")]
pub mod sensor;
pub mod settings;
pub mod shares;
pub mod tag;
pub mod types;
pub mod view;
pub mod wire;
