//! PROXY protocol headers, which a load balancer prepends to a stream
//! (<https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>, versions 1 and 2).

use super::step::{Step, StepKind};
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::host::host_name;
use crate::wire::bytes::parse::{Malformed, Parse, Progress};

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Maximum length of a header of version 1, without the line terminator.
const MAX_TEXT_BYTES: usize = 105;
/// PP2_TYPE_AUTHORITY: the host name that the client requested from the load balancer.
const AUTHORITY: u8 = 2;

/// A header of version 1 from its line; `length` includes the line terminator.
///
/// # Errors
///
/// A line that is not a valid header.
pub(super) fn parse_text(line: &[u8], length: usize) -> Parse<Option<Step>> {
    let mut words = line.split(|&byte| byte == b' ').skip(1);
    let is_known = match words.next() {
        Some(b"UNKNOWN") => true,
        Some(b"TCP4" | b"TCP6") => words.count() == 4,
        _ => false,
    };
    if !is_known || line.len() > MAX_TEXT_BYTES {
        return Err(Malformed("proxy_header"));
    }
    Ok(Progress::Parsed(Some(Step::prelude(length))))
}

/// True if a stream that begins with `bytes` may begin with a header of version 2.
pub(super) fn may_be_binary(bytes: &[u8]) -> bool {
    bytes.iter().zip(SIGNATURE).all(|(&byte, expected)| byte == expected)
}

/// A header of version 2 at the beginning of a stream that `may_be_binary`.
///
/// # Errors
///
/// An unknown version or command, or a part with an inconsistent length.
pub(super) fn parse_binary(stream: &[u8]) -> Parse<Option<Step>> {
    let mut cursor = Cursor::new(stream.get(SIGNATURE.len()..).unwrap_or_default());
    let Ok([command, family, high, low]) = cursor.array::<4>() else {
        return Ok(Progress::NeedMore);
    };
    if !matches!(command, 0x20 | 0x21) {
        return Err(Malformed("proxy_header"));
    }
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let Ok(body) = cursor.take(length) else {
        return Ok(Progress::NeedMore);
    };
    let is_local = *command == 0x20; // a health check by the load balancer itself: the addresses are ignored
    let host = if is_local { None } else { read_authority(*family, body)? };
    let length = SIGNATURE.len() + 4 + length;
    Ok(Progress::Parsed(Some(Step { length, host, kind: StepKind::Prelude })))
}

/// The authority among the TLVs after the addresses.
fn read_authority(family: u8, body: &[u8]) -> Result<Option<String>, Malformed> {
    let addresses = match family >> 4 {
        1 => 12,
        2 => 36,
        3 => 216,
        _ => return Ok(None), // unspecified: the receiver ignores the rest
    };
    match find_authority(Cursor::new(body), addresses) {
        Ok(authority) => authority.map_or(Ok(None), host_name),
        Err(Short) => Err(Malformed("proxy_header")),
    }
}

fn find_authority(mut cursor: Cursor<'_>, addresses: usize) -> Result<Option<&[u8]>, Short> {
    cursor.take(addresses)?;
    while !cursor.is_empty() {
        let kind = cursor.u8()?;
        let value = cursor.vector16()?.rest();
        if kind == AUTHORITY {
            return Ok(Some(value));
        }
    }
    Ok(None)
}
