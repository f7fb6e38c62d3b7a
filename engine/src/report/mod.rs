//! Reports: what Python receives about a flow or a DNS message, and how an ended flow is added to the counters.

pub mod accounting;
pub mod dns_row;
pub mod flow_report;
pub mod limitation;
pub mod phase;
