//! What is known of an address: which machine its packets come from, and to which one DHCP gave it.

use super::machine_names::MachineNames;
use crate::types::mac::Mac;

/// The sender of an address's packets is passed on to its hardware address this often.
const NOTE_EVERY_NS: u64 = 60_000_000_000;

/// One address.
#[derive(Debug, Default)]
pub struct Sighting {
    /// What its machine is called.
    pub names: MachineNames,
    /// The sender of the frames around its packets, if no router was between.
    pub frame: Option<Mac>,
    /// A router was between when its latest flow began.
    pub is_forwarded: bool,
    /// The machine to which DHCP gave it, and until when.
    lease: Option<(Mac, u64)>,
    noted_ns: Option<u64>,
}

impl Sighting {
    /// A flow of the address begins with a packet in a frame of this sender. True if the station should know.
    pub fn note_frame(&mut self, mac: Mac, is_forwarded: bool, now_ns: u64) -> bool {
        self.is_forwarded = is_forwarded;
        if is_forwarded {
            return false;
        }
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
