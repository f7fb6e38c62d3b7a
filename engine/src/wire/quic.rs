//! QUIC Initial packets (RFC 9000, 9001, 9369): what a client says before anything is secret.
//!
//! Initial packets are protected with keys that anybody can derive from the connection ID in them.
//! `ring` does the cryptography; a packet counts only if its authentication tag is right, so no
//! name is ever read out of noise.

use super::quic_keys::{Keys, Version};
use super::Malformed;

/// Longest connection ID of the versions known here (RFC 9000, 17.2).
pub const MAX_CID: usize = 20;
/// Packets looked at in one datagram.
const MAX_COALESCED: usize = 16;
/// An Initial is carried in a datagram of at least 1200 bytes (RFC 9000, 14.1), so a payload larger
/// than a jumbo frame is none.
const MAX_PACKET: usize = 65_535;

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

/// The Initial packets in a datagram, in their order; other packets are stepped over.
pub fn initials(datagram: &[u8]) -> Result<Vec<Initial<'_>>, Malformed> {
    let mut found = Vec::new();
    let mut rest = datagram;
    for _ in 0..MAX_COALESCED {
        if !may_be_long_header(rest) {
            break; // a short header packet, padding, or the end
        }
        let Some((initial, after)) = long_header(rest)? else { break };
        found.extend(initial);
        rest = after;
    }
    Ok(found)
}

/// Reads one long-header packet: the Initial, if it is one, and what follows it. None: nothing more
/// can be told apart (version negotiation, Retry, or a version unknown here).
#[allow(clippy::type_complexity)] // two outcomes side by side, used once
fn long_header(bytes: &[u8]) -> Result<Option<(Option<Initial<'_>>, &[u8])>, Malformed> {
    let mut at = Cursor { bytes, at: 0 };
    let first = at.u8()?;
    let Some(version) = Version::of(at.u32()?) else { return Ok(None) };
    let destination = at.connection_id()?;
    at.connection_id()?;
    let kind = version.packet_type(first);
    if kind == PacketType::Retry {
        return Ok(None);
    }
    if kind == PacketType::Initial {
        let token = at.variable()?;
        at.skip(token)?;
    }
    let length = at.variable()?;
    let number_at = at.at;
    let end = number_at.checked_add(length).filter(|end| *end <= MAX_PACKET);
    let packet = end.and_then(|end| bytes.get(..end)).ok_or(Malformed("length"))?;
    let initial = Initial { version, destination, packet, number_at };
    Ok(Some(((kind == PacketType::Initial).then_some(initial), &bytes[packet.len()..])))
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
        let keys = Keys::of_client(self.version, origin.as_slice())?;
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
pub fn crypto_frames<'a>(
    payload: &'a [u8],
    mut each: impl FnMut(u64, &'a [u8]),
) -> Result<(), Malformed> {
    let mut at = Cursor { bytes: payload, at: 0 };
    while let Some(&kind) = payload.get(at.at) {
        at.at += 1;
        match kind {
            0x00 | 0x01 => {}
            0x02 | 0x03 => at.skip_ack(kind == 0x03)?,
            0x06 => {
                let offset = at.variable()? as u64;
                let length = at.variable()?;
                each(offset, at.take(length)?);
            }
            0x1c => {
                at.variable()?;
                at.variable()?;
                let reason = at.variable()?;
                at.skip(reason)?;
            }
            _ => return Err(Malformed("frame")), // RFC 9000, 12.4: no other frame is allowed here
        }
    }
    Ok(())
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(length).ok_or(Malformed("length"))?;
        let taken = self.bytes.get(self.at..end).ok_or(Malformed("length"))?;
        self.at = end;
        Ok(taken)
    }

    fn skip(&mut self, length: usize) -> Result<(), Malformed> {
        self.take(length).map(|_| ())
    }

    fn u8(&mut self) -> Result<u8, Malformed> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        self.take(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }

    fn connection_id(&mut self) -> Result<ConnectionId, Malformed> {
        let length = self.u8()?;
        ConnectionId::new(self.take(usize::from(length))?).ok_or(Malformed("connection_id"))
    }

    /// A variable-length integer (RFC 9000, 16).
    fn variable(&mut self) -> Result<usize, Malformed> {
        let first = self.u8()?;
        let mut value = u64::from(first & 0x3f);
        for byte in self.take((1 << (first >> 6)) - 1)? {
            value = value << 8 | u64::from(*byte);
        }
        usize::try_from(value).map_err(|_| Malformed("length"))
    }

    fn skip_ack(&mut self, with_ecn: bool) -> Result<(), Malformed> {
        self.variable()?;
        self.variable()?;
        let ranges = self.variable()?;
        self.variable()?;
        for _ in 0..ranges {
            self.variable()?;
            self.variable()?;
        }
        for _ in 0..if with_ecn { 3 } else { 0 } {
            self.variable()?;
        }
        Ok(())
    }
}
