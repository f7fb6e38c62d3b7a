//! The first handshake message of a TLS stream, joined from any number of records (RFC 8446, 5.1).

use crate::wire::bytes::cursor::Cursor;
use crate::wire::bytes::parse::Malformed;
use std::borrow::Cow;

/// Content type of a handshake record.
pub(super) const HANDSHAKE: u8 = 22;

/// The error for a record of another type.
pub(super) const OTHER_RECORD: Malformed = Malformed("record_type");

/// Maximum length of the plaintext in a record.
const MAX_RECORD: usize = 1 << 14;

/// Length of a handshake message's header: type and length.
const MESSAGE_HEADER: usize = 4;

/// True for a record that never begins a stream: change_cipher_spec, alert, application data.
pub fn is_record_in_mid_stream(bytes: &[u8]) -> bool {
    matches!(bytes, [20 | 21 | 23, 3, 0..=4, ..])
}

/// The handshake bytes at the beginning of `stream`, up to the end of the record that completes the first
/// message, the end of the stream, or the first error.
pub(super) fn join_records(stream: &[u8]) -> (Cow<'_, [u8]>, Option<Malformed>) {
    join_records_until(stream, first_message_is_complete)
}

/// The handshake bytes at the beginning of `stream`, record by record until `is_enough` is true for them, the
/// stream ends, or an error occurs.
pub(super) fn join_records_until(
    stream: &[u8],
    is_enough: impl Fn(&[u8]) -> bool,
) -> (Cow<'_, [u8]>, Option<Malformed>) {
    let mut joined = Cow::Borrowed(&[][..]);
    let mut cursor = Cursor::new(stream);
    while !is_enough(&joined) {
        match read_fragment(&mut cursor) {
            Ok(Some(fragment)) if joined.is_empty() => joined = Cow::Borrowed(fragment),
            Ok(Some(fragment)) => joined.to_mut().extend_from_slice(fragment),
            Ok(None) => break,
            Err(error) => return (joined, Some(error)),
        }
    }
    (joined, None)
}

fn first_message_is_complete(handshake: &[u8]) -> bool {
    match split_message(handshake) {
        Some((_, length, body)) => body.len() >= length,
        None => false,
    }
}

/// Type and length of a handshake message, and the bytes after its header; None if the header is incomplete.
pub(super) fn split_message(handshake: &[u8]) -> Option<(u8, usize, &[u8])> {
    let (&[kind, a, b, c], body) = handshake.split_first_chunk::<MESSAGE_HEADER>()?;
    let length = u32::from_be_bytes([0, a, b, c]) as usize;
    Some((kind, length, body))
}

/// The available bytes of the next record's fragment; None if the stream ends before it.
fn read_fragment<'a>(cursor: &mut Cursor<'a>) -> Result<Option<&'a [u8]>, Malformed> {
    let header = cursor.rest();
    let at = |index: usize| header.get(index).copied();
    if at(0).is_some_and(|byte| byte != HANDSHAKE) {
        return Err(OTHER_RECORD);
    }
    if at(1).is_some_and(|byte| byte != 3) || at(2).is_some_and(|byte| byte > 4) {
        return Err(Malformed("record_version"));
    }
    let Ok([_, _, _, high, low]) = cursor.array::<5>() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    // A handshake record must not be empty, so every record makes progress.
    if length == 0 || length > MAX_RECORD {
        return Err(Malformed("record_length"));
    }
    let available = length.min(cursor.rest().len());
    Ok(cursor.take(available).ok().filter(|bytes| !bytes.is_empty()))
}
