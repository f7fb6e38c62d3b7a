//! Google QUIC before its use of TLS: the client hello ("CHLO") in the unencrypted packets of Q024 to Q046,
//! and the CHLO message itself, which Q050 carries in Initial packets.
//!
//! Layout: the public documents "QUIC Wire Layout Specification" and "QUIC Crypto" of the Chromium project.
//! Only packets with a valid hash are used, so random data never yields a name.

use super::connection_id::ConnectionId;
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::host::server_name;
use crate::wire::bytes::parse::{Malformed, Parse, Progress};
use crate::wire::tls::ClientHello;

/// Flags of a first byte with a version: "version" and "connection ID of eight bytes".
const WITH_VERSION: u8 = 0x09;
/// The stream ID of the handshake.
const CRYPTO_STREAM: u32 = 1;
/// Maximum number of entries in a message, as in Chromium.
const MAX_ENTRIES: usize = 128;
/// A longer CHLO is malformed: it has to fit into one packet.
const MAX_MESSAGE: usize = 1 << 16;

/// A version of this family, and how its packets differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct GoogleVersion(u16);

impl GoogleVersion {
    /// The number in "Q043".
    fn of(tag: [u8; 4]) -> Option<Self> {
        let [b'Q', digits @ ..] = tag else { return None };
        let number = digits.iter().try_fold(0, |number, digit| match digit {
            b'0'..=b'9' => Some(number * 10 + u16::from(digit - b'0')),
            _ => None,
        })?;
        (24..=46).contains(&number).then_some(Self(number))
    }

    /// Numbers are in network byte order.
    fn is_big_endian(self) -> bool {
        self.0 >= 39
    }

    /// A byte of flags precedes the frames.
    fn has_private_flags(self) -> bool {
        self.0 < 34
    }

    /// The hash differs between client and server packets.
    fn hashes_sender(self) -> bool {
        self.0 >= 37
    }

    fn number(self, bytes: &[u8]) -> u64 {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if self.is_big_endian() {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        }
    }
}

/// An unencrypted client packet with a valid hash.
#[derive(Clone, Copy, Debug)]
pub struct ClearPacket<'a> {
    /// The connection.
    pub connection: ConnectionId,
    version: GoogleVersion,
    frames: &'a [u8],
}

/// True if a datagram may be a packet with a version and the public header, which is used up to Q043.
#[inline]
pub fn may_be_public_header(datagram: &[u8]) -> bool {
    matches!(datagram, [first, _, _, _, _, _, _, _, _, b'Q', b'0', b'0'..=b'9', b'0'..=b'9', ..]
        if first & 0x80 == 0 && first & WITH_VERSION == WITH_VERSION)
}

/// An unencrypted client packet; None for any other datagram, or if the hash is invalid.
pub fn clear_packet(datagram: &[u8]) -> Option<ClearPacket<'_>> {
    let (version, connection, header_len) =
        if may_be_public_header(datagram) { public_header(datagram) } else { long_header(datagram) }
            .ok()??;
    let header = datagram.get(..header_len)?;
    let (hash, payload) = datagram.get(header_len..)?.split_first_chunk::<12>()?;
    if packet_hash(version, header, payload) != *hash {
        return None;
    }
    let frames = match payload {
        // A packet in a forward error correction group has one more byte.
        [flags, rest @ ..] if version.has_private_flags() => rest.get(usize::from(flags >> 1 & 1)..)?,
        _ => payload,
    };
    Some(ClearPacket { connection, version, frames })
}

/// GoogleVersion, connection and length of a header up to Q043.
fn public_header(datagram: &[u8]) -> Result<Option<(GoogleVersion, ConnectionId, usize)>, Short> {
    let mut cursor = Cursor::new(datagram);
    let flags = cursor.u8()?;
    let connection = ConnectionId::new(cursor.take(8)?).ok_or(Short)?;
    let Some(version) = GoogleVersion::of(*cursor.array()?).filter(|version| version.0 <= 43) else {
        return Ok(None);
    };
    cursor.take([1, 2, 4, 6][usize::from(flags >> 4 & 3)])?;
    Ok(Some((version, connection, datagram.len() - cursor.rest().len())))
}

