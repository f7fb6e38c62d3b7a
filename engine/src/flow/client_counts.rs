//! How many flows each client has, to evict those of the client that has most: as `shares`, without a list of the
//! flows of each client, for which a million flows leave no room.

use super::draws::Draws;
use crate::address::realm_host::Host;
use foldhash::fast::RandomState;
use std::hash::BuildHasher;

/// Flows of a full table for each bucket, if clients are many.
const MEAN_FLOWS: usize = 16;
const CONFIRMED: u16 = 1 << 15;

/// In which bucket a flow is counted, and whether its client was seen to receive what the server sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountMark(u16);

impl CountMark {
    /// The client was seen to receive what the server sent.
    pub fn is_confirmed(self) -> bool {
        self.0 & CONFIRMED != 0
    }

    fn place(self) -> (usize, usize) {
        (usize::from(self.is_confirmed()), usize::from(self.0 & !CONFIRMED))
    }
}

/// Counts of flows by client, of those that are not confirmed and of those that are.
#[derive(Debug)]
pub struct ClientCounts {
    halves: [Vec<u32>; 2],
    totals: [u64; 2],
    hasher: RandomState,
    draws: Draws,
}

impl ClientCounts {
    /// No flows, of a table for at most so many.
    pub fn new(max_flows: usize) -> Self {
        let buckets = (max_flows / MEAN_FLOWS).clamp(64, 4096);
        Self {
            halves: [vec![0; buckets], vec![0; buckets]],
            totals: [0; 2],
            hasher: RandomState::default(),
            draws: Draws::default(),
        }
    }

    /// Counts a flow of a client.
    pub fn add(&mut self, client: Host, is_confirmed: bool) -> CountMark {
        let hash = self.hasher.hash_one(client.host_prefix());
        let counts = &self.halves[usize::from(is_confirmed)];
        let [one, other] = [hash >> 32, hash & 0xffff_ffff].map(|part| part as usize % counts.len());
        let bucket = if counts[other] < counts[one] { other } else { one };
        let mark = CountMark(bucket as u16 | if is_confirmed { CONFIRMED } else { 0 });
        self.change(mark, |count| count + 1, |total| total + 1);
        mark
    }

    /// Counts a flow no more.
    pub fn remove(&mut self, mark: CountMark) {
        self.change(mark, |count| count.saturating_sub(1), |total| total.saturating_sub(1));
    }

    fn change(&mut self, mark: CountMark, count: impl Fn(u32) -> u32, total: impl Fn(u64) -> u64) {
        let (half, bucket) = mark.place();
        self.totals[half] = total(self.totals[half]);
        if let Some(counted) = self.halves[half].get_mut(bucket) {
            *counted = count(*counted);
        }
    }

    /// How much a flow's client is to be blamed for a full table: flows that are not confirmed go first while they are
    /// half of it, then those of clients with more than twice the mean of all buckets, the more the sooner. Those with
    /// less are equal.
    pub fn blame(&self, mark: CountMark) -> (bool, Option<u32>) {
        let (half, bucket) = mark.place();
        let is_first = mark.is_confirmed() == (self.totals[0] < self.totals[1]);
        let mean = self.totals[half] as u32 / self.halves[half].len() as u32;
        let excess = self.halves[half].get(bucket).map(|count| count / (2 * (mean + 1)));
        (is_first, excess.and_then(u32::checked_ilog2))
    }

    /// A number below `end` that senders cannot foresee.
    pub fn draw(&mut self, end: usize) -> usize {
        self.draws.below(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;

    #[test]
    fn what_is_counted_is_taken_back_whatever_the_client_is_by_then() {
        let mut counts = ClientCounts::new(1000);
        let marks: Vec<_> =
            (0..500u32).map(|n| counts.add(Address::v4(n.to_be_bytes()).into(), n % 2 == 0)).collect();
        assert_eq!(counts.totals, [250, 250]);
        marks.into_iter().for_each(|mark| counts.remove(mark));
        assert_eq!(counts.totals, [0, 0]);
        assert!(counts.halves.iter().flatten().all(|count| *count == 0));
    }

    #[test]
    fn the_client_with_most_is_to_be_blamed_most_and_confirmed_ones_least() {
        let mut counts = ClientCounts::new(1 << 20);
        let (few, many, confirmed) = [1, 2, 3].map(|host| Address::v4([10, 0, 0, host]).into()).into();
        let few = counts.add(few, false);
        let many = (0..50).map(|_| counts.add(many, false)).last().unwrap();
        let confirmed: Vec<_> = (0..50).map(|_| counts.add(confirmed, true)).collect();
        assert!(counts.blame(few) < counts.blame(many));
        assert!(counts.blame(confirmed[0]) < counts.blame(few));
        counts.remove(many);
        counts.remove(few);
        assert!(counts.blame(confirmed[0]) > counts.blame(many)); // they are more than half now
    }
}
