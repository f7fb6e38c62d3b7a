//! The loop over the headers of a packet.

use super::fragment::{Fragment, ReassembledPacket};
use super::frame::Frame;
use super::layer::Layer;
use super::rejection::Rejection;
use super::segment::Segment;
use super::tunnel_ports::TunnelPorts;
use super::undecoded::Undecoded;
use super::{
    amt, arcnet, arista, authentication, bsd_logs, capwap, erf, erspan, etag, ether_ip, ethernet,
    ethernet_preamble, fabric_path, fddi, frame_relay, geneve, gre, gtp, hp_erm, ip_over, ipv4, ipv6,
    juniper, l2tp, link, lisp, macsec, metadata, mpls, nflog, nsh, packet_information, pbb, pppoe,
    redundancy, sun_atm, switch_tag, tcp, teredo, token_ring, trill, ttag, tzsp, udp, vntag, vxlan, wccp,
    wlan,
};

/// More layers than any real mirror port stacks. Each VLAN tag, each MPLS label, and each header inside a
/// tunnel counts. A packet with more of them is rejected as `Rejection::TooDeep`.
const MAX_LAYERS: u32 = 24;

pub(super) const ETHERNET: u16 = 1;

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
pub fn decode<'a>(
    link: u16,
    bytes: &'a [u8],
    wire_len: u32,
    ports: &TunnelPorts,
) -> Result<Decoded<'a>, Undecoded> {
    let mut frame = Frame::new(bytes, wire_len);
    let layer = if link == ETHERNET {
        ethernet::peel(&mut frame)?
    } else {
        frame.link = link;
        link::layer(&mut frame)
    };
    walk(layer, &mut frame, MAX_LAYERS, ports)
}

impl ReassembledPacket {
    /// Decodes the packet like `decode` decodes an unfragmented one; its bytes and packets are those of the
    /// fragments.
    ///
    /// # Errors
    ///
    /// As for `decode`.
    #[cold]
    pub fn decode(&self, ports: &TunnelPorts) -> Result<Decoded<'_>, Undecoded> {
        let mut frame = Frame::new(&self.bytes, self.len);
        (frame.src, frame.dst) = (self.id.src, self.id.dst);
        (frame.ip_bytes, frame.ip_packets) = (self.ip_bytes, self.ip_packets);
        (frame.identification, frame.realm) = (self.id.number, self.realm);
        let is_v4 = self.id.protocol.is_some();
        let layer =
            if is_v4 { frame.ip_protocol(self.next) } else { ipv6::peel_extensions(&mut frame, self.next)? };
        walk(layer, &mut frame, MAX_LAYERS, ports)
    }
}

/// Decodes at most `budget` headers of a frame that begins with `layer`.
fn walk<'a>(
    mut layer: Layer,
    frame: &mut Frame<'a>,
    budget: u32,
    ports: &TunnelPorts,
) -> Result<Decoded<'a>, Undecoded> {
    for left in (0..budget).rev() {
        layer = match layer {
            Layer::Ethernet => {
                frame.realm.enter_frame();
                ethernet::peel(frame)?
            }
            Layer::Ipv4 => ipv4::peel(frame)?,
            Layer::Tcp => return tcp::parse(frame).map(Decoded::Segment),
            Layer::Udp => {
                let segment = udp::parse(frame)?;
                return match ports.tunnel(segment.src_port, segment.dst_port) {
                    Some(tunnel) => decode_tunnel(tunnel, frame, left, segment, ports),
                    None => Ok(Decoded::Segment(segment)),
                };
            }
            Layer::Ipv6 => ipv6::peel(frame)?,
            Layer::Vlan => ethernet::peel_vlan(frame)?,
            Layer::Fragment => return Ok(Decoded::Fragment(Fragment::new(frame)?)),
            Layer::Undecoded => return Err(frame.carried.into()),
            other => peel_rare(other, frame)?,
        }
    }
    Err(Rejection::TooDeep.into())
}

