//! What was evicted from tables that were full.

use super::declaration::counters;

counters! {
    /// Evictions of one monitor, by table.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Evictions {
        /// Flows.
        flows,
        /// Stream heads.
        heads,
        /// IP packets in fragments.
        fragments,
        /// DNS queries whose answer was not seen yet.
        queries,
        /// Connections remembered while they are silent.
        idle_connections,
        /// SYNs of other connections than those that run between their ends.
        pending_syns,
        /// Flows whose packets were kept as evidence.
        evidence,
    }
}
