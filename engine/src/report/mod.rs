//! Reports: the records that Python receives of flows and DNS messages, and how an ended flow is added to the
//! counters. The `view` of a flow record, which verdicts take into account, is decided in `flow_record`
//! (`Facts::limitations`) from what `view` and `opening` have noted in the flow.

pub mod accounting;
pub mod dns_record;
pub mod flow_record;
pub mod labels;
pub mod limitation;
pub mod phase;
pub mod texts;
