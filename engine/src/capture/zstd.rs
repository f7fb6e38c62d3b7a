//! Zstandard (RFC 8878) as a stream of bytes: all frames of a file except skippable ones.

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::error::Error;
use std::io::{self, Read};

const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// An empty last block, and a checksum that nobody looks at: with it, the decoder gives out its window.
const END_OF_FRAME: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

/// True if `magic` begins a zstd file: a frame, or a skippable frame (0x184d2a50 to 0x184d2a5f).
pub(super) fn is_zstd(magic: [u8; 4]) -> bool {
    magic == FRAME || (magic[0] & 0xf0 == 0x50 && magic[1..] == [0x2a, 0x4d, 0x18])
}

/// Decompresses a reader. The decoder limits the window size and thus the memory.
pub(super) struct Zstd<R> {
    source: R,
    decoder: FrameDecoder,
    inside_frame: bool,
    /// The file ends within the frame; told once everything before is read.
    cut: Option<io::Error>,
}

impl<R: Read> Zstd<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), inside_frame: false, cut: None }
    }

    /// Enters the next frame; false at the end of the file.
    fn begin_frame(&mut self) -> io::Result<bool> {
        loop {
            let Some(magic) = self.read_magic()? else { return Ok(false) };
            if magic == FRAME {
                self.decoder
                    .reset((&magic[..]).chain(&mut self.source))
                    .map_err(|error| unreadable(&error))?;
                return Ok(true);
            }
            if !is_zstd(magic) {
                return Err(damaged("data after the last frame"));
            }
            let mut length = [0; 4];
            self.source.read_exact(&mut length)?;
            let length = u64::from(u32::from_le_bytes(length));
            if io::copy(&mut self.source.by_ref().take(length), &mut io::sink())? < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Decodes the next block. If the file ends within it, the blocks before are the end of the frame.
    fn decode_block(&mut self) -> io::Result<()> {
        let one = || BlockDecodingStrategy::UptoBlocks(1);
        let Err(error) = self.decoder.decode_blocks(&mut self.source, one()) else { return Ok(()) };
        let error = unreadable(&error);
        if error.kind() != io::ErrorKind::UnexpectedEof || self.cut.is_some() {
            return Err(error);
        }
        self.cut = Some(error);
        self.decoder.decode_blocks(&END_OF_FRAME[..], one()).map_err(|error| unreadable(&error))?;
        Ok(())
    }

    /// The magic number of the next frame; None at the end of the file.
    fn read_magic(&mut self) -> io::Result<Option<[u8; 4]>> {
        let mut magic = [0; 4];
        loop {
            match self.source.read(&mut magic[..1]) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.source.read_exact(&mut magic[1..])?;
        Ok(Some(magic))
    }

    fn check_sum(&self) -> io::Result<()> {
        match self.decoder.get_checksum_from_data() {
            Some(sum) if self.decoder.get_calculated_checksum() != Some(sum) => {
                Err(damaged("the checksum differs"))
            }
            _ => Ok(()),
        }
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.inside_frame {
                self.inside_frame = self.begin_frame()?;
                if !self.inside_frame {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decode_block()?;
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            if let Some(error) = self.cut.take() {
                return Err(error);
            }
            self.check_sum()?;
            self.inside_frame = false;
        }
    }
}

/// The decoder's error in plain words: its own messages describe its internals, not the file.
fn unreadable(error: &(dyn Error + 'static)) -> io::Error {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    let is_short = |cause: &io::Error| cause.kind() == io::ErrorKind::UnexpectedEof;
    if causes.any(|cause| cause.downcast_ref().is_some_and(is_short)) {
        return io::Error::new(io::ErrorKind::UnexpectedEof, "incomplete zstd frame");
    }
    damaged("damaged zstd frame")
}

fn damaged(why: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_string())
}
