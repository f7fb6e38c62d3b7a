//! Whether an interface delivers packets twice.

use crate::counters::tally::Tally;
use crate::view::delivery::Delivery;

/// An interface that delivers packets twice does so with one in so many of those whose headers show it.
const SHARE: u16 = 50;
/// So many of them show that it delivers each once.
const ENOUGH: u16 = 100;
/// Packets of any kind that show it by those that hosts may have sent twice themselves,
const ENOUGH_OPEN: u64 = 16;
/// and how many of them are delivered again: one in so many, which is more than hosts repeat within the window.
const SHARE_OPEN: u64 = 5;
/// So many of the latest packets count.
const LATEST: u64 = 4096;

/// How an interface delivers packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Habit {
    /// Too few packets show it.
    Unknown,
    /// Each packet once.
    Once,
    /// Few packets twice, which their hosts may have sent again.
    Seldom,
    /// Packets twice, or some of them.
    Twice,
}

/// How each interface delivered its packets, by number.
#[derive(Debug, Default)]
pub struct InterfaceDeliveries(Vec<InterfaceDelivery>);

impl InterfaceDeliveries {
    /// Notes the first delivery of a packet whose headers show it if it comes again.
    #[inline(always)] // the path of every packet
    pub fn note_first(&mut self, interface: u16) {
        self.of(interface).certain.note(true);
    }

    /// Notes a packet that was delivered again. `is_certain`: headers show that its host has not sent it again.
    pub fn note_again(&mut self, interface: u16, is_certain: bool, ip_packets: u32, tally: &Tally) {
        match is_certain {
            true => self.of(interface).certain.note(false),
            false => self.of(interface).note_open(ip_packets.into(), packets_of(interface, tally)),
        }
    }

    /// How an interface delivers packets.
    pub fn habit(&self, interface: u16, tally: &Tally) -> Habit {
        let delivery = self.0.get(usize::from(interface)).copied().unwrap_or_default();
        delivery.habit(packets_of(interface, tally))
    }

    #[inline(always)]
    fn of(&mut self, interface: u16) -> &mut InterfaceDelivery {
        let place = usize::from(interface);
        if place >= self.0.len() {
            self.0.resize(place + 1, InterfaceDelivery::default());
        }
        &mut self.0[place]
    }
}

/// The packets that an interface has delivered.
fn packets_of(interface: u16, tally: &Tally) -> u64 {
    tally.views.get(usize::from(interface)).map_or(0, |view| view.flow_packets)
}

/// How an interface delivered its packets.
#[derive(Clone, Copy, Debug, Default)]
struct InterfaceDelivery {
    /// Those that headers alone show to be duplicates or not.
    certain: Delivery,
    /// Those that were delivered again, and that hosts may have sent again themselves,
    open: u64,
    /// since the interface had delivered so many packets.
    since: u64,
}

impl InterfaceDelivery {
    /// Notes packets that were delivered again, or that a host has sent again. `packets`: all of the interface.
    fn note_open(&mut self, again: u64, packets: u64) {
        let latest = packets.saturating_sub(self.since);
        if latest > 2 * LATEST {
            self.open = self.open * LATEST / latest;
            self.since = packets - LATEST;
        }
        self.open += again;
    }

    /// How it delivers packets, of which there were so many.
    fn habit(self, packets: u64) -> Habit {
        let latest = packets.saturating_sub(self.since);
        match latest {
            _ if self.certain.is_share(SHARE) => Habit::Twice,
            _ if self.certain.firsts() >= ENOUGH => Habit::Once,
            ..ENOUGH_OPEN => Habit::Unknown,
            _ if self.open * SHARE_OPEN >= latest => Habit::Twice,
            _ => Habit::Seldom,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certain(packets: u16, again: u16) -> Habit {
        let mut delivery = InterfaceDelivery::default();
        (0..packets).for_each(|_| delivery.certain.note(true));
        (0..again).for_each(|_| delivery.certain.note(false));
        delivery.habit(u64::from(packets + again))
    }

    /// After packets of which one in so many is delivered again, in each of these phases.
    fn open(phases: &[(u64, u64)]) -> Habit {
        let (mut delivery, mut packets) = (InterfaceDelivery::default(), 0);
        for (count, one_in) in phases {
            for n in 1..=*count {
                packets += 1;
                if n % one_in == 0 {
                    delivery.note_open(1, packets);
                }
            }
        }
        delivery.habit(packets)
    }

    #[test]
    fn packets_that_only_a_mirror_repeats_need_a_small_share_and_others_a_large_one() {
        assert_eq!([certain(100, 0), certain(200, 0), certain(200, 3)], [Habit::Once; 3]);
        assert_eq!([certain(200, 4), certain(200, 200), certain(40, 1), certain(8, 7)], [Habit::Twice; 4]);
        assert_eq!([open(&[(15, 2)]), certain(15, 0)], [Habit::Unknown; 2]);
        assert_eq!([certain(99, 0), open(&[(200, 6)]), open(&[(100_000, 6)])], [Habit::Seldom; 3]);
        assert_eq!([open(&[(16, 2)]), open(&[(200, 5)]), open(&[(100_000, 3)])], [Habit::Twice; 3]);
    }

    #[test]
    fn the_latest_packets_show_it() {
        assert_eq!(open(&[(1_000_000, 1000), (4000, 2)]), Habit::Twice);
        assert_eq!(open(&[(1_000_000, 2), (50_000, 1000)]), Habit::Seldom);
    }
}
