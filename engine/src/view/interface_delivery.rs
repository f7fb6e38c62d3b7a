//! Whether an interface delivers packets twice.

use crate::view::delivery::Delivery;

/// Packets that show by their headers whether an interface delivers any twice,
const ENOUGH: u16 = 100;
/// and how many of them are if it does: one in so many.
const SHARE: u16 = 50;
/// As many of those that hosts may have sent twice themselves,
const ENOUGH_OPEN: u16 = 16;
/// and one in so many of them: more than hosts repeat within the window.
const SHARE_OPEN: u16 = 4;

/// How an interface delivers packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Habit {
    /// Too few packets show it.
    Unknown,
    /// Each packet once.
    Once,
    /// Packets twice, or some of them.
    Twice,
}

/// How an interface delivered its packets.
#[derive(Clone, Copy, Debug, Default)]
pub struct InterfaceDelivery {
    /// Those that headers alone show to be duplicates or not.
    certain: Delivery,
    /// Those that hosts may have sent again themselves.
    open: Delivery,
}

impl InterfaceDelivery {
    /// Notes a packet, which was delivered for the first time or again.
    #[inline]
    pub fn note(&mut self, is_certain: bool, is_first: bool) {
        let delivery = if is_certain { &mut self.certain } else { &mut self.open };
        delivery.note(is_first);
    }

    /// How it delivers packets.
    pub fn habit(self) -> Habit {
        let is_twice = if self.certain.firsts() >= ENOUGH {
            self.certain.is_share(SHARE)
        } else if self.open.firsts() >= ENOUGH_OPEN {
            self.open.is_share(SHARE_OPEN)
        } else {
            return Habit::Unknown;
        };
        if is_twice {
            Habit::Twice
        } else {
            Habit::Once
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(is_certain: bool, packets: u16, again: u16) -> Habit {
        let mut delivery = InterfaceDelivery::default();
        (0..packets).for_each(|_| delivery.note(is_certain, true));
        (0..again).for_each(|_| delivery.note(is_certain, false));
        delivery.habit()
    }

    #[test]
    fn packets_that_only_a_mirror_repeats_need_a_small_share_and_others_a_large_one() {
        assert_eq!([after(true, 99, 50), after(false, 15, 15)], [Habit::Unknown; 2]);
        assert_eq!([after(true, 200, 0), after(true, 200, 3), after(false, 200, 49)], [Habit::Once; 3]);
        assert_eq!([after(true, 200, 4), after(false, 200, 50), after(false, 16, 16)], [Habit::Twice; 3]);
    }
}
