//! The reading of files, step by step.

use super::open_file::OpenFile;
use crate::capture::earliest::{earliest, Earliest};
use crate::capture::Packet;
use crate::monitor::Monitor;
use std::time::{Duration, Instant};

/// What a step reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileStep {
    /// Up to so many packets of one file, filtered ones included. Those of a pipe are waited for.
    Next(u64, Duration),
    /// Up to so many packets of several files in the order of their times, up to one at a time or later.
    Merged(u64, Option<u64>),
}

/// The monitor, and what was read so far.
pub struct FileReading {
    /// It gets the packets.
    pub monitor: Monitor,
    /// Capture interfaces of all files so far, by number; those of the latest file come last.
    pub interfaces: Vec<String>,
    /// Packets in all files so far: several files are one capture.
    packets: u64,
}

impl FileReading {
    /// Nothing was read so far.
    pub fn new(monitor: Monitor) -> Self {
        Self { monitor, interfaces: Vec::new(), packets: 0 }
    }

    /// Takes a step. The index of the first file that has no more, if that ended it.
    pub fn take(&mut self, step: FileStep, files: &mut [OpenFile]) -> Option<usize> {
        match (step, files) {
            (FileStep::Next(packets, wait), [file]) => self.read(file, packets, wait),
            (FileStep::Next(..), _) => None,
            (FileStep::Merged(packets, until_ns), files) => self.read_merged(files, packets, until_ns),
        }
    }

    /// True if the same step would go on with the next packets of the same files.
    pub fn goes_on(step: FileStep, files: &mut [OpenFile]) -> bool {
        match step {
            FileStep::Next(..) => files.iter().all(|one| !one.file.is_at_end()),
            FileStep::Merged(_, until_ns) => match earliest(files.iter_mut().map(|one| &mut one.file)) {
                Some(Earliest::Packet(_, time_ns)) => until_ns.is_none_or(|until_ns| time_ns < until_ns),
                Some(Earliest::Nothing(_)) | None => false,
            },
        }
    }

    fn read(&mut self, open: &mut OpenFile, packets: u64, wait: Duration) -> Option<usize> {
        let (first, earlier) = open.begin(&self.interfaces, self.packets);
        let (monitor, file) = (&mut self.monitor, &mut open.file);
        let last = file.packets().saturating_add(packets);
        let until = Instant::now() + wait;
        loop {
            while let Some(packet) = file.next_packet_within(last) {
                let interface = packet.interface.saturating_add(first);
                monitor.packet(&Packet { interface, number: earlier + packet.number, ..packet });
            }
            if file.packets() >= last || !file.is_waiting() || !file.wait(until) {
                break;
            }
        }
        self.packets = earlier + file.packets();
        self.interfaces.truncate(first.into());
        self.interfaces.extend_from_slice(file.interfaces());
        if file.interfaces().is_empty() {
            self.interfaces.push(String::new()); // pcap has no interfaces
        }
        file.is_at_end().then_some(0)
    }

    fn read_merged(&mut self, files: &mut [OpenFile], packets: u64, until_ns: Option<u64>) -> Option<usize> {
        let Self { monitor, interfaces, packets: total, .. } = self;
        let mut nothing = None;
        for _ in 0..packets {
            match earliest(files.iter_mut().map(|one| &mut one.file)) {
                Some(Earliest::Packet(_, time_ns)) if until_ns.is_some_and(|until| time_ns >= until) => break,
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
    }
}
