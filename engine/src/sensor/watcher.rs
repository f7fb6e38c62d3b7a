//! Watches the interfaces of the system, and opens and closes the rings on them.
//!
//! The kernel tells of every change at once, over a netlink socket that needs no privileges; opening a ring needs
//! CAP_NET_RAW only. A ring is bound to an interface's index: it survives that the interface goes down and up, and is
//! opened again when the interface is removed and created again, or renamed.

use super::options::Options;
use super::ports::{describe, PortStep, Ports};
use super::shared::{lock, Change, PortStatus, Shared};
use super::worker::POLL_INTERVAL;
use crate::capture::interface::Interface;
use crate::capture::netlink::Netlink;
use crate::capture::ring::{Attachment, Fanout, Ring, RingOptions};
use crate::capture::CaptureError;
use std::collections::HashMap;
use std::ffi::c_int;
use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The interfaces are looked at this often, even if the kernel tells of no change: their drops are counted, and
/// failed openings are tried again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A look takes at most one part in so many of the time, however often thousands of interfaces change.
const REST: u32 = 4;
/// An index that no interface has.
const GONE: c_int = -1;

/// The rings of a port, one for each worker.
struct Opened {
    index: c_int,
    attachments: Vec<Attachment>,
}

/// The watcher; `run` is its thread.
pub(super) struct Watcher {
    options: Options,
    shared: Arc<Shared>,
    changes: Netlink,
    ports: Ports,
    opened: HashMap<usize, Opened>,
}

impl Watcher {
    /// Opens every interface that can be opened, for workers that begin later.
    ///
    /// # Errors
    ///
    /// None of them can be opened, or not all of them although all are required.
    pub(super) fn open(options: &Options, shared: &Arc<Shared>) -> Result<Self, CaptureError> {
        let fails = |error| CaptureError(format!("cannot watch the network interfaces: {error}"));
        let changes = Netlink::subscribe().map_err(fails)?;
        let ports = Ports::new(options.selection.clone());
        let (options, shared) = (options.clone(), Arc::clone(shared));
        let mut watcher = Self { options, shared, changes, ports, opened: HashMap::new() };
        let interfaces = Interface::list().map_err(fails)?;
        watcher.apply(&interfaces);
        let failures = watcher.ports.failures(&interfaces, &watcher.open_indexes());
        if watcher.opened.is_empty() || watcher.options.require_all && !failures.is_empty() {
            return Err(CaptureError(describe(&failures)));
        }
        Ok(watcher)
    }

    /// Watches until the sensor stops. What it counts in `looks` stands still if the kernel lists no interfaces, so
    /// that the service manager notices.
    pub(super) fn run(mut self) {
        let mut last = Instant::now();
        let mut is_able = true;
        while !self.shared.stop.load(Ordering::Relaxed) {
            let is_changed = self.changes.wait(POLL_INTERVAL).unwrap_or_else(|_| {
                // Without notices, the regular looks remain.
                std::thread::sleep(POLL_INTERVAL);
                false
            });
            if is_changed || last.elapsed() >= LOOK_EVERY {
                last = Instant::now();
                is_able = self.look();
                std::thread::sleep(last.elapsed() * (REST - 1));
            }
            self.shared.looks.fetch_add(u64::from(is_able), Ordering::Relaxed);
        }
    }

    /// False if the kernel lists no interfaces.
    fn look(&mut self) -> bool {
        match Interface::list() {
            Ok(interfaces) => self.apply(&interfaces),
            Err(error) if error.kind() == ErrorKind::Interrupted => {} // they change all the time
            Err(_) => return false,
        }
        true
    }

    /// Opens and closes what has changed, and publishes it.
    fn apply(&mut self, interfaces: &[Interface]) {
        for step in self.ports.update(interfaces, &self.open_indexes()) {
            match step {
                PortStep::Close(number) => self.close(number),
                PortStep::Open(number, interface) => {
                    // Its name is known before its first packet.
                    self.publish();
                    let outcome = self.open_rings(number, &interface);
                    // Its counters from here on are those of the capture.
                    let now = Interface::list().ok();
                    let now = now.iter().flatten().find(|one| one.index == interface.index);
                    self.ports.opened(number, now.unwrap_or(&interface), outcome.as_ref().err());
                }
            }
        }
        self.publish();
    }

    /// The index of the interface on which each port is open.
    fn open_indexes(&self) -> HashMap<usize, c_int> {
        let index = |opened: &Opened| match opened.attachments.iter().all(Attachment::holds) {
            true => opened.index,
            false => GONE,
        };
        self.opened.iter().map(|(number, opened)| (*number, index(opened))).collect()
    }

    fn close(&mut self, number: usize) {
        let Some(opened) = self.opened.remove(&number) else { return };
        for (attachment, worker) in opened.attachments.iter().zip(&self.shared.workers) {
            // If the interface is gone, this changes nothing. If it was renamed, its packets are no longer wanted.
            let _ = attachment.end();
            lock(&worker.changes).push(Change::Remove(number as u16));
        }
    }

    /// Opens a ring for each worker, in their order: the kernel distributes packets by it, so that a flow has the
    /// same worker on every interface.
    fn open_rings(&mut self, number: usize, interface: &Interface) -> Result<(), CaptureError> {
        let workers = self.shared.workers.len();
        let mut options = RingOptions {
            interface: interface.clone(),
            number: number as u16,
            ring_bytes: self.options.ring_bytes,
            snaplen: self.options.snaplen,
            promiscuous: self.options.promiscuous,
            filter: self.options.filter_for(interface)?,
            fanout: if workers > 1 { Fanout::Lead } else { Fanout::Off },
            sieve: self.options.sieve.clone(),
        };
        let mut rings = Vec::new();
        for _ in 0..workers {
            let ring = Ring::open(&options)?;
            options.fanout = ring.fanout();
            rings.push(ring);
        }
        let attachments = rings.iter().map(Ring::attachment).collect::<std::io::Result<_>>();
        let attachments = attachments
            .map_err(|error| CaptureError(format!("{}: cannot capture: {error}", interface.name)))?;
        self.opened.insert(number, Opened { index: interface.index, attachments });
        for (ring, worker) in rings.into_iter().zip(&self.shared.workers) {
            lock(&worker.changes).push(Change::Add(ring));
        }
        Ok(())
    }

    fn publish(&self) {
        let status = self.ports.all().iter().map(|port| PortStatus {
            name: port.name.clone(),
            problem: port.problem(),
            interruptions: port.interruptions,
            dropped: port.dropped,
            unsieved: self.options.sieve.as_ref().and_then(|_| port.sieve_obstacle()),
        });
        *lock(&self.shared.ports) = status.collect();
        self.shared.unmonitored.store(self.ports.unmonitored as u64, Ordering::Relaxed);
    }
}
