//! One half of a shared table: buckets of clients, listed by the magnitude of what they hold, so that a largest one is
//! found in constant time.

/// Stands for no entry and no bucket.
pub(super) const NONE: u32 = u32::MAX;
/// The part of a bucket that its largest client has to hold more than all others, to be looked for.
const LEAST_LEAD: u64 = 4;
/// Magnitudes of an amount of 32 bits, in quarters of a power of two.
const LEVELS: usize = 128;

/// The entries of the clients with one hash, oldest first, in a list of the buckets of the same level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    pub(super) oldest: u32,
    pub(super) newest: u32,
    pub(super) amount: u64,
    level: Option<u8>,
    /// The client that may hold the majority of the amount, and how much more it holds than all others.
    pub(super) majority: u16,
    pub(super) lead: u64,
    previous: u32,
    next: u32,
}

impl Bucket {
    pub(super) const EMPTY: Self = Self {
        oldest: NONE,
        newest: NONE,
        amount: 0,
        level: None,
        majority: 0,
        lead: 0,
        previous: NONE,
        next: NONE,
    };

    /// A client's entry takes another amount: the sum changes, and the majority (Boyer and Moore, with weights). What a
    /// smaller client gives back may have been set off against an earlier majority, so the lead is bounded by the sum.
    fn change(&mut self, tag: u16, more: u32, less: u32) {
        let (more, less) = (u64::from(more), u64::from(less));
        self.amount = self.amount + more - less;
        let (up, down) = if tag == self.majority { (more, less) } else { (less, more) };
        let lead = self.lead + up;
        if tag != self.majority && down > lead {
            (self.majority, self.lead) = (tag, down - lead);
        } else {
            self.lead = lead.saturating_sub(down);
        }
        self.lead = self.lead.min(self.amount);
    }

    /// Whether a client may have the majority, and whether it would hold three quarters.
    pub(super) fn has_majority(&self) -> (bool, bool) {
        (self.lead > self.amount / LEAST_LEAD, self.lead > self.amount / 2)
    }
}

/// The buckets of one half of the table.
#[derive(Debug)]
pub(super) struct Half {
    /// None until the first entry.
    pub(super) buckets: Vec<Bucket>,
    /// The first and the last bucket of each level; the last is the one that came to it last.
    levels: [(u32, u32); LEVELS],
    /// One bit for each level that has buckets.
    pub(super) occupied: u128,
    pub(super) amount: u64,
}

impl Half {
    pub(super) fn new() -> Self {
        Self { buckets: Vec::new(), levels: [(NONE, NONE); LEVELS], occupied: 0, amount: 0 }
    }

    /// A client has more in a bucket, or less.
    pub(super) fn change(&mut self, number: u16, tag: u16, more: u32, less: u32) {
        self.amount = self.amount + u64::from(more) - u64::from(less);
        let bucket = &mut self.buckets[usize::from(number)];
        bucket.change(tag, more, less);
        let level = level_of(bucket.amount);
        if level != bucket.level {
            self.unlist(number.into());
            self.list(number.into(), level);
        }
    }

    fn unlist(&mut self, number: u32) {
        let Bucket { level, previous, next, .. } = self.buckets[number as usize];
        let Some(level) = level else { return };
        let ends = &mut self.levels[usize::from(level)];
        match self.buckets.get_mut(previous as usize) {
            Some(previous) => previous.next = next,
            None => ends.0 = next,
        }
        match self.buckets.get_mut(next as usize) {
            Some(next) => next.previous = previous,
            None => ends.1 = previous,
        }
        if ends.0 == NONE {
            self.occupied &= !(1 << level);
        }
    }

    fn list(&mut self, number: u32, level: Option<u8>) {
        let mut previous = NONE;
        if let Some(level) = level {
            let ends = &mut self.levels[usize::from(level)];
            previous = std::mem::replace(&mut ends.1, number);
            match self.buckets.get_mut(previous as usize) {
                Some(previous) => previous.next = number,
                None => ends.0 = number,
            }
            self.occupied |= 1 << level;
        }
        let bucket = &mut self.buckets[number as usize];
        (bucket.level, bucket.previous, bucket.next) = (level, previous, NONE);
    }

    /// Of two buckets, the one that holds less first.
    pub(super) fn order(&self, [one, other]: [u16; 2]) -> [u16; 2] {
        let amount = |number: u16| self.buckets.get(usize::from(number)).map_or(0, |bucket| bucket.amount);
        if amount(other) < amount(one) {
            [other, one]
        } else {
            [one, other]
        }
    }

    /// The oldest entry of a largest bucket, the one that has been so large for longest.
    pub(super) fn oldest_of_largest(&self) -> Option<u32> {
        let level = 127u32.checked_sub(self.occupied.leading_zeros())?;
        let (largest, _) = self.levels[level as usize];
        self.buckets.get(largest as usize).map(|bucket| bucket.oldest)
    }
}

/// The magnitude of an amount: its highest bit and the two behind it; None for nothing.
pub(super) fn level_of(amount: u64) -> Option<u8> {
    let amount = amount.min(u64::from(u32::MAX)) as u32;
    let highest = amount.checked_ilog2()?;
    let behind = (u64::from(amount) << 2 >> highest) & 3;
    Some((highest as u8) << 2 | behind as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magnitudes_never_decrease_and_tell_quarters_apart() {
        assert_eq!(level_of(0), None);
        let levels: Vec<_> = (1..100_000).map(level_of).collect();
        assert!(levels.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!((5..10_000).all(|amount| level_of(amount + amount / 4 + 1) > level_of(amount)));
        assert_eq!(level_of(u64::MAX), Some(127));
    }
}
