//! `Engine`: one monitor, fed from files or by the caller.

use super::addresses::read_prefixes;
use super::capture_file::CaptureFile;
use super::event_writer::EventWriter;
use super::job::{Job, StepResults};
use super::kept;
use super::matcher::Matcher;
use super::rows::{self, Batch};
use super::stats::stats;
use crate::address::embedded::Nat64Prefix;
use crate::address::Address;
use crate::capture::Packet;
use crate::monitor::Monitor;
use crate::reading::{FileReading, FileStep, WorkThread};
use crate::report::flow_record::FlowRecord;
use crate::resolution::{CapturedMessage, LearnedNames};
use crate::settings::Settings;
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::collections::VecDeque;
use std::mem::take;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use std::vec;

const SECOND_NS: u64 = 1_000_000_000;
const MILLISECOND_NS: u64 = 1_000_000;

/// The bounds and other settings that Python passes by keyword.
pub struct Limits {
    /// Maximum number of names learned from DNS.
    pub max_names: usize,
    /// Resolvers of the site.
    pub site_resolvers: Vec<Address>,
    /// Prefixes of the site's NAT64 translators.
    pub nat64_prefixes: Vec<Nat64Prefix>,
    /// Also remember which machines use which addresses.
    pub name_machines: bool,
    /// The settings of the monitor.
    pub settings: Settings,
}

impl Limits {
    /// An empty table of learned names.
    pub fn names(&self) -> LearnedNames {
        let names = LearnedNames::new(self.max_names)
            .with_site_resolvers(self.site_resolvers.clone())
            .with_nat64_prefixes(self.nat64_prefixes.clone());
        if self.name_machines {
            names.with_machines()
        } else {
            names
        }
    }

    /// Reads keyword arguments.
    ///
    /// # Errors
    ///
    /// TypeError for an unknown one, ValueError for a value that means nothing.
    pub fn read(keywords: Option<&Bound<'_, PyDict>>, report_every_s: u64) -> PyResult<Self> {
        let mut limits = Self {
            max_names: 200_000,
            site_resolvers: Vec::new(),
            nat64_prefixes: Vec::new(),
            name_machines: false,
            settings: Settings { report_every_ns: report_every_s * SECOND_NS, ..Settings::default() },
        };
        let settings = &mut limits.settings;
        let seconds = |value: Bound<'_, PyAny>| value.extract().map(|s: u64| s.saturating_mul(SECOND_NS));
        for (key, value) in keywords.into_iter().flatten() {
            match key.extract::<String>()?.as_str() {
                "every_flow" => settings.every_flow = value.extract()?,
                "max_flows" => settings.max_flows = value.extract()?,
                "max_names" => limits.max_names = value.extract()?,
                "site_resolvers" => {
                    let resolvers: Vec<IpAddr> = value.extract()?;
                    limits.site_resolvers = resolvers.into_iter().map(Address::from).collect();
                }
                "nat64_prefixes" => limits.nat64_prefixes = read_prefixes(&value.extract::<Vec<_>>()?)?,
                "name_machines" => limits.name_machines = value.extract()?,
                "max_heads" => settings.max_heads = value.extract()?,
                "max_head_bytes" => settings.max_head_bytes = value.extract()?,
                "max_idle_connections" => settings.max_idle_connections = value.extract()?,
                "tcp_idle_s" => settings.tcp_idle_ns = seconds(value)?,
                "udp_idle_s" => settings.udp_idle_ns = seconds(value)?,
                "duplicate_window_ms" => {
                    let milliseconds: u64 = value.extract()?;
                    settings.duplicate_window_ns = milliseconds.saturating_mul(MILLISECOND_NS);
                }
                "separate_by" => {
                    for name in value.extract::<Vec<String>>()? {
                        if !settings.separate_by.add(&name) {
                            return Err(PyValueError::new_err(format!("separate_by: {name} is unknown")));
                        }
                    }
                }
                "vxlan_ports" => settings.vxlan_ports = value.extract()?,
                "geneve_ports" => settings.geneve_ports = value.extract()?,
                "hp_erm_ports" => settings.hp_erm_ports = value.extract()?,
                "one_clock" => settings.one_clock = value.extract()?,
                "max_evidence_bytes" => settings.max_evidence_bytes = value.extract()?,
                "report_every_s" => settings.report_every_ns = seconds(value)?,
                other => return Err(PyTypeError::new_err(format!("unexpected keyword argument: {other}"))),
            }
        }
        Ok(limits)
    }
}

/// Steps that are taken ahead.
struct Ahead {
    step: FileStep,
    files: Vec<Py<CaptureFile>>,
    /// The results of those that were taken.
    results: VecDeque<StepResults>,
    /// What they needed, if no further one is taken.
    parked: Option<Job>,
    /// No further one is to be taken.
    is_ending: bool,
}

impl Ahead {
    /// True if these steps are meant.
    fn is_for(&self, step: FileStep, files: &[Py<CaptureFile>]) -> bool {
        let are_same = || self.files.iter().zip(files).all(|(own, other)| own.is(other));
        self.step == step && self.files.len() == files.len() && are_same()
    }
}

