//! The latest packets, as fingerprints with times. Fixed in size; a look-up touches one cache line, and storing a packet
//! waits for none.

/// Number of lines in the table. Each has a few places, so that a packet is found without a search. At a million
/// packets a second the table holds those of 65 ms.
const LINES: usize = 1 << 14;
/// Number of packets in one line. The one that was stored first makes room for the next.
const WAYS: usize = 4;
/// Times are kept in units of 2^16 ns (65 µs), modulo 2^24 (18 min).
const TIME_UNIT_BITS: u32 = 16;
const TIME_BITS: u32 = 24;
const TIME_MASK: u64 = (1 << TIME_BITS) - 1;
/// Repetitions of a packet are counted up to 15, above its time.
const REPEATED_ONCE: u64 = 1 << TIME_BITS;
const REPEATED_MOST: u64 = 15 * REPEATED_ONCE;
/// The lowest bits of the number of the interface, above the repetitions.
const INTERFACE_AT: u32 = TIME_BITS + 4;
const INTERFACE: u64 = 7 << INTERFACE_AT;
const FINGERPRINT: u64 = !(INTERFACE | REPEATED_MOST | TIME_MASK);

/// A number of time units.
pub fn time_units(time_ns: u64) -> u32 {
    (time_ns >> TIME_UNIT_BITS).clamp(1, TIME_MASK / 2) as u32
}

/// A packet: its fingerprint above, then its interface, how often it was repeated, its time below. 0: none.
#[derive(Clone, Copy, Debug, Default)]
pub struct PacketEntry(u64);

impl PacketEntry {
    /// A packet that was not repeated yet. Of the hash, the upper bits count.
    #[inline]
    pub fn new(hash: u64, interface: u16, time_ns: u64) -> Self {
        let fingerprint = (hash & FINGERPRINT).max(INTERFACE + (1 << INTERFACE_AT));
        let interface = u64::from(interface) << INTERFACE_AT & INTERFACE;
        Self(fingerprint | interface | (time_ns >> TIME_UNIT_BITS) & TIME_MASK)
    }

    /// True if it is certain that another interface delivered the packet.
    pub fn is_elsewhere(self, known: Self) -> bool {
        (self.0 ^ known.0) & INTERFACE != 0
    }

    /// Time units between two entries, in either order, because interfaces deliver their packets in blocks.
    #[inline]
    pub fn age(self, known: Self) -> u32 {
        let apart = self.0.wrapping_sub(known.0) & TIME_MASK;
        apart.min(TIME_MASK + 1 - apart) as u32
    }

    /// How often the packet was repeated.
    #[inline]
    pub fn repeats(self) -> u8 {
        ((self.0 & REPEATED_MOST) >> TIME_BITS) as u8
    }

    /// Counts a repetition.
    #[inline]
    pub fn repeat(&mut self) {
        if self.0 & REPEATED_MOST != REPEATED_MOST {
            self.0 += REPEATED_ONCE;
        }
    }
}

/// The latest packets.
#[derive(Debug)]
pub struct RecentPackets {
    lines: Box<[[PacketEntry; WAYS]]>,
    /// How many packets were stored in each line, modulo 256: it says which place is next. Kept apart from the lines, so
    /// that the counts stay in the processor's cache.
    stored: Box<[u8]>,
}

impl RecentPackets {
    /// An empty table, or one that never knows a packet.
    pub fn new(is_enabled: bool) -> Self {
        let lines = if is_enabled { LINES } else { 0 };
        Self { lines: vec![Default::default(); lines].into(), stored: vec![0; lines].into() }
    }

    /// The latest entry of an equal packet; without one, this packet is stored. `place` is the same for equal packets.
    #[inline]
    pub fn find_or_store(&mut self, place: u64, entry: PacketEntry) -> Option<&mut PacketEntry> {
        let (line, stored) = (self.lines.get(line_of(place))?, self.stored.get(line_of(place))?);
        let mut latest_first = (1..=WAYS).map(|back| usize::from(*stored).wrapping_sub(back) % WAYS);
        let Some(at) = latest_first.find(|at| (line[*at].0 ^ entry.0) & FINGERPRINT == 0) else {
            self.store(place, entry);
            return None;
        };
        self.lines.get_mut(line_of(place))?.get_mut(at)
    }

    /// Stores a packet that no recent one equals. Nothing is read from its line, which is seldom in the processor's cache.
    #[inline]
    pub fn store(&mut self, place: u64, entry: PacketEntry) {
        let at = line_of(place);
        if let (Some(line), Some(stored)) = (self.lines.get_mut(at), self.stored.get_mut(at)) {
            line[usize::from(*stored) % WAYS] = entry;
            *stored = stored.wrapping_add(1);
        }
    }
}

#[inline]
fn line_of(place: u64) -> usize {
    (place >> (u64::BITS - LINES.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_equal_packet_is_found_with_its_age_and_its_repetitions() {
        let mut packets = RecentPackets::new(true);
        let at = |time: u64| PacketEntry::new(u64::MAX, 3, time << TIME_UNIT_BITS);
        assert!(packets.find_or_store(7, at(TIME_MASK)).is_none());
        for n in 0..20 {
            let known = packets.find_or_store(7, at(TIME_MASK + 5)).unwrap();
            assert_eq!((at(TIME_MASK + 5).age(*known), known.repeats()), (5, n.min(15)));
            known.repeat();
        }
    }

    #[test]
    fn a_stored_packet_is_found_until_as_many_as_a_line_has_places_were_stored_after_it() {
        let mut packets = RecentPackets::new(true);
        let packet = |n: u64| PacketEntry::new(n << 32, 0, 0);
        for n in 1..=100 {
            packets.store(7, packet(n));
            for known in n.saturating_sub(WAYS as u64 - 1).max(1)..=n {
                assert!(packets.find_or_store(7, packet(known)).is_some());
            }
            if n > WAYS as u64 {
                let mut copy = RecentPackets { lines: packets.lines.clone(), stored: packets.stored.clone() };
                assert!(copy.find_or_store(7, packet(n - WAYS as u64)).is_none());
            }
        }
    }

    #[test]
    fn of_equal_packets_the_latest_is_found() {
        for others in 0..WAYS as u64 - 1 {
            for before in 0..=WAYS as u64 {
                let mut packets = RecentPackets::new(true);
                let at = |time: u64| PacketEntry::new(u64::MAX, 0, time << TIME_UNIT_BITS);
                (1..=before).for_each(|n| packets.store(7, PacketEntry::new(n << 32, 0, 0)));
                packets.store(7, at(1));
                (1..=others).for_each(|n| packets.store(7, PacketEntry::new(n << 40, 0, 0)));
                packets.store(7, at(1000));
                let known = packets.find_or_store(7, at(1001)).map(|known| at(1001).age(*known));
                assert_eq!(known, Some(1), "{others} others between, {before} before");
            }
        }
    }

    #[test]
    fn no_hash_looks_like_an_empty_entry() {
        let mut packets = RecentPackets::new(true);
        assert!(packets.find_or_store(7, PacketEntry::new(0, 0, 0)).is_none());
        assert!(packets.find_or_store(7, PacketEntry::new(0, 0, 0)).is_some());
    }

    #[test]
    fn a_disabled_table_knows_no_packet() {
        let mut packets = RecentPackets::new(false);
        packets.store(7, PacketEntry::new(9, 0, 0));
        assert!(packets.find_or_store(7, PacketEntry::new(9, 0, 0)).is_none());
        assert!(packets.find_or_store(7, PacketEntry::new(9, 0, 0)).is_none());
    }
}
