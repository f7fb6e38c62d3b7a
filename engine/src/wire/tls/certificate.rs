//! Subject, issuer and names of X.509 certificates (RFC 5280, 4.1). Nothing is verified: a certificate shows
//! only what its sender claims to be.

use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::der::{
    self, read, read_element, read_if, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET,
};
use crate::wire::bytes::host::{certified_name, is_host_name};
use crate::wire::bytes::parse::{Malformed, Parse, Progress};
use crate::wire::bytes::text::readable;

/// Maximum number of DNS names kept from one certificate, and the length of all of them above which no further one is.
const MAX_NAMES: usize = 100;
const MAX_NAME_BYTES: usize = 8192;
/// Maximum number of attributes kept from a distinguished name.
const MAX_ATTRIBUTES: usize = 32;

/// Maximum length of a text kept: several times that of a common name (X.520: 64 characters), and more than the
/// distinguished names of public authorities have.
const MAX_TEXT_BYTES: usize = 512;

/// Context-specific tags of the optional parts of a certificate.
const VERSION: u8 = 0xa0;
const ISSUER_UNIQUE_ID: u8 = 0x81;
const SUBJECT_UNIQUE_ID: u8 = 0x82;
const EXTENSIONS: u8 = 0xa3;
const BOOLEAN: u8 = 0x01;
/// Tag of dNSName, one of the choices of GeneralName.
const DNS_NAME: u8 = 0x82;

/// id-ce-subjectAltName and id-at-commonName.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 29, 17];
const COMMON_NAME: &[u8] = &[0x55, 4, 3];

/// Attribute types with a short name (RFC 4514, 3), by their last arc under id-at.
const ATTRIBUTES: [(u8, &str); 8] =
    [(3, "CN"), (5, "serialNumber"), (6, "C"), (7, "L"), (8, "ST"), (9, "STREET"), (10, "O"), (11, "OU")];

/// The fields of a certificate that are of use here.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The subject's common name, if it has one; at most `MAX_TEXT_BYTES`.
    pub common_name: Option<String>,
    /// The issuer's distinguished name in the order of the certificate, like "C=CH, O=Example, CN=Example
    /// CA"; at most `MAX_TEXT_BYTES`.
    pub issuer: String,
    /// The DNS names it is valid for, without those that no host can have: lower case, without the final dot,
    /// escaped; the common name first if it is among them. "*.example.com" covers every host directly under the domain.
    pub names: Vec<String>,
    /// No subject alternative name is a DNS name; `names` holds the common name instead, if that is a host
    /// name (RFC 6125, 6.4.4).
    pub by_common_name: bool,
}

impl Certificate {
    /// The first name, unless it is a wildcard.
    pub fn host_name(&self) -> Option<&str> {
        self.names.first().map(String::as_str).filter(|name| !name.starts_with("*."))
    }
}

/// A certificate in DER; bytes after it are ignored.
///
/// # Errors
///
/// An element that is missing or whose length is inconsistent.
pub fn parse_certificate(bytes: &[u8]) -> Parse<Certificate> {
    if bytes.first().is_some_and(|&tag| tag != SEQUENCE) {
        return Err(Malformed("certificate"));
    }
    let mut cursor = Cursor::new(bytes);
    let header = (der::read_header(&mut cursor), bytes.len() >= 6);
    match header {
        (Err(Short), true) => Err(Malformed("certificate")),
        (Err(Short), false) => Ok(Progress::NeedMore),
        (Ok((_, length)), _) => match cursor.take(length) {
            Ok(body) => read_body(body).map(Progress::Parsed).map_err(|_| Malformed("certificate")),
            Err(Short) => Ok(Progress::NeedMore),
        },
    }
}

fn read_body(body: &[u8]) -> Result<Certificate, Short> {
    let mut cursor = read(&mut Cursor::new(body), SEQUENCE)?;
    read_if(&mut cursor, VERSION)?;
    read(&mut cursor, der::INTEGER)?;
    read(&mut cursor, SEQUENCE)?; // signature algorithm
    let issuer = read_name(&mut cursor)?;
    read(&mut cursor, SEQUENCE)?; // validity
    let subject = read_name(&mut cursor)?;
    read(&mut cursor, SEQUENCE)?; // public key
    read_if(&mut cursor, ISSUER_UNIQUE_ID)?;
    read_if(&mut cursor, SUBJECT_UNIQUE_ID)?;
    let mut names = Vec::new();
    if let Some(mut explicit) = read_if(&mut cursor, EXTENSIONS)? {
        read_extensions(read(&mut explicit, SEQUENCE)?, &mut names)?;
    }
    let common_name = subject.into_iter().rfind(|attribute| attribute.kind == COMMON_NAME);
    let common_name = common_name.map(|attribute| attribute.value);
    let by_common_name = names.is_empty();
    put_first(&mut names, common_name.as_deref());
    let issuer: Vec<String> = issuer.iter().map(Attribute::to_text).collect();
    let (common_name, issuer) = (common_name.as_deref().map(beginning), beginning(&issuer.join(", ")));
    Ok(Certificate { common_name, issuer, names, by_common_name })
}

