//! A capture file that is read, and the numbers of its packets and interfaces among those of several files.

use crate::capture::file::CaptureFile;
use crate::capture::Packet;

/// A capture file, and what was read of it.
pub struct OpenFile {
    /// The file.
    pub file: CaptureFile,
    /// The numbers that its interfaces have among those of all files.
    numbers: Vec<u16>,
    /// Packets of it that were counted in all files.
    counted: u64,
    /// If it is read alone: the number of its first interface, and of packets in all files before it.
    begins: Option<(u16, u64)>,
    /// Time of the first packet that was passed on.
    pub first_ns: Option<u64>,
    /// Time of the latest one.
    pub last_ns: Option<u64>,
}

impl OpenFile {
    /// A file that nothing was read of.
    pub fn new(file: CaptureFile) -> Self {
        Self { file, numbers: Vec::new(), counted: 0, begins: None, first_ns: None, last_ns: None }
    }

    /// Its interfaces are those of an earlier file of the same capture.
    pub fn continues(&mut self, earlier: &Self) {
        self.numbers.clone_from(&earlier.numbers);
    }

    /// The number of its first interface, and of the packets before it. Fixed at the first call, because a pipe may be
    /// polled often before its first packet.
    pub fn begin(&mut self, interfaces: &[String], packets: u64) -> (u16, u64) {
        *self.begins.get_or_insert((interfaces.len().try_into().unwrap_or(u16::MAX), packets))
    }

    /// Passes on the packet that was looked at, with its number and interface among those of all files.
    pub fn pass_on(
        &mut self,
        interfaces: &mut Vec<String>,
        total: &mut u64,
        process: impl FnOnce(&Packet<'_>),
    ) {
        let read = self.file.packets();
        let Some(packet) = self.file.take_ahead() else { return };
        *total += read - self.counted;
        self.counted = read;
        self.last_ns = Some(packet.time_ns);
        self.first_ns = self.first_ns.or(self.last_ns);
        let own = usize::from(packet.interface);
        while self.numbers.len() <= own {
            self.numbers.push(interfaces.len().try_into().unwrap_or(u16::MAX));
            if interfaces.len() < usize::from(u16::MAX) {
                interfaces.push(String::new());
            }
        }
        process(&Packet { interface: self.numbers[own], number: *total, ..packet });
    }

    /// Enters the names of its interfaces.
    pub fn name_interfaces(&self, interfaces: &mut [String]) {
        for (number, name) in self.numbers.iter().zip(self.file.interfaces()) {
            if let Some(entered) = interfaces.get_mut(usize::from(*number)).filter(|entered| *entered != name)
            {
                entered.clone_from(name);
            }
        }
    }
}
