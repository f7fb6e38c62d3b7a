//! What may have nothing to read yet: a pipe, a FIFO, a socket, a terminal.

use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Once its end was asked for, a pipe is read for this long: in a pipeline the same signal ends the writer, which then
/// writes what it still has.
const LAST_CALL: Duration = Duration::from_secs(1);

/// A source that is waited for.
#[derive(Debug)]
pub(super) struct Pipe {
    file: File,
    /// It becomes readable when the end is asked for.
    wakeup: Option<UnixStream>,
    /// When the reading ends, since its end was asked for.
    ends_at: OnceLock<Instant>,
    is_cut: AtomicBool,
}

impl Pipe {
    /// A source, and what asks for its end.
    pub(super) fn new(file: File, wakeup: Option<UnixStream>) -> Self {
        Self { file, wakeup, ends_at: OnceLock::new(), is_cut: AtomicBool::new(false) }
    }

    /// The reading ended before the source did, as was asked for.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Relaxed)
    }

    /// Waits until a read would not wait. False once it is `until`, or after a signal.
    pub(super) fn wait(&self, until: Option<Instant>) -> io::Result<bool> {
        loop {
            let now = Instant::now();
            let ends_at = self.ends_at.get().copied();
            if ends_at.is_some_and(|at| at <= now) {
                self.is_cut.store(true, Ordering::Relaxed);
                return Ok(true);
            }
            let wakes_at = [until, ends_at].into_iter().flatten().min();
            let timeout = wakes_at.map(|at| at.saturating_duration_since(now)).map(timespec);
            // What asks for the end stays readable.
            let wakeup = self.wakeup.as_ref().filter(|_| ends_at.is_none());
            let (is_ready, is_woken) = match self.poll(wakeup, timeout) {
                Err(Errno::INTR) if wakeup.is_some() => continue,
                Err(Errno::INTR) => return Ok(false),
                polled => polled?,
            };
            if is_woken {
                let _ = self.ends_at.set(Instant::now() + LAST_CALL);
            }
            if is_ready {
                return Ok(true);
            }
            if until.is_some_and(|until| until <= Instant::now()) {
                return Ok(false);
            }
        }
    }

    /// Whether the source is readable, and whether its end was asked for.
    fn poll(&self, wakeup: Option<&UnixStream>, timeout: Option<Timespec>) -> Result<(bool, bool), Errno> {
        let mut source = PollFd::new(&self.file, PollFlags::IN);
        let Some(wakeup) = wakeup else {
            return Ok((poll(std::slice::from_mut(&mut source), timeout.as_ref())? > 0, false));
        };
        let mut both = [source, PollFd::new(wakeup, PollFlags::IN)];
        poll(&mut both, timeout.as_ref())?;
        let [is_ready, is_woken] = both.map(|one| !one.revents().is_empty());
        Ok((is_ready, is_woken))
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: duration.as_secs().try_into().unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}

/// Reads a pipe, and waits for it.
pub(super) struct PipeReader(pub(super) Arc<Pipe>);

impl Read for PipeReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.0.wait(None)? {
                return Err(io::Error::other("interrupted"));
            }
            if self.0.is_cut() {
                return Ok(0);
            }
            match (&self.0.file).read(buffer) {
                // Others read from it as well.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
    }
}
