//! Reports as rows: plain tuples in the order of `netmon.records.FlowRecord` and `DnsRecord`.

use super::cells::Cells;
use crate::counters::tally::Tally;
use crate::counters::view_counters::ViewCounters;
use crate::report::dns_row::DnsRow;
use crate::report::flow_report::FlowReport;
use crate::resolution::{DnsReport, LearnedNames};
use crate::types::ech_state::EchState;
use crate::types::encrypted_dns::EncryptedDns;
use crate::types::evidence::Evidence;
use crate::types::unnamed::Unnamed;
use crate::wire::quic::Family;
use crate::wire::Rejection;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use std::collections::BTreeMap;

/// The fields of a flow row with their types, as Python annotates them.
pub fn flow_fields() -> Vec<(&'static str, String)> {
    FlowReport::NAMES.into_iter().zip(FlowReport::type_names::<Cells>()).collect()
}

/// The same of a DNS row.
pub fn dns_fields() -> Vec<(&'static str, String)> {
    DnsRow::NAMES.into_iter().zip(DnsRow::type_names::<Cells>()).collect()
}

/// What a batch is in Python: two lists of tuples.
pub type Batch<'py> = (Bound<'py, PyList>, Bound<'py, PyList>);

/// Moves reports into a batch. `interfaces` are the source's capture interfaces.
pub fn batch<'py>(
    py: Python<'py>,
    flows: Vec<FlowReport>,
    dns: Vec<DnsReport>,
    interfaces: &[String],
) -> PyResult<Batch<'py>> {
    let cells = Cells { py, interfaces };
    let flows = flows.into_iter().map(|flow| PyTuple::new(py, flow.into_row(&cells)?));
    let dns = dns.into_iter().map(|message| PyTuple::new(py, DnsRow::from(message).into_row(&cells)?));
    Ok((
        PyList::new(py, flows.collect::<PyResult<Vec<_>>>()?)?,
        PyList::new(py, dns.collect::<PyResult<Vec<_>>>()?)?,
    ))
}

/// Fields with their names.
macro_rules! fields {
    ($from:ident: $($field:ident,)+) => { [$((stringify!($field), $from.$field)),+] };
}

/// The counters as a dictionary; see `Engine.stats` in `netmon/_engine.pyi`.
///
/// `interfaces` are the source's capture interfaces; one that has no name is "".
pub fn stats<'py>(
    py: Python<'py>,
    tally: &Tally,
    names: &LearnedNames,
    interfaces: &[String],
) -> PyResult<Bound<'py, PyDict>> {
    let (entries, bytes, evicted) = names.usage();
    let rejected = PyDict::new(py);
    for (rejection, count) in Rejection::ALL.iter().zip(tally.rejected) {
        rejected.set_item(rejection.label(), count)?;
    }
    for (problem, count) in &tally.problems {
        rejected.set_item(problem, count)?;
    }
    let total = tally.total_view();
    let dict = PyDict::new(py);
    let sums = fields!(
        tally: flows, live_flows, live_heads, live_fragments, other_flows, other_sent_bytes,
        other_received_bytes, hellos, quic_initials, quic_negotiations, dns_messages, clock_steps,
        interceptions, last_ns,
    );
    let others = [("dns_names", entries as u64), ("dns_name_bytes", bytes as u64)];
    for (key, number) in fields!(total: packets, bytes,).into_iter().chain(sums).chain(others) {
        dict.set_item(key, number)?;
    }
    dict.set_item("first_ns", tally.first_ns)?;
    dict.set_item("rejected", rejected)?;
    let by_evidence = |counts| counted(py, Evidence::ALL.map(Evidence::label).into_iter().zip(counts));
    dict.set_item("named", by_evidence(tally.named)?)?;
    dict.set_item("named_bytes", by_evidence(tally.named_bytes)?)?;
    let by_reason = |counts| counted(py, Unnamed::ALL.map(Unnamed::label).into_iter().zip(counts));
    dict.set_item("unnamed", by_reason(tally.unnamed)?)?;
    dict.set_item("unnamed_bytes", by_reason(tally.unnamed_bytes)?)?;
    dict.set_item("ech", counted(py, EchState::ALL.map(EchState::label).into_iter().zip(tally.ech))?)?;
    let families = Family::ALL.map(Family::label);
    dict.set_item("quic_flows", counted(py, families.into_iter().zip(tally.quic_flows))?)?;
    let encrypted = EncryptedDns::ALL.map(EncryptedDns::label);
    dict.set_item("encrypted_dns", counted(py, encrypted.into_iter().zip(tally.encrypted_dns))?)?;
    dict.set_item("view", views(py, &tally.views, interfaces)?)?;
    let evictions = [
        ("flows", tally.flows_evicted),
        ("heads", tally.heads_evicted),
        ("fragments", tally.fragments_evicted),
        ("queries", tally.queries_evicted),
        ("names", evicted),
        ("clients", names.clients.usage().1),
    ];
    dict.set_item("evicted", counted(py, evictions)?)?;
    Ok(dict)
}

/// Figures on the view by interface name, without interfaces that showed nothing.
fn views<'py>(
    py: Python<'py>,
    views: &[ViewCounters],
    interfaces: &[String],
) -> PyResult<Bound<'py, PyDict>> {
    let mut by_name: BTreeMap<&str, ViewCounters> = BTreeMap::new();
    for (number, view) in views.iter().enumerate().filter(|(_, view)| view.packets > 0) {
        by_name.entry(interfaces.get(number).map_or("", String::as_str)).or_default().add(view);
    }
    let dict = PyDict::new(py);
    for (name, view) in by_name {
        let counts = fields!(
            view: packets, duplicate_packets, cut_packets, coalesced_packets, tcp_bytes, unseen_tcp_bytes,
            connections, one_way_connections, solicited_dns_answers, unsolicited_dns_answers,
            incomplete_hellos,
        );
        dict.set_item(name, counted(py, counts)?)?;
    }
    Ok(dict)
}

/// Counts by label.
fn counted<'py>(
    py: Python<'py>,
    counts: impl IntoIterator<Item = (&'static str, u64)>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (label, count) in counts {
        dict.set_item(label, count)?;
    }
    Ok(dict)
}
