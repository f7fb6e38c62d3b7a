//! The dialogue of a line protocol before TLS: the server's greeting, and commands of any name, which the server may
//! refuse. A command after which the client sends a password or a message in lines is none: no request for TLS follows it.

use super::starttls::literals_end;
use super::step::{Step, StepKind};
use crate::wire::bytes::parse::Progress;

/// A longer line is no command.
const MAX_LINE_BYTES: usize = 4096;
/// A longer first word is no command and no tag.
const MAX_WORD_BYTES: usize = 32;
/// Commands after which data follow, or a password has been accepted: mail (SMTP, LMTP), articles (NNTP), the second half
/// of a login (FTP, POP3), scripts (ManageSieve).
const LAST: [&[u8]; 9] =
    [b"DATA", b"BDAT", b"POST", b"IHAVE", b"TAKETHIS", b"PASS", b"APOP", b"PUTSCRIPT", b"CHECKSCRIPT"];

/// True if a server's stream begins as that of a line protocol: with the code of an answer (SMTP, FTP, NNTP), `+OK`
/// (POP3), an untagged answer (IMAP) or a capability in quotes (ManageSieve).
pub fn is_greeting(stream: &[u8]) -> bool {
    match *stream {
        [b'1'..=b'5', second, third, behind, ..] => {
            second.is_ascii_digit() && third.is_ascii_digit() && matches!(behind, b' ' | b'-' | b'\r' | b'\n')
        }
        [b'+', b'O', b'K', behind, ..] => matches!(behind, b' ' | b'\r' | b'\n'),
        [b'*', b' ', ref answer @ ..] => {
            [&b"OK"[..], b"PREAUTH", b"BYE", b"CAPABILITY"].iter().any(|one| answer.starts_with(one))
        }
        [b'"', ref name @ ..] => {
            let end = name.iter().take(MAX_WORD_BYTES).position(|byte| !byte.is_ascii_uppercase());
            end.is_some_and(|end| end > 0 && name[end] == b'"')
        }
        _ => false,
    }
}

/// The command of any name at the beginning of the `stream` of a client in a dialogue.
pub fn parse_dialogue(stream: &[u8]) -> Progress<Option<Step>> {
    let window = &stream[..stream.len().min(MAX_LINE_BYTES)];
    let end = window.iter().position(|&byte| byte == b'\n');
    let line = &window[..end.unwrap_or(window.len())];
    if !may_be_command(line, end.is_some()) {
        return Progress::Parsed(None);
    }
    let Some(end) = end else {
        let is_too_long = window.len() == MAX_LINE_BYTES;
        return if is_too_long { Progress::Parsed(None) } else { Progress::NeedMore };
    };
    match literals_end(window, line.trim_ascii_end(), end + 1) {
        Progress::Parsed(Some(length)) => {
            Progress::Parsed(Some(Step { length, host: None, kind: StepKind::Dialogue }))
        }
        Progress::Parsed(None) => Progress::Parsed(None),
        Progress::NeedMore => Progress::NeedMore,
    }
}

/// True for a line, or the beginning of one, of printable characters, with a command or a tag as its first word. A
/// single asterisk cancels a login (RFC 4954, 4).
fn may_be_command(line: &[u8], is_complete: bool) -> bool {
    let line = line.trim_ascii_end();
    if line == b"*" || (line.is_empty() && !is_complete) {
        return true;
    }
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let end = line.iter().position(|byte| !is_word(byte)).unwrap_or(line.len());
    let is_text = line.iter().all(|&byte| byte >= b' ' || byte == b'\t');
    let (first, rest) = line.split_at(end);
    let begins = matches!(rest, [] | [b' ', ..]);
    is_text && begins && (1..=MAX_WORD_BYTES).contains(&end) && !(is_complete && is_last(first, rest))
}

/// True for a command that a password or data follow.
fn is_last(first: &[u8], rest: &[u8]) -> bool {
    let second = rest.trim_ascii_start().split(|&byte| byte == b' ').next().unwrap_or_default();
    let is_one = |word: &[u8], known: &[u8]| word.eq_ignore_ascii_case(known);
    LAST.iter().any(|last| is_one(first, last))
        || is_one(second, b"APPEND")
        || (is_one(first, b"AUTHINFO") && is_one(second, b"PASS"))
}
