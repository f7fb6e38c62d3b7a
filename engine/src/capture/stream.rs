//! Bytes of a file in order, through one buffer: plain, gzip or zstd, told by their first bytes.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

/// Bytes read at a time.
const CHUNK: usize = 1 << 20;

/// A buffered reader that gives whole records as slices.
pub struct Stream {
    source: Box<dyn Read + Send + Sync>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset of `start` in the (decompressed) file.
    offset: u64,
    consumed: Arc<AtomicU64>,
    error: Option<io::Error>,
}

impl Stream {
    /// Over a file or any other reader.
    pub fn new(source: impl Read + Send + Sync + 'static) -> io::Result<Self> {
        let consumed = Arc::new(AtomicU64::new(0));
        let mut source = Counted { source, consumed: Arc::clone(&consumed) };
        let mut magic = [0; 4];
        let mut have = 0;
        while have < magic.len() {
            match source.read(&mut magic[have..])? {
                0 => break,
                read => have += read,
            }
        }
        let whole = Cursor::new(magic).take(have as u64).chain(source);
        let source: Box<dyn Read + Send + Sync> = match &magic[..have] {
            [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(whole)),
            [0x28, 0xb5, 0x2f, 0xfd] => Box::new(
                ruzstd::decoding::StreamingDecoder::new(whole)
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?,
            ),
            _ => Box::new(whole),
        };
        let buffer = vec![0; CHUNK];
        Ok(Self { source, buffer, start: 0, end: 0, offset: 0, consumed, error: None })
    }

    /// Where the next `length` bytes stand in `bytes`; None if the file ends (or breaks) before.
    #[inline]
    pub fn ensure(&mut self, length: usize) -> Option<usize> {
        if self.end - self.start < length && !self.fill(length) {
            return None;
        }
        Some(self.start)
    }

    /// The buffer that `ensure` speaks of.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Steps over bytes that `ensure` has promised.
    #[inline]
    pub fn advance(&mut self, length: usize) {
        let length = length.min(self.end - self.start);
        self.start += length;
        self.offset += length as u64;
    }

    /// Bytes that are left before the end of a broken file.
    pub fn left(&self) -> usize {
        self.end - self.start
    }

    /// Offset of the next byte in the (decompressed) file.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes read from the file itself, compressed as they are.
    pub fn consumed(&self) -> u64 {
        self.consumed.load(Ordering::Relaxed)
    }

    /// Why the reading broke off, if not at the end of the file.
    pub fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    #[cold]
    fn fill(&mut self, length: usize) -> bool {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() < length {
            self.buffer.resize(length.next_multiple_of(CHUNK), 0);
        }
        while self.end < length {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => return false,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.error = Some(error);
                    return false;
                }
            }
        }
        true
    }
}

/// Counts what is read.
struct Counted<R> {
    source: R,
    consumed: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.consumed.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Opens `path`; "-" is standard input. With its size, where it has one.
pub fn open(path: &str) -> io::Result<(Stream, Option<u64>)> {
    if path == "-" {
        return Ok((Stream::new(io::stdin())?, None));
    }
    let file = File::open(path)?;
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(io::Error::other("it is a directory"));
    }
    let size = about.is_file().then_some(about.len());
    Ok((Stream::new(file)?, size))
}
