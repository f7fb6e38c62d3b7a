//! TLS ClientHello (RFC 8446, 4.1.2; RFC 6066, 3; RFC 7301) out of a stream's first bytes.

use super::cursor::{Cursor, Short};
use super::dns_name::push_label;
use super::{Malformed, Parse, Progress};
use std::borrow::Cow;

/// Record type of handshake messages.
const HANDSHAKE: u8 = 22;
/// Handshake type of a ClientHello.
const CLIENT_HELLO: u8 = 1;
/// The longest hello that is believed; the field could say 16 MiB.
const MAX_HELLO: usize = 128 * 1024;
/// Bytes of a record header.
const RECORD_HEADER: usize = 5;
/// Bytes of a handshake message's header.
const MESSAGE_HEADER: usize = 4;

/// Extension types (IANA, "TLS ExtensionType Values").
mod extension {
    pub const SERVER_NAME: u16 = 0;
    pub const ALPN: u16 = 16;
    pub const SUPPORTED_VERSIONS: u16 = 43;
    pub const ENCRYPTED_SERVER_NAME: u16 = 0xffce;
    pub const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
}

/// What a ClientHello says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// server_name, lower case; None: no such extension; empty: the extension is there without a name.
    pub server_name: Option<String>,
    /// Protocols offered by ALPN, GREASE left out.
    pub alpn: Vec<String>,
    /// supported_versions (or the legacy version), highest first, GREASE left out.
    pub versions: Vec<u16>,
    /// encrypted_client_hello (0xfe0d) is present, real or GREASE.
    pub ech: bool,
    /// The older encrypted_server_name (0xffce) is present.
    pub esni: bool,
}

/// True if a stream that begins with `bytes` may begin with a ClientHello (also when only a byte is there).
#[inline]
pub fn may_be_hello(bytes: &[u8]) -> bool {
    let pattern = |at: usize, fits: fn(u8) -> bool| bytes.get(at).is_none_or(|byte| fits(*byte));
    !bytes.is_empty()
        && bytes[0] == HANDSHAKE
        && pattern(1, |major| major == 3)
        && pattern(2, |minor| minor <= 4)
        && pattern(RECORD_HEADER, |kind| kind == CLIENT_HELLO)
}

/// The first ClientHello of a TCP stream that begins with `stream`: from any number of records.
pub fn parse_hello_stream(stream: &[u8]) -> Parse<ClientHello> {
    let (message, whole) = handshake_bytes(stream)?;
    match parse_hello_message(&message)? {
        Progress::NeedMore if whole => Err(Malformed("record")), // another record type cut in
        progress => Ok(progress),
    }
}

/// A ClientHello with its handshake header, as TLS records and QUIC CRYPTO frames carry it.
pub fn parse_hello_message(message: &[u8]) -> Parse<ClientHello> {
    match message.first() {
        None => return Ok(Progress::NeedMore),
        Some(&CLIENT_HELLO) => {}
        Some(_) => return Err(Malformed("handshake_type")),
    }
    let mut cursor = Cursor::new(&message[1..]);
    let Ok(length) = cursor.u24() else {
        return Ok(Progress::NeedMore);
    };
    if length as usize > MAX_HELLO {
        return Err(Malformed("length"));
    }
    match cursor.take(length as usize) {
        Ok(body) => parse_hello_body(body).map(Progress::Parsed),
        Err(Short) => Ok(Progress::NeedMore),
    }
}

/// The body of a ClientHello (after type and length).
pub fn parse_hello_body(body: &[u8]) -> Result<ClientHello, Malformed> {
    let mut cursor = Cursor::new(body);
    let mut hello = ClientHello::default();
    let mut extensions = start_of_extensions(&mut cursor, &mut hello)?;
    if !cursor.is_empty() {
        return Err(Malformed("trailing_bytes"));
    }
    while !extensions.is_empty() {
        let kind = extensions.u16().map_err(|_| Malformed("extension"))?;
        let data = extensions.block16().map_err(|_| Malformed("extension"))?;
        read_extension(kind, data, &mut hello)?;
    }
    Ok(hello)
}

/// The name in a hello that is not whole, if its server_name extension is.
pub fn partial_server_name(stream: &[u8]) -> Option<String> {
    let (message, _) = handshake_bytes(stream).ok()?;
    let mut cursor = Cursor::new(message.get(MESSAGE_HEADER..)?);
    let mut hello = ClientHello::default();
    skip_to_extensions(&mut cursor, &mut hello).ok()?;
    cursor.u16().ok()?;
    loop {
        let kind = cursor.u16().ok()?;
        let data = cursor.block16().ok()?;
        if kind == extension::SERVER_NAME {
            return read_server_name(data).ok().filter(|name| !name.is_empty());
        }
    }
}

