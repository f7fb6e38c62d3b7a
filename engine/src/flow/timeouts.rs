//! When a flow is due for maintenance.

use super::flow_state::Flow;
use crate::settings::Settings;

const SECOND_NS: u64 = 1_000_000_000;
/// A closed connection is kept this long for late segments.
pub const LINGER_NS: u64 = 10 * SECOND_NS;
/// A live flow is decided after this time, even if its opening is incomplete, and reported even without data.
pub const DECIDE_AFTER_NS: u64 = 2 * SECOND_NS;

/// The time at which a flow is due next.
pub fn due_ns(settings: &Settings, flow: &Flow, now_ns: u64) -> u64 {
    let idle_ns = settings.timeout_ns(flow.ends.is_tcp());
    let silence_ns = if flow.opening.is_closed() { LINGER_NS.min(idle_ns) } else { idle_ns };
    let end_ns = flow.traffic.last_ns().saturating_add(silence_ns);
    if !settings.reports_openings() {
        end_ns
    } else if !flow.reporting.is_decided() || flow.reporting.waits_for_data() {
        end_ns.min(flow.traffic.start_ns().saturating_add(DECIDE_AFTER_NS))
    } else if flow.reporting.is_reported() && settings.is_live() {
        end_ns.min(now_ns.saturating_add(settings.report_every_ns))
    } else {
        end_ns
    }
}
