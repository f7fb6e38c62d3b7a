//! How often packets were seen: for the first time, the second, and so on.

/// A packet is followed up to so many times: a multiple of each number of copies, so that the next is counted.
pub const MOST_SIGHTINGS: usize = 12;
/// A mirror delivers a packet at most so often: on ingress and egress of two switches, for example.
const MOST_COPIES: usize = 4;
/// Numbers of packets that reach this are halved, so that the latest ones count.
const MAX_PACKETS: u16 = 1 << 10;

/// Packets by how often they were seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sightings([u16; MOST_SIGHTINGS]);

impl Sightings {
    /// Packets none of which was seen again.
    pub fn once(packets: u64) -> Self {
        let mut sightings = Self::default();
        sightings.0[0] = u16::try_from(packets).unwrap_or(u16::MAX).min(MAX_PACKETS / 2);
        sightings
    }

    /// Counts a packet that is seen for the first time (1), the second (2) or a later one.
    pub fn note(&mut self, sighting: usize) {
        let count = &mut self.0[sighting.clamp(1, MOST_SIGHTINGS) - 1];
        *count += 1;
        if *count == MAX_PACKETS {
            self.0.iter_mut().for_each(|count| *count /= 2);
        }
    }

    /// Recent packets.
    pub fn firsts(&self) -> u16 {
        self.0[0]
    }

    /// At least half of the packets were seen again: a mirror port may lose some.
    pub fn is_half_again(&self) -> bool {
        self.0[1] > 0 && 2 * self.0[1] >= self.0[0]
    }

    /// At least three quarters of the packets were seen again: hosts do not repeat as many.
    pub fn is_most_again(&self) -> bool {
        self.0[1] > 0 && 4 * self.0[1] >= 3 * self.0[0]
    }

    /// How often a packet is delivered, if packets are delivered again: at least half of those that are seen a second
    /// time are seen so often. Once, if that is late, and more often than mirrors deliver: a host repeats itself.
    pub fn copies(&self, is_late: bool) -> usize {
        let more = self.0[2..].iter().take_while(|count| 2 * **count >= self.0[1].max(1)).count();
        if is_late && 2 + more > MOST_COPIES {
            1
        } else {
            2 + more
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(counts: &[usize]) -> Sightings {
        let mut sightings = Sightings::default();
        for (sighting, count) in (1..).zip(counts) {
            (0..*count).for_each(|_| sightings.note(sighting));
        }
        sightings
    }

    #[test]
    fn packets_are_delivered_as_often_as_half_of_them_are_seen() {
        assert_eq!([seen(&[9]), seen(&[9, 9]), seen(&[9, 9, 4])].map(|seen| seen.copies(false)), [2; 3]);
        assert_eq!([seen(&[9, 9, 5]), seen(&[9, 8, 8, 3])].map(|seen| seen.copies(false)), [3; 2]);
        assert_eq!([4, 5, 20].map(|most| seen(&vec![9; most]).copies(false)), [4, 5, 12]);
        assert_eq!([4, 5, 20].map(|most| seen(&vec![9; most]).copies(true)), [4, 1, 1]);
    }

    #[test]
    fn the_share_that_is_seen_again_is_that_of_recent_packets() {
        assert_eq!(
            [seen(&[9, 4]), seen(&[9, 5]), seen(&[0, 1])].map(|seen| seen.is_half_again()),
            [false, true, true]
        );
        assert_eq!(
            [seen(&[9, 6]), seen(&[9, 7]), seen(&[9])].map(|seen| seen.is_most_again()),
            [false, true, false]
        );
        let mut later = seen(&[5000]);
        (0..900).for_each(|n| later.note(1 + n % 2));
        assert!(!later.is_half_again());
        (0..9000).for_each(|n| later.note(1 + n % 2));
        assert!(later.is_most_again());
    }
}
