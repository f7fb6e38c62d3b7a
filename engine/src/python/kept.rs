//! Packets that are kept as evidence, as rows: plain tuples in the order of `netmon.evidence.packets.Packet`.

use crate::kept::kept_packets::KeptPackets;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

/// The packets that are kept of a flow, by any of the workers. `interfaces` are the source's capture interfaces.
pub fn rows<'py>(
    py: Python<'py>,
    kept: &[KeptPackets],
    flow: u64,
    interfaces: &[String],
) -> PyResult<Bound<'py, PyList>> {
    let found: Vec<_> = py.detach(|| kept.iter().flat_map(|one| one.of(flow)).collect());
    let rows = found.iter().map(|packet| {
        let interface = interfaces.get(usize::from(packet.interface)).filter(|name| !name.is_empty());
        let number = (packet.number > 0).then_some(packet.number);
        let bytes = PyBytes::new(py, &packet.bytes);
        let [source, destination] = packet.addresses.map(|address| address.to_string());
        let shows = packet.shows.labels();
        (packet.time_ns, packet.link, interface, packet.wire_len, number, source, destination, shows, bytes)
    });
    PyList::new(py, rows)
}
