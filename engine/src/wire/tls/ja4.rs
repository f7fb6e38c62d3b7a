//! JA4, a fingerprint of the TLS client software, as published by FoxIO:
//! <https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md>.

use super::client_hello::ClientHello;
use super::tls_extension;
use ring::digest::{digest, SHA256};
use std::fmt::Write;

/// The hash of an empty list.
const EMPTY_LIST: &str = "000000000000";
/// A hash is truncated to this length.
const HASH_BYTES: usize = 6;

/// The JA4 fingerprint of a hello over TCP or, if not `is_tcp`, over UDP; None if the hello has no `offer`.
pub fn fingerprint(hello: &ClientHello, is_tcp: bool) -> Option<String> {
    let offer = hello.offer.as_deref()?;
    let transport = match (is_tcp, offer.is_dtls) {
        (true, _) => 't',
        (false, true) => 'd',
        (false, false) => 'q',
    };
    let mut text = String::with_capacity(40);
    let _ = write!(
        text,
        "{transport}{}{}{:02}{:02}",
        version_text(hello.versions.first().copied().unwrap_or_default()),
        if hello.server_name.is_some() { 'd' } else { 'i' },
        offer.cipher_suites.len().min(99),
        offer.extensions.len().min(99),
    );
    text.extend(protocol_text(offer.protocol_ends));
    let is_hashed = |number: &u16| ![tls_extension::SERVER_NAME, tls_extension::ALPN].contains(number);
    let extensions: Vec<u16> = offer.extensions.iter().copied().filter(is_hashed).collect();
    for lists in [&[&offer.cipher_suites[..]][..], &[&extensions[..], &offer.signature_algorithms[..]]] {
        text.push('_');
        text.push_str(&hash(lists));
    }
    Some(text)
}

fn version_text(version: u16) -> &'static str {
    match version {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        0xfeff => "d1",
        0xfefd => "d2",
        0xfefc => "d3",
        _ => "00",
    }
}

/// The two bytes as characters; if one of them is not alphanumeric, the first and the last digit of their
/// hexadecimal form.
fn protocol_text(ends: Option<(u8, u8)>) -> [char; 2] {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    match ends {
        None => ['0', '0'],
        Some((first, last)) if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() => {
            [first.into(), last.into()]
        }
        Some((first, last)) => [digit(first >> 4), digit(last & 0x0f)],
    }
}

/// The truncated SHA-256 of lists, with four hexadecimal digits for each number: the first list, then the
/// others that are not empty.
fn hash(lists: &[&[u16]]) -> String {
    if lists.first().is_none_or(|first| first.is_empty()) {
        return EMPTY_LIST.into();
    }
    let mut text = String::with_capacity(512);
    for list in lists.iter().filter(|list| !list.is_empty()) {
        let mut separator = if text.is_empty() { "" } else { "_" };
        for number in *list {
            text.push_str(separator);
            push_digits(&mut text, *number, 4);
            separator = ",";
        }
    }
    let hash = digest(&SHA256, text.as_bytes());
    text.clear();
    hash.as_ref().iter().take(HASH_BYTES).for_each(|byte| push_digits(&mut text, (*byte).into(), 2));
    text
}

/// Writes the last hexadecimal digits of a number.
fn push_digits(text: &mut String, number: u16, digits: u32) {
    let digit = |place: u32| char::from_digit(u32::from(number) >> (4 * place) & 0x0f, 16).unwrap_or('0');
    text.extend((0..digits).rev().map(digit));
}
