//! Whether one side of a flow sends in several VLANs or overlay networks: then several hosts have its address, and
//! their connections are taken for one.
//!
//! The two sides are not compared with each other, because a mirror port may tag one direction only. A mirror that
//! delivers a packet before and after a router shows it in two VLANs; it is recognised by a duplicate that is not where
//! its side's packets were, and then nothing follows, even if the first delivery of some packets was lost.

use crate::address::realm::Realm;

/// For each side, the digest of the latest packet's realm, and a set of SEVERAL and MIRRORED; 0 before the first packet
/// with a VLAN or VNI. Untagged packets of a flow without any cost nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct SideRealms([u16; 2]);

const FLAG_BITS: u32 = 2;
/// The digest without VLAN and VNI.
const UNTAGGED: u16 = 1;
/// Packets were in different realms.
const SEVERAL: u16 = 1;
/// A duplicate was in another realm.
const MIRRORED: u16 = 2;

impl SideRealms {
    /// Notes a packet of `side`; `is_first`: it has sent none before.
    #[inline]
    pub fn note(&mut self, side: usize, realm: Realm, is_first: bool) {
        if realm != Realm::NONE || self.0 != [0; 2] {
            self.note_tagged(side, realm, is_first);
        }
    }

    fn note_tagged(&mut self, side: usize, realm: Realm, is_first: bool) {
        let (digest, known) = (digest(realm), self.0[side]);
        if known >> FLAG_BITS != digest {
            // Without a digest, what the side has sent before was untagged.
            let is_change = known >> FLAG_BITS != 0 || (!is_first && realm != Realm::NONE);
            let several = if is_change { SEVERAL } else { known & SEVERAL };
            self.0[side] = digest << FLAG_BITS | known & MIRRORED | several;
        }
    }

    /// Notes a duplicate of a packet of `side`.
    #[cold]
    pub fn note_duplicate(&mut self, side: usize, realm: Realm) {
        let known = (self.0[side] >> FLAG_BITS).max(UNTAGGED);
        if known != digest(realm) {
            self.0[side] |= MIRRORED;
        }
    }

    /// A side sends in several realms.
    pub fn overlap(self) -> bool {
        let [a, b] = self.0;
        (a | b) & SEVERAL != 0 && (a | b) & MIRRORED == 0
    }
}

/// Never 0.
#[inline]
fn digest(realm: Realm) -> u16 {
    (realm.digest() >> FLAG_BITS).max(UNTAGGED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn realm(vlan: u8) -> Realm {
        let mut realm = Realm::default();
        realm.add_vlan([0, vlan]);
        realm
    }

    fn overlap(packets: &[(usize, u8)], duplicates: &[(usize, u8)]) -> bool {
        let mut realms = SideRealms::default();
        for (at, (side, vlan)) in packets.iter().enumerate() {
            let is_first = packets[..at].iter().all(|(earlier, _)| earlier != side);
            realms.note(*side, realm(*vlan), is_first);
        }
        duplicates.iter().for_each(|(side, vlan)| realms.note_duplicate(*side, realm(*vlan)));
        realms.overlap()
    }

    #[test]
    fn a_side_may_be_tagged_as_it_likes_but_not_in_two_ways() {
        for (packets, expected) in [
            (&[][..], false),
            (&[(0, 10), (1, 10), (0, 10)], false),
            (&[(0, 10), (1, 0), (0, 10), (1, 0)], false),
            (&[(0, 10), (1, 20), (0, 10), (1, 20)], false),
            (&[(0, 10), (0, 20)], true),
            (&[(0, 10), (1, 10), (1, 0)], true),
            (&[(0, 0), (0, 10), (0, 10), (0, 10)], true),
            (&[(0, 0), (1, 0), (1, 10)], true),
            (&[(0, 0), (1, 10), (0, 0), (1, 10)], false),
            (&[(0, 10), (1, 0), (1, 0)], false),
        ] {
            assert_eq!(overlap(packets, &[]), expected, "{packets:?}");
        }
    }

    #[test]
    fn duplicates_from_elsewhere_show_a_mirror_and_those_from_there_show_nothing() {
        assert!(!overlap(&[(0, 20), (0, 10)], &[(0, 20)]));
        assert!(!overlap(&[(0, 20), (0, 10)], &[(1, 20)]));
        assert!(overlap(&[(0, 20), (0, 10)], &[(0, 10)]));
        assert!(overlap(&[(0, 20), (0, 0)], &[(0, 0)]));
        let mut untagged = SideRealms::default();
        untagged.note_duplicate(0, Realm::NONE);
        assert_eq!(untagged.0, [0; 2]);
    }
}
