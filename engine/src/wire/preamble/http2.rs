//! The authority in the first request of an HTTP/2 connection with prior knowledge (RFC 9113, 3.3).

use super::hpack::Headers;
use super::step::{Step, StepKind};
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::host::host_name;
use crate::wire::bytes::parse::{Malformed, Parse, Progress};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A request beyond this is not waited for.
const MAX_BYTES: usize = 32_768;
/// The maximum before a server has allowed more (RFC 9113, 6.5.2).
const MAX_FRAME: usize = 16_384;

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 32;

const BAD: Malformed = Malformed("http2");

/// True if a stream that begins with `bytes` may begin with the connection preface.
pub(super) fn may_be_preface(bytes: &[u8]) -> bool {
    bytes.iter().zip(PREFACE).all(|(byte, expected)| byte == expected)
}

/// True for a stream that begins with the connection preface.
pub(super) fn is_preface(bytes: &[u8]) -> bool {
    bytes.starts_with(PREFACE)
}

/// The first request in a stream that `may_be_preface`.
///
/// # Errors
///
/// The first frame or header field that is malformed, or a name that no host can have.
pub(super) fn parse(stream: &[u8]) -> Parse<Option<Step>> {
    let window = &stream[..stream.len().min(MAX_BYTES)];
    match find_request(window)? {
        Progress::NeedMore if window.len() == MAX_BYTES => step(&Headers::default()),
        Progress::NeedMore => Ok(Progress::NeedMore),
        Progress::Parsed(block) => step(&Headers::read(&block)?),
    }
}

fn step(headers: &Headers) -> Parse<Option<Step>> {
    let host = host_name(headers.authority())?;
    let kind = if headers.is_connect { StepKind::ProxyRequest } else { StepKind::Request };
    Ok(Progress::Parsed(Some(Step { length: PREFACE.len(), host, kind })))
}

/// The field block of the first request: that of a HEADERS frame and the CONTINUATION frames after it.
fn find_request(stream: &[u8]) -> Parse<Vec<u8>> {
    let mut cursor = Cursor::new(stream.get(PREFACE.len()..).unwrap_or_default());
    let mut expected = Some(SETTINGS);
    let mut block = Vec::new();
    loop {
        let frame = match read_frame(&mut cursor, expected)? {
            Progress::Parsed(frame) => frame,
            Progress::NeedMore => return Ok(Progress::NeedMore),
        };
        expected = None;
        if matches!(frame.kind, HEADERS | CONTINUATION) {
            block.extend_from_slice(frame.fragment()?);
            if frame.flags & END_HEADERS != 0 {
                return Ok(Progress::Parsed(block));
            }
            expected = Some(CONTINUATION);
        }
    }
}

struct Frame<'a> {
    kind: u8,
    flags: u8,
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The part of a field block in a HEADERS or CONTINUATION frame.
    fn fragment(&self) -> Result<&'a [u8], Malformed> {
        let has = |flag: u8| self.kind == HEADERS && self.flags & flag != 0;
        let mut cursor = Cursor::new(self.payload);
        let mut read = || {
            let padding = if has(PADDED) { usize::from(cursor.u8()?) } else { 0 };
            cursor.take(if has(PRIORITY) { 5 } else { 0 })?;
            let length = cursor.rest().len().checked_sub(padding).ok_or(Short)?;
            cursor.take(length)
        };
        read().map_err(|_| BAD)
    }
}

/// The next frame, which must be of the `expected` kind.
fn read_frame<'a>(cursor: &mut Cursor<'a>, expected: Option<u8>) -> Parse<Frame<'a>> {
    let mut ahead = *cursor;
    let header = (ahead.u24(), ahead.u8(), ahead.u8(), ahead.u32());
    let (Ok(length), Ok(kind), Ok(flags), Ok(_stream)) = header else {
        return Ok(Progress::NeedMore);
    };
    let length = length as usize;
    let is_out_of_place = match expected {
        Some(expected) => kind != expected,
        None => kind == CONTINUATION,
    };
    if length > MAX_FRAME || is_out_of_place {
        return Err(BAD);
    }
    let Ok(payload) = ahead.take(length) else { return Ok(Progress::NeedMore) };
    *cursor = ahead;
    Ok(Progress::Parsed(Frame { kind, flags, payload }))
}
