//! Whether a mirror delivers the packets of one side twice, by the latest ones.
//!
//! Each packet adds to the doubt about what is known, or takes from it: one that is delivered again weighs twice as much
//! as one that is not, so that doubt grows if more than half of the packets contradict what is known. A near host
//! repeats fewer, and a mirror that loses packets more. Great doubt turns what is known.

/// What packets weigh.
const FIRST: u8 = 1;
const AGAIN: u8 = 2;
/// Doubt that turns what is known. A host that repeats three packets in ten reaches it once in 10^11 times, and one that
/// repeats four in ten once in 400,000.
const SLOW_TURNING: u8 = 32;
/// Doubt that turns it where others are known to be delivered twice.
const QUICK_TURNING: u8 = 8;
/// Doubt that is enough if no more packets follow.
const ENOUGH_AT_END: u8 = 8;

/// How much doubt turns what is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turning {
    /// Little, because the interface delivers packets twice now and then.
    Quick,
    /// Much.
    Slow,
}

/// How the packets of one side are delivered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Repetition {
    is_twice: bool,
    doubt: u8,
}

impl Repetition {
    /// Notes a packet, which was delivered for the first time or again.
    #[inline]
    pub fn note(&mut self, is_first: bool, turning: Turning) {
        let weight = if is_first { FIRST } else { AGAIN };
        if is_first != self.is_twice {
            self.doubt = self.doubt.saturating_sub(weight);
            return;
        }
        self.doubt += weight;
        let enough = if turning == Turning::Quick { QUICK_TURNING } else { SLOW_TURNING };
        if self.doubt >= enough {
            *self = Self { is_twice: !self.is_twice, doubt: 0 };
        }
    }

    /// Notes a packet that was delivered again, as honest hosts do as well: it is not clear any more that packets are
    /// delivered once, and others must show it.
    pub fn suggest(&mut self) {
        if !self.is_twice && self.doubt + AGAIN < ENOUGH_AT_END {
            self.doubt += AGAIN;
        }
    }

    /// The packets are delivered twice, as far as is known.
    #[inline]
    pub fn is_twice(self) -> bool {
        self.is_twice
    }

    /// Nothing contradicts what is known, so it applies to all packets until now.
    #[inline]
    pub fn is_clear(self) -> bool {
        self.doubt == 0
    }

    /// The latest packets, since nothing contradicted what is known, are delivered twice, if none follow.
    pub fn is_twice_at_end(self) -> bool {
        self.is_twice != (self.doubt >= ENOUGH_AT_END)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(packets: impl IntoIterator<Item = bool>) -> Repetition {
        let mut repetition = Repetition::default();
        packets.into_iter().for_each(|is_first| repetition.note(is_first, Turning::Slow));
        repetition
    }

    #[test]
    fn a_mirror_may_begin_to_duplicate_and_stop_at_any_time() {
        let twice = |n: usize| [true, false].into_iter().cycle().take(2 * n);
        let once = |n: usize| [true].into_iter().cycle().take(n);
        for plain in [0, 1, 30, 5000] {
            assert!(!after(once(plain).chain(twice(20))).is_twice());
            assert!(after(once(plain).chain(twice(20))).is_twice_at_end());
            assert!(after(once(plain).chain(twice(40))).is_twice());
            assert!(after(once(plain).chain(twice(5000)).chain(once(20))).is_twice());
            assert!(!after(once(plain).chain(twice(5000)).chain(once(20))).is_twice_at_end());
            assert!(!after(once(plain).chain(twice(5000)).chain(once(40))).is_twice());
        }
    }

    #[test]
    fn a_host_that_repeats_a_third_of_its_packets_and_a_mirror_that_loses_a_third_change_nothing() {
        let host = [true, true, false, true].into_iter().cycle().take(4000);
        assert!(!after(host).is_twice());
        let mirror = [true, false, true, true, false, true, false].into_iter().cycle().take(7000);
        assert!(after([true, false].into_iter().cycle().take(100).chain(mirror)).is_twice());
    }

    #[test]
    fn suggestions_alone_decide_nothing_and_keep_it_open() {
        let mut repetition = Repetition::default();
        (0..100).for_each(|_| repetition.suggest());
        assert!(!repetition.is_twice() && !repetition.is_twice_at_end() && !repetition.is_clear());
        (0..ENOUGH_AT_END).for_each(|_| repetition.note(true, Turning::Slow));
        assert!(repetition.is_clear());
    }

    #[test]
    fn packets_that_a_mirror_delivers_again_in_blocks_are_delivered_twice() {
        for block in [2, 10, 100] {
            let blocks = (0..2000).map(|n| n / block % 2 == 0);
            assert!(after(blocks).is_twice(), "{block}");
        }
    }
}
