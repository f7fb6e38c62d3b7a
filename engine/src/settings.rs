//! The settings of a monitor.

use crate::address::realm::Separation;

const SECOND_NS: u64 = 1_000_000_000;

/// Bounds of a monitor, and what it reports.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Also report flows that match no vendor, and every DNS message.
    pub every_flow: bool,
    /// Maximum number of live flows.
    pub max_flows: usize,
    /// Maximum number of stream heads.
    pub max_heads: usize,
    /// Maximum number of bytes in one stream head.
    pub max_head_bytes: usize,
    /// Maximum number of connections that are remembered while they are silent.
    pub max_idle_connections: usize,
    /// A TCP flow ends after this silence.
    pub tcp_idle_ns: u64,
    /// A UDP flow ends after this silence.
    pub udp_idle_ns: u64,
    /// A packet that arrives again within this time is a duplicate; 0: every packet counts.
    pub duplicate_window_ns: u64,
    /// The interfaces of a capture file were timed by one clock, as those of a live capture are.
    pub one_clock: bool,
    /// What tells equal addresses of different hosts apart.
    pub separate_by: Separation,
    /// UDP ports of VXLAN.
    pub vxlan_ports: Vec<u16>,
    /// UDP ports of GENEVE.
    pub geneve_ports: Vec<u16>,
    /// UDP ports of HP's encapsulated remote mirroring.
    pub hp_erm_ports: Vec<u16>,
    /// Maximum number of bytes of packets that are kept as evidence; 0: none are kept.
    pub max_evidence_bytes: usize,
    /// Flows that match a signature are reported this often; 0: only when they end.
    pub report_every_ns: u64,
    /// Flows that match a signature are also reported once they are recognised.
    pub report_openings: bool,
}

impl Default for Settings {
    /// The defaults; those in `netmon.yaml` are the same.
    fn default() -> Self {
        Self {
            every_flow: false,
            max_flows: 1_000_000,
            max_heads: 20_000,
            max_head_bytes: 65_536,
            max_idle_connections: 100_000,
            tcp_idle_ns: 300 * SECOND_NS,
            udp_idle_ns: 60 * SECOND_NS,
            duplicate_window_ns: SECOND_NS / 20,
            one_clock: false,
            separate_by: Separation::default(),
            vxlan_ports: vec![4789, 8472], // the registered one; that of Linux and older versions of VMware
            geneve_ports: vec![6081],
            hp_erm_ports: vec![7932],
            max_evidence_bytes: 0,
            report_every_ns: 0,
            report_openings: false,
        }
    }
}

impl Settings {
    /// The packets come from a live capture.
    pub(crate) fn is_live(&self) -> bool {
        self.report_every_ns > 0
    }

    /// Flows are reported before they end.
    pub(crate) fn reports_openings(&self) -> bool {
        self.report_openings || self.is_live()
    }

    /// Silence after which a flow is over.
    #[inline]
    pub(crate) fn timeout_ns(&self, is_tcp: bool) -> u64 {
        if is_tcp {
            self.tcp_idle_ns
        } else {
            self.udp_idle_ns
        }
    }
}
