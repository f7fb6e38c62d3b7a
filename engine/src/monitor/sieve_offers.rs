//! Which flows are in a sieve, and which may be offered to it.

use crate::capture::sifting::{Direction, Sift};
use crate::flow::Flow;
use crate::types::flow_key::FlowKey;
use std::sync::Arc;

/// Of a side that has not sent enough packets.
pub(super) const UNKNOWN: u16 = 0xffff;
/// Of a side whose packets have no VLAN tag.
pub(super) const UNTAGGED: u16 = 0xfffe;

/// What is known of a flow for the sieve.
#[derive(Clone, Copy)]
pub(super) struct Offer {
    /// The VLAN of each side's packets, UNTAGGED or UNKNOWN.
    pub(super) vlans: [u16; 2],
    /// Both directions are in the sieve. One alone would not do: what is acknowledged would seem to be missing.
    pub(super) is_added: bool,
}

/// Nothing is known.
pub(super) const NO_OFFER: Offer = Offer { vlans: [UNKNOWN; 2], is_added: false };

/// A sieve, and which flows are in it.
pub(super) struct Sieving {
    pub(super) sieve: Arc<dyn Sift>,
    /// By slot of the flow.
    offers: Vec<Offer>,
}

impl Sieving {
    /// A sieve with no flow in it.
    pub(super) fn new(sieve: Arc<dyn Sift>) -> Self {
        Self { sieve, offers: Vec::new() }
    }

    /// What is known of the flow in a slot.
    pub(super) fn offer(&mut self, slot: u32) -> &mut Offer {
        let place = slot as usize;
        if place >= self.offers.len() {
            self.offers.resize(place + 1, NO_OFFER);
        }
        &mut self.offers[place]
    }

    /// The flow is in the sieve.
    pub(super) fn is_added(&self, slot: u32) -> bool {
        self.offers.get(slot as usize).is_some_and(|offer| offer.is_added)
    }

    /// Adds both directions of a flow, or none.
    pub(super) fn add(&mut self, slot: u32, flow: &Flow) -> bool {
        let directions = self.offer(slot).directions(flow.ends.key());
        let next = [0, 1].map(|side| flow.view.unseen.next_of(side));
        let is_first_added = self.sieve.add(&directions[0], next[0]);
        let is_added = is_first_added && self.sieve.add(&directions[1], next[1]);
        if is_first_added && !is_added {
            self.sieve.take(&directions[0]);
        }
        self.offer(slot).is_added = is_added;
        is_added
    }
}

impl Offer {
    /// What each side sends, in the order of the flow's key.
    pub(super) fn directions(self, key: &FlowKey) -> [Direction; 2] {
        let [a, b] = key.addresses;
        let (ports, protocol) = (key.ports, key.protocol);
        let vlan = |side: usize| Some(self.vlans[side]).filter(|vlan| *vlan != UNTAGGED);
        [
            Direction { addresses: [a, b], ports, protocol, vlan: vlan(0) },
            Direction { addresses: [b, a], ports: [ports[1], ports[0]], protocol, vlan: vlan(1) },
        ]
    }
}
