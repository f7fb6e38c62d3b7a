//! Which machine uses an address: its hardware address, and the name that it states in DHCP or multicast DNS.
//!
//! - `machine_table`: the tables, and what is known of a client when a flow of it is reported
//! - `sighting`: what is known of one address
//! - `station`: what is known of one hardware address
//! - `machine_names`: the names of either
//! - `bounded`: a table of which the client that holds most is evicted first
//!
//! Nothing here is proven: whoever can send on the network can state the name or the address of another machine.

mod bounded;
mod machine_names;
mod machine_table;
mod sighting;
mod station;

pub use machine_table::{Machine, Machines};
