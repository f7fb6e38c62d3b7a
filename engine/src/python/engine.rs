//! `Engine`: one monitor, fed from files or by the caller.

use super::addresses::read_prefixes;
use super::capture_file::CaptureFile;
use super::event_writer::EventWriter;
use super::kept;
use super::matcher::Matcher;
use super::rows::{self, Batch};
use super::stats::stats;
use crate::address::embedded::Nat64Prefix;
use crate::address::Address;
use crate::capture::earliest::{earliest, Earliest};
use crate::capture::Packet;
use crate::monitor::Monitor;
use crate::resolution::LearnedNames;
use crate::settings::Settings;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

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

/// One monitor, fed from files or by the caller.
#[pyclass(module = "netmon._engine")]
pub struct Engine {
    monitor: Monitor,
    names: Arc<LearnedNames>,
    /// Capture interfaces of all files so far, by number; those of the latest file come last.
    interfaces: Vec<String>,
    /// Number of the latest file's first interface.
    first_interface: u16,
    /// Packets in the files before the latest one, and in all so far: several files are one capture.
    earlier_packets: u64,
    packets: u64,
    /// Writes the events of what Python has nothing to say about.
    events: Option<Py<EventWriter>>,
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (matcher, **limits))]
    fn new(matcher: &Matcher, limits: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let limits = Limits::read(limits, 0)?;
        let names = Arc::new(limits.names());
        let monitor = Monitor::new(limits.settings, Arc::clone(&matcher.0), Arc::clone(&names), (0, 1));
        Ok(Self {
            monitor,
            names,
            interfaces: Vec::new(),
            first_interface: 0,
            earlier_packets: 0,
            packets: 0,
            events: None,
        })
    }

    /// Reads up to `packets` packets, filtered ones included; False once the file is at its end. Waits for those of
    /// a pipe up to `wait_s`.
    #[pyo3(signature = (file, packets, wait_s = 0.0))]
    fn read(&mut self, py: Python<'_>, file: &mut CaptureFile, packets: u64, wait_s: f64) -> bool {
        let (monitor, file) = (&mut self.monitor, &mut file.file);
        if file.packets() == 0 {
            self.first_interface = self.interfaces.len().try_into().unwrap_or(u16::MAX);
            self.earlier_packets = self.packets;
        }
        let (first, earlier) = (self.first_interface, self.earlier_packets);
        let more = py.detach(|| {
            let last = file.packets().saturating_add(packets);
            let until = Instant::now() + Duration::try_from_secs_f64(wait_s).unwrap_or_default();
            loop {
                while let Some(packet) = file.next_packet_within(last) {
                    let interface = packet.interface.saturating_add(first);
                    monitor.packet(&Packet { interface, number: earlier + packet.number, ..packet });
                }
                if file.packets() >= last || !file.is_waiting() || !file.wait(until) {
                    return !file.is_at_end();
                }
            }
        });
        self.packets = earlier + file.packets();
        self.interfaces.truncate(first.into());
        self.interfaces.extend_from_slice(file.interfaces());
        if file.interfaces().is_empty() {
            self.interfaces.push(String::new()); // pcap has no interfaces
        }
        more
    }

    #[pyo3(signature = (time_ns, link, data, wire_len, number = 0))]
    fn feed(&mut self, time_ns: u64, link: u16, data: &[u8], wire_len: u32, number: u64) {
        self.monitor.packet(&Packet { number, time_ns, link, interface: 0, wire_len, bytes: data });
    }

    /// Reads up to `packets` packets of several files in the order of their times, up to one at `until_ns` or later.
    /// The index of the first file that has no more, if that ended the reading.
    #[pyo3(signature = (files, packets, until_ns = None))]
    fn read_merged(
        &mut self,
        py: Python<'_>,
        mut files: Vec<PyRefMut<'_, CaptureFile>>,
        packets: u64,
        until_ns: Option<u64>,
    ) -> Option<usize> {
        let mut files: Vec<&mut CaptureFile> = files.iter_mut().map(|file| &mut **file).collect();
        let monitor = &mut self.monitor;
        let (interfaces, total) = (&mut self.interfaces, &mut self.packets);
        py.detach(|| {
            let mut nothing = None;
            for _ in 0..packets {
                match earliest(files.iter_mut().map(|file| &mut file.file)) {
                    Some(Earliest::Packet(_, time_ns)) if until_ns.is_some_and(|until| time_ns >= until) => {
                        break
                    }
                    Some(Earliest::Packet(at, _)) => {
                        files[at].pass_on(interfaces, total, |packet| monitor.packet(packet));
                    }
                    Some(Earliest::Nothing(at)) => {
                        nothing = Some(at);
                        break;
                    }
                    None => break,
                }
            }
            files.iter().for_each(|file| file.name_interfaces(interfaces));
            nothing
        })
    }

    /// From now on also reports flows as soon as they are recognised, as a live capture does.
    fn report_openings(&mut self) {
        self.monitor.report_openings();
    }

    /// From now on batches have texts in place of flows and DNS messages that Python has nothing to say about.
    fn write_events(&mut self, writer: Py<EventWriter>) {
        self.events = Some(writer);
    }

    fn drain<'py>(&mut self, py: Python<'py>) -> PyResult<Batch<'py>> {
        let (flows, dns) = (&mut self.monitor.flows, &mut self.monitor.dns);
        match &self.events {
            None => rows::batch(py, std::mem::take(flows), std::mem::take(dns), &self.interfaces),
            Some(events) => {
                let writer = &mut events.borrow_mut(py);
                // Their memory is used again: batches are large.
                rows::batch_of_events(py, flows.drain(..), dns.drain(..), &self.interfaces, writer)
            }
        }
    }

    fn finish<'py>(&mut self, py: Python<'py>) -> PyResult<Batch<'py>> {
        let monitor = &mut self.monitor;
        py.detach(|| monitor.finish());
        self.drain(py)
    }

    fn kept_packets<'py>(&self, py: Python<'py>, flow_id: u64) -> PyResult<Bound<'py, PyList>> {
        kept::rows(py, std::slice::from_ref(&self.monitor.kept), flow_id, &self.interfaces)
    }

    fn release_packets(&self, flow_ids: Vec<u64>) {
        flow_ids.into_iter().for_each(|flow| self.monitor.kept.release(flow));
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        stats(py, &self.monitor.tally(), &self.names, &self.interfaces)
    }
}