/// The same for Q046: a long header of an early draft, with connection ID lengths of four bits each.
fn long_header(datagram: &[u8]) -> Result<Option<(GoogleVersion, ConnectionId, usize)>, Short> {
    const INITIAL: u8 = 0xc0;
    let mut cursor = Cursor::new(datagram);
    let first = cursor.u8()?;
    let version = GoogleVersion::of(*cursor.array()?).filter(|version| version.0 == 46);
    let Some(version) = version.filter(|_| first & 0xf0 == INITIAL) else { return Ok(None) };
    let lengths = cursor.u8()?;
    let length = |bits: u8| if bits == 0 { 0 } else { usize::from(bits) + 3 };
    let connection = ConnectionId::new(cursor.take(length(lengths >> 4))?).ok_or(Short)?;
    cursor.take(length(lengths & 0x0f))?;
    cursor.take(usize::from(first & 3) + 1)?;
    Ok(Some((version, connection, datagram.len() - cursor.rest().len())))
}

/// The hash in place of the later authentication tag: FNV-1a with 128 bits, truncated to 96.
fn packet_hash(version: GoogleVersion, header: &[u8], payload: &[u8]) -> [u8; 12] {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 1 << 88 | 0x13b;
    let sender: &[u8] = if version.hashes_sender() { b"Client" } else { b"" };
    let bytes = [header, payload, sender].into_iter().flatten();
    let hash = bytes.fold(BASIS, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME));
    let [cut @ .., _, _, _, _] = hash.to_le_bytes();
    cut
}

