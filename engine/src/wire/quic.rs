//! QUIC Initial packets (RFC 9000, 9001, 9369): what a client says before anything is secret.
//!
//! Initial packets are protected with keys that anybody can derive from the connection ID in them.
//! `ring` does the cryptography; a packet counts only if its authentication tag is right, so no
//! name is ever read out of noise.

use super::cursor::{Cursor, Short};
use super::quic_keys::{Keys, Version};
use super::Malformed;

/// Longest connection ID of the versions known here (RFC 9000, 17.2).
pub const MAX_CID: usize = 20;
/// Packets looked at in one datagram.
const MAX_COALESCED: usize = 16;

/// A connection ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ConnectionId {
    bytes: [u8; MAX_CID],
    len: u8,
}

impl ConnectionId {
    /// From at most 20 bytes.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut id = Self { len: u8::try_from(bytes.len()).ok()?, ..Self::default() };
        id.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(id)
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

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

/// True if a datagram may carry QUIC with a long header.
#[inline]
pub fn may_be_long_header(datagram: &[u8]) -> bool {
    matches!(datagram, [first, ..] if first & 0x80 != 0) && datagram.len() >= 7
}

/// A client's first datagram has at least so many bytes (RFC 9000, 14.1).
pub const MIN_DATAGRAM: u32 = 1200;

/// The version in a long header as all versions have it (RFC 8999, 5.1), with the fixed bit that all but
/// version negotiation set (RFC 9000, 17.2), and connection IDs that fit; None for anything else.
pub fn version_number(datagram: &[u8]) -> Option<u32> {
    let (first, number, _) = invariants(datagram)?;
    (first & 0xc0 == 0xc0 && number != 0).then_some(number)
}

/// True for a server's list of versions (RFC 8999, 6).
pub fn is_version_negotiation(datagram: &[u8]) -> bool {
    let versions = |(first, number, rest): (u8, u32, &[u8])| {
        first & 0x80 != 0 && number == 0 && !rest.is_empty() && rest.len() % 4 == 0
    };
    invariants(datagram).is_some_and(versions)
}

/// First byte, version, and what follows the connection IDs.
fn invariants(datagram: &[u8]) -> Option<(u8, u32, &[u8])> {
    let mut cursor = Cursor::new(datagram);
    let (first, number) = (cursor.u8().ok()?, cursor.u32().ok()?);
    // Before Q049, Google's headers have their lengths elsewhere.
    if Family::of(number) != Family::Google {
        connection_id(&mut cursor).ok()?;
        connection_id(&mut cursor).ok()?;
    }
    Some((first, number, cursor.rest()))
}

/// Versions as they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // explained in netmon/records.py, QUIC_VERSIONS
pub enum Family {
    V1,
    V2,
    Draft,
    Google,
    Unknown,
}

impl Family {
    /// All, in order of their number.
    pub const ALL: [Self; 5] = [Self::V1, Self::V2, Self::Draft, Self::Google, Self::Unknown];

    /// The family of a version.
    pub fn of(number: u32) -> Self {
        match number.to_be_bytes() {
            [0, 0, 0, 1] => Self::V1,
            [0x6b, 0x33, 0x43, 0xcf] => Self::V2,
            [0xff, 0, 0, _] => Self::Draft,
            [b'Q' | b'T', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9'] => Self::Google,
            _ => Self::Unknown,
        }
    }

    /// Metric label.
    pub fn label(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::Draft => "draft",
            Self::Google => "google",
            Self::Unknown => "unknown",
        }
    }
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

/// What the long header of a packet says in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongHeader {
    /// Version of QUIC.
    pub version: Version,
    /// Kind of packet.
    pub kind: PacketType,
    /// Destination connection ID.
    pub destination: ConnectionId,
    /// Source connection ID.
    pub source: ConnectionId,
}

/// The header of the first packet in a datagram, if it is a long one of a known version.
pub fn first_header(datagram: &[u8]) -> Option<LongHeader> {
    read_header(&mut Cursor::new(datagram)).ok().flatten()
}

fn read_header(cursor: &mut Cursor<'_>) -> Result<Option<LongHeader>, Short> {
    let first = cursor.u8()?;
    let Some(version) = Version::of(cursor.u32()?) else { return Ok(None) };
    let destination = connection_id(cursor)?;
    let source = connection_id(cursor)?;
    Ok(Some(LongHeader { version, kind: version.packet_type(first), destination, source }))
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

/// Kinds of long-header packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PacketType {
    Initial,
    ZeroRtt,
    Handshake,
    Retry,
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

fn connection_id(cursor: &mut Cursor<'_>) -> Result<ConnectionId, Short> {
    ConnectionId::new(cursor.vector8()?.rest()).ok_or(Short)
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
