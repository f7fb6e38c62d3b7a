//! What is left of a packet while its layers are taken off, and the innermost IP header met so far.

use super::rejection::Rejection;
use crate::address::Address;
use crate::wire::bytes::cursor::Cursor;

/// A layer's name and what to say when it ends too early.
#[derive(Clone, Copy)]
pub(super) struct Station {
    /// The capture cut it.
    truncated: Rejection,
    /// It was as short as this on the wire.
    malformed: Rejection,
}

pub(super) const LINK: Station =
    Station { truncated: Rejection::LinkTruncated, malformed: Rejection::LinkMalformed };
pub(super) const IP: Station =
    Station { truncated: Rejection::IpTruncated, malformed: Rejection::IpMalformed };
pub(super) const TRANSPORT: Station =
    Station { truncated: Rejection::TransportTruncated, malformed: Rejection::TransportMalformed };

/// The fields of a fragment that its header holds.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub number: u32,
    pub offset: u32,
    pub more: bool,
    pub next: u8,
    pub is_v4: bool,
}

/// The rest of a packet. `wire_len` counts from the same byte as `bytes` does, so it is the greater
/// one of the two exactly when the capture cut the packet.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    bytes: Cursor<'a>,
    /// Length on the wire of what is left.
    pub wire_len: usize,
    /// Source address of the innermost IP header.
    pub src: Address,
    /// Destination address of the innermost IP header.
    pub dst: Address,
    /// Length of the innermost IP packet.
    pub ip_bytes: u32,
    /// IP packets that it came in: its fragments, or itself alone.
    pub ip_packets: u32,
    /// Set before `Layer::Fragment`: what the innermost IP header says of the fragment.
    pub fragment: Option<Place>,
    /// Identification of the innermost IP packet, 0 if it has none.
    pub identification: u32,
}

impl<'a> Frame<'a> {
    #[inline]
    pub fn new(bytes: &'a [u8], wire_len: u32) -> Self {
        Self {
            bytes: Cursor::new(bytes),
            // A capture that claims fewer bytes than it kept is taken at what it kept.
            wire_len: bytes.len().max(wire_len as usize),
            src: Address::default(),
            dst: Address::default(),
            ip_bytes: 0,
            ip_packets: 1,
            fragment: None,
            identification: 0,
        }
    }

    /// The captured bytes that are left.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes.rest()
    }

    /// Takes a header of fixed length.
    #[inline]
    pub fn header<const N: usize>(&mut self, station: Station) -> Result<&'a [u8; N], Rejection> {
        match self.bytes.array() {
            Ok(header) => {
                self.wire_len -= N;
                Ok(header)
            }
            Err(_) => Err(self.short_of(N, station)),
        }
    }

    /// Takes `count` bytes that nobody reads.
    #[inline]
    pub fn skip(&mut self, count: usize, station: Station) -> Result<(), Rejection> {
        match self.bytes.take(count) {
            Ok(_) => {
                self.wire_len -= count;
                Ok(())
            }
            Err(_) => Err(self.short_of(count, station)),
        }
    }

    /// Ends the packet after `len` bytes: what follows is padding. A length beyond the wire's end is
    /// believed, and the missing bytes count as cut.
    #[inline]
    pub fn limit(&mut self, len: usize) {
        let bytes = self.bytes.rest();
        self.bytes = Cursor::new(bytes.get(..len).unwrap_or(bytes));
        self.wire_len = len;
    }

    #[cold]
    fn short_of(&self, needed: usize, station: Station) -> Rejection {
        if self.wire_len < needed {
            station.malformed
        } else {
            station.truncated
        }
    }
}
