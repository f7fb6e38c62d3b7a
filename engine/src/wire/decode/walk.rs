//! The loop over the layers of a packet.

use super::fragment::{Fragment, ReassembledPacket};
use super::frame::Frame;
use super::layer::Layer;
use super::rejection::Rejection;
use super::segment::Segment;
use super::{erspan, ethernet, geneve, gre, gtp, ipv4, ipv6, link, mpls, pppoe, tcp, udp, vxlan, wlan};

/// More layers than any real mirror stacks on each other (VLAN tags and labels count each, and so do a
/// tunnel and its inside); beyond it a packet is `Rejection::TooDeep`.
const MAX_LAYERS: u32 = 24;

/// What a packet holds.
#[derive(Clone, Copy, Debug)]
pub enum Decoded<'a> {
    /// The innermost TCP or UDP segment.
    Segment(Segment<'a>),
    /// A part of an IP packet: nothing inside it can be told before the others are there.
    Fragment(Fragment<'a>),
}

/// The innermost TCP or UDP segment of a packet of link type `link` that had `wire_len` bytes, or the
/// fragment that it is in.
///
/// A packet whose transport header was kept gives a segment, whatever the snap length cut from its
/// payload.
///
/// # Errors
///
/// The first layer that cannot be followed, and why.
#[inline]
pub fn decode(link: u16, bytes: &[u8], wire_len: u32) -> Result<Decoded<'_>, Rejection> {
    walk(link::first_layer(link)?, Frame::new(bytes, wire_len), MAX_LAYERS)
}

impl ReassembledPacket {
    /// What `decode` would have given for the packet in one piece, but for the bytes and packets that its
    /// fragments were.
    ///
    /// # Errors
    ///
    /// As `decode`.
    #[cold]
    pub fn decode(&self) -> Result<Decoded<'_>, Rejection> {
        let mut frame = Frame::new(&self.bytes, self.len);
        (frame.src, frame.dst) = (self.id.src, self.id.dst);
        (frame.ip_bytes, frame.ip_packets) = (self.ip_bytes, self.ip_packets);
        frame.identification = self.id.number;
        let is_v4 = self.id.protocol.is_some();
        let layer = if is_v4 {
            Layer::of_ip_protocol(self.next)?
        } else {
            ipv6::peel_extensions(&mut frame, self.next)?
        };
        walk(layer, frame, MAX_LAYERS)
    }
}

/// Takes at most `budget` layers off a frame that begins with `layer`.
fn walk(mut layer: Layer, mut frame: Frame<'_>, budget: u32) -> Result<Decoded<'_>, Rejection> {
    for left in (0..budget).rev() {
        layer = match layer {
            Layer::Ethernet => ethernet::peel(&mut frame)?,
            Layer::Ipv4 => ipv4::peel(&mut frame)?,
            Layer::Tcp => return tcp::parse(frame).map(Decoded::Segment),
            Layer::Udp => {
                let segment = udp::parse(&mut frame)?;
                return match of_udp_port(segment.dst_port) {
                    Some(tunnel) => look_inside(tunnel, frame, left, segment),
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

/// The segment inside a tunnel over UDP. A port alone proves no tunnel: unless there is an IP header
/// inside, the datagram stands for itself.
#[cold]
fn look_inside<'a>(
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

/// The tunnel that a datagram to this port may hold.
#[inline]
fn of_udp_port(port: u16) -> Option<Layer> {
    match port {
        _ if vxlan::PORTS.contains(&port) => Some(Layer::Vxlan),
        geneve::PORT => Some(Layer::Geneve),
        gtp::PORT => Some(Layer::GtpU),
        _ => None,
    }
}
