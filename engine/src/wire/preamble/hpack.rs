//! The header fields of interest in the first field block of an HTTP/2 connection (HPACK, RFC 7541).
//!
//! The first block can only refer to fields of its own in the dynamic table, and a pseudo-header field occurs once
//! (RFC 9113, 8.3), so no dynamic table is needed to find it.

use super::huffman::decode;
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::parse::Malformed;
use std::borrow::Cow;

const BAD: Malformed = Malformed("hpack");

/// Entries of the static table (RFC 7541, A).
const AUTHORITY: usize = 1;
const METHOD: [usize; 2] = [2, 3];
const HOST: usize = 38;
/// The static table ends before this entry.
const FIRST_DYNAMIC: usize = 62;

/// The header fields of interest in a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Headers {
    authority: Option<Vec<u8>>,
    host: Option<Vec<u8>>,
    /// The method is CONNECT.
    pub is_connect: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Authority,
    Host,
    Method,
    Other,
}

impl Field {
    fn of_entry(number: usize) -> Self {
        match number {
            AUTHORITY => Self::Authority,
            HOST => Self::Host,
            number if METHOD.contains(&number) => Self::Method,
            _ => Self::Other,
        }
    }

    fn of_name(name: &[u8]) -> Self {
        match name {
            b":authority" => Self::Authority,
            b"host" => Self::Host,
            b":method" => Self::Method,
            _ => Self::Other,
        }
    }
}

impl Headers {
    /// The fields in a complete field block.
    ///
    /// # Errors
    ///
    /// The first field that is malformed.
    pub(super) fn read(block: &[u8]) -> Result<Self, Malformed> {
        let mut headers = Self::default();
        let mut cursor = Cursor::new(block);
        while !cursor.is_empty() {
            headers.read_field(&mut cursor)?;
        }
        Ok(headers)
    }

    /// The authority, or the host that stands in for it; empty if there is neither.
    pub(super) fn authority(&self) -> &[u8] {
        self.authority.as_ref().or(self.host.as_ref()).map_or(&[], Vec::as_slice)
    }

    fn read_field(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
        let first = *cursor.rest().first().ok_or(BAD)?;
        let name_bits = match first {
            0x80.. => return read_number(cursor, 7).and_then(check_entry), // a complete field of a table
            0x40..=0x7f => 6,
            0x20..=0x3f => return read_number(cursor, 5).map(|_| ()), // the size of the dynamic table
            _ => 4,
        };
        let field = match read_number(cursor, name_bits)? {
            0 => Field::of_name(&read_string(cursor)?.text()?),
            number => Field::of_entry(number),
        };
        let value = read_string(cursor)?;
        match field {
            Field::Authority if self.authority.is_none() => self.authority = Some(value.text()?.into_owned()),
            Field::Host if self.host.is_none() => self.host = Some(value.text()?.into_owned()),
            Field::Method => self.is_connect = *value.text()? == *b"CONNECT",
            _ => {}
        }
        Ok(())
    }
}

/// A block of at most 32 KiB adds no more fields than it has bytes.
fn check_entry(number: usize) -> Result<(), Malformed> {
    let is_entry = (1..FIRST_DYNAMIC + 32_768).contains(&number);
    is_entry.then_some(()).ok_or(BAD)
}

/// A string as sent.
struct Text<'a> {
    bytes: &'a [u8],
    is_huffman: bool,
}

impl<'a> Text<'a> {
    fn text(&self) -> Result<Cow<'a, [u8]>, Malformed> {
        if self.is_huffman {
            decode(self.bytes).map(Cow::Owned).ok_or(BAD)
        } else {
            Ok(Cow::Borrowed(self.bytes))
        }
    }
}

/// A string literal (RFC 7541, 5.2).
fn read_string<'a>(cursor: &mut Cursor<'a>) -> Result<Text<'a>, Malformed> {
    let is_huffman = cursor.rest().first().is_some_and(|first| first & 0x80 != 0);
    let length = read_number(cursor, 7)?;
    let bytes = cursor.take(length).map_err(|_| BAD)?;
    Ok(Text { bytes, is_huffman })
}

/// An integer whose first byte has `bits` of it (RFC 7541, 5.1).
fn read_number(cursor: &mut Cursor<'_>, bits: u32) -> Result<usize, Malformed> {
    const MAX_BYTES: u32 = 3;
    let mut read = || {
        let most = (1 << bits) - 1;
        let mut number = usize::from(cursor.u8()?) & most;
        if number < most {
            return Ok(number);
        }
        for at in 0..MAX_BYTES {
            let byte = cursor.u8()?;
            number += usize::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Short)
    };
    read().map_err(|_| BAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(block: &[u8]) -> Result<String, Malformed> {
        let headers = Headers::read(block)?;
        Ok(String::from_utf8(headers.authority().to_vec()).unwrap())
    }

    #[test]
    fn the_examples_of_the_specification_are_read() {
        // RFC 7541, C.3.1 and C.4.1: without and with Huffman coding.
        let plain = b"\x82\x86\x84\x41\x0fwww.example.com";
        let huffman = b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";
        for block in [&plain[..], huffman] {
            assert_eq!(authority(block).as_deref(), Ok("www.example.com"));
        }
    }

    #[test]
    fn a_name_may_be_a_literal_in_every_representation() {
        for first in [0x40, 0x00, 0x10] {
            let block = [&[0x3f, 0x01, first][..], b"\x0a:authority\x01a"].concat();
            assert_eq!(authority(&block).as_deref(), Ok("a"), "{first}");
        }
        assert_eq!(authority(b"\x0f\x17\x01h").as_deref(), Ok("h")); // host, entry 38
        assert_eq!(authority(b"\x0f\x17\x01h\x01\x01a").as_deref(), Ok("a"));
    }

    #[test]
    fn a_request_for_a_tunnel_is_recognised() {
        assert!(Headers::read(b"\x02\x07CONNECT\x41\x01a").unwrap().is_connect);
        assert!(!Headers::read(b"\x82\x41\x01a").unwrap().is_connect);
    }

    #[test]
    fn damaged_fields_are_malformed() {
        for block in
            [&b"\x80"[..], b"\x41\x05a", b"\x41", b"\x41\x81\x00", b"\x7f\xff\xff\xff\x01", b"\x00\x01"]
        {
            assert_eq!(Headers::read(block), Err(BAD), "{block:?}");
        }
    }
}
