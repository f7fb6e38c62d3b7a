//! The loop over the headers of a packet.

use super::fragment::{Fragment, ReassembledPacket};
use super::frame::Frame;
use super::layer::Layer;
use super::rejection::Rejection;
use super::segment::Segment;
use super::{erspan, ethernet, geneve, gre, gtp, ipv4, ipv6, link, mpls, pppoe, tcp, udp, vxlan, wlan};

/// More layers than any real mirror port stacks. Each VLAN tag, each MPLS label, and each header inside a
/// tunnel counts. A packet with more of them is rejected as `Rejection::TooDeep`.
const MAX_LAYERS: u32 = 24;

/// The content of a packet.
#[derive(Clone, Copy, Debug)]
pub enum Decoded<'a> {
    /// The innermost TCP or UDP segment.
    Segment(Segment<'a>),
    /// A fragment of an IP packet, which can be decoded only after reassembly.
    Fragment(Fragment<'a>),
}

/// The innermost TCP or UDP segment, or IP fragment, of a packet of link type `link` and `wire_len` bytes on
/// the wire.
///
/// If the transport header was captured, the result is a segment, even if the snap length cut the payload.
///
/// # Errors
///
/// The first header that cannot be decoded, and why.
#[inline]
pub fn decode(link: u16, bytes: &[u8], wire_len: u32) -> Result<Decoded<'_>, Rejection> {
    walk(link::first_layer(link)?, Frame::new(bytes, wire_len), MAX_LAYERS)
}

impl ReassembledPacket {
    /// Decodes the packet like `decode` decodes an unfragmented one; its bytes and packets are those of the
    /// fragments.
    ///
    /// # Errors
    ///
    /// As for `decode`.
    #[cold]
    pub fn decode(&self) -> Result<Decoded<'_>, Rejection> {
        let mut frame = Frame::new(&self.bytes, self.len);
        (frame.src, frame.dst) = (self.id.src, self.id.dst);
        (frame.ip_bytes, frame.ip_packets) = (self.ip_bytes, self.ip_packets);
        frame.identification = self.id.number;
        let is_v4 = self.id.protocol.is_some();
        let layer = if is_v4 {
            Layer::from_ip_protocol(self.next)?
        } else {
            ipv6::peel_extensions(&mut frame, self.next)?
        };
        walk(layer, frame, MAX_LAYERS)
    }
}

/// Decodes at most `budget` headers of a frame that begins with `layer`.
fn walk(mut layer: Layer, mut frame: Frame<'_>, budget: u32) -> Result<Decoded<'_>, Rejection> {
    for left in (0..budget).rev() {
        layer = match layer {
            Layer::Ethernet => ethernet::peel(&mut frame)?,
            Layer::Ipv4 => ipv4::peel(&mut frame)?,
            Layer::Tcp => return tcp::parse(frame).map(Decoded::Segment),
            Layer::Udp => {
                let segment = udp::parse(&mut frame)?;
                return match from_udp_port(segment.dst_port) {
                    Some(tunnel) => decode_tunnel(tunnel, frame, left, segment),
                    None => Ok(Decoded::Segment(segment)),
                };
            }
            Layer::Ipv6 => ipv6::peel(&mut frame)?,
            Layer::Vlan => ethernet::peel_vlan(&mut frame)?,
            Layer::Llc => ethernet::peel_llc(&mut frame)?,
            Layer::Null => link::peel_null(&mut frame)?,
            Layer::Loop => link::peel_loop(&mut frame)?,
            Layer::LinuxCooked => link::peel_linux_cooked(&mut frame)?,
            Layer::LinuxCooked2 => link::peel_linux_cooked2(&mut frame)?,
            Layer::Ppp => link::peel_ppp(&mut frame)?,
            Layer::PppSerial => link::peel_ppp_serial(&mut frame)?,
            Layer::RawIp => link::peel_raw_ip(&mut frame)?,
            Layer::Radiotap => wlan::peel_radiotap(&mut frame)?,
            Layer::Wlan => wlan::peel(&mut frame)?,
            Layer::Mpls => mpls::peel(&mut frame)?,
            Layer::Pppoe => pppoe::peel(&mut frame)?,
            Layer::Gre => gre::peel(&mut frame)?,
            Layer::Erspan2 => erspan::peel_2(&mut frame)?,
            Layer::Erspan3 => erspan::peel_3(&mut frame)?,
            Layer::Vxlan => vxlan::peel(&mut frame)?,
            Layer::Geneve => geneve::peel(&mut frame)?,
            Layer::GtpU => gtp::peel(&mut frame)?,
            Layer::Fragment => return Fragment::new(&frame).map(Decoded::Fragment),
        }
    }
    Err(Rejection::TooDeep)
}

/// The segment inside a tunnel over UDP. A port number alone proves no tunnel: without an IP header inside,
/// the result is the datagram itself.
#[cold]
fn decode_tunnel<'a>(
    tunnel: Layer,
    frame: Frame<'a>,
    budget: u32,
    datagram: Segment<'a>,
) -> Result<Decoded<'a>, Rejection> {
    match walk(tunnel, frame, budget) {
        Err(
            Rejection::LinkTruncated
            | Rejection::LinkMalformed
            | Rejection::NotIp
            | Rejection::TooDeep
            | Rejection::IpTruncated
            | Rejection::IpMalformed,
        ) => Ok(Decoded::Segment(datagram)),
        inside => inside,
    }
}

/// The tunnel protocol registered for a UDP port.
#[inline]
fn from_udp_port(port: u16) -> Option<Layer> {
    match port {
        _ if vxlan::PORTS.contains(&port) => Some(Layer::Vxlan),
        geneve::PORT => Some(Layer::Geneve),
        gtp::PORT => Some(Layer::GtpU),
        _ => None,
    }
}
