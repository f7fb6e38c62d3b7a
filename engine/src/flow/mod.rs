//! Flows: one record for each conversation, composed of what the other modules know of it, and the table of all.

mod record;
mod reporting;
mod table;
mod timeouts;
mod traffic;

pub use record::Flow;
pub use table::Table;
pub use timeouts::{due_ns, DECIDE_AFTER_NS, LINGER_NS};
pub use traffic::Volume;
