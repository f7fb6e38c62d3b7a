//! Steps of reading that a thread takes in a row, and what came out of each of them.

use crate::reading::{FileReading, FileStep, OpenFile};
use crate::report::flow_record::FlowRecord;
use crate::resolution::CapturedMessage;
use std::collections::VecDeque;
use std::mem::take;

/// Steps in a row at most. Where threads wait for a processor, they do so once for all of them.
const STEPS: usize = 4;

/// What was read of a file at a time.
#[derive(Clone, Copy, Default)]
pub struct Seen {
    pub position: u64,
    pub packets: u64,
    pub next_ns: Option<u64>,
    pub first_ns: Option<u64>,
    pub last_ns: Option<u64>,
}

impl Seen {
    fn of(open: &mut OpenFile, step: FileStep) -> Self {
        let next_ns = match step {
            FileStep::Next(..) => None,
            FileStep::Merged(..) => open.file.look_ahead(),
        };
        let (position, packets) = (open.file.position(), open.file.packets());
        Self { position, packets, next_ns, first_ns: open.first_ns, last_ns: open.last_ns }
    }
}

/// What came out of a step.
pub struct StepResults {
    /// The index of the first file that has no more, if that ended it.
    pub ended: Option<usize>,
    /// Flows.
    pub flows: Vec<FlowRecord>,
    /// DNS messages.
    pub dns: Vec<CapturedMessage>,
    /// The capture interfaces until then.
    pub interfaces: Vec<String>,
    /// What was read of each file until then.
    pub seen: Vec<Seen>,
}

/// Steps in a row, and what they need.
pub struct Job {
    /// The steps, all alike.
    step: FileStep,
    /// The monitor that gets the packets.
    pub reading: Box<FileReading>,
    /// The files that are read.
    pub files: Vec<OpenFile>,
    /// The results of the steps that were taken.
    pub results: VecDeque<StepResults>,
    /// There is more to read in the same way.
    pub goes_on: bool,
}

impl Job {
    /// No step was taken.
    pub fn new(step: FileStep, reading: Box<FileReading>, files: Vec<OpenFile>) -> Self {
        Self { step, reading, files, results: VecDeque::new(), goes_on: true }
    }

    /// What was read of each file.
    pub fn seen(&mut self) -> Vec<Seen> {
        self.files.iter_mut().map(|file| Seen::of(file, self.step)).collect()
    }

    /// Takes steps until there is no more, or nothing more is there yet.
    pub fn take_steps(&mut self) {
        self.goes_on = true;
        while self.goes_on && self.results.len() < STEPS {
            let ended = self.reading.take(self.step, &mut self.files);
            self.goes_on = FileReading::goes_on(self.step, &mut self.files);
            let seen = self.seen();
            let is_waiting = self.files.iter().any(|one| one.file.is_waiting());
            self.results.push_back(StepResults {
                ended,
                flows: take(&mut self.reading.monitor.flows),
                dns: take(&mut self.reading.monitor.dns),
                interfaces: self.reading.interfaces.clone(),
                seen,
            });
            if is_waiting {
                break; // what was read is wanted now
            }
        }
    }
}
