//! Packets that were not decoded, by what they carry.

use crate::wire::Carried;

/// Maximum number of kinds that are counted each for itself. What a packet carries is its sender's choice.
const MAX_KINDS: usize = 32;

/// The packets of one interface that may belong to connections and were not decoded.
#[derive(Clone, Debug, Default)]
pub struct UndecodedPackets {
    by_kind: Vec<(Carried, u64)>,
    others: u64,
}

impl UndecodedPackets {
    /// Counts packets that carry the same.
    #[cold]
    pub fn count(&mut self, carried: Carried, packets: u64) {
        if let Some((_, count)) = self.by_kind.iter_mut().find(|(kind, _)| *kind == carried) {
            *count += packets;
        } else if self.by_kind.len() < MAX_KINDS {
            self.by_kind.push((carried, packets));
        } else {
            self.others += packets;
        }
    }

    /// Adds what another worker counted.
    pub fn add(&mut self, other: &Self) {
        other.by_kind.iter().for_each(|&(carried, packets)| self.count(carried, packets));
        self.others += other.others;
    }

    /// The counts, each with the kind and the number of `Carried::label`; last those of all further kinds.
    pub fn list(&self) -> impl Iterator<Item = ((&'static str, u16), u64)> + '_ {
        let others = (self.others > 0).then_some((("other", 0), self.others));
        self.by_kind.iter().map(|(carried, packets)| (carried.label(), *packets)).chain(others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_kinds_are_counted_together() {
        let mut packets = UndecodedPackets::default();
        for number in 0..100 {
            packets.count(Carried::EtherType(number), 2);
        }
        packets.count(Carried::EtherType(0), 1);
        let counts: Vec<_> = packets.list().collect();
        assert_eq!(counts.len(), MAX_KINDS + 1);
        assert_eq!((counts[0], counts[MAX_KINDS]), ((("ethertype", 0), 3), (("other", 0), 136)));
    }

    #[test]
    fn the_counts_of_workers_add_up() {
        let (mut one, mut other) = (UndecodedPackets::default(), UndecodedPackets::default());
        one.count(Carried::IpProtocol(50), 3);
        other.count(Carried::IpProtocol(50), 4);
        other.count(Carried::LinkType(147), 1);
        one.add(&other);
        let counts: Vec<_> = one.list().collect();
        assert_eq!(counts, [(("ip_protocol", 50), 7), (("link_type", 147), 1)]);
    }
}
