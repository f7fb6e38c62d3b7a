//! TLS ClientHello (RFC 8446, 4.1.2; RFC 6066, 3; RFC 7301), parsed from the first bytes of a stream.

use super::offer::Offer;
use super::tls_extension::{self, is_dtls, is_grease};
use super::tls_record::{join_records, split_message, HANDSHAKE};
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::host::server_name;
use crate::wire::bytes::parse::{Malformed, Parse, Progress};
use crate::wire::bytes::text::escaped;
use std::cmp::Reverse;

/// The fields of a ClientHello.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
pub struct ClientHello {
    /// server_name in lower case, without the final dot; backslashes and bytes outside printable ASCII are
    /// escaped (`\\`, `\ddd`). None without the extension; empty if the extension contains no name.
    pub server_name: Option<String>,
    /// The first protocols offered by ALPN, without GREASE: at most `MAX_PROTOCOLS`, of `MAX_PROTOCOL_BYTES` together.
    pub alpn: Vec<String>,
    /// supported_versions (or the legacy version), highest first, without GREASE.
    pub versions: Vec<u16>,
    /// encrypted_client_hello (0xfe0d) of type outer is present, real or GREASE. The type inner is ignored:
    /// it marks a hello that a client-facing server has decrypted and forwards with its name in clear (RFC
    /// 9849, 5).
    pub ech: bool,
    /// The older encrypted_server_name (0xffce) is present.
    pub esni: bool,
    /// The input of its fingerprint (`ja4`); None if its lists are too long or inconsistent.
    pub offer: Option<Box<Offer>>,
}

/// The encrypted_client_hello extension of an inner hello (RFC 9849, 5).
const INNER: [u8; 1] = [1];

/// Handshake type of a ClientHello.
pub(super) const CLIENT_HELLO: u8 = 1;

/// A longer ClientHello is malformed. Post-quantum key shares and long tickets stay far below this limit,
/// which bounds the memory for incomplete hellos.
pub const MAX_HELLO_BYTES: usize = 131_072;

/// Maximum number of ALPN protocols kept: several times that of any known client.
pub const MAX_PROTOCOLS: usize = 32;
/// Maximum length of all of them as text; any single one fits.
pub const MAX_PROTOCOL_BYTES: usize = 1024;

/// True if a stream that begins with `bytes` (one byte is enough) may begin with a ClientHello. A hello in
/// SSL 2.0 framing (RFC 5246, E.2) is not counted, because it cannot contain a name.
#[inline]
pub fn may_be_hello(bytes: &[u8]) -> bool {
    let fits = |at: usize, holds: fn(u8) -> bool| bytes.get(at).is_none_or(|&byte| holds(byte));
    !bytes.is_empty()
        && fits(0, |byte| byte == HANDSHAKE)
        && fits(1, |byte| byte == 3)
        && fits(2, |byte| byte <= 4)
        && fits(5, |byte| byte == CLIENT_HELLO)
}

/// The first ClientHello of a TCP stream that begins with `stream`, in any number of records. Bytes after it
/// are ignored.
///
/// # Errors
///
/// The first field that is invalid in a ClientHello, as soon as it is in `stream`.
pub fn parse_hello_stream(stream: &[u8]) -> Parse<ClientHello> {
    let (handshake, broken) = join_records(stream);
    match (parse_hello_message(&handshake)?, broken) {
        (Progress::NeedMore, Some(error)) => Err(error),
        (progress, _) => Ok(progress),
    }
}

/// A ClientHello with its handshake header, as carried in TLS records and QUIC CRYPTO frames. Bytes after it
/// are ignored.
///
/// # Errors
///
/// The first field that is invalid in a ClientHello, as soon as it is in `handshake`.
pub fn parse_hello_message(handshake: &[u8]) -> Parse<ClientHello> {
    if handshake.first().is_some_and(|&kind| kind != CLIENT_HELLO) {
        return Err(Malformed("handshake_type"));
    }
    let Some((_, length, rest)) = split_message(handshake) else {
        return Ok(Progress::NeedMore);
    };
    if length > MAX_HELLO_BYTES {
        return Err(Malformed("handshake_length"));
    }
    match rest.get(..length) {
        Some(body) => parse_hello_body(body).map(Progress::Parsed),
        None => Ok(Progress::NeedMore),
    }
}

/// The server name from an incomplete hello, if it contains the name: for streams whose rest was lost, cut or
/// malformed.
/// Written as in `ClientHello`; None for an empty name.
pub fn partial_server_name(stream: &[u8]) -> Option<String> {
    let (handshake, _) = join_records(stream);
    partial_message_name(&handshake)
}

/// The same for a handshake message without records, as in QUIC.
pub fn partial_message_name(handshake: &[u8]) -> Option<String> {
    let (kind, length, body) = split_message(handshake)?;
    if kind != CLIENT_HELLO || length > MAX_HELLO_BYTES {
        return None;
    }
    let mut hello = ClientHello::default();
    // Fields before the first error are valid.
    let _ = read_body(body.get(..length).unwrap_or(body), Block::Partial, &mut hello);
    hello.server_name.filter(|name| !name.is_empty())
}

