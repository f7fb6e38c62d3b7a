//! LDAP messages that a client may send before StartTLS (RFC 4511, 4.14).

use super::step::Step;
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::der::{read, read_element, read_header, INTEGER, OCTET_STRING};
use crate::wire::bytes::parse::Progress;

/// A bind; only an anonymous one precedes TLS.
const BIND_REQUEST: u8 = 0x60;
/// A password in a bind.
const SIMPLE: u8 = 0x80;
/// A search of the root DSE for the capabilities of the server.
const SEARCH_REQUEST: u8 = 0x63;
const EXTENDED_REQUEST: u8 = 0x77;
/// The name of an extended request.
const REQUEST_NAME: u8 = 0x80;
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
/// A longer message is not waited for.
const MAX_MESSAGE_BYTES: usize = 4096;

/// True if a stream that begins with `bytes` may begin with a message.
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

/// A StartTLS request, or one that may precede it, at the beginning of a stream that `may_be_message`.
pub(super) fn parse_request(stream: &[u8]) -> Progress<Option<Step>> {
    let mut cursor = Cursor::new(stream);
    let Ok((_, length)) = read_header(&mut cursor) else { return Progress::NeedMore };
    if length > MAX_MESSAGE_BYTES {
        return Progress::Parsed(None);
    }
    let header = stream.len() - cursor.rest().len();
    let Ok(message) = cursor.take(length) else { return Progress::NeedMore };
    let is_step = is_before_tls(message).unwrap_or(false);
    Progress::Parsed(is_step.then(|| Step::prelude(header + length)))
}

fn is_before_tls(message: &[u8]) -> Result<bool, Short> {
    let mut cursor = Cursor::new(message);
    read(&mut cursor, INTEGER)?;
    match read_header(&mut cursor)? {
        (BIND_REQUEST, _) => is_anonymous(&mut cursor),
        (SEARCH_REQUEST, _) => Ok(true),
        (EXTENDED_REQUEST, _) => Ok(read_element(&mut cursor)? == (REQUEST_NAME, START_TLS)),
        _ => Ok(false),
    }
}

/// True for a bind without a password (RFC 4513, 5.1.1 and 5.1.2).
fn is_anonymous(bind: &mut Cursor<'_>) -> Result<bool, Short> {
    read(bind, INTEGER)?; // the version
    read(bind, OCTET_STRING)?; // the name
    Ok(read_element(bind)? == (SIMPLE, &[]))
}
