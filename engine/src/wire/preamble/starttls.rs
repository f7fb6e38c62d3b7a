//! What a client says before TLS begins inside its stream: SMTP (RFC 3207), LMTP, IMAP (RFC 9051), POP3 (RFC 2595),
//! FTP (RFC 4217), NNTP (RFC 4642), ManageSieve (RFC 5804) and XMPP (RFC 6120, 5). Of all these only what may come
//! before a STARTTLS is a step: who logs in or sends mail without TLS is not waited for.

use super::step::Step;
use crate::wire::bytes::parse::Progress;

/// Commands that stand alone at the beginning of a line.
const COMMANDS: [&[u8]; 15] = [
    b"EHLO",
    b"HELO",
    b"LHLO",
    b"NOOP",
    b"RSET",
    b"STARTTLS",
    b"CAPA",
    b"STLS",
    b"FEAT",
    b"SYST",
    b"OPTS",
    b"HOST",
    b"CAPABILITY",
    b"CAPABILITIES",
    b"CLNT",
];
/// Commands that follow a tag (RFC 9051, 2.2.1).
const TAGGED: [&[u8]; 4] = [b"CAPABILITY", b"ID", b"NOOP", b"STARTTLS"];
/// Mechanisms of FTP's AUTH that are TLS.
const MECHANISMS: [&[u8]; 4] = [b"TLS", b"TLS-C", b"SSL", b"TLS-P"];
/// Tags of an XML stream before TLS.
const TAGS: [&[u8]; 4] = [b"<?xml", b"<stream:stream", b"<starttls", b"</starttls"];
/// A tag that is longer is not waited for.
const MAX_TAG_BYTES: usize = 4096;

/// True for a line that may come before TLS.
pub(super) fn is_command(line: &[u8]) -> bool {
    let mut words = line.split(|&byte| byte == b' ');
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    is_one_of(first, &COMMANDS)
        || is_one_of(second, &TAGGED)
        || (first.eq_ignore_ascii_case(b"AUTH") && is_one_of(second, &MECHANISMS))
}

fn is_one_of(word: &[u8], known: &[&[u8]]) -> bool {
    known.iter().any(|one| word.eq_ignore_ascii_case(one))
}

/// A tag of an XML stream, at whose beginning `stream` is.
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
