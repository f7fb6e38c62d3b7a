//! The bytes of a file in order, through one buffer.

use super::decompress::{decompress, Source};
use super::pipe::{Pipe, PipeReader};
use super::wakeup::Wakeup;
use std::fs::{File, OpenOptions};
use std::io::{self, Cursor, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Instant;

/// Bytes per read. A larger buffer would be slower, because it would not stay in the processor's cache
/// between the kernel's copy and the reader.
const CHUNK: usize = 256 << 10;

/// A buffered reader that returns complete records as slices.
pub(super) struct Stream {
    source: Source,
    buffer: Vec<u8>,
    /// The unread bytes of the buffer: from `start` to `end`.
    start: usize,
    end: usize,
    /// Offset of the buffer's first byte in the (decompressed) file.
    buffer_offset: u64,
    consumed: Arc<AtomicU64>,
    compressed: bool,
    error: Option<io::Error>,
    /// The source, if it may have nothing to read yet.
    pipe: Option<Arc<Pipe>>,
    /// Reading waits until there is something to read.
    is_patient: bool,
    /// The latest bytes that were wanted are not there yet.
    is_waiting: bool,
    /// More may be written after the end.
    is_growing: bool,
}

impl Stream {
    /// A stream over a file or any other reader.
    pub(super) fn new(source: impl Read + Send + Sync + 'static) -> io::Result<Self> {
        Self::with_pipe(source, None)
    }

    fn with_pipe(source: impl Read + Send + Sync + 'static, pipe: Option<Arc<Pipe>>) -> io::Result<Self> {
        let consumed = Arc::new(AtomicU64::new(0));
        let mut source = CountingReader { source, consumed: Arc::clone(&consumed) };
        let mut first = Vec::with_capacity(4);
        source.by_ref().take(4).read_to_end(&mut first)?;
        let magic = <[u8; 4]>::try_from(&first[..]).unwrap_or_default();
        let (compressed, source) = match decompress(magic, Cursor::new(first).chain(source)) {
            Ok(source) => (true, source),
            Err(source) => (false, source),
        };
        let buffer = vec![0; CHUNK];
        Ok(Self {
            source,
            buffer,
            start: 0,
            end: 0,
            buffer_offset: 0,
            consumed,
            compressed,
            error: None,
            pipe,
            is_patient: true,
            is_waiting: false,
            is_growing: false,
        })
    }

    /// True: reading waits until there is something to read. False: what is not there yet `is_waiting`.
    /// Returns how it was before.
    pub(super) fn set_patient(&mut self, is_patient: bool) -> bool {
        std::mem::replace(&mut self.is_patient, is_patient)
    }

    /// True: more may be written after the end, which is no end then.
    pub(super) fn set_growing(&mut self, is_growing: bool) {
        self.is_growing = is_growing;
    }

    /// The latest bytes that were wanted are not there yet.
    pub(super) fn is_waiting(&self) -> bool {
        self.is_waiting
    }

    /// Waits until there is more to read; false if there is not when it is `until`, or after a signal.
    pub(super) fn wait(&self, until: Instant) -> io::Result<bool> {
        self.pipe.as_ref().map_or(Ok(true), |pipe| pipe.wait(Some(until)))
    }

    /// The reading ended before the source did, as was asked for.
    pub(super) fn is_cut(&self) -> bool {
        self.pipe.as_ref().is_some_and(|pipe| pipe.is_cut())
    }

    /// The position of the next `length` bytes in `bytes`; None if the file ends, or cannot be read, before
    /// them, or if they are not there yet.
    #[inline]
    pub(super) fn ensure(&mut self, length: usize) -> Option<usize> {
        if self.end - self.start < length && !self.fill(length) {
            return None;
        }
        Some(self.start)
    }

    /// The buffer; `ensure` returns positions in it.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Consumes bytes made available by `ensure`.
    #[inline]
    pub(super) fn advance(&mut self, length: usize) {
        debug_assert!(length <= self.left());
        self.start += length;
    }

    /// Skips bytes that need not fit into the buffer; how many are left if the file ends, or cannot be read, before
    /// their end, or if they are not there yet.
    pub(super) fn skip(&mut self, length: usize) -> usize {
        let mut length = length;
        loop {
            let step = length.min(self.left());
            self.start += step;
            length -= step;
            if length == 0 || self.ensure(1).is_none() {
                return length;
            }
        }
    }

    /// Unread bytes in the buffer; after `ensure` failed, these are the rest of the file.
    pub(super) fn left(&self) -> usize {
        self.end - self.start
    }

    /// Offset of the next byte in the (decompressed) file.
    pub(super) fn offset(&self) -> u64 {
        self.buffer_offset + self.start as u64
    }

    /// Bytes read from the file itself, before decompression.
    pub(super) fn consumed(&self) -> u64 {
        self.consumed.load(Ordering::Relaxed)
    }

    /// True if the file is compressed.
    pub(super) fn is_compressed(&self) -> bool {
        self.compressed
    }

    /// The error that ended the reading; None at the regular end of the file.
    pub(super) fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    /// Reads until `length` bytes are available. The buffer grows up to the size of the largest record:
    /// callers bound `length`.
    #[cold]
    fn fill(&mut self, length: usize) -> bool {
        self.is_waiting = false;
        self.buffer.copy_within(self.start..self.end, 0);
        self.buffer_offset += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() < length {
            self.buffer.resize(length.next_multiple_of(CHUNK), 0);
        }
        while self.end < length && self.error.is_none() {
            if !self.is_patient && !self.wait(Instant::now()).unwrap_or(true) {
                self.is_waiting = true;
                return false;
            }
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.is_waiting = self.is_growing;
                    return false;
                }
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.error = Some(error),
            }
        }
        self.end >= length
    }
}

/// Counts the bytes read.
struct CountingReader<R> {
    source: R,
    consumed: Arc<AtomicU64>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.consumed.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Opens `path` ("-": standard input); its size, if it is a regular file. `wakeup` ends the waiting for a pipe.
pub(super) fn open(path: &Path, wakeup: Option<&Wakeup>) -> io::Result<(Stream, Option<u64>)> {
    let file = if path == Path::new("-") {
        File::from(io::stdin().as_fd().try_clone_to_owned()?)
    } else {
        open_at_once(path)?
    };
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(io::Error::other("is a directory"));
    }
    if about.is_file() {
        return Ok((Stream::new(file)?, Some(about.len())));
    }
    let pipe = Arc::new(Pipe::new(file, wakeup.map(Wakeup::awaited).transpose()?));
    Ok((Stream::with_pipe(PipeReader(Arc::clone(&pipe)), Some(pipe))?, None))
}

/// Opens a file, and a FIFO even if it has no writer yet.
fn open_at_once(path: &Path) -> io::Result<File> {
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let is_socket = || path.metadata().is_ok_and(|about| about.file_type().is_socket());
    match opened {
        Err(_) if is_socket() => Err(io::Error::other(format!(
            "is a socket; `socat -u UNIX-CONNECT:{} - | netmon read -` reads from it",
            path.display()
        ))),
        opened => opened,
    }
}
