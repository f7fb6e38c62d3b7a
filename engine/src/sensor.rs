//! Live capture: workers, each with a ring on every interface and a monitor of its own, and a watcher that opens the
//! rings when interfaces appear, and closes them when they are gone.
//!
//! With several workers the kernel spreads packets by a hash that both directions of a flow share,
//! the same on every interface, so that a flow stays with one worker. All workers share the learned names.

mod options;
mod port;
mod ports;
mod selection;
mod shared;
mod watcher;
mod worker;

pub use self::options::Options;
pub use self::selection::Selection;
pub use self::shared::{PortStatus, Waiting};

use self::shared::{lock, Delivery, Shared, WorkerSlot};
use self::watcher::Watcher;
use self::worker::Worker;
use crate::capture::ring::RingStatistics;
use crate::capture::{CaptureError, SteadyClock};
use crate::counters::tally::Tally;
use crate::kept::kept_packets::KeptPackets;
use crate::monitor::Monitor;
use crate::resolution::LearnedNames;
use crate::settings::Settings;
use crate::tag::Matcher;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Flows, and as many DNS messages, that are collected at once. If Python lags behind, its loop still turns, which the
/// service manager watches, and what it works on stays in the caches.
const MAX_COLLECTED: usize = 1 << 8;

/// A running capture.
pub struct Sensor {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    /// Names learned from DNS, shared by all workers.
    pub names: Arc<LearnedNames>,
    /// The packets that each worker keeps as evidence.
    pub kept: Vec<KeptPackets>,
}

impl Sensor {
    /// Opens the interfaces, then starts the threads.
    ///
    /// # Errors
    ///
    /// No interface can be opened, in one line; nothing is left running.
    pub fn start(
        options: &Options,
        settings: &Settings,
        names: LearnedNames,
        matcher: &Arc<Matcher>,
    ) -> Result<Self, CaptureError> {
        let workers = options.workers.max(1);
        let names = Arc::new(names);
        let slots = (0..workers).map(|_| WorkerSlot::default()).collect();
        let shared = Arc::new(Shared { workers: slots, ..Shared::default() });
        let watcher = Watcher::open(options, &shared)?;
        let clock = SteadyClock::start(); // one for all workers, which share the learned names
        let mut sensor = Self { shared, threads: Vec::new(), names, kept: Vec::new() };
        let max_evidence_bytes = settings.max_evidence_bytes / workers;
        let settings = Settings { max_evidence_bytes, ..settings.clone() };
        for number in 0..workers {
            let ids = (number as u64, workers as u64);
            let mut monitor =
                Monitor::new(settings.clone(), Arc::clone(matcher), Arc::clone(&sensor.names), ids);
            if let Some(sieve) = &options.sieve {
                monitor.use_sieve(Arc::clone(sieve) as _);
            }
            sensor.kept.push(monitor.kept.clone());
            let worker = Worker::new(number, monitor, Arc::clone(&sensor.shared), clock.clone());
            sensor.spawn(format!("netmon-{number}"), move || worker.run())?;
        }
        sensor.spawn("netmon-ports".into(), move || watcher.run())?;
        Ok(sensor)
    }

    fn spawn(&mut self, name: String, run: impl FnOnce() + Send + 'static) -> Result<(), CaptureError> {
        let thread = std::thread::Builder::new().name(name).spawn(run);
        self.threads.push(thread.map_err(|error| CaptureError(format!("cannot start a thread: {error}")))?);
        Ok(())
    }

    /// Waits up to `timeout` for records and returns them, the oldest first; the rest is left for the next call.
    ///
    /// # Errors
    ///
    /// A worker failed, and the capture is over.
    pub fn poll(&self, timeout: Duration) -> Result<Waiting, CaptureError> {
        let is_idle = |delivery: &mut Delivery| {
            let waiting = &delivery.waiting;
            waiting.flows.is_empty() && waiting.dns.is_empty() && waiting.failed.is_none()
        };
        let delivery = lock(&self.shared.delivery);
        let result = self.shared.arrived.wait_timeout_while(delivery, timeout, is_idle);
        let (mut delivery, _) = result.unwrap_or_else(PoisonError::into_inner);
        let waiting = &mut delivery.waiting;
        match waiting.failed.clone() {
            Some(failed) if waiting.flows.is_empty() && waiting.dns.is_empty() => Err(CaptureError(failed)),
            _ => Ok(waiting.take(MAX_COLLECTED)),
        }
    }

    /// Counters of all workers, and lost records.
    pub fn stats(&self) -> (Tally, u64) {
        let mut sum = Tally::default();
        for worker in &self.shared.workers {
            sum.add(&lock(&worker.status).tally);
        }
        (sum, lock(&self.shared.delivery).waiting.lost)
    }

    /// The monitored interfaces by number, each with its state and the kernel's counters.
    pub fn interfaces(&self) -> Vec<(PortStatus, RingStatistics)> {
        let ports = lock(&self.shared.ports).clone();
        let mut sums = vec![RingStatistics::default(); ports.len()];
        for worker in &self.shared.workers {
            for (sum, ring) in sums.iter_mut().zip(&lock(&worker.status).rings) {
                sum.add_ring(*ring);
            }
        }
        ports.into_iter().zip(sums).collect()
    }

    /// The names of the interfaces, by number.
    pub fn interface_names(&self) -> Vec<String> {
        lock(&self.shared.ports).iter().map(|port| port.name.clone()).collect()
    }

    /// Interfaces that match a pattern and are not monitored, because there are too many.
    pub fn unmonitored(&self) -> u64 {
        self.shared.unmonitored.load(Ordering::Relaxed)
    }

    /// How often each thread has completed its loop. An idle thread loops as well, so one whose count does not
    /// change hangs.
    pub fn turns(&self) -> Vec<u64> {
        let workers = self.shared.workers.iter().map(|worker| lock(&worker.status).turns);
        workers.chain([self.shared.looks.load(Ordering::Relaxed)]).collect()
    }

    /// Replaces the signatures. Returns all records that were made with the old ones.
    pub fn reload(&self, matcher: &Arc<Matcher>) -> Waiting {
        for worker in &self.shared.workers {
            *lock(&worker.reload) = Some(Arc::clone(matcher));
        }
        let workers = self.shared.workers.len();
        let delivery = lock(&self.shared.delivery);
        let has_old = |delivery: &mut Delivery| delivery.switched < workers;
        let delivery = self.shared.switched.wait_while(delivery, has_old);
        let mut delivery = delivery.unwrap_or_else(PoisonError::into_inner);
        let retired = std::mem::take(&mut delivery.retired);
        let old = delivery.change();
        drop(delivery); // many signatures take a while to be freed
        drop(retired);
        old
    }

    /// Ends the capture and every flow; returns the last records.
    pub fn stop(&mut self) -> Waiting {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A worker that panicked has no more records; the others may have.
            let _ = thread.join();
        }
        lock(&self.shared.delivery).waiting.take_all()
    }
}

impl Drop for Sensor {
    fn drop(&mut self) {
        self.stop();
    }
}
