//! Several files as one capture: which of them has the next packet.

use super::file::CaptureFile;

/// What comes next of some files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Earliest {
    /// The packet of this file, at this time.
    Packet(usize, u64),
    /// This file has no packet: it has ended, or nothing more is there yet.
    Nothing(usize),
}

/// The file with the earliest packet, the first one of several; one without a packet, if there is any.
pub fn earliest<'f>(files: impl Iterator<Item = &'f mut CaptureFile>) -> Option<Earliest> {
    let mut found: Option<(usize, u64)> = None;
    for (at, file) in files.enumerate() {
        let Some(time_ns) = file.look_ahead() else { return Some(Earliest::Nothing(at)) };
        if found.is_none_or(|(_, before_ns)| time_ns < before_ns) {
            found = Some((at, time_ns));
        }
    }
    found.map(|(at, time_ns)| Earliest::Packet(at, time_ns))
}
