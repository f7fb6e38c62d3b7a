//! The host name in the header section of an HTTP/1 request (RFC 9112).

use super::step::{Step, StepKind};
use crate::wire::bytes::host::host_name;
use crate::wire::bytes::parse::{Malformed, Parse, Progress};

/// A longer header section is not waited for.
const MAX_HEAD_BYTES: usize = 32_768;

/// The method and target of a request line.
#[derive(Clone, Copy)]
pub(super) struct RequestLine<'a> {
    method: &'a [u8],
    target: &'a [u8],
}

/// The request line (RFC 9112, 3) in a line without its terminator; None if it is something else. Servers tolerate
/// several spaces or one at the end, and some a missing target, a missing space before the version, or a missing
/// minor version.
pub(super) fn request_line(line: &[u8]) -> Option<RequestLine<'_>> {
    let line = match line.trim_ascii_end() {
        [major @ .., minor] if minor.is_ascii_digit() => major,
        major => major,
    };
    let line = line.strip_suffix(b"HTTP/1.")?;
    let at = line.iter().position(|&byte| byte == b' ')?;
    let (method, target) = (&line[..at], line[at..].trim_ascii());
    let target = match method {
        b"CONNECT" => target.split(|&byte| byte == b' ').next()?, // some clients add a path
        _ => target,
    };
    let is_request = is_method(method) && !target.contains(&b' ');
    is_request.then_some(RequestLine { method, target })
}

fn is_method(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_'))
}

/// True if an incomplete `stream` may begin with a request: with a method and a request target (RFC 9112,
/// 3.2).
pub(super) fn may_be_request(stream: &[u8]) -> bool {
    let Some(at) = stream.iter().position(|&byte| byte == b' ') else { return false };
    let (method, target) = (&stream[..at], &stream[at + 1..]);
    let is_target = target.starts_with(b"/") || target.starts_with(b"http://") || method == b"CONNECT";
    is_method(method) && is_target
}

/// The request at the beginning of `stream`; its header fields begin at `fields_at`.
///
/// A CONNECT is read to the end of its header section, because a hello may follow; any other request only up
/// to its host.
///
/// # Errors
///
/// A line that is not a header field, or a name that no host can have.
pub(super) fn parse_request(
    request: RequestLine<'_>,
    stream: &[u8],
    fields_at: usize,
) -> Parse<Option<Step>> {
    if request.method == b"CONNECT" {
        return match parse_fields(stream, fields_at, Want::End)? {
            Head::NeedsMore => Ok(Progress::NeedMore),
            Head::Ends(length) => step(length, request.target, StepKind::Tunnel),
            Head::TooLong | Head::Host(_) => step(fields_at, request.target, StepKind::ProxyRequest),
        };
    }
    if let Some(authority) = absolute_authority(request.target) {
        return step(fields_at, authority, StepKind::ProxyRequest);
    }
    match parse_fields(stream, fields_at, Want::Host)? {
        Head::NeedsMore => Ok(Progress::NeedMore),
        Head::Host(host) => step(fields_at, host, StepKind::Request),
        Head::Ends(_) | Head::TooLong => step(fields_at, b"", StepKind::Request),
    }
}

fn step(length: usize, authority: &[u8], kind: StepKind) -> Parse<Option<Step>> {
    Ok(Progress::Parsed(Some(Step { length, host: host_name(authority)?, kind })))
}

/// The host and port of a target in absolute form, which is used in requests to proxies (RFC 9112, 3.2.2). Only there may
/// userinfo precede them (RFC 3986, 3.2.1).
fn absolute_authority(target: &[u8]) -> Option<&[u8]> {
    let colon = target.iter().position(|&byte| byte == b':')?;
    let (scheme, rest) = (&target[..colon], &target[colon..]);
    let rest = rest.strip_prefix(b"://")?;
    if scheme.is_empty() || !scheme.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host_at = authority.iter().rposition(|&byte| byte == b'@').map_or(0, |at| at + 1);
    Some(&authority[host_at..])
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    Host,
    End,
}

enum Head<'a> {
    NeedsMore,
    Host(&'a [u8]),
    Ends(usize),
    TooLong,
}

/// Reads header fields up to the first Host field, or to the end of the header section.
fn parse_fields(stream: &[u8], fields_at: usize, want: Want) -> Result<Head<'_>, Malformed> {
    let window = &stream[..stream.len().min(MAX_HEAD_BYTES)];
    let mut at = fields_at;
    while at < MAX_HEAD_BYTES {
        let Some(length) = window[at..].iter().position(|&byte| byte == b'\n') else {
            return Ok(if window.len() == MAX_HEAD_BYTES { Head::TooLong } else { Head::NeedsMore });
        };
        let line = &window[at..at + length];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        at += length + 1;
        if line.is_empty() {
            return Ok(Head::Ends(at));
        }
        if matches!(line[0], b' ' | b'\t') {
            continue; // a folded line (RFC 9112, 5.2)
        }
        if want == Want::End {
            continue; // proxies tolerate much, and only the end matters
        }
        let colon = line.iter().position(|&byte| byte == b':').ok_or(Malformed("http_field"))?;
        if line[..colon].eq_ignore_ascii_case(b"host") {
            return Ok(Head::Host(&line[colon + 1..]));
        }
    }
    Ok(Head::TooLong)
}
