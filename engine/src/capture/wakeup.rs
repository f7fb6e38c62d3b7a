//! What ends the waiting for a pipe: a signal, whose handler writes a byte.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

/// A pair of sockets: what is written to one of them ends every wait for a pipe, once and for all.
#[derive(Debug)]
pub struct Wakeup {
    written: UnixStream,
    awaited: UnixStream,
}

impl Wakeup {
    /// Nothing was written yet.
    ///
    /// # Errors
    ///
    /// The process has too many open files.
    pub fn new() -> io::Result<Self> {
        let (written, awaited) = UnixStream::pair()?;
        written.set_nonblocking(true)?; // a signal handler must not wait
        Ok(Self { written, awaited })
    }

    /// Where a signal handler writes to.
    pub fn descriptor(&self) -> RawFd {
        self.written.as_raw_fd()
    }

    /// What becomes readable then.
    pub(super) fn awaited(&self) -> io::Result<UnixStream> {
        self.awaited.try_clone()
    }
}
