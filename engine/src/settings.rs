//! Bounds and habits of a monitor, and when a flow wants attention.

use crate::flow::record::Flow;

const SECOND_NS: u64 = 1_000_000_000;
/// A closed connection is kept for late segments.
pub(crate) const LINGER_NS: u64 = 10 * SECOND_NS;
/// A live flow is judged after this time, even if its opening is not complete.
pub(crate) const DECIDE_AFTER_NS: u64 = 2 * SECOND_NS;

/// Bounds and habits of a monitor.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Report flows of no vendor and every DNS message, too.
    pub every_flow: bool,
    /// Live flows at most.
    pub max_flows: usize,
    /// Stream heads at most.
    pub max_heads: usize,
    /// Bytes of one stream head at most.
    pub max_head_bytes: usize,
    /// A TCP flow ends after this silence.
    pub tcp_idle_ns: u64,
    /// A UDP flow ends after this silence.
    pub udp_idle_ns: u64,
    /// A packet that comes again within this time is a copy; 0: every packet counts.
    pub duplicate_window_ns: u64,
    /// Tagged flows are reported this often; 0: only when they end.
    pub report_every_ns: u64,
}

impl Default for Settings {
    /// What holds where nobody says otherwise; `netmon.yaml` says the same.
    fn default() -> Self {
        Self {
            every_flow: false,
            max_flows: 1_000_000,
            max_heads: 20_000,
            max_head_bytes: 65_536,
            tcp_idle_ns: 300 * SECOND_NS,
            udp_idle_ns: 60 * SECOND_NS,
            duplicate_window_ns: SECOND_NS / 20,
            report_every_ns: 0,
        }
    }
}

impl Settings {
    /// The packets come from a live capture.
    pub(crate) fn is_live(&self) -> bool {
        self.report_every_ns > 0
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

    /// When a flow wants attention next.
    pub(crate) fn due_ns(&self, flow: &Flow, now_ns: u64) -> u64 {
        let idle_ns = self.timeout_ns(flow.ends.is_tcp());
        let silence_ns = if flow.opening.is_closed() { LINGER_NS.min(idle_ns) } else { idle_ns };
        let end_ns = flow.traffic.last_ns().saturating_add(silence_ns);
        if !self.is_live() {
            end_ns
        } else if !flow.decided {
            end_ns.min(flow.traffic.start_ns().saturating_add(DECIDE_AFTER_NS))
        } else if flow.reported {
            end_ns.min(now_ns.saturating_add(self.report_every_ns))
        } else {
            end_ns
        }
    }
}
