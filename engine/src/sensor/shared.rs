//! What the threads of a sensor share.

use crate::capture::ring::{Ring, RingStatistics};
use crate::counters::tally::Tally;
use crate::report::flow_record::FlowRecord;
use crate::resolution::CapturedMessage;
use crate::tag::Matcher;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Barrier, Condvar, Mutex, MutexGuard, PoisonError};

/// Records that wait to be collected.
#[derive(Default)]
pub struct Waiting {
    /// Flows.
    pub flows: Vec<FlowRecord>,
    /// DNS messages.
    pub dns: Vec<CapturedMessage>,
    /// Records that were dropped.
    pub(super) lost: u64,
    /// Why a worker ended.
    pub(super) failed: Option<String>,
}

impl Waiting {
    /// Takes all records.
    pub(super) fn take(&mut self) -> Self {
        Self {
            flows: std::mem::take(&mut self.flows),
            dns: std::mem::take(&mut self.dns),
            lost: self.lost,
            failed: None,
        }
    }
}

/// What one worker publishes about itself.
#[derive(Clone, Default)]
pub(super) struct Status {
    pub(super) tally: Tally,
    /// The counters of its rings by interface number, of those that were closed as well.
    pub(super) rings: Vec<RingStatistics>,
    pub(super) turns: u64,
}

/// What is known of a monitored interface.
#[derive(Clone, Debug, Default)]
pub struct PortStatus {
    /// Its name.
    pub name: String,
    /// Why it is not captured, and what to do; None if it is.
    pub problem: Option<String>,
    /// How often its capture was interrupted.
    pub interruptions: u64,
    /// Packets that it dropped before any ring saw them.
    pub dropped: u64,
}

/// A change of a worker's rings.
pub(super) enum Change {
    /// Read this one as well.
    Add(Ring),
    /// Give up the one of this interface number, after what has arrived is read.
    Remove(u16),
}

/// A change of signatures: the worker delivers its records, then waits until they are collected.
#[derive(Clone)]
pub(super) struct Reload {
    pub(super) matcher: Arc<Matcher>,
    pub(super) delivered: Arc<Barrier>,
    pub(super) collected: Arc<Barrier>,
}

/// What a worker and the rest of the sensor share.
#[derive(Default)]
pub(super) struct WorkerSlot {
    pub(super) status: Mutex<Status>,
    pub(super) reload: Mutex<Option<Reload>>,
    pub(super) changes: Mutex<Vec<Change>>,
}

/// What all threads share.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) stop: AtomicBool,
    pub(super) waiting: Mutex<Waiting>,
    pub(super) arrived: Condvar,
    pub(super) workers: Vec<WorkerSlot>,
    /// By interface number.
    pub(super) ports: Mutex<Vec<PortStatus>>,
    /// Interfaces that match a pattern and are not monitored.
    pub(super) unmonitored: AtomicU64,
    /// How often the interfaces were looked at.
    pub(super) looks: AtomicU64,
}

/// The protected value is consistent after every statement, even if a holder of the lock panicked.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
