//! LDAP messages that a client may send before TLS begins inside its stream (RFC 4511, 4.14).

use super::cursor::Cursor;
use super::preamble::Step;
use super::Progress;

/// The tag that every message begins with: the digit 0 in ASCII, too.
pub(super) const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 2;
/// A search: of the root, for what the server can.
const SEARCH_REQUEST: u8 = 0x63;
const EXTENDED_REQUEST: u8 = 0x77;
/// The name of an extended request.
const REQUEST_NAME: u8 = 0x80;
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
/// A message that is longer is not waited for.
const MAX_MESSAGE_BYTES: usize = 4096;

/// True if a stream that begins with `bytes` may begin with a message, as far as it is there.
pub(super) fn may_be_message(bytes: &[u8]) -> bool {
    let id_at = match bytes.get(1) {
        None => return true,
        Some(0x81) => 3,
        Some(0x82) => 4,
        Some(0x84) => 6,
        Some(length) if *length < 0x80 => 2,
        Some(_) => return false,
    };
    bytes.get(id_at).is_none_or(|&tag| tag == INTEGER)
}

/// A request for TLS, or one that may come before it, at the beginning of a stream that `may_be_message`.
pub(super) fn parse_request(stream: &[u8]) -> Progress<Option<Step>> {
    let mut cursor = Cursor::new(stream);
    let Some((_, length)) = read_header(&mut cursor) else { return Progress::NeedMore };
    if length > MAX_MESSAGE_BYTES {
        return Progress::Parsed(None);
    }
    let header = stream.len() - cursor.rest().len();
    let Ok(message) = cursor.take(length) else { return Progress::NeedMore };
    let step = is_before_tls(message).then(|| Step::prelude(header + length));
    Progress::Parsed(step)
}

fn is_before_tls(message: &[u8]) -> bool {
    let mut cursor = Cursor::new(message);
    let Some((INTEGER, _)) = read_element(&mut cursor) else { return false };
    match read_header(&mut cursor) {
        Some((SEARCH_REQUEST, _)) => true,
        Some((EXTENDED_REQUEST, _)) => read_element(&mut cursor) == Some((REQUEST_NAME, START_TLS)),
        _ => false,
    }
}

/// Tag and length of an element in the definite form (X.690, 8.1.3).
fn read_header(cursor: &mut Cursor<'_>) -> Option<(u8, usize)> {
    let tag = cursor.u8().ok()?;
    let length = match cursor.u8().ok()? {
        short @ 0..=0x7f => usize::from(short),
        0x81 => usize::from(cursor.u8().ok()?),
        0x82 => usize::from(cursor.u16().ok()?),
        0x84 => cursor.u32().ok()? as usize,
        _ => return None,
    };
    Some((tag, length))
}

fn read_element<'a>(cursor: &mut Cursor<'a>) -> Option<(u8, &'a [u8])> {
    let (tag, length) = read_header(cursor)?;
    Some((tag, cursor.take(length).ok()?))
}
