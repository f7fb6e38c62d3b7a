//! Fragments of IP packets (RFC 791, 2.3; RFC 8200, 4.5): what one says of its place in the packet, and the
//! packet that was put together from them. Who keeps them until then is none of this file's business.

use super::frame::Frame;
use super::rejection::Rejection;
use crate::address::Address;

/// Bytes that the fragments of one packet can hold: lengths and offsets have 16 bits.
pub const MAX_PACKET: u32 = 65_535;

/// What all fragments of one packet have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PacketId {
    /// Source address.
    pub src: Address,
    /// Destination address.
    pub dst: Address,
    /// Identification.
    pub number: u32,
    /// IANA protocol number; None in IPv6, whose fragments need not agree on it.
    pub protocol: Option<u8>,
}

/// One fragment.
#[derive(Clone, Copy, Debug)]
pub struct Fragment<'a> {
    /// The packet that it is part of.
    pub packet: PacketId,
    /// Where it begins in the packet's payload, in bytes.
    pub offset: u32,
    /// More fragments follow behind it.
    pub more: bool,
    /// Type of the header that the packet's payload begins with; what the first fragment says counts.
    pub next: u8,
    /// Payload that was kept.
    pub bytes: &'a [u8],
    /// Its length on the wire.
    pub len: u32,
    /// IP bytes of the fragment, its header included.
    pub ip_bytes: u32,
}

impl<'a> Fragment<'a> {
    /// The fragment whose header was taken off `frame`.
    ///
    /// # Errors
    ///
    /// It is empty, or lies outside of any packet.
    #[cold]
    pub(super) fn new(frame: &Frame<'a>) -> Result<Self, Rejection> {
        let place = frame.fragment.ok_or(Rejection::IpMalformed)?;
        let len = u32::try_from(frame.wire_len).map_err(|_| Rejection::IpMalformed)?;
        if len == 0 || len > MAX_PACKET - place.offset.min(MAX_PACKET) {
            return Err(Rejection::IpMalformed);
        }
        let protocol = place.is_v4.then_some(place.next);
        Ok(Self {
            packet: PacketId { src: frame.src, dst: frame.dst, number: place.number, protocol },
            offset: place.offset,
            more: place.more,
            next: place.next,
            bytes: frame.bytes(),
            len,
            ip_bytes: frame.ip_bytes,
        })
    }
}

/// An IP packet from its fragments.
#[derive(Debug)]
pub struct ReassembledPacket {
    /// Its addresses and number.
    pub id: PacketId,
    /// Type of the header that `bytes` begin with.
    pub next: u8,
    /// The payload, as far as it was kept.
    pub bytes: Vec<u8>,
    /// Its length on the wire.
    pub len: u32,
    /// IP bytes of all fragments, each with its header.
    pub ip_bytes: u32,
    /// How many they are.
    pub ip_packets: u32,
}
