//! JA4, the fingerprint of the software that sent a ClientHello, as FoxIO published it:
//! <https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md>.

use super::cursor::{Cursor, Short};
use super::tls::{extension, is_dtls, is_grease, ClientHello};
use ring::digest::{digest, SHA256};
use std::fmt::Write;

/// A hello with a longer list of anything gets no fingerprint: four times what any known client sends.
const MAX_LIST_BYTES: usize = 1024;
/// What stands for a list without entries.
const NOTHING: &str = "000000000000";
/// A hash is shown by its first bytes.
const SHOWN_BYTES: usize = 6;

/// What a ClientHello offers, as far as its fingerprint needs it and the hello itself does not say.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Offer {
    is_dtls: bool,
    /// Sorted, GREASE left out: what a client shuffles and makes up is no part of it.
    cipher_suites: Box<[u16]>,
    /// Likewise.
    extensions: Box<[u16]>,
    /// In their order, GREASE left out.
    signature_algorithms: Box<[u16]>,
    /// First and last byte of the first protocol of ALPN.
    protocol_ends: Option<(u8, u8)>,
}

impl Offer {
    /// The offer of a hello with these parts; None when a list is too long or does not fit its lengths.
    pub(super) fn read(version: u16, cipher_suites: Cursor, extensions: Cursor) -> Option<Box<Self>> {
        let mut numbers = Vec::with_capacity(32);
        let mut signature_algorithms = Cursor::new(&[]);
        let mut protocol_ends = None;
        let mut block = extensions;
        while !block.is_empty() {
            let (number, mut data) = (block.u16().ok()?, block.vector16().ok()?);
            match number {
                extension::SIGNATURE_ALGORITHMS => signature_algorithms = data.vector16().ok()?,
                extension::ALPN => protocol_ends = ends_of_first_protocol(data).ok()?,
                _ => {}
            }
            numbers.push(number);
        }
        let (cipher_suites, signature_algorithms) = (cipher_suites.rest(), signature_algorithms.rest());
        let fits = |list: &[u8]| list.len() <= MAX_LIST_BYTES && list.len() & 1 == 0;
        let all_fit =
            fits(cipher_suites) && fits(signature_algorithms) && numbers.len() <= MAX_LIST_BYTES / 2;
        all_fit.then(|| {
            numbers.retain(|&number| !is_grease(number));
            numbers.sort_unstable();
            let mut cipher_suites = read_numbers(cipher_suites);
            cipher_suites.sort_unstable();
            Box::new(Self {
                is_dtls: is_dtls(version),
                cipher_suites: cipher_suites.as_slice().into(),
                extensions: numbers.as_slice().into(), // copied: shrinking leaves a hole behind each hello
                signature_algorithms: read_numbers(signature_algorithms).as_slice().into(),
                protocol_ends,
            })
        })
    }
}

/// The JA4 fingerprint of a hello that came over TCP, or else over UDP; None for one that is too odd.
pub fn fingerprint(hello: &ClientHello, is_tcp: bool) -> Option<String> {
    let offer = hello.offer.as_deref()?;
    let transport = match (is_tcp, offer.is_dtls) {
        (true, _) => 't',
        (false, true) => 'd',
        (false, false) => 'q',
    };
    let mut text = format!(
        "{transport}{}{}{:02}{:02}",
        version_text(hello.versions.first().copied().unwrap_or_default()),
        if hello.server_name.is_some() { 'd' } else { 'i' },
        offer.cipher_suites.len().min(99),
        offer.extensions.len().min(99),
    );
    text.extend(protocol_text(offer.protocol_ends));
    let is_hashed = |number: &u16| ![extension::SERVER_NAME, extension::ALPN].contains(number);
    let extensions: Vec<u16> = offer.extensions.iter().copied().filter(is_hashed).collect();
    for lists in [&[&offer.cipher_suites[..]][..], &[&extensions[..], &offer.signature_algorithms[..]]] {
        text.push('_');
        text.push_str(&hash(lists));
    }
    Some(text)
}

/// The numbers of a list of two bytes each, GREASE left out.
fn read_numbers(list: &[u8]) -> Vec<u16> {
    let all = list.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    all.filter(|&number| !is_grease(number)).collect()
}

fn ends_of_first_protocol(mut data: Cursor) -> Result<Option<(u8, u8)>, Short> {
    let mut list = data.vector16()?;
    while !list.is_empty() {
        let name = list.vector8()?.rest();
        if !matches!(*name, [a, b] if is_grease(u16::from_be_bytes([a, b]))) {
            return Ok(name.first().copied().zip(name.last().copied()));
        }
    }
    Ok(None)
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

/// The two ends as characters; as the outer digits of their hexadecimal form when one is neither letter
/// nor digit.
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

/// The shortened SHA-256 of lists as four hexadecimal digits a number: the first one by itself, and
/// further ones that are not empty behind it.
fn hash(lists: &[&[u16]]) -> String {
    if lists.first().is_none_or(|first| first.is_empty()) {
        return NOTHING.into();
    }
    let mut text = String::with_capacity(512);
    for list in lists.iter().filter(|list| !list.is_empty()) {
        let mut separator = if text.is_empty() { "" } else { "_" };
        for number in *list {
            let _ = write!(text, "{separator}{number:04x}");
            separator = ",";
        }
    }
    let hash = digest(&SHA256, text.as_bytes());
    hash.as_ref().iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}")).collect()
}
