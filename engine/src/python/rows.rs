//! Records as rows: plain tuples in the order of `netmon.records.FlowRecord` and `DnsRecord`.

use super::cells::Cells;
use super::event_writer::EventWriter;
use crate::report::dns_record::DnsRecord;
use crate::report::flow_record::FlowRecord;
use crate::resolution::CapturedMessage;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

/// The fields of a flow row with their types, as Python annotates them.
pub fn flow_fields() -> Vec<(&'static str, String)> {
    FlowRecord::NAMES.into_iter().zip(FlowRecord::type_names::<Cells>()).collect()
}

/// The same of a DNS row.
pub fn dns_fields() -> Vec<(&'static str, String)> {
    DnsRecord::NAMES.into_iter().zip(DnsRecord::type_names::<Cells>()).collect()
}

/// What a batch is in Python: two lists of tuples, and of texts in place of records that are written already.
pub type Batch<'py> = (Bound<'py, PyList>, Bound<'py, PyList>);

/// Moves records into a batch. `interfaces` are the source's capture interfaces.
pub fn batch<'py>(
    py: Python<'py>,
    flows: impl IntoIterator<Item = FlowRecord>,
    dns: impl IntoIterator<Item = CapturedMessage>,
    interfaces: &[String],
) -> PyResult<Batch<'py>> {
    let cells = Cells::new(py, interfaces);
    let flows = flows.into_iter().map(|flow| PyTuple::new(py, flow.into_row(&cells)?));
    let dns = dns.into_iter().map(|message| PyTuple::new(py, DnsRecord::from(message).into_row(&cells)?));
    Ok((
        PyList::new(py, flows.collect::<PyResult<Vec<_>>>()?)?,
        PyList::new(py, dns.collect::<PyResult<Vec<_>>>()?)?,
    ))
}

/// The same, but writes the events of DNS messages, and of flows that Python has nothing to say about: those that
/// follow each other are one text.
pub fn batch_of_events<'py>(
    py: Python<'py>,
    flows: impl Iterator<Item = FlowRecord>,
    dns: impl Iterator<Item = CapturedMessage>,
    interfaces: &[String],
    writer: &mut EventWriter,
) -> PyResult<Batch<'py>> {
    let cells = Cells::new(py, interfaces);
    let (found, messages) = (PyList::empty(py), PyList::empty(py));
    for flow in flows {
        if flow.is_plain() {
            writer.add_flow(py, flow, interfaces)?;
        } else {
            writer.pass_on(&found)?;
            found.append(PyTuple::new(py, flow.into_row(&cells)?)?)?;
        }
    }
    writer.pass_on(&found)?;
    for message in dns {
        writer.add_message(py, message.into(), interfaces)?;
    }
    writer.pass_on(&messages)?;
    Ok((found, messages))
}
