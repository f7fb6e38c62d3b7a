//! `Sensor`: live capture.

use super::capture_file::filter_of;
use super::engine::Limits;
use super::kept;
use super::matcher::Matcher;
use super::rows::{self, Batch};
use super::sieve::Sieve;
use super::stats::stats;
use crate::sensor::{self, Options, Selection};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::collections::BTreeMap;
use std::time::Duration;

/// Live capture on one or more interfaces.
#[pyclass(module = "netmon._engine")]
pub struct Sensor(sensor::Sensor);

#[pymethods]
impl Sensor {
    #[new]
    #[pyo3(signature = (matcher, interfaces, **options))]
    fn new(
        py: Python<'_>,
        matcher: &Matcher,
        interfaces: Vec<String>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let (options, limits) = read_options(py, interfaces, options)?;
        let matcher = &matcher.0;
        let start = || sensor::Sensor::start(&options, &limits.settings, limits.names(), matcher);
        Ok(Self(py.detach(start)?))
    }

    fn poll<'py>(&self, py: Python<'py>, timeout_s: f64) -> PyResult<Batch<'py>> {
        let timeout = Duration::try_from_secs_f64(timeout_s).unwrap_or_default();
        let waiting = py.detach(|| self.0.poll(timeout))?;
        rows::batch(py, waiting.flows, waiting.dns, &self.0.interface_names())
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let ((tally, lost), ports) = py.detach(|| (self.0.stats(), self.0.interfaces()));
        let names: Vec<_> = ports.iter().map(|(port, _)| port.name.clone()).collect();
        let dict = stats(py, &tally, &self.0.names, &names)?;
        dict.set_item("lost_reports", lost)?;
        dict.set_item("unmonitored_interfaces", self.0.unmonitored())?;
        let (interfaces, problems, unsieved) = (PyDict::new(py), PyDict::new(py), PyDict::new(py));
        for (port, ring) in ports {
            let counters = PyDict::new(py);
            counters.set_item("packets", ring.packets)?;
            counters.set_item("dropped", ring.dropped)?;
            counters.set_item("freezes", ring.freezes)?;
            counters.set_item("interface_dropped", port.dropped)?;
            counters.set_item("up", u64::from(port.problem.is_none()))?;
            counters.set_item("interruptions", port.interruptions)?;
            if let Some(problem) = port.problem {
                problems.set_item(&port.name, problem)?;
            }
            if let Some(reason) = port.unsieved {
                unsieved.set_item(&port.name, reason)?;
            }
            interfaces.set_item(port.name, counters)?;
        }
        dict.set_item("interface_problems", problems)?;
        dict.set_item("unsieved_interfaces", unsieved)?;
        dict.set_item("interfaces", interfaces)?;
        Ok(dict)
    }

    fn kept_packets<'py>(&self, py: Python<'py>, flow_id: u64) -> PyResult<Bound<'py, PyList>> {
        kept::rows(py, &self.0.kept, flow_id, &self.0.interface_names())
    }

    fn release_packets(&self, flow_ids: Vec<u64>) {
        for kept in &self.0.kept {
            flow_ids.iter().for_each(|flow| kept.release(*flow));
        }
    }

    fn turns(&self, py: Python<'_>) -> Vec<u64> {
        py.detach(|| self.0.turns())
    }

    fn reload<'py>(&self, py: Python<'py>, matcher: &Matcher) -> PyResult<Batch<'py>> {
        let waiting = py.detach(|| self.0.reload(&matcher.0));
        rows::batch(py, waiting.flows, waiting.dns, &self.0.interface_names())
    }

    fn stop<'py>(&mut self, py: Python<'py>) -> PyResult<Batch<'py>> {
        let sensor = &mut self.0;
        let waiting = py.detach(|| sensor.stop());
        rows::batch(py, waiting.flows, waiting.dns, &self.0.interface_names())
    }
}

/// Splits keyword arguments into those of the capture and those of the monitors.
fn read_options(
    py: Python<'_>,
    interfaces: Vec<String>,
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<(Options, Limits)> {
    let mut options = Options {
        selection: Selection::new(&interfaces),
        require_all: false,
        workers: 1,
        ring_bytes: 32 << 20,
        snaplen: 65_535,
        promiscuous: true,
        filters: Vec::new(),
        sieve: None,
    };
    let rest = PyDict::new(py);
    for (key, value) in keywords.into_iter().flatten() {
        match key.extract::<String>()?.as_str() {
            "filters" => {
                for (link, program) in value.extract::<BTreeMap<u16, Vec<_>>>()? {
                    options.filters.extend(filter_of(&program)?.map(|filter| (link, filter)));
                }
            }
            "sieve" => options.sieve = value.extract::<Option<PyRef<'_, Sieve>>>()?.map(|one| one.0.clone()),
            "require_all" => options.require_all = value.extract()?,
            "workers" => options.workers = value.extract()?,
            "ring_bytes" => options.ring_bytes = value.extract()?,
            "snaplen" => options.snaplen = value.extract()?,
            "promiscuous" => options.promiscuous = value.extract()?,
            _ => rest.set_item(key, value)?,
        }
    }
    let mut limits = Limits::read(Some(&rest), 5)?;
    // Counters have to move during a long flow: a live sensor always reports.
    limits.settings.report_every_ns = limits.settings.report_every_ns.max(1_000_000_000);
    Ok((options, limits))
}