/// The body of a ClientHello handshake message (after type and length), common to TLS, QUIC and DTLS.
///
/// # Errors
///
/// The first part whose length is inconsistent.
pub fn parse_hello_body(body: &[u8]) -> Result<ClientHello, Malformed> {
    let mut hello = ClientHello::default();
    let parts = read_body(body, Block::Complete, &mut hello)?;
    hello.offer = Offer::read(parts.version, parts.cipher_suites, parts.extensions);
    Ok(hello)
}

/// Whether the extensions must end where the body does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Complete,
    Partial,
}

/// The parts of a body that go into the fingerprint.
struct Parts<'a> {
    /// The legacy version.
    version: u16,
    cipher_suites: Cursor<'a>,
    extensions: Cursor<'a>,
}

/// Reads a body into `hello` up to the first error.
fn read_body<'a>(body: &'a [u8], block: Block, hello: &mut ClientHello) -> Result<Parts<'a>, Malformed> {
    let mut cursor = Cursor::new(body);
    let mut parts = read_fixed_part(&mut cursor).map_err(|_| Malformed("hello"))?;
    // Before TLS 1.2 a hello could end here.
    if !cursor.is_empty() {
        let length = usize::from(cursor.u16().map_err(|_| Malformed("extensions"))?);
        let available = cursor.rest();
        if available.len() != length && block == Block::Complete {
            return Err(Malformed("extensions"));
        }
        parts.extensions = Cursor::new(&available[..available.len().min(length)]);
        read_extensions(parts.extensions, hello)?;
    }
    if hello.versions.is_empty() {
        hello.versions.push(parts.version);
    }
    Ok(parts)
}

/// Everything before the extensions.
fn read_fixed_part<'a>(cursor: &mut Cursor<'a>) -> Result<Parts<'a>, Short> {
    let version = cursor.u16()?;
    let _random = cursor.array::<32>()?;
    let _session = cursor.vector8()?;
    if is_dtls(version) {
        let _cookie = cursor.vector8()?;
    }
    let cipher_suites = cursor.vector16()?;
    let _compressions = cursor.vector8()?;
    Ok(Parts { version, cipher_suites, extensions: Cursor::new(&[]) })
}

fn read_extensions(mut block: Cursor, hello: &mut ClientHello) -> Result<(), Malformed> {
    while !block.is_empty() {
        let mut next = || Ok((block.u16()?, block.vector16()?));
        let (number, data) = next().map_err(|_: Short| Malformed("extensions"))?;
        match number {
            tls_extension::SERVER_NAME if hello.server_name.is_none() => {
                let name = read_server_name(data)?;
                hello.server_name = Some(name);
            }
            tls_extension::ALPN if hello.alpn.is_empty() => {
                hello.alpn = read_alpn(data).map_err(|_| Malformed("alpn"))?;
            }
            tls_extension::SUPPORTED_VERSIONS if hello.versions.is_empty() => {
                hello.versions = read_versions(data).map_err(|_| Malformed("versions"))?;
            }
            tls_extension::ENCRYPTED_CLIENT_HELLO => hello.ech |= data.rest() != INNER,
            tls_extension::ENCRYPTED_SERVER_NAME => hello.esni = true,
            _ => {}
        }
    }
    Ok(())
}

/// The first host name of the list (RFC 6066, 3); empty if there is none.
///
/// # Errors
///
/// An inconsistent length, or a name that no host can have.
fn read_server_name(data: Cursor) -> Result<String, Malformed> {
    match first_host_name(data) {
        Ok(name) => server_name(name),
        Err(Short) => Err(Malformed("server_name")),
    }
}

fn first_host_name(mut data: Cursor<'_>) -> Result<&[u8], Short> {
    const HOST_NAME: u8 = 0;
    if data.is_empty() {
        return Ok(&[]);
    }
    let mut list = data.vector16()?;
    let mut found = None;
    while !list.is_empty() {
        let kind = list.u8()?;
        let name = list.vector16()?.rest();
        if kind == HOST_NAME && found.is_none() {
            found = Some(name);
        }
    }
    at_end(data)?;
    Ok(found.unwrap_or_default())
}

fn read_alpn(mut data: Cursor) -> Result<Vec<String>, Short> {
    let mut list = data.vector16()?;
    let (mut protocols, mut bytes) = (Vec::new(), 0);
    while !list.is_empty() {
        let name = list.vector8()?.rest();
        let is_random = matches!(*name, [a, b] if is_grease(u16::from_be_bytes([a, b])));
        if is_random || protocols.len() == MAX_PROTOCOLS || bytes > MAX_PROTOCOL_BYTES {
            continue; // the rest of the list has to be well-formed as well
        }
        let protocol = escaped(name);
        bytes += protocol.len();
        if bytes <= MAX_PROTOCOL_BYTES {
            protocols.push(protocol);
        }
    }
    at_end(data)?;
    Ok(protocols)
}

fn read_versions(mut data: Cursor) -> Result<Vec<u16>, Short> {
    let mut list = data.vector8()?;
    let mut versions = Vec::new();
    while !list.is_empty() {
        let version = list.u16()?;
        if !is_grease(version) {
            versions.push(version);
        }
    }
    at_end(data)?;
    // DTLS version numbers decrease.
    versions.sort_by_key(|&version| Reverse(if is_dtls(version) { !version } else { version }));
    Ok(versions)
}

fn at_end(data: Cursor) -> Result<(), Short> {
    if data.is_empty() {
        Ok(())
    } else {
        Err(Short)
    }
}
