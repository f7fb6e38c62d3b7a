//! Recognizes the step at the beginning of a stream.

use super::step::{Step, StepKind};
use super::{http, http2, ldap, proxy_header, socks, starttls, tls_request};
use crate::wire::bytes::der::SEQUENCE;
use crate::wire::bytes::parse::{Parse, Progress};

/// A longer line is not a step.
const MAX_LINE_BYTES: usize = 16_384;
/// A longer first word is neither a method nor a command.
const MAX_WORD_BYTES: usize = 32;

/// The step at the beginning of `stream`; `Parsed(None)` if it begins with something else. Bytes after the
/// step are ignored.
///
/// # Errors
///
/// The first error in a PROXY header, in an HTTP request, or in the name in a SOCKS request.
pub fn parse_step(stream: &[u8]) -> Parse<Option<Step>> {
    match stream {
        [] => Ok(Progress::NeedMore),
        [b'<', ..] => Ok(starttls::parse_tag(stream)),
        [b'\r', ..] if proxy_header::may_be_binary(stream) => proxy_header::parse_binary(stream),
        [4 | 5, ..] => socks::parse(stream),
        [0 | 3 | 18, ..] | [b' ', 0, ..] | [b'A', b'M', b'Q', b'P', ..] => Ok(tls_request::parse(stream)),
        _ if tls_request::may_be_debug_bridge(stream) => Ok(tls_request::parse(stream)),
        [b'P', b'R', b'I', ..] if http2::may_be_preface(stream) => http2::parse(stream),
        [b' ' | b'\t' | b'\r' | b'\n', ..] => Ok(parse_space(stream)),
        // Also the digit 0 in ASCII.
        [SEQUENCE, ..] if ldap::may_be_message(stream) => Ok(ldap::parse_request(stream)),
        _ => parse_line(stream),
    }
}

/// White space between the tags of an XML stream.
fn parse_space(stream: &[u8]) -> Progress<Option<Step>> {
    let length = stream.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    match stream.get(length) {
        _ if length > MAX_WORD_BYTES => Progress::Parsed(None),
        None => Progress::NeedMore,
        Some(_) => Progress::Parsed(Some(Step { length, host: None, kind: StepKind::Space })),
    }
}

/// True if a segment in the middle of a stream is recognizable by itself as the beginning of a step. White
/// space is not: any data may begin with it.
pub fn is_step(segment: &[u8]) -> bool {
    match parse_step(segment) {
        Ok(Progress::Parsed(Some(step))) => {
            // Short binary steps are recognizable only if nothing follows them.
            let is_short = matches!(segment, [0 | 3 | 4 | 5 | 18, ..]);
            step.kind != StepKind::Space && (!is_short || step.length == segment.len())
        }
        Ok(Progress::NeedMore) => http::may_be_request(segment) || http2::is_preface(segment),
        _ => false,
    }
}

fn parse_line(stream: &[u8]) -> Parse<Option<Step>> {
    if !begins_with_word(stream) {
        return Ok(Progress::Parsed(None));
    }
    let window = &stream[..stream.len().min(MAX_LINE_BYTES)];
    let end = window.iter().position(|&byte| byte == b'\n');
    let line = &window[..end.unwrap_or(window.len())];
    if !line.iter().all(|&byte| byte >= b' ' || byte == b'\r') {
        return Ok(Progress::Parsed(None));
    }
    let Some(end) = end else {
        let is_too_long = window.len() == MAX_LINE_BYTES;
        return Ok(if is_too_long { Progress::Parsed(None) } else { Progress::NeedMore });
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.starts_with(b"PROXY ") {
        return proxy_header::parse_text(line, end + 1);
    }
    if let Some(request) = http::request_line(line) {
        return http::parse_request(request, stream, end + 1);
    }
    Ok(starttls::parse_command(window, line, end + 1))
}

/// True if the available bytes of the stream begin with a word of a text protocol.
fn begins_with_word(stream: &[u8]) -> bool {
    let window = &stream[..stream.len().min(MAX_WORD_BYTES + 1)];
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match window.iter().position(|byte| !is_word(byte)) {
        Some(end) => end > 0 && matches!(window[end], b' ' | b'\r' | b'\n'),
        None => window.len() <= MAX_WORD_BYTES,
    }
}
