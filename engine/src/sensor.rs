//! Live capture: workers, each with a ring on every interface and a monitor of its own.
//!
//! With several workers the kernel spreads packets by a hash that both directions of a flow share,
//! the same on every interface, so that a flow stays with one worker. All workers share the learned names.

use crate::capture::filter::Filter;
use crate::capture::interface::InterfaceDrops;
use crate::capture::ring::{Ring, RingOptions, RingStatistics};
use crate::capture::{CaptureError, SteadyClock};
use crate::counters::tally::Tally;
use crate::monitor::Monitor;
use crate::report::flow_record::FlowRecord;
use crate::resolution::{CapturedMessage, LearnedNames};
use crate::settings::Settings;
use crate::tag::Matcher;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A worker checks its clock and requests for a reload at least this often.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How long a worker reads on after a stop: longer than the kernel keeps a block that is not full
/// (`capture::ring`, RETIRE_MS).
const LAST_BLOCKS: Duration = Duration::from_millis(60);
/// Maximum number of records that wait for Python; further ones are dropped and counted.
const MAX_WAITING: usize = 1 << 20;

/// What to capture.
#[derive(Clone, Debug)]
pub struct Options {
    /// Interface names.
    pub interfaces: Vec<String>,
    /// Number of workers, each with a thread.
    pub workers: usize,
    /// Ring bytes, for each worker and interface.
    pub ring_bytes: usize,
    /// Bytes kept of each packet.
    pub snaplen: u32,
    /// Put the interfaces into promiscuous mode.
    pub promiscuous: bool,
    /// A filter that the kernel runs.
    pub filter: Option<Filter>,
}

/// Records that wait to be collected.
#[derive(Default)]
pub struct Waiting {
    /// Flows.
    pub flows: Vec<FlowRecord>,
    /// DNS messages.
    pub dns: Vec<CapturedMessage>,
    lost: u64,
    failed: Option<String>,
}

/// What one worker publishes about itself.
#[derive(Clone, Default)]
struct Status {
    tally: Tally,
    rings: Vec<RingStatistics>,
    turns: u64,
}

struct Shared {
    stop: AtomicBool,
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    statuses: Vec<Mutex<Status>>,
    reloads: Vec<Mutex<Option<Reload>>>,
}

/// A change of signatures: the worker delivers its records, then waits until they are collected.
#[derive(Clone)]
struct Reload {
    matcher: Arc<Matcher>,
    delivered: Arc<Barrier>,
    collected: Arc<Barrier>,
}

/// A running capture.
pub struct Sensor {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    interface_drops: Vec<InterfaceDrops>,
    /// Names of the interfaces, by number.
    pub interfaces: Vec<String>,
    /// Names learned from DNS, shared by all workers.
    pub names: Arc<LearnedNames>,
}

impl Sensor {
    /// Opens every ring, then starts the workers.
    ///
    /// # Errors
    ///
    /// A ring that cannot be opened, in one line; nothing is left running.
    pub fn start(
        options: &Options,
        settings: &Settings,
        names: LearnedNames,
        matcher: &Arc<Matcher>,
    ) -> Result<Self, CaptureError> {
        let workers = options.workers.max(1);
        let names = Arc::new(names);
        let interface_drops = options.interfaces.iter().map(|name| InterfaceDrops::since_now(name)).collect();
        let mut rings = Vec::new();
        for _ in 0..workers {
            rings.push(open_rings(options, workers)?);
        }
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            waiting: Mutex::default(),
            arrived: Condvar::new(),
            statuses: (0..workers).map(|_| Mutex::default()).collect(),
            reloads: (0..workers).map(|_| Mutex::default()).collect(),
        });
        let clock = SteadyClock::start(); // one for all workers, which share the learned names
        let threads = rings.into_iter().enumerate().map(|(number, rings)| {
            let ids = (number as u64, workers as u64);
            let monitor = Monitor::new(settings.clone(), Arc::clone(matcher), Arc::clone(&names), ids);
            let worker = Worker {
                number,
                rings,
                monitor,
                shared: Arc::clone(&shared),
                clock: clock.clone(),
                turns: 0,
            };
            std::thread::Builder::new().name(format!("netmon-{number}")).spawn(move || worker.run())
        });
        let threads: std::io::Result<Vec<_>> = threads.collect();
        let threads = threads.map_err(|error| CaptureError(format!("cannot start a worker: {error}")))?;
        Ok(Self { shared, threads, interface_drops, interfaces: options.interfaces.clone(), names })
    }

    /// Waits up to `timeout` for records and returns them.
    ///
    /// # Errors
    ///
    /// A ring failed, and the capture is over.
    pub fn poll(&self, timeout: Duration) -> Result<Waiting, CaptureError> {
        let is_idle = |waiting: &mut Waiting| {
            waiting.flows.is_empty() && waiting.dns.is_empty() && waiting.failed.is_none()
        };
        let waiting = lock(&self.shared.waiting);
        let result = self.shared.arrived.wait_timeout_while(waiting, timeout, is_idle);
        let (mut waiting, _) = result.unwrap_or_else(PoisonError::into_inner);
        match waiting.failed.clone() {
            Some(failed) if waiting.flows.is_empty() && waiting.dns.is_empty() => Err(CaptureError(failed)),
            _ => Ok(take(&mut waiting)),
        }
    }

    /// Counters of all workers, lost records, and the kernel's counters by interface.
    pub fn stats(&self) -> (Tally, u64, Vec<RingStatistics>) {
        let mut sum = Tally::default();
        let mut rings = vec![RingStatistics::default(); self.interfaces.len()];
        for status in &self.shared.statuses {
            let status = lock(status);
            sum.add(&status.tally);
            for (sum, ring) in rings.iter_mut().zip(&status.rings) {
                sum.packets += ring.packets;
                sum.dropped += ring.dropped;
                sum.freezes += ring.freezes;
            }
        }
        (sum, lock(&self.shared.waiting).lost, rings)
    }

    /// How often each worker has completed its loop. An idle worker loops as well, so a worker whose count does not
    /// change hangs.
    pub fn turns(&self) -> Vec<u64> {
        self.shared.statuses.iter().map(|status| lock(status).turns).collect()
    }

    /// Packets that each interface dropped since the start, before any ring saw them.
    pub fn interface_dropped(&self) -> Vec<u64> {
        self.interface_drops.iter().map(InterfaceDrops::count).collect()
    }

    /// Replaces the signatures. Returns all records that were made with the old ones.
    pub fn reload(&self, matcher: &Arc<Matcher>) -> Waiting {
        let parties = self.threads.len() + 1;
        let reload = Reload {
            matcher: Arc::clone(matcher),
            delivered: Arc::new(Barrier::new(parties)),
            collected: Arc::new(Barrier::new(parties)),
        };
        for slot in &self.shared.reloads {
            *lock(slot) = Some(reload.clone());
        }
        reload.delivered.wait();
        let old = take(&mut lock(&self.shared.waiting));
        reload.collected.wait();
        old
    }

    /// Ends the capture and every flow; returns the last records.
    pub fn stop(&mut self) -> Waiting {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A worker that panicked has no more records; the others may have.
            let _ = thread.join();
        }
        take(&mut lock(&self.shared.waiting))
    }
}

