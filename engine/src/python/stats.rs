//! The counters as a dictionary.

use crate::counters::tally::Tally;
use crate::counters::undecoded_packets::UndecodedPackets;
use crate::counters::view_counters::ViewCounters;
use crate::resolution::LearnedNames;
use crate::types::ech_state::EchState;
use crate::types::encrypted_dns::EncryptedDns;
use crate::types::evidence::Evidence;
use crate::types::unnamed::Unnamed;
use crate::wire::quic::Family;
use crate::wire::Rejection;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict};
use std::collections::BTreeMap;

/// The counters of a source; see `Engine.stats` in `netmon/_engine.pyi`.
///
/// `interfaces` are the source's capture interfaces; one that has no name is "".
pub fn stats<'py>(
    py: Python<'py>,
    tally: &Tally,
    names: &LearnedNames,
    interfaces: &[String],
) -> PyResult<Bound<'py, PyDict>> {
    let (entries, name_bytes, names_evicted) = names.usage();
    let (_, clients_evicted) = names.clients.usage();
    let by_evidence = |counts| Evidence::ALL.map(Evidence::label).into_iter().zip(counts).into_py_dict(py);
    let by_reason = |counts| Unnamed::ALL.map(Unnamed::label).into_iter().zip(counts).into_py_dict(py);
    let ech = EchState::ALL.map(EchState::label).into_iter().zip(tally.ech);
    let families = Family::ALL.map(Family::label).into_iter().zip(tally.quic_flows);
    let encrypted = EncryptedDns::ALL.map(EncryptedDns::label).into_iter().zip(tally.encrypted_dns);
    let rejected = Rejection::ALL.map(Rejection::label).into_iter().zip(tally.rejected);
    let problems = tally.problems.iter().map(|(problem, count)| (*problem, *count));
    let evicted = tally.evicted.list().into_iter();
    let dict = tally.list().into_py_dict(py)?;
    dict.set_item("packets", tally.total_view().packets)?;
    dict.set_item("first_ns", tally.first_ns)?;
    dict.set_item("last_ns", tally.last_ns)?;
    dict.set_item("dns_names", entries)?;
    dict.set_item("dns_name_bytes", name_bytes)?;
    dict.set_item("rejected", rejected.chain(problems).into_py_dict(py)?)?;
    let looked_up = tally.looked_up.iter().map(|(vendor, count)| (&**vendor, *count));
    dict.set_item("looked_up", looked_up.into_py_dict(py)?)?;
    dict.set_item("named", by_evidence(tally.named)?)?;
    dict.set_item("named_bytes", by_evidence(tally.named_bytes)?)?;
    dict.set_item("unnamed", by_reason(tally.unnamed)?)?;
    dict.set_item("unnamed_bytes", by_reason(tally.unnamed_bytes)?)?;
    dict.set_item("ech", ech.into_py_dict(py)?)?;
    dict.set_item("quic_flows", families.into_py_dict(py)?)?;
    dict.set_item("encrypted_dns", encrypted.into_py_dict(py)?)?;
    dict.set_item("undecoded", undecoded(py, &tally.undecoded, interfaces)?)?;
    dict.set_item("view", views(py, &tally.views, interfaces)?)?;
    let learned = [
        ("names", names_evicted),
        ("clients", clients_evicted),
        ("nat64_networks", names.evicted_nat64_networks()),
        ("machines", names.machines.as_ref().map_or(0, |machines| machines.usage().1)),
    ];
    dict.set_item("evicted", evicted.chain(learned).into_py_dict(py)?)?;
    Ok(dict)
}

/// The packets that were not decoded, by interface name, and by the kind and number of what they carry.
fn undecoded<'py>(
    py: Python<'py>,
    undecoded: &[UndecodedPackets],
    interfaces: &[String],
) -> PyResult<Bound<'py, PyDict>> {
    let mut by_name: BTreeMap<&str, (usize, UndecodedPackets)> = BTreeMap::new();
    for (number, packets) in undecoded.iter().enumerate().filter(|(_, packets)| packets.list().count() > 0) {
        let name = interfaces.get(number).map_or("", String::as_str);
        by_name.entry(name).or_insert_with(|| (number, UndecodedPackets::default())).1.add(packets);
    }
    let dict = PyDict::new(py);
    for (name, packets) in in_order(by_name) {
        dict.set_item(name, packets.list().into_py_dict(py)?)?;
    }
    Ok(dict)
}

/// What is known of each interface name, in the order of the numbers: several interfaces may have one name.
fn in_order<Kept>(by_name: BTreeMap<&str, (usize, Kept)>) -> impl Iterator<Item = (&str, Kept)> {
    let mut found: Vec<_> = by_name.into_iter().collect();
    found.sort_by_key(|&(_, (first, _))| first);
    found.into_iter().map(|(name, (_, kept))| (name, kept))
}

/// The view counters by interface name, without interfaces that showed no packet.
fn views<'py>(
    py: Python<'py>,
    views: &[ViewCounters],
    interfaces: &[String],
) -> PyResult<Bound<'py, PyDict>> {
    let mut by_name: BTreeMap<&str, (usize, ViewCounters)> = BTreeMap::new();
    for (number, view) in views.iter().enumerate().filter(|(_, view)| view.packets > 0) {
        let name = interfaces.get(number).map_or("", String::as_str);
        by_name.entry(name).or_insert_with(|| (number, ViewCounters::default())).1.add_counters(view);
    }
    let dict = PyDict::new(py);
    for (name, view) in in_order(by_name) {
        dict.set_item(name, view.list().into_py_dict(py)?)?;
    }
    Ok(dict)
}