/// One monitor, fed from files or by the caller.
#[pyclass(module = "netmon._engine")]
pub struct Engine {
    /// None while steps are taken ahead.
    reading: Option<Box<FileReading>>,
    ahead: Option<Ahead>,
    thread: Option<WorkThread<Job>>,
    /// Packets are kept until Python has judged their flow: no step is taken ahead.
    keeps_packets: bool,
    names: Arc<LearnedNames>,
    /// Results of the steps that were taken, and the interfaces until then.
    flows: Vec<FlowRecord>,
    dns: Vec<CapturedMessage>,
    /// Flows that `finish` has ended, and not handed out yet.
    ended: vec::IntoIter<FlowRecord>,
    interfaces: Vec<String>,
    /// Writes the events of what Python has nothing to say about.
    events: Option<Py<EventWriter>>,
}

impl Engine {
    /// The monitor and what it has read, once a step that was begun is over.
    fn reading(&mut self, py: Python<'_>) -> PyResult<&mut FileReading> {
        self.end_ahead(py);
        self.reading.as_deref_mut().ok_or_else(|| PyRuntimeError::new_err("the engine has failed"))
    }

    /// Takes a step, unless it was taken ahead. The index of the first file that has no more, if that ended it.
    fn step(
        &mut self,
        py: Python<'_>,
        files: Vec<Py<CaptureFile>>,
        step: FileStep,
        ahead: bool,
    ) -> PyResult<Option<usize>> {
        if self.ahead.as_ref().is_some_and(|one| !one.is_for(step, &files)) {
            self.end_ahead(py);
        }
        let ended = match self.next_result(py) {
            Some(results) => results.ended,
            None => {
                let mut open = CaptureFile::take_all(py, &files)?;
                let reading = self.reading(py)?;
                let ended = py.detach(|| reading.take(step, &mut open));
                CaptureFile::give_back(py, &files, open);
                self.collect();
                ended
            }
        };
        if ahead && ended.is_none() && self.ahead.is_none() && !self.keeps_packets {
            self.go_ahead(py, files, step)?;
        }
        Ok(ended)
    }

    /// Begins to take steps ahead, if there is more in these files.
    fn go_ahead(&mut self, py: Python<'_>, files: Vec<Py<CaptureFile>>, step: FileStep) -> PyResult<()> {
        if self.thread.is_none() {
            // Without a thread, each step is taken when it is asked for.
            self.thread = WorkThread::start("netmon-reader", Job::take_steps).ok();
        }
        let mut open = CaptureFile::take_all(py, &files)?;
        let goes_on = self.thread.is_some() && py.detach(|| FileReading::goes_on(step, &mut open));
        let Some(reading) = self.reading.take_if(|_| goes_on) else {
            CaptureFile::give_back(py, &files, open);
            return Ok(());
        };
        let mut job = Job::new(step, reading, open);
        CaptureFile::note_seen(py, &files, job.seen());
        self.ahead = Some(Ahead { step, files, results: VecDeque::new(), parked: None, is_ending: false });
        self.begin(job);
        Ok(())
    }

    /// Begins a job. It is parked if the thread is gone.
    fn begin(&mut self, job: Job) {
        let Some(thread) = &self.thread else { return };
        if let (Err(job), Some(ahead)) = (thread.begin(job), &mut self.ahead) {
            ahead.parked = Some(job);
        }
    }

    /// The results of the next step, if it was taken ahead; what is read meanwhile comes after it.
    fn next_result(&mut self, py: Python<'_>) -> Option<StepResults> {
        let ahead = self.ahead.as_mut()?;
        if ahead.results.is_empty() && ahead.parked.is_none() {
            let thread = self.thread.as_mut()?;
            let mut job = py.detach(|| thread.wait())?;
            std::mem::swap(&mut ahead.results, &mut job.results);
            if job.goes_on && !ahead.is_ending {
                self.begin(job);
            } else {
                ahead.parked = Some(job);
            }
        }
        let ahead = self.ahead.as_mut()?;
        let mut results = ahead.results.pop_front();
        if let Some(results) = &mut results {
            CaptureFile::note_seen(py, &ahead.files, take(&mut results.seen));
            add_results(&mut self.flows, &mut results.flows);
            add_results(&mut self.dns, &mut results.dns);
            self.interfaces.clone_from(&results.interfaces);
        }
        if let Some(job) = ahead.parked.take_if(|_| ahead.results.is_empty()) {
            CaptureFile::give_back(py, &ahead.files, job.files);
            self.reading = Some(job.reading);
            self.ahead = None;
        }
        results
    }

    /// Takes all that was read ahead as results of the latest step, and reads no further.
    fn end_ahead(&mut self, py: Python<'_>) {
        if let Some(ahead) = &mut self.ahead {
            ahead.is_ending = true;
        }
        while self.next_result(py).is_some() {}
    }

    /// Takes the results of what was read, unless it is read ahead.
    fn collect(&mut self) {
        let Some(reading) = &mut self.reading else { return };
        add_results(&mut self.flows, &mut reading.monitor.flows);
        add_results(&mut self.dns, &mut reading.monitor.dns);
        self.interfaces.clone_from(&reading.interfaces);
    }
}

