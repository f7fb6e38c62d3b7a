//! What a sieve before the ring may drop: plain data of flows that are open, named and of no vendor. It counts what it
//! drops, and that is added to the flows, so that they neither time out nor seem to lack data.

use super::sieve_offers::{Sieving, NO_OFFER, UNKNOWN, UNTAGGED};
use super::state::Monitor;
use crate::address::realm::Realm;
use crate::capture::sifting::Sift;
use crate::flow::{Flow, Found};
use crate::naming::identify;
use crate::view::interface_delivery::Habit;
use std::sync::Arc;

/// A flow is offered to the sieve after so many packets of each side, and again after so many more of one: system calls pay
/// off if they save the ring more than that.
const OFFER_EVERY: u64 = 64;
/// What the sieve has dropped is added to its flow after this time at the latest.
const COUNT_AFTER_NS: u64 = 10_000_000_000;

impl Monitor {
    /// Lets a sieve drop data from now on, unless every flow is reported, or flows are told apart by what the sieve does
    /// not see.
    pub fn use_sieve(&mut self, sieve: Arc<dyn Sift>) {
        if !self.settings.every_flow && !self.settings.separate_by.has_interface() {
            self.sieving = Some(Sieving::new(sieve));
        }
    }

    /// Offers the flow of a packet that was processed to the sieve, now and then.
    #[inline(always)] // the path of every packet
    pub(super) fn offer_now_and_then(&mut self, realm: Realm, found: Found) {
        if self.sieving.is_none() {
            return;
        }
        let Some(slot) = found.slot else { return };
        let Some(flow) = self.table.get(slot) else { return };
        if flow.traffic.sides()[found.side].packets % OFFER_EVERY == 0 {
            self.offer(realm, slot, found.side);
        }
    }

    #[cold]
    fn offer(&mut self, realm: Realm, slot: u32, side: usize) {
        let (Some(sieving), Some(flow)) = (&mut self.sieving, self.table.get(slot)) else { return };
        let is_simple = realm.inner_vlan().is_none() && realm.vni().is_none();
        if sieving.is_added(slot) || !is_simple || !flow.is_bulk() {
            return;
        }
        // The same packet may arrive twice, and only the engine recognises that.
        let habit = self.duplicates.habit(flow.interface(), &self.tally);
        if matches!(habit, Habit::Unknown | Habit::Twice) || flow.view.duplicates.packets() > 0 {
            return;
        }
        let identity = identify(flow.knowledge(), &self.matcher);
        if identity.signature.is_some() || !identity.evidence.is_name() {
            return;
        }
        let offer = sieving.offer(slot);
        offer.vlans[side] = realm.vlan().unwrap_or(UNTAGGED);
        if offer.vlans.contains(&UNKNOWN) {
            return;
        }
        if sieving.add(slot, flow) {
            self.table.set_due(slot, self.clocks.now_ns().saturating_add(COUNT_AFTER_NS));
        } else {
            self.tally.view(flow.interface()).sieve_refusals += 1;
        }
    }

    /// Takes the flow of a packet out of the sieve before that is processed, because it is no plain data, or comes after a
    /// silence of the packets that passed.
    #[inline(always)]
    pub(super) fn reclaim(&mut self, slot: Option<u32>) {
        if let (Some(slot), Some(_)) = (slot, &self.sieving) {
            self.take_from_sieve(slot);
        }
    }

    /// Takes a flow that ends out of the sieve.
    pub(super) fn end_sieving(&mut self, slot: u32) {
        self.take_from_sieve(slot);
        if let Some(sieving) = &mut self.sieving {
            *sieving.offer(slot) = NO_OFFER;
        }
    }

    /// Takes a flow out of the sieve and adds what was dropped; nothing if it is not in there.
    pub(super) fn take_from_sieve(&mut self, slot: u32) {
        let Some(sieving) = self.sieving.as_mut().filter(|sieving| sieving.is_added(slot)) else { return };
        let offer = sieving.offer(slot);
        offer.is_added = false;
        let offer = *offer;
        let Some(flow) = self.table.get_mut(slot) else { return };
        let view = self.tally.view(flow.interface());
        let directions = offer.directions(flow.ends.key());
        for (side, direction) in directions.iter().enumerate() {
            let Some(dropped) = sieving.sieve.take(direction).filter(|one| one.packets > 0) else { continue };
            view.sieved_packets += dropped.packets;
            view.sieved_bytes += dropped.bytes;
            flow.add_dropped(side, &dropped, self.clocks.now_ns().saturating_sub(dropped.silence_ns));
        }
    }
}

impl Flow {
    /// Nothing is expected of it but plain data, and nothing of it is reported.
    fn is_bulk(&self) -> bool {
        let is_unreported = !self.reporting.has_signature() && !self.reporting.is_reported();
        let has_dns = self.message_kind().is_some()
            || self.clues().is_some_and(|clues| clues.dns.encrypted().is_some());
        let is_certain = self.opening.is_settled() && !self.naming.is_beside_rest();
        is_certain && self.reporting.is_decided() && is_unreported && !has_dns && !self.is_reported_for_dns()
    }
}
