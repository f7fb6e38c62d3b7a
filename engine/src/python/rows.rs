//! Reports as rows: plain tuples in the order of `netmon.records.FlowRecord` and `DnsRecord`.

use super::cells::Cells;
use crate::flow::dns_use::Encrypted;
use crate::flow::ech::Ech;
use crate::flow::names::Names;
use crate::flow::naming::{Evidence, Unnamed};
use crate::flow::report::{DnsReport, DnsRow, FlowReport};
use crate::flow::view::View;
use crate::tally::Tally;
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

/// The counters as a dictionary; see `Engine.stats` in `netmon/_engine.pyi`.
///
/// `interfaces` are the source's capture interfaces; one that has no name is "".
pub fn stats<'py>(
    py: Python<'py>,
    tally: &Tally,
    names: &Names,
    interfaces: &[String],
) -> PyResult<Bound<'py, PyDict>> {
    let evidence = Evidence::ALL.map(Evidence::label);
    let unnamed = Unnamed::ALL.map(Unnamed::label);
    let (entries, bytes, evicted) = names.usage();
    let rejected = PyDict::new(py);
    for (rejection, count) in Rejection::ALL.iter().zip(tally.rejected) {
        rejected.set_item(rejection.label(), count)?;
    }
    for (problem, count) in &tally.problems {
        rejected.set_item(problem, count)?;
    }
    let whole = tally.whole_view();
    let dict = PyDict::new(py);
    let numbers = [
        ("packets", whole.packets),
        ("bytes", whole.bytes),
        ("flows", tally.flows),
        ("live_flows", tally.live_flows),
        ("live_heads", tally.live_heads),
        ("live_fragments", tally.live_fragments),
        ("other_flows", tally.other_flows),
        ("other_sent_bytes", tally.other_sent_bytes),
        ("other_received_bytes", tally.other_received_bytes),
        ("hellos", tally.hellos),
        ("quic_initials", tally.quic_initials),
        ("quic_negotiations", tally.quic_negotiations),
        ("dns_messages", tally.dns_messages),
        ("dns_names", entries as u64),
        ("dns_name_bytes", bytes as u64),
        ("clock_steps", tally.clock_steps),
        ("interceptions", tally.interceptions),
        ("last_ns", tally.last_ns),
    ];
    for (key, number) in numbers {
        dict.set_item(key, number)?;
    }
    dict.set_item("first_ns", tally.first_ns)?;
    dict.set_item("rejected", rejected)?;
    dict.set_item("named", labelled(py, &evidence, &tally.named)?)?;
    dict.set_item("unnamed", labelled(py, &unnamed, &tally.unnamed)?)?;
    dict.set_item("ech", labelled(py, &Ech::ALL.map(Ech::label), &tally.ech)?)?;
    dict.set_item("quic_flows", labelled(py, &Family::ALL.map(Family::label), &tally.quic_flows)?)?;
    let tables = ["flows", "heads", "fragments", "names", "clients"];
    let evictions =
        [tally.flows_evicted, tally.heads_evicted, tally.fragments_evicted, evicted, names.clients.usage().1];
    dict.set_item("named_bytes", labelled(py, &evidence, &tally.named_bytes)?)?;
    dict.set_item("unnamed_bytes", labelled(py, &unnamed, &tally.unnamed_bytes)?)?;
    dict.set_item("view", views(py, &tally.views, interfaces)?)?;
    let encrypted = labelled(py, &Encrypted::ALL.map(Encrypted::label), &tally.encrypted_dns)?;
    dict.set_item("encrypted_dns", encrypted)?;
    dict.set_item("evicted", labelled(py, &tables, &evictions)?)?;
    Ok(dict)
}

/// Figures on the view by interface name, without interfaces that showed nothing.
fn views<'py>(py: Python<'py>, views: &[View], interfaces: &[String]) -> PyResult<Bound<'py, PyDict>> {
    let mut by_name: BTreeMap<&str, View> = BTreeMap::new();
    for (number, view) in views.iter().enumerate().filter(|(_, view)| view.packets > 0) {
        by_name.entry(interfaces.get(number).map_or("", String::as_str)).or_default().add(view);
    }
    let dict = PyDict::new(py);
    for (name, view) in by_name {
        let labels = [
            "packets",
            "duplicate_packets",
            "cut_packets",
            "coalesced_packets",
            "tcp_bytes",
            "unseen_tcp_bytes",
            "connections",
            "one_way_connections",
            "incomplete_hellos",
        ];
        let counts = [
            view.packets,
            view.duplicate_packets,
            view.cut_packets,
            view.coalesced_packets,
            view.tcp_bytes,
            view.unseen_tcp_bytes,
            view.connections,
            view.one_way_connections,
            view.incomplete_hellos,
        ];
        dict.set_item(name, labelled(py, &labels, &counts)?)?;
    }
    Ok(dict)
}

fn labelled<'py>(py: Python<'py>, labels: &[&str], counts: &[u64]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (label, count) in labels.iter().zip(counts) {
        dict.set_item(label, count)?;
    }
    Ok(dict)
}