/// Moves results; their memory is used again, because batches are large.
fn add_results<T>(results: &mut Vec<T>, new: &mut Vec<T>) {
    if results.is_empty() {
        std::mem::swap(results, new);
    } else {
        results.append(new);
    }
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (matcher, **limits))]
    fn new(matcher: &Matcher, limits: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let limits = Limits::read(limits, 0)?;
        let names = Arc::new(limits.names());
        let keeps_packets = limits.settings.max_evidence_bytes > 0;
        let monitor = Monitor::new(limits.settings, Arc::clone(&matcher.0), Arc::clone(&names), (0, 1));
        Ok(Self {
            reading: Some(Box::new(FileReading::new(monitor))),
            ahead: None,
            thread: None,
            keeps_packets,
            names,
            flows: Vec::new(),
            dns: Vec::new(),
            ended: Vec::new().into_iter(),
            interfaces: Vec::new(),
            events: None,
        })
    }

    /// Reads up to `packets` packets, filtered ones included; False once the file is at its end. Waits for those of
    /// a pipe up to `wait_s`. `ahead`: the next ones are read meanwhile.
    #[pyo3(signature = (file, packets, wait_s = 0.0, ahead = false))]
    fn read(
        &mut self,
        py: Python<'_>,
        file: Py<CaptureFile>,
        packets: u64,
        wait_s: f64,
        ahead: bool,
    ) -> PyResult<bool> {
        let wait = Duration::try_from_secs_f64(wait_s).unwrap_or_default();
        Ok(self.step(py, vec![file], FileStep::Next(packets, wait), ahead)?.is_none())
    }

    #[pyo3(signature = (time_ns, link, data, wire_len, number = 0))]
    fn feed(
        &mut self,
        py: Python<'_>,
        time_ns: u64,
        link: u16,
        data: &[u8],
        wire_len: u32,
        number: u64,
    ) -> PyResult<()> {
        let packet = Packet { number, time_ns, link, interface: 0, wire_len, bytes: data };
        self.reading(py)?.monitor.packet(&packet);
        Ok(())
    }

    /// Reads up to `packets` packets of several files in the order of their times, up to one at `until_ns` or later.
    /// The index of the first file that has no more, if that ended the reading. `ahead`: the next ones are read
    /// meanwhile.
    #[pyo3(signature = (files, packets, until_ns = None, ahead = false))]
    fn read_merged(
        &mut self,
        py: Python<'_>,
        files: Vec<Py<CaptureFile>>,
        packets: u64,
        until_ns: Option<u64>,
        ahead: bool,
    ) -> PyResult<Option<usize>> {
        self.step(py, files, FileStep::Merged(packets, until_ns), ahead)
    }

    /// From now on also reports flows as soon as they are recognised, as a live capture does.
    fn report_openings(&mut self, py: Python<'_>) -> PyResult<()> {
        self.reading(py)?.monitor.report_openings();
        Ok(())
    }

    /// From now on batches have texts in place of flows and DNS messages that Python has nothing to say about.
    fn write_events(&mut self, writer: Py<EventWriter>) {
        self.events = Some(writer);
    }

    fn drain<'py>(&mut self, py: Python<'py>) -> PyResult<Batch<'py>> {
        self.collect();
        let (flows, dns) = (&mut self.flows, &mut self.dns);
        match &self.events {
            None => rows::batch(py, take(flows), take(dns), &self.interfaces),
            Some(events) => {
                let writer = &mut events.borrow_mut(py);
                rows::batch_of_events(py, flows.drain(..), dns.drain(..), &self.interfaces, writer)
            }
        }
    }

    /// Ends all flows. A batch has at most so many of them, and those after the last one are empty.
    #[pyo3(signature = (most = usize::MAX))]
    fn finish<'py>(&mut self, py: Python<'py>, most: usize) -> PyResult<Batch<'py>> {
        if self.ended.len() == 0 {
            let monitor = &mut self.reading(py)?.monitor;
            py.detach(|| monitor.finish());
            self.collect();
            self.ended = take(&mut self.flows).into_iter();
        }
        self.flows.extend(self.ended.by_ref().take(most));
        let dns = if self.ended.len() == 0 { Vec::new() } else { take(&mut self.dns) };
        let batch = self.drain(py);
        self.dns.extend(dns);
        batch
    }

    fn kept_packets<'py>(&mut self, py: Python<'py>, flow_id: u64) -> PyResult<Bound<'py, PyList>> {
        let FileReading { monitor, interfaces, .. } = self.reading(py)?;
        kept::rows(py, std::slice::from_ref(&monitor.kept), flow_id, interfaces)
    }

    fn release_packets(&mut self, py: Python<'_>, flow_ids: Vec<u64>) -> PyResult<()> {
        let kept = &self.reading(py)?.monitor.kept;
        flow_ids.into_iter().for_each(|flow| kept.release(flow));
        Ok(())
    }

    fn stats<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let names = Arc::clone(&self.names);
        let FileReading { monitor, interfaces, .. } = self.reading(py)?;
        stats(py, &monitor.tally(), &names, interfaces)
    }
}
