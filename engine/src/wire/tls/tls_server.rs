//! The certificate of a TLS server, which is in clear up to TLS 1.2 (RFC 5246, 7.4.2) and encrypted from TLS
//! 1.3 on.

use super::certificate::{parse_certificate, Certificate};
use super::client_hello::MAX_HELLO_BYTES;
use super::tls_record::{join_records_until, split_message, HANDSHAKE, OTHER_RECORD};
use crate::wire::bytes::cursor::Cursor;
use crate::wire::bytes::parse::{Malformed, Parse, Progress};

/// Handshake types of ServerHello and Certificate.
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;

/// True for a stream that begins with a ServerHello record.
#[inline]
pub fn is_server_hello(stream: &[u8]) -> bool {
    matches!(stream, [HANDSHAKE, 3, 0..=4, _, _, SERVER_HELLO, ..])
}

/// The server's own certificate in a stream that begins with a ServerHello. The certificates of its issuers
/// need not be complete. `Parsed(None)`: there is none in clear, because the session is resumed, the
/// certificate is encrypted, or the server sends none.
///
/// # Errors
///
/// The first record, handshake message or certificate that is malformed.
pub fn parse_server_certificate(stream: &[u8]) -> Parse<Option<Certificate>> {
    let is_enough = |handshake: &[u8]| !matches!(find_certificate(handshake), Ok(Progress::NeedMore));
    let (handshake, end) = join_records_until(stream, is_enough);
    match (find_certificate(&handshake)?, end) {
        (Progress::Parsed(found), _) => Ok(Progress::Parsed(found)),
        (Progress::NeedMore, None) => Ok(Progress::NeedMore),
        (Progress::NeedMore, Some(OTHER_RECORD)) => Ok(Progress::Parsed(None)),
        (Progress::NeedMore, Some(error)) => Err(error),
    }
}

/// The certificate in the handshake messages of a server. If it does not follow the ServerHello, there is
/// none.
fn find_certificate(handshake: &[u8]) -> Parse<Option<Certificate>> {
    let Some((_, length, body)) = split_message(handshake) else {
        return Ok(Progress::NeedMore);
    };
    if length > MAX_HELLO_BYTES {
        return Err(Malformed("handshake_length"));
    }
    match body.get(length..).and_then(split_message) {
        None => Ok(Progress::NeedMore),
        Some((CERTIFICATE, length, _)) if length > MAX_HELLO_BYTES => Err(Malformed("handshake_length")),
        Some((CERTIFICATE, length, body)) => read_first(&body[..body.len().min(length)], length),
        Some(_) => Ok(Progress::Parsed(None)),
    }
}

/// The first certificate of a list of `length` bytes, of which `available` have been received.
fn read_first(available: &[u8], length: usize) -> Parse<Option<Certificate>> {
    const LENGTHS: usize = 6; // of the list and of its first element, three bytes each
    if length < LENGTHS {
        return Ok(Progress::Parsed(None));
    }
    let mut cursor = Cursor::new(available);
    let (Ok(list), Ok(first)) = (cursor.u24(), cursor.u24()) else {
        return Ok(Progress::NeedMore);
    };
    let (list, first) = (list as usize, first as usize);
    if list + 3 != length || first + 3 > list {
        return Err(Malformed("certificate_list"));
    }
    let Ok(der) = cursor.take(first) else {
        return Ok(Progress::NeedMore);
    };
    match parse_certificate(der)? {
        Progress::Parsed(certificate) => Ok(Progress::Parsed(Some(certificate))),
        Progress::NeedMore => Err(Malformed("certificate")),
    }
}
