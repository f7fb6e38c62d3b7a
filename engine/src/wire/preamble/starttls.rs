//! Commands before and including STARTTLS: SMTP (RFC 3207), LMTP, IMAP (RFC 9051), POP3 (RFC 2595), FTP (RFC
//! 4217), NNTP (RFC 4642), ManageSieve (RFC 5804), IRC, NoMachine and XMPP (RFC 6120, 5). Other commands of these protocols
//! are steps only in a `dialogue`, after a greeting of the server or one of these. A hello follows a command that asks for
//! TLS, and no other one.

use super::step::{Step, StepKind};
use crate::wire::bytes::parse::Progress;

/// Commands at the beginning of a line that ask for TLS, the last of them of Microsoft Exchange.
const REQUESTS: [&[u8]; 3] = [b"STARTTLS", b"STLS", b"X-ANONYMOUSTLS"];
/// Other commands at the beginning of a line.
const COMMANDS: [&[u8]; 17] = [
    b"EHLO",
    b"HELO",
    b"LHLO",
    b"NOOP",
    b"RSET",
    b"CAPA",
    b"FEAT",
    b"SYST",
    b"OPTS",
    b"HOST",
    b"CAPABILITY",
    b"CAPABILITIES",
    b"CLNT",
    b"HELP",
    b"LANG",
    b"CAP",
    b"DATE",
];
/// Commands after a tag (RFC 9051, 2.2.1) that do not ask for TLS.
const TAGGED: [&[u8]; 3] = [b"CAPABILITY", b"ID", b"NOOP"];
/// Mechanisms of the FTP command AUTH that start TLS.
const MECHANISMS: [&[u8]; 4] = [b"TLS", b"TLS-C", b"SSL", b"TLS-P"];
/// XML tags of an XMPP stream before TLS.
const TAGS: [&[u8]; 4] = [b"<?xml", b"<stream:stream", b"<starttls", b"</starttls"];
/// A command with longer literals is not waited for.
const MAX_LITERAL_BYTES: usize = 4096;
/// A longer tag is not waited for.
const MAX_TAG_BYTES: usize = 4096;

/// The command at the beginning of `stream`, of which `line` is the first line, and the next begins at `next`. In IMAP,
/// lines end with the length of a literal that follows (RFC 9051, 4.3).
pub(super) fn parse_command(stream: &[u8], line: &[u8], next: usize) -> Progress<Option<Step>> {
    let Some(kind) = command_kind(line) else { return Progress::Parsed(None) };
    match literals_end(stream, line, next) {
        Progress::Parsed(length) => Progress::Parsed(length.map(|length| Step { length, host: None, kind })),
        Progress::NeedMore => Progress::NeedMore,
    }
}

/// Where the command ends of which `line` is the first line, behind its literals; None if these are too long.
pub(super) fn literals_end(stream: &[u8], line: &[u8], next: usize) -> Progress<Option<usize>> {
    let (mut line, mut next) = (line, next);
    while let Some(length) = literal_length(line) {
        next = next.saturating_add(length);
        if next > MAX_LITERAL_BYTES {
            return Progress::Parsed(None);
        }
        let rest = stream.get(next..).unwrap_or_default();
        let Some(end) = rest.iter().position(|&byte| byte == b'\n') else { return Progress::NeedMore };
        line = rest[..end].trim_ascii_end();
        next += end + 1;
    }
    Progress::Parsed(Some(next))
}

/// The length at the end of a line before a literal.
fn literal_length(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"}")?;
    let line = line.strip_suffix(b"+").unwrap_or(line); // the client does not wait (RFC 7888)
    let at = line.iter().rposition(|&byte| byte == b'{')?;
    let digits = &line[at + 1..];
    std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit))?.parse().ok()
}

/// What follows a line that may precede TLS; None for any other line.
fn command_kind(line: &[u8]) -> Option<StepKind> {
    let mut words = line.split(|&byte| byte == b' ');
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    let is_auth = first.eq_ignore_ascii_case(b"AUTH");
    let is_list = is_auth && second.is_empty(); // POP3: of mechanisms (RFC 1734)
    let is_mode = first.eq_ignore_ascii_case(b"MODE") && second.eq_ignore_ascii_case(b"READER");
    let is_version = first.starts_with(b"NXSH-"); // NoMachine
    if is_list || is_mode || is_one_of(first, &COMMANDS) || is_one_of(second, &TAGGED) {
        Some(StepKind::Dialogue)
    } else if is_version
        || is_one_of(first, &REQUESTS)
        || second.eq_ignore_ascii_case(b"STARTTLS")
        || (is_auth && is_one_of(second, &MECHANISMS))
    {
        Some(StepKind::Prelude)
    } else {
        None
    }
}

fn is_one_of(word: &[u8], known: &[&[u8]]) -> bool {
    known.iter().any(|one| word.eq_ignore_ascii_case(one))
}

/// The XML tag at the beginning of `stream`.
pub(super) fn parse_tag(stream: &[u8]) -> Progress<Option<Step>> {
    let window = &stream[..stream.len().min(MAX_TAG_BYTES)];
    let may_be = |tag: &&[u8]| window.iter().zip(*tag).all(|(byte, expected)| byte == expected);
    if !TAGS.iter().any(may_be) {
        return Progress::Parsed(None);
    }
    match window.iter().position(|&byte| byte == b'>') {
        Some(end) => Progress::Parsed(Some(Step::prelude(end + 1))),
        None if window.len() < MAX_TAG_BYTES => Progress::NeedMore,
        None => Progress::Parsed(None),
    }
}
