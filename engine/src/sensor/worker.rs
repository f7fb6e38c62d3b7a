//! A worker: a thread with a ring on every interface and a monitor of its own.

use super::shared::{lock, Change, Shared, Status};
use crate::capture::ring::{Ring, RingStatistics};
use crate::capture::{CaptureError, SteadyClock};
use crate::monitor::Monitor;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A worker checks its clock and requests at least this often.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How long a worker reads a ring after the capture has ended: longer than the kernel keeps a block that is not full
/// (`capture::ring`, RETIRE_MS).
const LAST_BLOCKS: Duration = Duration::from_millis(60);
/// Maximum number of records that wait for Python; further ones are dropped and counted.
const MAX_WAITING: usize = 1 << 20;

/// A worker; `run` is its thread.
pub(super) struct Worker {
    number: usize,
    monitor: Monitor,
    shared: Arc<Shared>,
    clock: SteadyClock,
    rings: Vec<Ring>,
    /// Rings whose capture has ended, and until when they are read.
    ending: Vec<(Instant, Ring)>,
    /// The counters of the rings that were closed, by interface number.
    closed: Vec<RingStatistics>,
    turns: u64,
    /// How often its signatures were replaced.
    generation: u64,
}

impl Worker {
    /// A worker without rings.
    pub(super) fn new(number: usize, monitor: Monitor, shared: Arc<Shared>, clock: SteadyClock) -> Self {
        let (rings, ending, closed) = (Vec::new(), Vec::new(), Vec::new());
        Self { number, monitor, shared, clock, rings, ending, closed, turns: 0, generation: 0 }
    }

    /// Works until the sensor stops.
    pub(super) fn run(mut self) {
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
            // A failed worker still takes part in a reload, which waits for it.
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
            lock(&self.shared.delivery).waiting.failed.get_or_insert_with(|| error.0.clone());
            self.shared.arrived.notify_one();
        }
        turn.is_ok()
    }

    fn turn(&mut self) -> Result<(), CaptureError> {
        let mut packets = 0;
        self.change_rings();
        let monitor = &mut self.monitor;
        monitor.set_steady_time(self.clock.read());
        for ring in self.rings.iter_mut().chain(self.ending.iter_mut().map(|(_, ring)| ring)) {
            packets += ring.read_block(|packet| monitor.packet(&packet));
        }
        if packets == 0 {
            if !self.monitor.is_behind() {
                Ring::wait(&self.rings, POLL_INTERVAL)?;
            }
            self.monitor.tick(self.clock.read().now_ns);
        }
        self.close_ended();
        self.deliver();
        self.reload_if_requested();
        Ok(())
    }

    fn change_rings(&mut self) {
        for change in lock(&self.shared.workers[self.number].changes).drain(..) {
            match change {
                Change::Add(ring) => self.rings.push(ring),
                Change::Remove(number) => {
                    let end = Instant::now() + LAST_BLOCKS;
                    let rings = std::mem::take(&mut self.rings).into_iter();
                    let (ended, kept): (Vec<_>, _) = rings.partition(|ring| ring.number() == number);
                    self.rings = kept;
                    self.ending.extend(ended.into_iter().map(|ring| (end, ring)));
                }
            }
        }
    }

    fn close_ended(&mut self) {
        if self.ending.is_empty() {
            return;
        }
        let now = Instant::now();
        let rings = std::mem::take(&mut self.ending).into_iter();
        let (over, ending): (Vec<_>, _) = rings.partition(|(end, _)| *end <= now);
        self.ending = ending;
        for (_, mut ring) in over {
            add_to(&mut self.closed, &mut ring);
        }
    }

    /// Delivers records and counters.
    fn deliver(&mut self) {
        self.turns += 1;
        let mut rings = self.closed.clone();
        for ring in self.rings.iter_mut().chain(self.ending.iter_mut().map(|(_, ring)| ring)) {
            add_to(&mut rings, ring);
        }
        let status = Status { tally: self.monitor.tally(), rings, turns: self.turns };
        *lock(&self.shared.workers[self.number].status) = status;
        if self.monitor.flows.is_empty() && self.monitor.dns.is_empty() {
            return;
        }
        let mut delivery = lock(&self.shared.delivery);
        let waiting = delivery.of(self.generation);
        if waiting.flows.len() + waiting.dns.len() > MAX_WAITING {
            delivery.waiting.lost += (self.monitor.flows.len() + self.monitor.dns.len()) as u64;
            self.monitor.flows.clear();
            self.monitor.dns.clear();
        } else {
            waiting.flows.extend(self.monitor.flows.drain(..));
            waiting.dns.extend(self.monitor.dns.drain(..));
        }
        self.shared.arrived.notify_one();
    }

    fn reload_if_requested(&mut self) {
        let reload = lock(&self.shared.workers[self.number].reload).take();
        if let Some(matcher) = reload {
            // What it had before is freed by the thread that waits for the change, and not by this one.
            let old = self.monitor.set_matcher(matcher);
            self.generation += 1;
            let mut delivery = lock(&self.shared.delivery);
            delivery.retired.push(old);
            delivery.switched += 1;
            self.shared.switched.notify_one();
        }
    }
}

/// Adds a ring's counters to those of its interface.
fn add_to(sums: &mut Vec<RingStatistics>, ring: &mut Ring) {
    let number = usize::from(ring.number());
    if sums.len() <= number {
        sums.resize(number + 1, RingStatistics::default());
    }
    sums[number].add_ring(ring.statistics());
}
