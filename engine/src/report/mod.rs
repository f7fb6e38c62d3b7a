//! Reports: what Python receives about a flow, and how an ended flow is added to the counters.

pub mod accounting;
pub mod flow_report;
