//! `EventWriter`: writes events for Python, and for an engine's batches.

use crate::address::Address;
use crate::event::event_cells::{EventCells, EventValue};
use crate::event::flow_event::Meaning;
use crate::event::json_text::JsonText;
use crate::event::signer::Signer;
use crate::event::time_text::write_time;
use crate::event::{self, ClientsShown};
use crate::report::dns_record::{DnsCells, DnsRecord};
use crate::report::flow_record::{FlowCells, FlowRecord};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyInt, PyList, PyString, PyTuple};
use std::collections::HashMap;

const DAY_NS: u64 = 86_400_000_000_000;
/// Clients whose pseudonyms are remembered; then they are asked for again.
const MAX_REMEMBERED: usize = 65_536;

type Names = PyOnceLock<Vec<Py<PyString>>>;
static FLOW_NAMES: Names = PyOnceLock::new();
static DNS_NAMES: Names = PyOnceLock::new();

/// A time as RFC 3339 in UTC with microseconds; times after the year 9999 are given as its last second.
#[pyfunction]
pub fn timestamp(time_ns: i128) -> String {
    let mut text = String::new();
    write_time(&mut text, time_ns);
    text
}

/// Writes events as lines of JSON.
#[pyclass(module = "netmon._engine")]
pub struct EventWriter {
    writer: event::EventWriter,
    /// Gives what stands for a client; None: its address.
    show: Option<Py<PyAny>>,
    /// What it gave, by address and day.
    remembered: HashMap<(Address, u64), Option<String>>,
    /// The public resolvers' identifiers.
    resolvers: Vec<String>,
    json: JsonText,
}

#[pymethods]
impl EventWriter {
    #[new]
    #[pyo3(signature = (sensor, site, run, *, show = None, resolvers = Vec::new(), with_updates = false))]
    fn new(
        sensor: String,
        site: String,
        run: Option<String>,
        show: Option<Py<PyAny>>,
        resolvers: Vec<String>,
        with_updates: bool,
    ) -> Self {
        let writer = event::EventWriter::new(Signer::new(sensor, site, run), with_updates);
        Self { writer, show, remembered: HashMap::new(), resolvers, json: JsonText::default() }
    }

    #[pyo3(signature = (
        record, *, is_alert = false, severity = None, geo = "", vendor = "", signature = None, resolver = None,
        fallback = "", judgement = "",
    ))]
    #[allow(clippy::too_many_arguments)] // each is a part of the event
    fn flow(
        &mut self,
        record: &Bound<'_, PyAny>,
        is_alert: bool,
        severity: Option<u64>,
        geo: &str,
        vendor: &str,
        signature: Option<&str>,
        resolver: Option<&str>,
        fallback: &str,
        judgement: &str,
    ) -> PyResult<String> {
        let names = names(record.py(), &FLOW_NAMES, &FlowRecord::NAMES);
        let flow = FlowCells::read(|index, _| cell_of(record, names, index))?;
        let shown = self.shown(record.py(), &flow.client, flow.start_ns.number())?;
        let meaning = Meaning { is_alert, severity, geo, vendor, signature, resolver, fallback, judgement };
        self.writer.flow(&mut self.json, &flow, &meaning, &shown);
        Ok(self.take())
    }

    fn dns(&mut self, record: &Bound<'_, PyAny>) -> PyResult<String> {
        let names = names(record.py(), &DNS_NAMES, &DnsRecord::NAMES);
        let message = DnsCells::read(|index, _| cell_of(record, names, index))?;
        self.add_dns(record.py(), &message)?;
        Ok(self.take())
    }
}

impl EventWriter {
    /// Writes the event of a flow that Python has nothing to say about; `pass_on` gives it.
    pub fn add_flow(&mut self, py: Python<'_>, record: FlowRecord, interfaces: &[String]) -> PyResult<()> {
        let resolver = record.resolver.and_then(|index| self.resolvers.get(index as usize)).cloned();
        let Ok(flow) = record.into_cells(&EventCells { interfaces });
        let shown = self.shown(py, &flow.client, flow.start_ns.number())?;
        let meaning = Meaning { resolver: resolver.as_deref(), ..Meaning::default() };
        self.writer.flow(&mut self.json, &flow, &meaning, &shown);
        Ok(())
    }

    /// Writes the event of a DNS message.
    pub fn add_message(&mut self, py: Python<'_>, record: DnsRecord, interfaces: &[String]) -> PyResult<()> {
        let Ok(message) = record.into_cells(&EventCells { interfaces });
        self.add_dns(py, &message)
    }

    /// Appends what was written to a list, if it is anything.
    pub fn pass_on(&mut self, list: &Bound<'_, PyList>) -> PyResult<()> {
        if !self.json.text.is_empty() {
            list.append(PyString::new(list.py(), &self.json.text))?;
            self.json.text.clear();
        }
        Ok(())
    }

    /// What was written.
    fn take(&mut self) -> String {
        std::mem::take(&mut self.json.text)
    }

    fn add_dns(&mut self, py: Python<'_>, message: &DnsCells<EventValue>) -> PyResult<()> {
        let client = if message.response.is_true() { &message.destination } else { &message.source };
        let shown = self.shown(py, client, message.time_ns.number())?;
        self.writer.dns(&mut self.json, message, &shown);
        Ok(())
    }

    /// How a client is shown at a time.
    fn shown(&mut self, py: Python<'_>, client: &EventValue, when_ns: u64) -> PyResult<ClientsShown> {
        let Some(show) = &self.show else { return Ok(ClientsShown::ByAddress) };
        let address = client.address().unwrap_or_default();
        let key = (address, when_ns / DAY_NS);
        if let Some(text) = self.remembered.get(&key) {
            return Ok(ClientsShown::As(text.clone()));
        }
        let text: Option<String> = show.call1(py, (address.to_string(), when_ns))?.extract(py)?;
        if self.remembered.len() >= MAX_REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(key, text.clone());
        Ok(ClientsShown::As(text))
    }
}

/// The names of the fields of records, as Python looks them up.
fn names<'a>(py: Python<'_>, names: &'a Names, all: &[&str]) -> &'a [Py<PyString>] {
    names.get_or_init(py, || all.iter().map(|name| PyString::intern(py, name).unbind()).collect())
}

/// The value of a record's field.
fn cell_of(record: &Bound<'_, PyAny>, names: &[Py<PyString>], index: usize) -> PyResult<EventValue> {
    value_of(&record.getattr(names[index].bind(record.py()))?)
}

fn value_of(value: &Bound<'_, PyAny>) -> PyResult<EventValue> {
    if value.is_none() {
        return Ok(EventValue::Absent);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(EventValue::Text(text.to_str()?.to_owned()));
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(EventValue::Flag(flag.is_true()));
    }
    if value.is_instance_of::<PyInt>() {
        return Ok(EventValue::Number(value.extract()?));
    }
    let items = value
        .cast::<PyTuple>()
        .map_err(|_| PyTypeError::new_err(format!("no value of a record: {value}")))?;
    Ok(EventValue::Many(items.iter().map(|item| value_of(&item)).collect::<PyResult<_>>()?))
}
