//! The UDP ports of tunnels.

use super::layer::Layer;

/// Destination ports of the other tunnels.
const FIXED: [(u16, Layer); 10] = [
    (2152, Layer::GtpU),
    (4790, Layer::VxlanGpe),
    (37_008, Layer::Tzsp),
    (1701, Layer::L2tp),
    (5247, Layer::Capwap),
    (4754, Layer::Gre),
    (6635, Layer::Mpls),
    (3544, Layer::Teredo),
    (4341, Layer::Lisp),
    (2268, Layer::Amt),
];

/// Ports that one end has in both directions, while the other end's may be any.
const EITHER_END: [(u16, Layer); 4] =
    [(1701, Layer::L2tp), (5247, Layer::Capwap), (3544, Layer::Teredo), (2268, Layer::Amt)];

/// Which UDP ports tunnels have.
#[derive(Clone, Debug)]
pub struct TunnelPorts {
    by_destination: Vec<(u16, Layer)>,
    /// For each hash of a port, whether a tunnel may have it.
    destinations: u64,
    sources: u64,
}

impl TunnelPorts {
    /// The given ports, and those of the tunnels that always have the same.
    pub fn new(vxlan: &[u16], geneve: &[u16], hp_erm: &[u16]) -> Self {
        let given = [(vxlan, Layer::Vxlan), (geneve, Layer::Geneve), (hp_erm, Layer::HpErm)];
        let given = given.into_iter().flat_map(|(ports, layer)| ports.iter().map(move |port| (*port, layer)));
        let by_destination: Vec<_> = given.chain(FIXED).collect();
        let destinations = by_destination.iter().fold(0, |bits, (port, _)| bits | bit(*port));
        let sources = EITHER_END.iter().fold(0, |bits, (port, _)| bits | bit(*port));
        Self { by_destination, destinations, sources }
    }

    /// The tunnel that a datagram may belong to.
    #[inline]
    pub(super) fn tunnel(&self, src_port: u16, dst_port: u16) -> Option<Layer> {
        let may_be = self.destinations & bit(dst_port) | self.sources & bit(src_port);
        if may_be == 0 {
            return None;
        }
        self.find(src_port, dst_port)
    }

    fn find(&self, src_port: u16, dst_port: u16) -> Option<Layer> {
        let by = |ports: &[(u16, Layer)], wanted| {
            ports.iter().find(|(port, _)| *port == wanted).map(|found| found.1)
        };
        by(&self.by_destination, dst_port).or_else(|| by(&EITHER_END, src_port))
    }
}

/// One of 64 bits, such that the ports of tunnels do not share theirs with those of DNS, HTTPS and NTP.
#[inline]
fn bit(port: u16) -> u64 {
    1 << ((port ^ port >> 6) & 63)
}