/// What is kept of a text. It is copied, because a shortened string keeps its memory.
fn beginning(text: &str) -> String {
    let ends = text.char_indices().map(|(at, one)| at + one.len_utf8());
    let end = ends.take_while(|&end| end <= MAX_TEXT_BYTES).last().unwrap_or_default();
    text[..end].to_owned()
}

/// Moves the common name to the front, or adds it if there are no other names.
fn put_first(names: &mut Vec<String>, common_name: Option<&str>) {
    let Some(name) = common_name.and_then(|name| certified_name(name.as_bytes()).ok()) else { return };
    match names.iter().position(|one| *one == name) {
        Some(at) => names[..=at].rotate_right(1),
        None if names.is_empty() && is_host_name(&name) => names.push(name),
        None => {}
    }
}

/// One attribute of a distinguished name.
struct Attribute<'a> {
    kind: &'a [u8],
    value: String,
}

impl Attribute<'_> {
    fn to_text(&self) -> String {
        let short = ATTRIBUTES.iter().find(|(number, _)| self.kind == [0x55, 4, *number]);
        match short {
            Some((_, name)) => format!("{name}={}", self.value),
            None => format!("{}={}", dotted(self.kind), self.value),
        }
    }
}

/// A distinguished name (RFC 5280, 4.1.2.4).
fn read_name<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Attribute<'a>>, Short> {
    let mut sequence = read(cursor, SEQUENCE)?;
    let mut attributes = Vec::new();
    while !sequence.is_empty() && attributes.len() < MAX_ATTRIBUTES {
        let mut set = read(&mut sequence, SET)?;
        while !set.is_empty() {
            let mut pair = read(&mut set, SEQUENCE)?;
            let kind = read(&mut pair, OBJECT_IDENTIFIER)?.rest();
            let (tag, value) = read_element(&mut pair)?;
            attributes.push(Attribute { kind, value: text(tag, value) });
        }
    }
    Ok(attributes)
}

/// A string of a distinguished name; a BMPString is UTF-16.
fn text(tag: u8, value: &[u8]) -> String {
    const BMP_STRING: u8 = 30;
    if tag != BMP_STRING {
        return readable(value);
    }
    let units = value.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let decoded: String = char::decode_utf16(units).map(|one| one.unwrap_or('\u{fffd}')).collect();
    readable(decoded.as_bytes())
}

fn read_extensions(mut list: Cursor<'_>, names: &mut Vec<String>) -> Result<(), Short> {
    let mut bytes = 0;
    while !list.is_empty() {
        let mut extension = read(&mut list, SEQUENCE)?;
        let kind = read(&mut extension, OBJECT_IDENTIFIER)?.rest();
        read_if(&mut extension, BOOLEAN)?;
        let mut value = read(&mut extension, OCTET_STRING)?;
        if kind == SUBJECT_ALT_NAME {
            let mut alternatives = read(&mut value, SEQUENCE)?;
            while !alternatives.is_empty() && names.len() < MAX_NAMES && bytes < MAX_NAME_BYTES {
                let (tag, content) = read_element(&mut alternatives)?;
                let name = (tag == DNS_NAME).then(|| certified_name(content).unwrap_or_default());
                if let Some(name) = name.filter(|name| !name.is_empty()) {
                    bytes += name.len();
                    names.push(name);
                }
            }
        }
    }
    Ok(())
}

/// An object identifier in dotted notation (X.690, 8.19); of an invalid one, the complete arcs.
fn dotted(identifier: &[u8]) -> String {
    let mut numbers = Vec::new();
    let mut number = 0_u32;
    for byte in identifier {
        number = number.wrapping_shl(7) | u32::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.push(first.to_string());
                number -= first * 40;
            }
            numbers.push(number.to_string());
            number = 0;
        }
    }
    numbers.join(".")
}
