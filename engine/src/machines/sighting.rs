//! What is known of an address: which machine its packets come from, and to which one DHCP gave it.

use super::machine_names::MachineNames;
use crate::types::mac::Mac;

/// The sender of an address's packets is passed on to its hardware address this often.
const NOTE_EVERY_NS: u64 = 60_000_000_000;

/// A machine whose frames came directly is still on the link for so long.
const DIRECT_FOR_NS: u64 = 3_600_000_000_000;

/// One address.
#[derive(Debug, Default)]
pub struct Sighting {
    /// What its machine is called.
    pub names: MachineNames,
    /// The sender of the frames around its packets, if no router was between.
    pub frame: Option<Mac>,
    /// A router was between when its latest flow began, and none of its frames came directly for a while.
    pub is_forwarded: bool,
    /// When the latest flow began with a frame that came directly.
    direct_ns: Option<u64>,
    /// The machine to which DHCP gave it, and until when.
    lease: Option<(Mac, u64)>,
    noted_ns: Option<u64>,
}

impl Sighting {
    /// A flow of the address begins with a packet in a frame of this sender. True if the station should know.
    pub fn note_frame(&mut self, mac: Mac, is_forwarded: bool, now_ns: u64) -> bool {
        if is_forwarded {
            // A mirror of both sides of a router shows some flows there first.
            let is_recent = |at_ns: u64| at_ns.saturating_add(DIRECT_FOR_NS) >= now_ns;
            self.is_forwarded = !self.direct_ns.is_some_and(is_recent);
            return false;
        }
        (self.is_forwarded, self.direct_ns) = (false, Some(now_ns));
        let is_other = self.frame != Some(mac);
        if is_other && self.frame.is_some() {
            self.names = MachineNames::default(); // those of the machine that had the address before
        }
        self.frame = Some(mac);
        let is_due = |noted_ns: u64| noted_ns.saturating_add(NOTE_EVERY_NS) <= now_ns;
        let should_note = is_other || self.noted_ns.is_none_or(is_due);
        if should_note {
            self.noted_ns = Some(now_ns);
        }
        should_note
    }

    /// A server gave the address to a machine.
    pub fn grant(&mut self, mac: Mac, until_ns: u64) {
        if self.lease.is_some_and(|(before, _)| before != mac) {
            self.names = MachineNames::default();
        }
        self.lease = Some((mac, until_ns));
    }

    /// The machine to which the address is given now.
    pub fn leased_to(&self, now_ns: u64) -> Option<Mac> {
        self.lease.filter(|(_, until_ns)| *until_ns >= now_ns).map(|(mac, _)| mac)
    }
}
