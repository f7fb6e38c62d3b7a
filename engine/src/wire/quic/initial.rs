//! QUIC Initial packets (RFC 9000, 9001, 9369).
//!
//! Initial packets are protected with keys that any observer can derive from the connection ID in them.
//! `ring` does the cryptography. Only packets with a valid authentication tag are used, so random data never
//! yields a name.

use super::connection_id::ConnectionId;
use super::long_header::{may_be_long_header, read_header, LongHeader};
use super::quic_keys::Keys;
use super::quic_version::{PacketType, Version};
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::parse::Malformed;

/// Maximum number of coalesced packets parsed in one datagram.
const MAX_COALESCED: usize = 16;

/// A long-header Initial packet, still protected.
#[derive(Clone, Copy, Debug)]
pub struct Initial<'a> {
    /// Version of QUIC.
    pub version: Version,
    /// Destination connection ID, from which the keys of a client's first packets are derived.
    pub destination: ConnectionId,
    /// The complete packet.
    packet: &'a [u8],
    /// Offset of the packet number.
    number_at: usize,
}

/// The Initial packets in a datagram, in their order; other packets are skipped.
///
/// # Errors
///
/// A header or packet that extends beyond the datagram.
pub fn initials(datagram: &[u8]) -> Result<Vec<Initial<'_>>, Malformed> {
    let mut found = Vec::new();
    let mut rest = datagram;
    for _ in 0..MAX_COALESCED {
        if !may_be_long_header(rest) {
            break; // a short header packet, padding, or the end
        }
        let packet = long_header(rest).map_err(|_| Malformed("header"))?;
        let Some((initial, length)) = packet else { break };
        found.extend(initial);
        rest = &rest[length..];
    }
    Ok(found)
}

/// Reads one long-header packet: the Initial, if it is one, and the length of the packet. None if the length
/// is unknown (version negotiation, Retry, or an unknown version).
fn long_header(bytes: &[u8]) -> Result<Option<(Option<Initial<'_>>, usize)>, Short> {
    let mut cursor = Cursor::new(bytes);
    let Some(header) = read_header(&mut cursor)? else { return Ok(None) };
    let LongHeader { version, kind, destination, .. } = header;
    if kind == PacketType::Retry {
        return Ok(None);
    }
    if kind == PacketType::Initial {
        let token_length = read_varint(&mut cursor)?;
        cursor.take(token_length)?;
    }
    let length = read_varint(&mut cursor)?;
    let number_at = bytes.len() - cursor.rest().len();
    cursor.take(length)?;
    let packet = &bytes[..number_at + length];
    let initial = Initial { version, destination, packet, number_at };
    Ok(Some(((kind == PacketType::Initial).then_some(initial), packet.len())))
}

impl Initial<'_> {
    /// Decrypts the frames with the client keys derived from `origin`; None if these are not the packet's
    /// keys.
    pub fn open(&self, origin: &ConnectionId) -> Option<Vec<u8>> {
        Keys::for_client(self.version, origin.as_slice()).find_map(|keys| self.open_with(&keys))
    }

    fn open_with(&self, keys: &Keys) -> Option<Vec<u8>> {
        // RFC 9001, 5.4.2: the sample begins four bytes after the start of the packet number.
        let sample = self.packet.get(self.number_at + 4..self.number_at + 20)?;
        let mask = keys.mask(sample)?;
        let first = self.packet[0] ^ (mask[0] & 0x0f);
        let number_len = usize::from(first & 3) + 1;
        let payload_at = self.number_at + number_len;
        let mut header = self.packet.get(..payload_at)?.to_vec();
        header[0] = first;
        let mut number = 0u64;
        for (byte, mask) in header[self.number_at..].iter_mut().zip(&mask[1..]) {
            *byte ^= mask;
            number = number << 8 | u64::from(*byte);
        }
        keys.open(number, &header, self.packet.get(payload_at..)?)
    }
}

/// Calls `each` with the CRYPTO frames of an Initial's payload as (offset, bytes), in their order.
///
/// # Errors
///
/// The first frame that is not allowed in an Initial or that extends beyond the payload.
pub fn crypto_frames<'a>(
    payload: &'a [u8],
    version: Version,
    mut each: impl FnMut(u64, &'a [u8]),
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(payload);
    while let Ok(kind) = cursor.u8() {
        let read = match kind {
            0x00 | 0x01 => Ok(()),
            0x02 | 0x03 => skip_ack(&mut cursor, kind == 0x03),
            _ if kind == version.crypto_frame() => {
                read_crypto(&mut cursor).map(|(offset, bytes)| each(offset, bytes))
            }
            // Google's versions have frame types of their own; PING is the only one of them in a client's
            // Initial.
            0x07 if version.is_google() => Ok(()),
            0x1c => skip_close(&mut cursor),
            _ => return Err(Malformed("frame")), // no other frame is allowed (RFC 9000, 12.4)
        };
        read.map_err(|_| Malformed("frame_length"))?;
    }
    Ok(())
}

fn read_crypto<'a>(cursor: &mut Cursor<'a>) -> Result<(u64, &'a [u8]), Short> {
    let offset = read_varint(cursor)? as u64;
    let length = read_varint(cursor)?;
    Ok((offset, cursor.take(length)?))
}

fn skip_close(cursor: &mut Cursor<'_>) -> Result<(), Short> {
    read_varint(cursor)?;
    read_varint(cursor)?;
    let reason = read_varint(cursor)?;
    cursor.take(reason).map(|_| ())
}

/// A variable-length integer (RFC 9000, 16).
fn read_varint(cursor: &mut Cursor<'_>) -> Result<usize, Short> {
    let first = cursor.u8()?;
    let mut value = u64::from(first & 0x3f);
    for byte in cursor.take((1 << (first >> 6)) - 1)? {
        value = value << 8 | u64::from(*byte);
    }
    usize::try_from(value).map_err(|_| Short)
}

fn skip_ack(cursor: &mut Cursor<'_>, with_ecn: bool) -> Result<(), Short> {
    read_varint(cursor)?;
    read_varint(cursor)?;
    let ranges = read_varint(cursor)?;
    read_varint(cursor)?;
    for _ in 0..ranges {
        read_varint(cursor)?;
        read_varint(cursor)?;
    }
    for _ in 0..if with_ecn { 3 } else { 0 } {
        read_varint(cursor)?;
    }
    Ok(())
}
