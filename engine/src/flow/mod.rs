//! Flows: one for each conversation, composed of parts that other modules define, and the table that holds them.

mod client_counts;
mod draws;
mod flow_state;
mod found;
mod idle_memory;
mod remembered;
mod reporting;
mod table;
mod timeouts;
mod traffic;

pub use flow_state::Flow;
pub use found::Found;
pub use idle_memory::{IdleMemory, QuicIds};
pub use remembered::Remembered;
pub use table::Table;
pub use timeouts::{due_ns, DECIDE_AFTER_NS, LINGER_NS};
