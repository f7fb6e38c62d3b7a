//! `Sensor`: live capture.

use super::engine::{filter_of, Limits};
use super::matcher::Matcher;
use super::rows::{self, Batch};
use super::stats::stats;
use crate::capture::interface::Interface;
use crate::sensor::{self, Options};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::time::Duration;

/// Link type of an interface, for which a filter has to be compiled.
#[pyfunction]
pub fn interface_link(name: &str) -> PyResult<u16> {
    Ok(Interface::find(name)?.link()?)
}

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
        rows::batch(py, waiting.flows, waiting.dns, &self.0.interfaces)
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (tally, lost, rings) = py.detach(|| self.0.stats());
        let dict = stats(py, &tally, &self.0.names, &self.0.interfaces)?;
        dict.set_item("lost_reports", lost)?;
        let interfaces = PyDict::new(py);
        let dropped = self.0.interface_dropped();
        for ((name, ring), dropped) in self.0.interfaces.iter().zip(rings).zip(dropped) {
            let counters = PyDict::new(py);
            counters.set_item("packets", ring.packets)?;
            counters.set_item("dropped", ring.dropped)?;
            counters.set_item("freezes", ring.freezes)?;
            counters.set_item("interface_dropped", dropped)?;
            interfaces.set_item(name, counters)?;
        }
        dict.set_item("interfaces", interfaces)?;
        Ok(dict)
    }

    fn turns(&self, py: Python<'_>) -> Vec<u64> {
        py.detach(|| self.0.turns())
    }

    fn reload<'py>(&self, py: Python<'py>, matcher: &Matcher) -> PyResult<Batch<'py>> {
        let waiting = py.detach(|| self.0.reload(&matcher.0));
        rows::batch(py, waiting.flows, waiting.dns, &self.0.interfaces)
    }

    fn stop<'py>(&mut self, py: Python<'py>) -> PyResult<Batch<'py>> {
        let sensor = &mut self.0;
        let waiting = py.detach(|| sensor.stop());
        rows::batch(py, waiting.flows, waiting.dns, &self.0.interfaces)
    }
}

/// Splits keyword arguments into those of the capture and those of the monitors.
fn read_options(
    py: Python<'_>,
    interfaces: Vec<String>,
    keywords: Option<&Bound<'_, PyDict>>,
) -> PyResult<(Options, Limits)> {
    let mut options = Options {
        interfaces,
        workers: 1,
        ring_bytes: 32 << 20,
        snaplen: 65_535,
        promiscuous: true,
        filter: None,
    };
    let rest = PyDict::new(py);
    for (key, value) in keywords.into_iter().flatten() {
        match key.extract::<String>()?.as_str() {
            "filter" => options.filter = filter_of(&value.extract::<Vec<_>>()?)?,
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