/// Consumes a header that most packets do not have. The loop stays small without these, and so fast.
#[cold]
fn peel_rare(layer: Layer, frame: &mut Frame<'_>) -> Result<Layer, Rejection> {
    match layer {
        Layer::Llc => ethernet::peel_llc(frame),
        Layer::VnTag => vntag::peel(frame),
        Layer::MetaData => metadata::peel(frame),
        Layer::TimestampTag => ttag::peel(frame),
        Layer::ETag => etag::peel(frame),
        Layer::ProviderBackbone => pbb::peel(frame),
        Layer::SecTag => macsec::peel(frame),
        Layer::RedundancyTag => redundancy::peel(frame),
        Layer::Trill => trill::peel(frame),
        Layer::FabricPath => fabric_path::peel(frame),
        Layer::AristaTimestamp => arista::peel(frame),
        Layer::SwitchTag => switch_tag::peel(frame, 4),
        Layer::LongSwitchTag => switch_tag::peel(frame, 8),
        Layer::IpNet => link::skip_field(frame, 24, Layer::RawIp),
        Layer::Nsh => nsh::peel(frame),
        Layer::Link => Ok(link::layer(frame)),
        Layer::Null => link::peel_null(frame),
        Layer::LinuxCooked => link::peel_linux_cooked(frame),
        Layer::LinuxCooked2 => link::peel_linux_cooked2(frame),
        Layer::Ppp => link::peel_ppp(frame),
        Layer::PppSerial => link::peel_ppp_serial(frame),
        Layer::CiscoHdlc => link::peel_cisco_hdlc(frame),
        Layer::FrameRelay => frame_relay::peel(frame),
        Layer::DirectedPpp => link::skip_field(frame, 1, Layer::Ppp),
        Layer::DirectedCiscoHdlc => link::skip_field(frame, 1, Layer::CiscoHdlc),
        Layer::DirectedFrameRelay => link::skip_field(frame, 1, Layer::FrameRelay),
        Layer::FourBytes => link::skip_field(frame, 4, Layer::Ethernet),
        Layer::RawIp => link::peel_raw_ip(frame),
        Layer::Radiotap => wlan::peel_radiotap(frame),
        Layer::Prism => wlan::peel_prism(frame),
        Layer::Wlan => wlan::peel(frame),
        Layer::WlanOfTunnel => wlan::peel_of_tunnel(frame),
        Layer::Fddi => fddi::peel(frame),
        Layer::TokenRing => token_ring::peel(frame),
        Layer::Arcnet => arcnet::peel(frame),
        Layer::LinuxArcnet => arcnet::peel_linux(frame),
        Layer::Preamble => ethernet_preamble::peel(frame),
        Layer::PacketFilterLog => bsd_logs::peel_packet_filter_log(frame),
        Layer::EncapsulatingInterface => bsd_logs::peel_encapsulating(frame),
        Layer::PerPacketInformation => packet_information::peel_ppi(frame),
        Layer::PacketTap => packet_information::peel_tap(frame),
        Layer::NetfilterLog => nflog::peel(frame),
        Layer::Juniper => juniper::peel(frame),
        Layer::Erf => erf::peel(frame),
        Layer::SunAtm => sun_atm::peel(frame),
        Layer::Infiniband => ip_over::peel_infiniband(frame),
        Layer::FireWire => ip_over::peel_fire_wire(frame),
        Layer::FibreChannel => ip_over::peel_fibre_channel(frame),
        Layer::Mpls => mpls::peel(frame),
        Layer::Pppoe => pppoe::peel(frame),
        Layer::Gre => gre::peel(frame),
        Layer::Wccp => wccp::peel(frame),
        Layer::EtherIp => ether_ip::peel(frame),
        Layer::Authentication => authentication::peel(frame),
        Layer::Erspan2 => erspan::peel_2(frame),
        Layer::Erspan3 => erspan::peel_3(frame),
        Layer::Vxlan => vxlan::peel(frame),
        Layer::VxlanGpe => vxlan::peel_gpe(frame),
        Layer::Geneve => geneve::peel(frame),
        Layer::GtpU => gtp::peel(frame),
        Layer::Tzsp => tzsp::peel(frame),
        Layer::HpErm => hp_erm::peel(frame),
        Layer::L2tp => l2tp::peel(frame),
        Layer::L2tp3 => l2tp::peel_3(frame),
        Layer::Capwap => capwap::peel(frame),
        Layer::Teredo => teredo::peel(frame),
        Layer::Lisp => lisp::peel(frame),
        Layer::Amt => amt::peel(frame),
        // These are dispatched in `walk`.
        Layer::Ethernet
        | Layer::Vlan
        | Layer::Ipv4
        | Layer::Ipv6
        | Layer::Tcp
        | Layer::Udp
        | Layer::Fragment
        | Layer::Undecoded => Ok(layer),
    }
}

/// The segment inside a tunnel over UDP. A port number alone proves no tunnel: without an IP header inside,
/// the result is the datagram itself.
#[cold]
fn decode_tunnel<'a>(
    tunnel: Layer,
    frame: &mut Frame<'a>,
    budget: u32,
    datagram: Segment<'a>,
    ports: &TunnelPorts,
) -> Result<Decoded<'a>, Undecoded> {
    match walk(tunnel, frame, budget, ports) {
        Err(Undecoded { rejection, .. }) if rejection.is_before_transport() => Ok(Decoded::Segment(datagram)),
        inside => inside,
    }
}
