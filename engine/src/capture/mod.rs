//! Where packets come from: capture files and the AF_PACKET ring. Knows no protocol.

use std::fmt;

pub mod file;
pub mod filter;
#[cfg(target_os = "linux")]
pub mod interface;
mod pcap;
mod pcapng;
mod pcapng_interface;
#[cfg(target_os = "linux")]
pub mod ring;
#[cfg(target_os = "linux")]
mod socket;
mod stream;
mod zstd;

/// One packet as captured. `bytes` may be shorter than `wire_len` (snap length).
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Nanoseconds since 1970-01-01 UTC.
    pub time_ns: u64,
    /// Link type, as registered for pcap (<https://www.tcpdump.org/linktypes.html>).
    pub link: u16,
    /// Index of the capture interface, in the source's own list.
    pub interface: u16,
    /// Length on the wire.
    pub wire_len: u32,
    /// What was kept of it.
    pub bytes: &'a [u8],
}

/// A source that cannot be opened or read, told in one line: what, where, what to do.
#[derive(Debug)]
pub struct CaptureError(pub String);

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CaptureError {}
