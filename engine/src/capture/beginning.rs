//! Whether a file is a capture, and when it begins, so that the files of one that was rotated are read in their order.

use super::capture_error::CaptureError;
use super::file::{describe, is_capture_header, CaptureFile};
use super::pcap::FILE_HEADER;
use super::stream;
use std::io;
use std::path::Path;

/// Packets that are looked at: one of three may have a wrong time.
const LOOKED_AT: usize = 3;

/// The times of a capture file's first packets, in nanoseconds since 1970, sorted; empty if there are no packets.
///
/// # Errors
///
/// The file cannot be opened, or is not a capture.
pub fn first_times_ns(path: &Path) -> Result<Vec<u64>, CaptureError> {
    let mut file = CaptureFile::open(path, None)?;
    let mut times = Vec::with_capacity(LOOKED_AT);
    while let Some(packet) = file.next_packet_within(LOOKED_AT as u64) {
        times.push(packet.time_ns);
    }
    times.sort_unstable();
    Ok(times)
}

/// True if a file begins as a capture does, of any format, also compressed.
///
/// # Errors
///
/// The file cannot be read, or its compression is damaged.
pub fn is_capture(path: &Path) -> Result<bool, CaptureError> {
    let failed = |error: &io::Error| CaptureError(format!("{}: {}", path.display(), describe(error)));
    let (mut stream, _) = stream::open(path, None).map_err(|error| failed(&error))?;
    let _ = stream.ensure(FILE_HEADER);
    if let Some(error) = stream.error() {
        return Err(failed(error));
    }
    let start = stream.ensure(0).unwrap_or(0);
    Ok(is_capture_header(&stream.bytes()[start..start + stream.left()]))
}
