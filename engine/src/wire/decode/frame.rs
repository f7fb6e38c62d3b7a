//! The part of a packet that is not decoded yet, and the fields of the innermost IP header so far.

use super::carried::Carried;
use super::layer::Layer;
use super::rejection::Rejection;
use crate::address::realm::Realm;
use crate::address::Address;
use crate::wire::bytes::cursor::Cursor;

/// The rejections for a header that ends too early, by stage.
#[derive(Clone, Copy)]
pub(super) struct Stage {
    /// The snap length cut it.
    truncated: Rejection,
    /// It was too short on the wire.
    malformed: Rejection,
}

pub(super) const LINK: Stage =
    Stage { truncated: Rejection::LinkTruncated, malformed: Rejection::LinkMalformed };
pub(super) const IP: Stage = Stage { truncated: Rejection::IpTruncated, malformed: Rejection::IpMalformed };
pub(super) const TRANSPORT: Stage =
    Stage { truncated: Rejection::TransportTruncated, malformed: Rejection::TransportMalformed };

/// The fields of an IP header that concern fragmentation.
#[derive(Clone, Copy)]
pub(super) struct FragmentFields {
    pub number: u32,
    pub offset: u32,
    pub more: bool,
    pub next: u8,
    pub is_v4: bool,
}

/// The rest of a packet. `wire_len` counts from the same byte as `bytes`, so it exceeds the length of `bytes`
/// exactly if the snap length cut the packet.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    bytes: Cursor<'a>,
    /// Length of the rest on the wire.
    pub wire_len: usize,
    /// Source address of the innermost IP header.
    pub src: Address,
    /// Destination address of the innermost IP header.
    pub dst: Address,
    /// Length of the innermost IP packet.
    pub ip_bytes: u32,
    /// IP packets that carried it: the number of fragments, otherwise 1.
    pub ip_packets: u32,
    /// Set before `Layer::Fragment`: the fragment's position according to the innermost IP header.
    pub fragment: Option<FragmentFields>,
    /// Identification of the innermost IP packet; 0 if it has none.
    pub identification: u32,
    /// VLANs and VNI of the headers so far.
    pub realm: Realm,
    /// Who sent the frame around the next IP header, if a link layer says so.
    pub station: Option<&'a [u8; 6]>,
    /// Who sent the frame around the innermost IP header.
    pub mac: Option<&'a [u8; 6]>,
    /// The hops that the innermost IP packet may still take.
    pub hops: u8,
    /// Set before `Layer::Link`, and by the link type of the capture.
    pub link: u16,
    /// Set before `Layer::Undecoded`: what is not decoded.
    pub carried: Carried,
}

impl<'a> Frame<'a> {
    #[inline]
    pub fn new(bytes: &'a [u8], wire_len: u32) -> Self {
        Self {
            bytes: Cursor::new(bytes),
            // If a capture claims fewer bytes than it holds, the held bytes count.
            wire_len: bytes.len().max(wire_len as usize),
            src: Address::default(),
            dst: Address::default(),
            ip_bytes: 0,
            ip_packets: 1,
            fragment: None,
            identification: 0,
            realm: Realm::NONE,
            station: None,
            mac: None,
            hops: 0,
            link: 0,
            carried: Carried::Control,
        }
    }

    /// The captured bytes of the rest.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes.rest()
    }

    /// Consumes a header of fixed length.
    #[inline]
    pub fn header<const N: usize>(&mut self, stage: Stage) -> Result<&'a [u8; N], Rejection> {
        match self.bytes.array() {
            Ok(header) => {
                self.wire_len -= N;
                Ok(header)
            }
            Err(_) => Err(self.short_of(N, stage)),
        }
    }

    /// Skips `count` bytes.
    #[inline]
    pub fn skip(&mut self, count: usize, stage: Stage) -> Result<(), Rejection> {
        match self.bytes.take(count) {
            Ok(_) => {
                self.wire_len -= count;
                Ok(())
            }
            Err(_) => Err(self.short_of(count, stage)),
        }
    }

    /// Ends the packet after `len` bytes: the rest is padding. If `len` exceeds the length on the wire, the
    /// missing bytes count as cut by the snap length.
    #[inline]
    pub fn limit(&mut self, len: usize) {
        let bytes = self.bytes.rest();
        self.bytes = Cursor::new(bytes.get(..len).unwrap_or(bytes));
        self.wire_len = len;
    }

    /// Enters an IP packet: the frame around it is only around this one.
    #[inline]
    pub fn enter_packet(&mut self, hops: u8) {
        self.mac = self.station.take();
        self.hops = hops;
    }

    /// The layer of an EtherType.
    #[inline]
    pub fn ethertype(&mut self, ethertype: u16) -> Layer {
        match ethertype {
            0x0800 => Layer::Ipv4,
            0x86dd => Layer::Ipv6,
            _ => self.rare_ethertype(ethertype),
        }
    }

    fn rare_ethertype(&mut self, ethertype: u16) -> Layer {
        Layer::of_ethertype(ethertype).unwrap_or_else(|| self.undecoded(Carried::EtherType(ethertype)))
    }

    /// The layer of an IP protocol.
    #[inline]
    pub fn ip_protocol(&mut self, protocol: u8) -> Layer {
        Layer::of_ip_protocol(protocol).unwrap_or_else(|| self.undecoded(Carried::IpProtocol(protocol)))
    }

    /// The rest is not decoded.
    #[cold]
    pub fn undecoded(&mut self, carried: Carried) -> Layer {
        self.carried = carried;
        Layer::Undecoded
    }

    /// The layer of a packet whose header has another version of IP than the header before it says. `bytes` and
    /// `wire_len` are those before its header was consumed.
    ///
    /// # Errors
    ///
    /// The version is not `version` either.
    #[cold]
    pub fn other_version(
        &mut self,
        bytes: &'a [u8],
        wire_len: usize,
        version: u8,
        layer: Layer,
    ) -> Result<Layer, Rejection> {
        if bytes.first().is_none_or(|first| first >> 4 != version) {
            return Err(Rejection::IpMalformed);
        }
        (self.bytes, self.wire_len) = (Cursor::new(bytes), wire_len);
        Ok(layer)
    }

    #[cold]
    fn short_of(&self, needed: usize, stage: Stage) -> Rejection {
        if self.wire_len < needed {
            stage.malformed
        } else {
            stage.truncated
        }
    }
}
