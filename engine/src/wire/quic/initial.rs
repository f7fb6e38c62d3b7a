//! QUIC Initial packets (RFC 9000, 9001, 9369): what a client says before anything is secret.
//!
//! Initial packets are protected with keys that anybody can derive from the connection ID in them.
//! `ring` does the cryptography; a packet counts only if its authentication tag is right, so no
//! name is ever read out of noise.

use super::connection_id::ConnectionId;
use super::long_header::{may_be_long_header, read_header, LongHeader};
use super::quic_keys::Keys;
use super::quic_version::{PacketType, Version};
use crate::wire::bytes::cursor::{Cursor, Short};
use crate::wire::bytes::parse::Malformed;

/// Packets looked at in one datagram.
const MAX_COALESCED: usize = 16;

/// A long-header Initial packet, still protected.
#[derive(Clone, Copy, Debug)]
pub struct Initial<'a> {
    /// Version of QUIC.
    pub version: Version,
    /// Destination connection ID: the key's origin in a client's first packets.
    pub destination: ConnectionId,
    /// The packet from its first byte to its last.
    packet: &'a [u8],
    /// Where the packet number begins.
    number_at: usize,
}

/// The Initial packets in a datagram, in their order; other packets are stepped over.
///
/// # Errors
///
/// A header that does not fit into the datagram.
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

/// Reads one long-header packet: the Initial, if it is one, and the packet's length. None: nothing
/// more can be told apart (version negotiation, Retry, or a version unknown here).
fn long_header(bytes: &[u8]) -> Result<Option<(Option<Initial<'_>>, usize)>, Short> {
    let mut cursor = Cursor::new(bytes);
    let Some(header) = read_header(&mut cursor)? else { return Ok(None) };
    let LongHeader { version, kind, destination, .. } = header;
    if kind == PacketType::Retry {
        return Ok(None);
    }
    if kind == PacketType::Initial {
        let token = variable(&mut cursor)?;
        cursor.take(token)?;
    }
    let length = variable(&mut cursor)?;
    let number_at = bytes.len() - cursor.rest().len();
    cursor.take(length)?;
    let packet = &bytes[..number_at + length];
    let initial = Initial { version, destination, packet, number_at };
    Ok(Some(((kind == PacketType::Initial).then_some(initial), packet.len())))
}

impl Initial<'_> {
    /// The packet's frames in clear, if a client protected it with the keys of `origin`.
    pub fn open(&self, origin: &ConnectionId) -> Option<Vec<u8>> {
        Keys::of_client(self.version, origin.as_slice()).find_map(|keys| self.open_with(&keys))
    }

    fn open_with(&self, keys: &Keys) -> Option<Vec<u8>> {
        // RFC 9001, 5.4.2: the sample lies four bytes after the packet number's first byte.
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

/// Hands over the CRYPTO frames of an Initial's payload as (offset, bytes), in their order.
///
/// # Errors
///
/// The first frame that an Initial may not hold, or that does not fit into the payload.
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
            // Google's versions number some frames in their own way; of these a client's Initial holds PING.
            0x07 if version.is_google() => Ok(()),
            0x1c => skip_close(&mut cursor),
            _ => return Err(Malformed("frame")), // RFC 9000, 12.4: no other frame is allowed here
        };
        read.map_err(|_| Malformed("frame_length"))?;
    }
    Ok(())
}

fn read_crypto<'a>(cursor: &mut Cursor<'a>) -> Result<(u64, &'a [u8]), Short> {
    let offset = variable(cursor)? as u64;
    let length = variable(cursor)?;
    Ok((offset, cursor.take(length)?))
}

fn skip_close(cursor: &mut Cursor<'_>) -> Result<(), Short> {
    variable(cursor)?;
    variable(cursor)?;
    let reason = variable(cursor)?;
    cursor.take(reason).map(|_| ())
}

/// A variable-length integer (RFC 9000, 16); one that no packet can hold is as good as too long.
fn variable(cursor: &mut Cursor<'_>) -> Result<usize, Short> {
    let first = cursor.u8()?;
    let mut value = u64::from(first & 0x3f);
    for byte in cursor.take((1 << (first >> 6)) - 1)? {
        value = value << 8 | u64::from(*byte);
    }
    usize::try_from(value).map_err(|_| Short)
}

fn skip_ack(cursor: &mut Cursor<'_>, with_ecn: bool) -> Result<(), Short> {
    variable(cursor)?;
    variable(cursor)?;
    let ranges = variable(cursor)?;
    variable(cursor)?;
    for _ in 0..ranges {
        variable(cursor)?;
        variable(cursor)?;
    }
    for _ in 0..if with_ecn { 3 } else { 0 } {
        variable(cursor)?;
    }
    Ok(())
}