impl<'a> ClearPacket<'a> {
    /// Calls `each` with the frames of the handshake stream as (offset, bytes), in their order. A frame of
    /// another type ends the parsing, because its length is unknown. A CHLO that follows an earlier one, which was
    /// rejected, gets the offset 0 as well: it stands for itself.
    ///
    /// # Errors
    ///
    /// A frame that extends beyond the packet.
    pub fn crypto_frames(&self, mut each: impl FnMut(u64, &'a [u8])) -> Result<(), Malformed> {
        const PADDING: u8 = 0; // to the end of the packet
        const PING: u8 = 7;
        const STREAM: u8 = 0x80;
        let mut cursor = Cursor::new(self.frames);
        while let Ok(kind) = cursor.u8() {
            if kind == PING {
                continue;
            }
            if kind == PADDING || kind & STREAM == 0 {
                break;
            }
            let (stream, offset, bytes) =
                self.stream_frame(kind, &mut cursor).map_err(|_| Malformed("frame_length"))?;
            if stream == CRYPTO_STREAM {
                each(if bytes.starts_with(&CHLO) { 0 } else { offset }, bytes);
            }
        }
        Ok(())
    }

    /// The rest of a frame with the type bits 1fdooosss: whether it has a length, the size of the offset, the
    /// size of the stream ID.
    fn stream_frame(&self, kind: u8, cursor: &mut Cursor<'a>) -> Result<(u32, u64, &'a [u8]), Short> {
        let number = |bytes: &[u8]| self.version.number(bytes);
        let stream = number(cursor.take(usize::from(kind & 3) + 1)?) as u32;
        let offset = match usize::from(kind >> 2 & 7) {
            0 => 0,
            bits => number(cursor.take(bits + 1)?),
        };
        let length = match kind & 0x20 {
            0 => cursor.rest().len(),
            _ => number(cursor.take(2)?) as usize,
        };
        Ok((stream, offset, cursor.take(length)?))
    }
}

/// True if a handshake stream begins with a CHLO rather than TLS.
pub fn is_client_hello(stream: &[u8]) -> bool {
    stream.first() == Some(&CHLO[0])
}

const CHLO: [u8; 4] = *b"CHLO";

/// The client hello at the beginning of a handshake stream, of which only the server name is read. Bytes
/// after it are ignored.
///
/// # Errors
///
/// The first field that is invalid in a CHLO.
pub fn parse_client_hello(stream: &[u8]) -> Parse<ClientHello> {
    const SERVER_NAME: [u8; 4] = *b"SNI\0";
    if !stream.iter().zip(&CHLO).all(|(byte, expected)| byte == expected) {
        return Err(Malformed("chlo"));
    }
    let Some(([_, _, _, _, low, high, _, _], rest)) = stream.split_first_chunk() else {
        return Ok(Progress::NeedMore);
    };
    let entries = usize::from(u16::from_le_bytes([*low, *high]));
    if entries > MAX_ENTRIES {
        return Err(Malformed("chlo"));
    }
    let Some((index, values)) = rest.split_at_checked(entries * 8) else {
        return Ok(Progress::NeedMore);
    };
    let mut hello = ClientHello::default();
    let mut start = 0;
    for entry in index.chunks_exact(8) {
        let end = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]) as usize;
        if end < start || end > MAX_MESSAGE {
            return Err(Malformed("chlo"));
        }
        let Some(value) = values.get(start..end) else { return Ok(Progress::NeedMore) };
        if entry[..4] == SERVER_NAME {
            hello.server_name = Some(server_name(value)?);
        }
        start = end;
    }
    Ok(Progress::Parsed(hello))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(entries: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut bytes = b"CHLO".to_vec();
        bytes.extend((entries.len() as u32).to_le_bytes());
        let mut end = 0;
        for (tag, value) in entries {
            end += value.len() as u32;
            bytes.extend(*tag);
            bytes.extend(end.to_le_bytes());
        }
        entries.iter().for_each(|(_, value)| bytes.extend(*value));
        bytes
    }

    /// A client packet with one frame of the handshake stream.
    fn packet(header: &[u8], version: u16, frame: &[u8]) -> Vec<u8> {
        [header, &packet_hash(GoogleVersion(version), header, frame), frame].concat()
    }

    fn stream(datagram: &[u8]) -> Option<Vec<(u64, Vec<u8>)>> {
        let mut found = Vec::new();
        let packet = clear_packet(datagram)?;
        packet.crypto_frames(|offset, bytes| found.push((offset, bytes.to_vec()))).ok()?;
        Some(found)
    }

    #[test]
    fn a_message_is_parsed_when_complete_and_with_trailing_bytes() {
        let complete =
            message(&[(b"PAD\0", &[b'-'; 40]), (b"SNI\0", b"Www.Example.ORG."), (b"VER\0", b"Q043")]);
        let expected = ClientHello { server_name: Some("www.example.org".into()), ..ClientHello::default() };
        assert_eq!(parse_client_hello(&complete), Ok(Progress::Parsed(expected.clone())));
        assert_eq!(parse_client_hello(&[&complete[..], b"more"].concat()), Ok(Progress::Parsed(expected)));
        for length in 0..complete.len() {
            assert_eq!(parse_client_hello(&complete[..length]), Ok(Progress::NeedMore));
        }
    }

    #[test]
    fn an_invalid_message_is_rejected() {
        let mut backwards = message(&[(b"PAD\0", b"1234"), (b"SNI\0", b"a")]);
        backwards[20] = 2;
        let mut too_many = message(&[]);
        too_many[5] = 1;
        for bytes in [&backwards[..], &too_many, b"SHLO", b"\x01"] {
            assert_eq!(parse_client_hello(bytes), Err(Malformed("chlo")));
        }
    }

    #[test]
    fn headers_of_all_versions_are_parsed() {
        let connection = [1, 2, 3, 4, 5, 6, 7, 8];
        let old = |version: &[u8; 4]| [&[0x1d], &connection[..], version, &[9, 9]].concat();
        let new = [&[0xc3][..], b"Q046", &[0x50], &connection, &[0, 0, 0, 1]].concat();
        let frames = [
            (packet(&old(b"Q025"), 25, &[0, 0xa4, 1, 2, 0, 2, 0, b'a', b'b']), 2),
            (packet(&old(b"Q036"), 36, &[7, 0xa0, 1, 2, 0, b'a', b'b', 0, 0]), 0),
            (packet(&old(b"Q043"), 43, &[0xa4, 1, 0, 2, 0, 2, b'a', b'b', 0x40]), 2),
            (packet(&new, 46, &[0x80, 1, b'a', b'b']), 0),
        ];
        for (datagram, offset) in frames {
            assert_eq!(stream(&datagram), Some(vec![(offset, b"ab".to_vec())]));
            assert_eq!(clear_packet(&datagram).unwrap().connection.as_slice(), connection);
        }
    }

    #[test]
    fn a_hello_after_a_rejected_one_stands_for_itself() {
        let header = [&[0xc3][..], b"Q046", &[0x50], &[1, 2, 3, 4, 5, 6, 7, 8], &[0, 0, 0, 3]].concat();
        let datagram = packet(&header, 46, b"\xa4\x01\x04\x00\x00\x05CHLO!");
        assert_eq!(stream(&datagram), Some(vec![(0, b"CHLO!".to_vec())]));
    }

    #[test]
    fn a_single_wrong_bit_invalidates_the_packet() {
        let header = [&[0x0d, 1, 2, 3, 4, 5, 6, 7, 8][..], b"Q043", &[1]].concat();
        let complete = packet(&header, 43, &[0xa0, 1, 0, 2, b'a', b'b']);
        assert!(stream(&complete).is_some());
        for at in 0..complete.len() * 8 {
            let mut damaged = complete.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            assert!(clear_packet(&damaged).is_none());
        }
        for length in 0..complete.len() {
            assert!(clear_packet(&complete[..length]).is_none());
        }
    }
}
