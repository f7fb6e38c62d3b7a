//! What precedes a hello in protocols with binary messages: the requests of PostgreSQL, MySQL, AMQP and the Android
//! Debug Bridge for TLS, the pre-login of SQL Server, and the connection request of a remote desktop.

use super::step::Step;
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::parse::Progress;

/// PostgreSQL, "SSLRequest" and "GSSENCRequest" (which is followed by the former, if it is refused).
const POSTGRESQL: [[u8; 8]; 2] = [[0, 0, 0, 8, 4, 210, 22, 47], [0, 0, 0, 8, 4, 210, 22, 48]];
/// AMQP 1.0, 5.2.1.
const AMQP: [u8; 8] = *b"AMQP\x02\x01\0\0";
/// Length of the header of a packet of SQL Server.
const TDS_HEADER: usize = 8;

/// The step at the beginning of `stream`.
pub(super) fn parse(stream: &[u8]) -> Progress<Option<Step>> {
    let length = match stream {
        [0, ..] => parse_constant(stream, &POSTGRESQL),
        [b'A', ..] => parse_constant(stream, &[AMQP]),
        [b' ', ..] => parse_mysql(stream),
        [3, ..] => parse_connection_request(stream),
        [b'C' | b'S', ..] => parse_debug_bridge(stream),
        _ => parse_pre_login(stream),
    };
    match length {
        Ok(length) => Progress::Parsed(length.map(Step::prelude)),
        Err(Short) => Progress::NeedMore,
    }
}

/// The length of the step; None if it is something else.
type Length = Result<Option<usize>, Short>;

fn parse_constant(stream: &[u8], requests: &[[u8; 8]]) -> Length {
    let may_be = |request: &&[u8; 8]| stream.iter().zip(*request).all(|(byte, expected)| byte == expected);
    match requests.iter().find(may_be) {
        None => Ok(None),
        Some(request) if stream.len() < request.len() => Err(Short),
        Some(request) => Ok(Some(request.len())),
    }
}

/// The SSLRequest of MySQL and MariaDB: the first packet of a client, with the capability CLIENT_SSL.
fn parse_mysql(stream: &[u8]) -> Length {
    const LENGTH: usize = 36;
    const FILLER: std::ops::Range<usize> = 13..32;
    const CLIENT_SSL: u8 = 8; // in the second byte of the capabilities
    let is = |at: usize, holds: fn(u8) -> bool| stream.get(at).is_none_or(|&byte| holds(byte));
    let is_packet = is(1, |byte| byte == 0) && is(2, |byte| byte == 0) && is(3, |byte| byte == 1);
    let has_ssl = is(5, |byte| byte & CLIENT_SSL != 0);
    if !is_packet || !has_ssl || !FILLER.into_iter().all(|at| is(at, |byte| byte == 0)) {
        return Ok(None);
    }
    if stream.len() < LENGTH {
        return Err(Short);
    }
    Ok(Some(LENGTH))
}

/// True for a stream that may begin with a message of the Android Debug Bridge before TLS, and with no command as text.
pub(super) fn may_be_debug_bridge(stream: &[u8]) -> bool {
    matches!(stream, [b'C', b'N', b'X', b'N', 0 | 1, ..] | [b'S', b'T', b'L', b'S', 0, ..])
        || matches!(stream, [b'S', b'Y', b'N', b'C', 0 | 1, ..])
}

/// A message of the Android Debug Bridge.
fn parse_debug_bridge(stream: &[u8]) -> Length {
    const MAX_LENGTH: usize = 4096;
    let mut cursor = Cursor::new(stream);
    let command = *cursor.array::<4>()?;
    let _arguments = cursor.array::<8>()?;
    let length = u32::from_le_bytes(*cursor.array()?) as usize;
    let _checksum = cursor.u32()?;
    if *cursor.array()? != command.map(|byte| !byte) || length > MAX_LENGTH {
        return Ok(None);
    }
    cursor.take(length)?;
    Ok(Some(stream.len() - cursor.rest().len()))
}

/// The Connection Request of a remote desktop (X.224 in a TPKT, RFC 1006).
fn parse_connection_request(stream: &[u8]) -> Length {
    const CONNECTION_REQUEST: u8 = 0xe0;
    const MAX_LENGTH: usize = 512;
    let mut cursor = Cursor::new(stream);
    let [_version, reserved, high, low] = *cursor.array()?;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if reserved != 0 || !(11..=MAX_LENGTH).contains(&length) {
        return Ok(None);
    }
    let (indicator, code) = (usize::from(cursor.u8()?), cursor.u8()?);
    if indicator + 5 != length || code != CONNECTION_REQUEST {
        return Ok(None);
    }
    cursor.take(length - 6)?;
    Ok(Some(length))
}

/// A pre-login packet of SQL Server (MS-TDS, 2.2.6.5). TLS is exchanged in further packets of this type, of which only
/// the header is a step: the hello follows it.
fn parse_pre_login(stream: &[u8]) -> Length {
    const HANDSHAKE: u8 = 22;
    const VERSION: u8 = 0; // the option that a pre-login begins with
    const MAX_LENGTH: usize = 4096;
    let mut cursor = Cursor::new(stream);
    let [_kind, status, high, low] = *cursor.array()?;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if status > 1 || !(TDS_HEADER + 6..=MAX_LENGTH).contains(&length) {
        return Ok(None);
    }
    let [_process_high, _process_low, _number, window] = *cursor.array()?;
    let [first, second] = *cursor.array()?;
    match (window, first, second) {
        (0, HANDSHAKE, 3) => Ok(Some(TDS_HEADER)),
        (0, VERSION, 0) => {
            cursor.take(length - TDS_HEADER - 2)?;
            Ok(Some(length))
        }
        _ => Ok(None),
    }
}