impl Drop for Sensor {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Worker {
    number: usize,
    rings: Vec<Ring>,
    monitor: Monitor,
    shared: Arc<Shared>,
    clock: SteadyClock,
    turns: u64,
}

impl Worker {
    fn run(mut self) {
        let mut is_open = true;
        while is_open && !self.shared.stop.load(Ordering::Relaxed) {
            is_open = self.guarded_turn();
        }
        // The kernel keeps a block that is not full for a while: what it holds arrived before the stop.
        let end = Instant::now() + LAST_BLOCKS;
        while is_open && Instant::now() < end {
            is_open = self.guarded_turn();
        }
        self.monitor.finish();
        self.deliver();
        while !self.shared.stop.load(Ordering::Relaxed) {
            // A failed worker still takes part in a reload, because the others wait for it.
            self.reload_if_requested();
            std::thread::sleep(POLL_INTERVAL);
        }
    }

    /// Runs the loop once; false once the capture is over. A defect in the engine ends the capture with a message,
    /// not the process.
    fn guarded_turn(&mut self) -> bool {
        let turn = catch_unwind(AssertUnwindSafe(|| self.turn()));
        let turn = turn.unwrap_or_else(|_| Err(CaptureError("a worker of the engine failed".into())));
        if let Err(error) = &turn {
            lock(&self.shared.waiting).failed.get_or_insert_with(|| error.0.clone());
            self.shared.arrived.notify_one();
        }
        turn.is_ok()
    }

    fn turn(&mut self) -> Result<(), CaptureError> {
        let mut packets = 0;
        let monitor = &mut self.monitor;
        monitor.set_steady_time(self.clock.read());
        for ring in &mut self.rings {
            packets += ring.read_block(Duration::ZERO, |packet| monitor.packet(&packet))?;
        }
        if packets == 0 {
            Ring::wait(&self.rings, POLL_INTERVAL)?;
            self.monitor.tick(self.clock.read().now_ns);
        }
        self.deliver();
        self.reload_if_requested();
        Ok(())
    }

    /// Delivers records and counters.
    fn deliver(&mut self) {
        self.turns += 1;
        let status = Status {
            tally: self.monitor.tally(),
            rings: self.rings.iter_mut().map(Ring::statistics).collect(),
            turns: self.turns,
        };
        *lock(&self.shared.statuses[self.number]) = status;
        if self.monitor.flows.is_empty() && self.monitor.dns.is_empty() {
            return;
        }
        let mut waiting = lock(&self.shared.waiting);
        if waiting.flows.len() + waiting.dns.len() > MAX_WAITING {
            waiting.lost += (self.monitor.flows.len() + self.monitor.dns.len()) as u64;
            self.monitor.flows.clear();
            self.monitor.dns.clear();
        }
        waiting.flows.append(&mut self.monitor.flows);
        waiting.dns.append(&mut self.monitor.dns);
        self.shared.arrived.notify_one();
    }

    fn reload_if_requested(&mut self) {
        let reload = lock(&self.shared.reloads[self.number]).take();
        if let Some(reload) = reload {
            reload.delivered.wait();
            reload.collected.wait();
            self.monitor.set_matcher(reload.matcher);
        }
    }
}

fn open_rings(options: &Options, workers: usize) -> Result<Vec<Ring>, CaptureError> {
    let rings = options.interfaces.iter().enumerate().map(|(index, interface)| {
        let group = (std::process::id() as u16).wrapping_add(index as u16);
        Ring::open(&RingOptions {
            interface: interface.clone(),
            index: index as u16,
            ring_bytes: options.ring_bytes,
            snaplen: options.snaplen,
            promiscuous: options.promiscuous,
            filter: options.filter.clone(),
            fanout: (workers > 1).then_some(group),
        })
    });
    rings.collect()
}

fn take(waiting: &mut Waiting) -> Waiting {
    Waiting {
        flows: std::mem::take(&mut waiting.flows),
        dns: std::mem::take(&mut waiting.dns),
        lost: waiting.lost,
        failed: None,
    }
}

/// The protected value is consistent after every statement, even if a holder of the lock panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