/// The handshake bytes at a stream's beginning, without the record headers. True: they are all that
/// there will be, since something else follows.
fn handshake_bytes(stream: &[u8]) -> Result<(Cow<'_, [u8]>, bool), Malformed> {
    let mut bytes: Cow<'_, [u8]> = Cow::Borrowed(&[]);
    let mut rest = stream;
    let mut needed = usize::MAX;
    while bytes.len() < needed {
        match rest {
            [] => return Ok((bytes, false)),
            [kind, ..] if *kind != HANDSHAKE && bytes.is_empty() => return Err(Malformed("record")),
            [kind, ..] if *kind != HANDSHAKE => return Ok((bytes, true)),
            [_, major, ..] if *major != 3 => return Err(Malformed("record")),
            _ => {}
        }
        let Some(header) = rest.get(..RECORD_HEADER) else {
            return Ok((bytes, false));
        };
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        if length == 0 {
            return Err(Malformed("record")); // RFC 8446, 5.1: no empty handshake fragments
        }
        let end = rest.len().min(RECORD_HEADER + length);
        let fragment = &rest[RECORD_HEADER..end];
        if bytes.is_empty() {
            bytes = Cow::Borrowed(fragment);
        } else {
            bytes.to_mut().extend_from_slice(fragment);
        }
        rest = &rest[end..];
        if let Some(header) = bytes.get(1..MESSAGE_HEADER) {
            let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
            needed = MESSAGE_HEADER + (length as usize).min(MAX_HELLO);
        }
    }
    Ok((bytes, false))
}

/// Reads up to the extensions; a hello may end before them (TLS 1.2 and older).
fn start_of_extensions<'a>(
    cursor: &mut Cursor<'a>,
    hello: &mut ClientHello,
) -> Result<Cursor<'a>, Malformed> {
    skip_to_extensions(cursor, hello).map_err(|_| Malformed("hello"))?;
    if cursor.is_empty() {
        return Ok(Cursor::new(&[]));
    }
    cursor.block16().map_err(|_| Malformed("extensions"))
}

fn skip_to_extensions(cursor: &mut Cursor<'_>, hello: &mut ClientHello) -> Result<(), Short> {
    hello.versions = vec![cursor.u16()?];
    cursor.take(32)?;
    cursor.block8()?; // session ID
    cursor.block16()?; // cipher suites
    cursor.block8()?; // compression methods
    Ok(())
}

fn read_extension(kind: u16, mut data: Cursor<'_>, hello: &mut ClientHello) -> Result<(), Malformed> {
    match kind {
        extension::SERVER_NAME if hello.server_name.is_none() => {
            hello.server_name = Some(read_server_name(data)?);
        }
        extension::ALPN => {
            let mut list = data.block16().map_err(|_| Malformed("alpn"))?;
            while !list.is_empty() {
                let name = list.block8().map_err(|_| Malformed("alpn"))?.rest();
                if !matches!(name, [a, b] if is_grease(u16::from_be_bytes([*a, *b]))) {
                    hello.alpn.push(String::from_utf8_lossy(name).into_owned());
                }
            }
        }
        extension::SUPPORTED_VERSIONS => {
            let mut list = data.block8().map_err(|_| Malformed("versions"))?;
            let mut versions = Vec::new();
            while let Ok(version) = list.u16() {
                if !is_grease(version) && !versions.contains(&version) {
                    versions.push(version);
                }
            }
            versions.sort_unstable_by(|a, b| b.cmp(a));
            if !versions.is_empty() {
                hello.versions = versions;
            }
        }
        extension::ENCRYPTED_CLIENT_HELLO => hello.ech = true,
        extension::ENCRYPTED_SERVER_NAME => hello.esni = true,
        _ => {}
    }
    Ok(())
}

/// The host name of a server_name extension (RFC 6066, 3); empty if there is none.
fn read_server_name(mut data: Cursor<'_>) -> Result<String, Malformed> {
    if data.is_empty() {
        return Ok(String::new());
    }
    let mut list = data.block16().map_err(|_| Malformed("server_name"))?;
    while !list.is_empty() {
        let kind = list.u8().map_err(|_| Malformed("server_name"))?;
        let name = list.block16().map_err(|_| Malformed("server_name"))?.rest();
        if kind == 0 {
            let name = name.strip_suffix(b".").unwrap_or(name);
            let mut text = String::with_capacity(name.len());
            for (number, label) in name.split(|byte| *byte == b'.').enumerate() {
                if number > 0 {
                    text.push('.');
                }
                push_label(&mut text, label);
            }
            return Ok(text);
        }
    }
    Ok(String::new())
}

/// Values that clients send at random so that servers stay tolerant (RFC 8701).
fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}
