//! Messages of DHCP, which show which machine has which address.

use super::state::Monitor;
use crate::address::realm::Realm;
use crate::address::realm_host::Host;
use crate::types::mac::Mac;
use crate::wire::dhcp::{parse_dhcp_v4, parse_dhcp_v6};
use crate::wire::{Progress, Segment};

/// True for a datagram that may be a message of DHCP: every one is sent to or from the port of servers for IPv4 or IPv6,
/// also between relays.
#[inline]
pub(super) fn may_name_machines(segment: &Segment<'_>) -> bool {
    let is_of_server = |port| matches!(port, 67 | 547);
    is_of_server(segment.src_port) || is_of_server(segment.dst_port)
}

impl Monitor {
    /// Learns from a message of DHCP which machine has which address.
    #[cold]
    pub(super) fn read_lease(&mut self, segment: &Segment<'_>, realm: Realm, now_ns: u64) {
        let Some(machines) = &self.names.machines else { return };
        let parse = if segment.src.is_v4() { parse_dhcp_v4 } else { parse_dhcp_v6 };
        match parse(segment.payload) {
            Ok(Progress::Parsed(lease)) => {
                let host = Host { realm, address: segment.src };
                machines.learn_lease(&lease, host, Mac::of_sender(segment), now_ns);
            }
            Ok(Progress::NeedMore) => self.tally.problem("dhcp", "cut"),
            Err(malformed) => self.tally.problem("dhcp", malformed.0),
        }
    }
}
