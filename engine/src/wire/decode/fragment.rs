//! Fragments of IP packets (RFC 791, 2.3; RFC 8200, 4.5), and the packet reassembled from them. The
//! reassembly itself needs state and is done outside of `wire`.

use super::frame::Frame;
use super::rejection::Rejection;
use crate::address::realm::Realm;
use crate::address::Address;

/// Maximum payload of a fragmented packet in bytes: lengths and offsets have 16 bits.
pub const MAX_PACKET: u32 = 65_535;

/// The fields shared by all fragments of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PacketId {
    /// Source address.
    pub src: Address,
    /// Destination address.
    pub dst: Address,
    /// Identification.
    pub number: u32,
    /// IANA protocol number; None for IPv6, where fragments need not agree on it.
    pub protocol: Option<u8>,
    /// As much of the realm as the settings select.
    pub realm: Realm,
}

/// One fragment.
#[derive(Clone, Copy, Debug)]
pub struct Fragment<'a> {
    /// The packet to which it belongs.
    pub packet: PacketId,
    /// Its offset in the packet's payload, in bytes.
    pub offset: u32,
    /// More fragments follow.
    pub more: bool,
    /// Protocol of the first header in the packet's payload; the value in the first fragment is
    /// authoritative.
    pub next: u8,
    /// Captured payload.
    pub bytes: &'a [u8],
    /// Its length on the wire.
    pub len: u32,
    /// IP bytes of the fragment, its header included.
    pub ip_bytes: u32,
    /// As that of a segment.
    pub realm: Realm,
}

impl<'a> Fragment<'a> {
    /// The fragment whose IP header was just consumed from `frame`.
    ///
    /// # Errors
    ///
    /// It is empty, or extends beyond the maximum packet size.
    #[cold]
    pub(super) fn new(frame: &Frame<'a>) -> Result<Self, Rejection> {
        let fields = frame.fragment.ok_or(Rejection::IpMalformed)?;
        let len = u32::try_from(frame.wire_len).map_err(|_| Rejection::IpMalformed)?;
        if len == 0 || len > MAX_PACKET - fields.offset.min(MAX_PACKET) {
            return Err(Rejection::IpMalformed);
        }
        let protocol = fields.is_v4.then_some(fields.next);
        Ok(Self {
            packet: PacketId {
                src: frame.src,
                dst: frame.dst,
                number: fields.number,
                protocol,
                realm: Realm::NONE,
            },
            offset: fields.offset,
            more: fields.more,
            next: fields.next,
            bytes: frame.bytes(),
            len,
            ip_bytes: frame.ip_bytes,
            realm: frame.realm,
        })
    }
}

/// An IP packet reassembled from its fragments.
#[derive(Debug)]
pub struct ReassembledPacket {
    /// Its addresses and identification.
    pub id: PacketId,
    /// Protocol of the first header in `bytes`.
    pub next: u8,
    /// Captured payload.
    pub bytes: Vec<u8>,
    /// Its length on the wire.
    pub len: u32,
    /// IP bytes of all fragments, each with its header.
    pub ip_bytes: u32,
    /// The number of fragments.
    pub ip_packets: u32,
    /// As that of a segment.
    pub realm: Realm,
}
