//! A monitored interface: its state, and counters that survive its removal.

use crate::capture::interface::Interface;
use std::ffi::c_int;

/// Whether an interface is captured, and why not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// Its packets arrive.
    Captured,
    /// There is nothing at the other end of its cable.
    NoCarrier,
    /// It was not brought up.
    Down,
    /// There is no interface of this name.
    #[default]
    Missing,
    /// There is no interface of this name any more; the one that had it has this name now.
    Renamed(String),
    /// It cannot be opened, for this reason.
    Refused(String),
}

/// A monitored interface. Its name identifies it: an interface that is created again is the same one, and one
/// that is renamed is not.
#[derive(Debug, Default)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// Its state.
    pub condition: Condition,
    /// How often its capture was interrupted.
    pub interruptions: u64,
    /// Packets that the interface dropped while it was captured, before any ring saw them.
    pub dropped: u64,
    /// The interface as it was last seen.
    last: Option<Interface>,
    /// At the last look an interruption was counted although the interface was captured. The kernel reports the
    /// state before the counter, so the interruption may have begun between the two.
    is_counted: bool,
}

impl Port {
    /// A port of which nothing was seen yet.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The index of the interface that last had the name.
    pub fn last_index(&self) -> Option<c_int> {
        self.last.as_ref().map(|last| last.index)
    }

    /// Why no sieve is used on the interface that last had the name; None if one is.
    pub fn sieve_obstacle(&self) -> Option<&'static str> {
        self.last.as_ref().and_then(Interface::sieve_obstacle)
    }

    /// Notes the interface that has the name, its counters, and the state of the capture on it.
    pub fn observe(&mut self, now: &Interface, condition: Condition) {
        let mut losses = 0;
        if let Some(before) = self.last.as_ref().filter(|last| last.index == now.index) {
            // The kernel also drops what nobody captures, and no protocol of its own receives.
            if self.condition == Condition::Captured {
                // A card that is reset counts from zero again.
                self.dropped += now.dropped.checked_sub(before.dropped).unwrap_or(now.dropped);
            }
            losses = now.carrier_losses.wrapping_sub(before.carrier_losses);
        }
        self.last = Some(now.clone());
        self.change(condition, losses);
    }

    /// Notes that the interface of this name is gone, or cannot be opened.
    pub fn lose(&mut self, condition: Condition) {
        self.change(condition, 0);
    }

    /// `losses`: how often the carrier was lost meanwhile, which may be over again.
    fn change(&mut self, condition: Condition, losses: u32) {
        let [was_captured, is_captured] =
            [&self.condition, &condition].map(|one| *one == Condition::Captured);
        if was_captured {
            let begins = u32::from(!is_captured && !self.is_counted);
            self.interruptions += u64::from(losses.max(begins));
        }
        self.is_counted = was_captured && is_captured && losses > 0;
        self.condition = condition;
    }

    /// Why it is not captured, and what to do; None if it is.
    pub fn problem(&self) -> Option<String> {
        match &self.condition {
            Condition::Captured => None,
            Condition::NoCarrier => Some("no carrier: check the cable and the other end".into()),
            Condition::Down => {
                Some(format!("the interface is down; bring it up: ip link set dev {} up", self.name))
            }
            Condition::Missing => Some("no such interface".into()),
            Condition::Renamed(name) => Some(format!("the interface was renamed to {name}")),
            Condition::Refused(reason) => Some(reason.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(index: c_int, dropped: u64, carrier_losses: u32) -> Interface {
        Interface { index, dropped, carrier_losses, ..Interface::default() }
    }

    #[test]
    fn drops_of_one_interface_after_the_other_add_up() {
        let mut port = Port::new("m1");
        let mut dropped = |index, count| {
            port.observe(&interface(index, count, 0), Condition::Captured);
            port.dropped
        };
        assert_eq!(dropped(7, 100), 0, "drops before the start do not count");
        assert_eq!(dropped(7, 130), 30);
        assert_eq!(dropped(7, 5), 35, "a card that was reset");
        assert_eq!(dropped(8, 50), 35, "a new interface has a count of its own");
        assert_eq!(dropped(8, 51), 36);
    }

    #[test]
    fn what_the_kernel_drops_while_nothing_is_captured_does_not_count() {
        let mut port = Port::new("m1");
        let mut dropped = |count, condition| {
            port.observe(&interface(7, count, 0), condition);
            port.dropped
        };
        assert_eq!(dropped(10, Condition::Down), 0);
        assert_eq!(dropped(30, Condition::Captured), 0);
        assert_eq!(dropped(31, Condition::Captured), 1);
        assert_eq!(dropped(33, Condition::Down), 3, "until it went down");
        assert_eq!(dropped(90, Condition::Captured), 3);
    }

    #[test]
    fn an_interruption_whose_beginning_was_looked_at_counts_once() {
        let mut port = Port::new("m1");
        for (losses, condition) in [(0, Condition::Captured), (1, Condition::Captured), (1, Condition::Down)]
        {
            port.observe(&interface(7, 0, losses), condition);
        }
        assert_eq!(port.interruptions, 1);
        for condition in [Condition::Captured, Condition::Down] {
            port.observe(&interface(7, 0, 1), condition);
        }
        assert_eq!(port.interruptions, 2);
    }

    #[test]
    fn every_interruption_counts_however_short() {
        let mut port = Port::new("m1");
        let mut interruptions = |losses, condition| {
            port.observe(&interface(7, 0, losses), condition);
            port.interruptions
        };
        assert_eq!(interruptions(4, Condition::Captured), 0, "those before the start do not count");
        assert_eq!(interruptions(7, Condition::Captured), 3, "already over when it is looked at");
        assert_eq!(interruptions(8, Condition::NoCarrier), 4);
        assert_eq!(interruptions(8, Condition::Down), 4);
        assert_eq!(interruptions(9, Condition::Captured), 4);
        assert_eq!(interruptions(9, Condition::Down), 5, "not every kind of interface has a carrier");
        port.lose(Condition::Missing);
        assert_eq!(port.interruptions, 5);
    }
}
