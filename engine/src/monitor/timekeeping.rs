//! Gives each packet its time, which almost always is its own; see `clocks`.

use super::clocks::{is_before, Reading};
use super::held_packets::HeldPacket;
use super::state::Monitor;
use crate::capture::{Packet, SteadyTime};
use crate::types::arrival::Arrival;

/// When a packet arrived, as far as its time is believed.
#[derive(Clone, Copy)]
pub(super) struct Timed {
    pub(super) time_ns: u64,
    /// It is the packet's own time.
    pub(super) is_own: bool,
}

/// So many packets after a silence show that it was one, and so many that are earlier that it was none.
const ENOUGH: usize = 5;
/// The same if none of them is of the interface that the time came from: that one may disagree.
const ENOUGH_OF_OTHERS: usize = 64;

/// What a packet is that is later than expected.
enum Ahead {
    /// Those after it will show that.
    Open,
    /// There was silence until then.
    Silence,
    /// Its time is wrong.
    Wrong,
}

impl Monitor {
    /// The time of a live packet that does not agree with those before it. None for a packet of a file, which waits
    /// for those after it.
    pub(super) fn time_live(&mut self, packet: &Packet<'_>) -> Option<Timed> {
        let (interface, stamp_ns) = (packet.interface, packet.time_ns);
        if !self.settings.is_live() {
            return None;
        }
        if let Some(time_ns) = self.clocks.read_steady(interface, stamp_ns) {
            return Some(Timed {
                time_ns: time_ns.unwrap_or(self.clocks.now_ns()),
                is_own: time_ns.is_some(),
            });
        }
        // Nothing tells silence from a step, and what is live must not wait.
        Some(match self.clocks.relate(interface, stamp_ns) {
            Reading::Near(time_ns) | Reading::Ahead(time_ns) => {
                self.clocks.follow(interface, stamp_ns, time_ns);
                Timed { time_ns, is_own: true }
            }
            Reading::Behind => self.misdated(interface, stamp_ns),
        })
    }

    /// The next of the packets that wait, if its time is known now; whatever its time is if no others follow.
    pub(super) fn next_held(&mut self, are_last: bool) -> Option<(HeldPacket, Timed)> {
        let (interface, stamp_ns) = self.held.stamps().next()?;
        let believed = match self.clocks.relate(interface, stamp_ns) {
            Reading::Near(time_ns) => Some(time_ns),
            Reading::Ahead(time_ns) => match self.judge_ahead(time_ns, are_last) {
                Ahead::Open => return None,
                Ahead::Silence => Some(time_ns),
                Ahead::Wrong => None,
            },
            Reading::Behind => None,
        };
        let timed = match believed {
            Some(time_ns) => {
                self.clocks.follow(interface, stamp_ns, time_ns);
                Timed { time_ns, is_own: true }
            }
            None => self.misdated(interface, stamp_ns),
        };
        Some((self.held.take()?, timed))
    }

    /// What the packets that wait show about the first one, whose time is later than expected.
    fn judge_ahead(&self, first_ns: u64, are_last: bool) -> Ahead {
        if !self.clocks.is_started() {
            return Ahead::Silence;
        }
        let (mut agree, mut earlier, mut of_leader) = (0, 0, false);
        for (interface, stamp_ns) in self.held.stamps() {
            match self.clocks.relate(interface, stamp_ns) {
                Reading::Near(_) => return Ahead::Wrong,
                Reading::Ahead(time_ns) if !is_before(time_ns, first_ns) => {
                    agree += 1;
                    of_leader |= interface == self.clocks.leader();
                }
                Reading::Ahead(_) | Reading::Behind => earlier += 1,
            }
        }
        let enough = if of_leader { ENOUGH } else { ENOUGH_OF_OTHERS };
        let are_enough = agree >= enough || earlier >= ENOUGH || self.held.are_large() || are_last;
        match are_enough {
            false => Ahead::Open,
            true if agree >= earlier => Ahead::Silence,
            true => Ahead::Wrong,
        }
    }

    /// The time of a packet whose own is wrong, unless others before it were off by the same: the clock was set then.
    fn misdated(&mut self, interface: u16, stamp_ns: u64) -> Timed {
        let is_set = self.clocks.distrust(interface, stamp_ns);
        if is_set {
            self.timer.distrust_clocks();
            self.tally.view(interface).clock_steps += 1;
        }
        Timed { time_ns: self.clocks.now_ns(), is_own: is_set }
    }

    /// Gives the DNS messages that were reported since there were `reported` the time that their packet has.
    pub(super) fn restore_stamps(&mut self, reported: usize, arrival: Arrival) {
        let shift = self.clocks.shift(arrival.interface, arrival.time_ns);
        if shift != 0 {
            for message in self.dns.iter_mut().skip(reported) {
                message.time_ns = message.time_ns.wrapping_add(shift);
            }
        }
    }

    /// Tells a live monitor the time by a clock that is never set: it tells silence from a step.
    pub fn set_steady_time(&mut self, steady: SteadyTime) {
        if self.clocks.set_steady(steady) {
            self.timer.distrust_clocks();
            if self.counts_steps {
                self.tally.views.iter_mut().for_each(|view| view.clock_steps += 1);
            }
        }
    }
}
