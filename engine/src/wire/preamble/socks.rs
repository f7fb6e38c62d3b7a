//! Requests to a SOCKS proxy for a connection to another server: versions 4 and 4a
//! (<https://www.openssh.com/txt/socks4.protocol>, <https://www.openssh.com/txt/socks4a.protocol>) and 5 (RFC 1928), with
//! the username and password of RFC 1929. Other authentication encapsulates what follows, and BIND and UDP ASSOCIATE
//! are not followed by a hello.

use super::step::{Step, StepKind};
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::host::{dns_name, is_ipv6, is_number};
use crate::wire::bytes::parse::{Malformed, Parse, Progress};

const CONNECT: u8 = 1;
const NO_AUTHENTICATION: u8 = 0;
const PASSWORD: u8 = 2;
/// Maximum length of the user and of the name in version 4, where only a zero ends them.
const MAX_TEXT_BYTES: usize = 255;

/// What follows the bytes read so far, or why they are something else.
enum Failure {
    Short,
    Other,
    Bad(Malformed),
}

impl From<Short> for Failure {
    fn from(_: Short) -> Self {
        Self::Short
    }
}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Self {
        Self::Bad(malformed)
    }
}

/// The step at the beginning of a stream whose first byte is a version of SOCKS.
///
/// # Errors
///
/// A name that no host can have.
pub(super) fn parse(stream: &[u8]) -> Parse<Option<Step>> {
    let mut cursor = Cursor::new(stream);
    let read = match stream {
        [4, ..] => read_version_4(&mut cursor),
        _ => read_version_5(&mut cursor),
    };
    let length = stream.len() - cursor.rest().len();
    match read {
        Ok((host, kind)) => Ok(Progress::Parsed(Some(Step { length, host, kind }))),
        Err(Failure::Short) => Ok(Progress::NeedMore),
        Err(Failure::Other) => Ok(Progress::Parsed(None)),
        Err(Failure::Bad(malformed)) => Err(malformed),
    }
}

type Read = Result<(Option<String>, StepKind), Failure>;

fn read_version_4(cursor: &mut Cursor<'_>) -> Read {
    let _version = cursor.u8()?;
    require(cursor.u8()? == CONNECT)?;
    require(cursor.u16()? != 0)?;
    let address = *cursor.array::<4>()?;
    let has_name = address[..3] == [0; 3] && address[3] != 0;
    require(address[0] != 0 || has_name)?;
    read_text(cursor)?;
    let name = if has_name { read_text(cursor)? } else { &[] };
    Ok((host(name)?, StepKind::Tunnel))
}

/// Visible text in ASCII up to a zero.
fn read_text<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Failure> {
    let rest = cursor.rest();
    let window = &rest[..rest.len().min(MAX_TEXT_BYTES + 1)];
    let end = window.iter().position(|&byte| byte == 0);
    let text = &window[..end.unwrap_or(window.len())];
    require(text.iter().all(u8::is_ascii_graphic) && text.len() <= MAX_TEXT_BYTES)?;
    end.ok_or(Short)?;
    cursor.take(text.len() + 1)?;
    Ok(text)
}

fn read_version_5(cursor: &mut Cursor<'_>) -> Read {
    let mut ahead = *cursor;
    let _version = ahead.u8()?;
    let methods = ahead.vector8();
    let count = usize::from(*cursor.rest().get(1).ok_or(Short)?);
    let seen = &cursor.rest()[2..];
    let seen = &seen[..seen.len().min(count)];
    require(count > 0 && seen.iter().all(|method| matches!(method, 0..=9 | 0x80..=0xfe)))?;
    let methods = methods?.rest();
    let next = *ahead.rest().first().ok_or(Short)?;
    // A client that offers no authentication continues with a version, so this is a request.
    if methods == [NO_AUTHENTICATION] && matches!(next, 1 | 3 | 4) {
        return read_request(cursor);
    }
    if next == 1 && methods.contains(&PASSWORD) {
        let _version = ahead.u8()?;
        let _user = ahead.vector8()?;
        let _password = ahead.vector8()?;
    }
    *cursor = ahead;
    Ok((None, StepKind::Prelude))
}

fn read_request(cursor: &mut Cursor<'_>) -> Read {
    const NAME: u8 = 3;
    let [_version, _command, _reserved, kind] = *cursor.array::<4>()?;
    let name = match kind {
        NAME => cursor.vector8()?.rest(),
        1 => cursor.take(4).map(|_| &[][..])?,
        _ => cursor.take(16).map(|_| &[][..])?,
    };
    require(cursor.u16()? != 0)?;
    Ok((host(name)?, StepKind::Tunnel))
}

/// The name of the server; None for an address as text.
fn host(name: &[u8]) -> Result<Option<String>, Malformed> {
    if is_ipv6(name) {
        return Ok(None);
    }
    let name = dns_name(name)?;
    Ok((!name.is_empty() && !is_number(&name)).then_some(name))
}

fn require(condition: bool) -> Result<(), Failure> {
    if condition {
        Ok(())
    } else {
        Err(Failure::Other)
    }
}
