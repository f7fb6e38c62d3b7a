//! Compressed files, recognised by their first bytes. Every decoder is bounded in memory, whatever a file claims.

use super::zstd::{is_zstd, Zstd};
use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder;
use lzma_rust2::{Action, Status, XzStream};
use std::io::{self, BufRead, BufReader, Read};

/// Compressed bytes per read.
const COMPRESSED_CHUNK: usize = 64 << 10;
/// Compressed bytes of an xz file that are decoded together: what they give is lost if they are damaged.
const XZ_PIECE: usize = 1 << 10;
/// Memory for one xz file in KiB: `xz -9` needs 65 MiB.
const MAX_XZ_KIB: u32 = 100 << 10;

/// What the decompressed bytes are read from.
pub(super) type Source = Box<dyn Read + Send + Sync>;

/// The decompressed bytes of a file that begins with `magic`; the file itself, if it is not compressed.
pub(super) fn decompress(magic: [u8; 4], file: impl Read + Send + Sync + 'static) -> Result<Source, Source> {
    let buffered = |file| BufReader::with_capacity(COMPRESSED_CHUNK, file);
    Ok(match magic {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(buffered(file))),
        [b'B', b'Z', b'h', b'1'..=b'9'] => Box::new(Bzip2(MultiBzDecoder::new(buffered(file)))),
        [0xfd, b'7', b'z', b'X'] => Box::new(Xz::new(buffered(file))),
        [0x04, 0x22, 0x4d, 0x18] | [0x02, 0x21, 0x4c, 0x18] => {
            Box::new(Lz4(FrameDecoder::new(buffered(file))))
        }
        magic if is_zstd(magic) => Box::new(Zstd::new(buffered(file))),
        _ => return Err(Box::new(file)),
    })
}

/// A bzip2 file.
struct Bzip2<R>(MultiBzDecoder<R>);

impl<R: BufRead> Read for Bzip2<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(in_words)
    }
}

/// An xz file. Of one that is cut, everything is read that the bytes before the cut give, but for the last 19: so many
/// the decoder looks ahead.
struct Xz<R> {
    source: R,
    decoder: XzStream,
    /// The file is damaged or cut; told once everything before is read.
    error: Option<io::Error>,
}

impl<R: BufRead> Xz<R> {
    fn new(source: R) -> Self {
        Self { source, decoder: XzStream::new_mem_limit(true, MAX_XZ_KIB), error: None }
    }

    /// Decodes some of the file; the number of bytes, and true if there will be more.
    fn step(&mut self, buffer: &mut [u8]) -> io::Result<(usize, bool)> {
        let input = self.source.fill_buf()?;
        let input = &input[..input.len().min(XZ_PIECE)];
        let action = if input.is_empty() { Action::Finish } else { Action::Run };
        let before = self.decoder.total_out();
        match self.decoder.process(input, buffer, action) {
            Ok(step) => {
                self.source.consume(step.bytes_consumed);
                Ok((step.bytes_produced, step.status == Status::Ok))
            }
            Err(error) => {
                self.error = Some(error);
                Ok(((self.decoder.total_out() - before) as usize, true))
            }
        }
    }
}

impl<R: BufRead> Read for Xz<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(error) = self.error.take() {
                return Err(xz_in_words(error));
            }
            let (read, has_more) = self.step(buffer)?;
            if read > 0 || !has_more || buffer.is_empty() {
                return Ok(read);
            }
        }
    }
}

fn xz_in_words(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::OutOfMemory => io::Error::other(
            "it needs more than 100 MiB to be decompressed; `xz -dc FILE | netmon read -` does so",
        ),
        _ => in_words(error),
    }
}

/// The error of a decoder; that of a short read in the words of the other decoders.
fn in_words(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => io::Error::new(error.kind(), "unexpected end of file"),
        _ => error,
    }
}

/// An lz4 file of any number of frames.
struct Lz4<R: BufRead>(FrameDecoder<R>);

impl<R: BufRead> Read for Lz4<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.0.read(buffer).map_err(in_words)?;
            if read > 0 || buffer.is_empty() || self.0.get_mut().fill_buf()?.is_empty() {
                return Ok(read);
            }
        }
    }
}
