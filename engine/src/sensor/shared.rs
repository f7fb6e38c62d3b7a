//! What the threads of a sensor share.

use crate::capture::ring::{Ring, RingStatistics};
use crate::counters::tally::Tally;
use crate::report::flow_record::FlowRecord;
use crate::resolution::CapturedMessage;
use crate::tag::Matcher;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Records that wait to be collected.
#[derive(Default)]
pub struct Waiting {
    /// Flows.
    pub flows: VecDeque<FlowRecord>,
    /// DNS messages.
    pub dns: VecDeque<CapturedMessage>,
    /// Records that were dropped.
    pub(super) lost: u64,
    /// Why a worker ended.
    pub(super) failed: Option<String>,
}

impl Waiting {
    /// Takes the oldest records: at most so many flows, and as many DNS messages.
    pub(super) fn take(&mut self, most: usize) -> Self {
        Self {
            flows: take_oldest(&mut self.flows, most),
            dns: take_oldest(&mut self.dns, most),
            lost: self.lost,
            failed: None,
        }
    }

    /// Takes all records.
    pub(super) fn take_all(&mut self) -> Self {
        self.take(usize::MAX)
    }
}

fn take_oldest<T>(queue: &mut VecDeque<T>, most: usize) -> VecDeque<T> {
    if queue.len() <= most {
        return std::mem::take(queue);
    }
    queue.drain(..most).collect()
}

/// What the workers have delivered. One that has the next signatures does not wait for those that have not.
#[derive(Default)]
pub(super) struct Delivery {
    /// Made with the current signatures.
    pub(super) waiting: Waiting,
    /// Made with the next ones.
    pub(super) ahead: Waiting,
    /// How often the signatures were replaced.
    pub(super) generation: u64,
    /// Workers that have the next ones.
    pub(super) switched: usize,
    /// The signatures that these had before.
    pub(super) retired: Vec<Arc<Matcher>>,
}

impl Delivery {
    /// The records that wait with those of a worker whose signatures are of a generation.
    pub(super) fn of(&mut self, generation: u64) -> &mut Waiting {
        if generation > self.generation {
            &mut self.ahead
        } else {
            &mut self.waiting
        }
    }

    /// Ends a change of signatures; the records that were made with the old ones.
    pub(super) fn change(&mut self) -> Waiting {
        let old = self.waiting.take_all();
        (self.waiting.flows, self.waiting.dns) =
            (std::mem::take(&mut self.ahead.flows), std::mem::take(&mut self.ahead.dns));
        (self.generation, self.switched) = (self.generation + 1, 0);
        old
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
    /// Why the sensor's sieve is not used on it; None if it is, or if there is none.
    pub unsieved: Option<&'static str>,
}

/// A change of a worker's rings.
pub(super) enum Change {
    /// Read this one as well.
    Add(Ring),
    /// Give up the one of this interface number, after what has arrived is read.
    Remove(u16),
}

/// What a worker and the rest of the sensor share.
#[derive(Default)]
pub(super) struct WorkerSlot {
    pub(super) status: Mutex<Status>,
    /// The next signatures.
    pub(super) reload: Mutex<Option<Arc<Matcher>>>,
    pub(super) changes: Mutex<Vec<Change>>,
}

/// What all threads share.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) stop: AtomicBool,
    pub(super) delivery: Mutex<Delivery>,
    pub(super) arrived: Condvar,
    /// A worker has the next signatures.
    pub(super) switched: Condvar,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_taken_and_the_rest_is_left() {
        let mut queue: VecDeque<_> = (0..5).collect();
        let taken = [2, 2, 2, 2].map(|most| Vec::from(take_oldest(&mut queue, most)));
        assert_eq!(taken, [vec![0, 1], vec![2, 3], vec![4], vec![]]);
    }
}
