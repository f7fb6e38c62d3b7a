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
use std::borrow::Cow;
use std::collections::HashMap;

const DAY_NS: u64 = 86_400_000_000_000;
/// Clients whose pseudonyms are remembered; then they are asked for again.
const MAX_REMEMBERED: usize = 65_536;

/// Gives the values of a record, in the order of its fields.
static VALUES: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

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
        record, is_alert = false, severity = None, geo = "", vendor = "", signature = None, resolver = None,
        fallback = "", judgement = "",
    ))]
    #[allow(clippy::too_many_arguments)] // each is a part of the event
    fn flow<'py>(
        &mut self,
        record: &Bound<'py, PyAny>,
        is_alert: bool,
        severity: Option<u64>,
        geo: &str,
        vendor: &str,
        signature: Option<&str>,
        resolver: Option<&str>,
        fallback: &str,
        judgement: &str,
    ) -> PyResult<Bound<'py, PyString>> {
        let values = values_of(record, FlowRecord::NAMES.len())?;
        let flow = FlowCells::read(|index, _| value_of(&values[index]))?;
        let shown = self.shown(record.py(), &flow.client, flow.start_ns.number())?;
        let meaning = Meaning { is_alert, severity, geo, vendor, signature, resolver, fallback, judgement };
        self.writer.flow(&mut self.json, &flow, &meaning, &shown);
        Ok(self.take(record.py()))
    }

    fn dns<'py>(&mut self, record: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
        let values = values_of(record, DnsRecord::NAMES.len())?;
        let message = DnsCells::read(|index, _| value_of(&values[index]))?;
        self.add_dns(record.py(), &message)?;
        Ok(self.take(record.py()))
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
            list.append(self.take(list.py()))?;
        }
        Ok(())
    }

    /// What was written. The memory is used again.
    fn take<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyString> {
        let text = PyString::new(py, &self.json.text);
        self.json.text.clear();
        text
    }

    fn add_dns(&mut self, py: Python<'_>, message: &DnsCells<EventValue<'_>>) -> PyResult<()> {
        let client = if message.response.is_true() { &message.destination } else { &message.source };
        let shown = self.shown(py, client, message.time_ns.number())?;
        self.writer.dns(&mut self.json, message, &shown);
        Ok(())
    }

    /// How a client is shown at a time.
    fn shown(&mut self, py: Python<'_>, client: &EventValue<'_>, when_ns: u64) -> PyResult<ClientsShown> {
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

/// The values of a record's fields.
fn values_of<'py>(record: &Bound<'py, PyAny>, count: usize) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let py = record.py();
    let read = VALUES.import(py, "msgspec.structs", "astuple")?;
    let values: Vec<_> = read.call1((record,))?.cast_into::<PyTuple>()?.iter().collect();
    if values.len() == count {
        Ok(values)
    } else {
        Err(PyTypeError::new_err(format!("no record of {count} values: {record}")))
    }
}

fn value_of<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<EventValue<'a>> {
    if value.is_none() {
        return Ok(EventValue::Absent);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(EventValue::Text(Cow::Borrowed(text.to_str()?)));
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
    Ok(EventValue::Many(
        items.iter().map(|item| value_of(&item).map(EventValue::into_owned)).collect::<PyResult<_>>()?,
    ))
}
