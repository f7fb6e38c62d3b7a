//! The part of a network in which an address means one host (an address realm; RFC 2663, 2.1). Tenants, VLANs and
//! overlay networks may use the same addresses for different hosts.

/// The two innermost VLANs, the VNI and the capture interface of a packet, or as much of them as the settings select;
/// 0 where there is none. A VLAN of 0 is a tag that has only a priority (IEEE 802.1Q, 9.6). VLANs outside of the two, such
/// as that of a mirror session, have no room of their own: a digest of them stands in the place of the interface, or is
/// added to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Realm(u64);

impl Realm {
    /// No VLAN, no VNI and the first interface, or nothing selected.
    pub const NONE: Self = Self(0);
}

const VLAN_BITS: u32 = 12;
const VLAN: u64 = (1 << VLAN_BITS) - 1;
const OUTER_AT: u32 = 52;
const INNER_AT: u32 = 40;
const VLANS: u64 = VLAN << OUTER_AT | VLAN << INNER_AT;
const VNI_AT: u32 = 16;
const VNI: u64 = 0xff_ffff << VNI_AT;
const INTERFACE: u64 = 0xffff;
/// What further VLANs are mixed by; odd, so that no two have one digest.
const FURTHER_MULTIPLIER: u16 = 0x9e37;

impl Realm {
    /// Adds the next VLAN tag inside those so far, before an interface is known.
    #[inline]
    pub fn add_vlan(&mut self, tag: [u8; 2]) {
        let vlan = u64::from(u16::from_be_bytes(tag)) & VLAN;
        if self.0 >> OUTER_AT == 0 {
            self.0 |= vlan << OUTER_AT;
        } else if self.0 >> INNER_AT & VLAN == 0 {
            self.0 |= vlan << INNER_AT;
        } else if vlan != 0 {
            self.add_further_vlan(vlan);
        }
    }

    /// Adds a VLAN inside of two: the outermost one becomes a part of the digest.
    #[cold]
    fn add_further_vlan(&mut self, vlan: u64) {
        let [outer, inner] = [OUTER_AT, INNER_AT].map(|at| self.0 >> at & VLAN);
        let further = ((self.0 & INTERFACE) as u16 ^ outer as u16).wrapping_mul(FURTHER_MULTIPLIER);
        self.0 = self.0 & VNI | inner << OUTER_AT | vlan << INNER_AT | u64::from(further);
    }

    /// Enters an overlay network: the VLANs so far are those of the network below it.
    pub fn enter_overlay(&mut self, vni: [u8; 3]) {
        let [a, b, c] = vni;
        self.0 = u64::from(u32::from_be_bytes([0, a, b, c])) << VNI_AT;
    }

    /// Enters an Ethernet frame inside another packet: the VLANs so far are those of the packet outside.
    pub fn enter_frame(&mut self) {
        self.0 &= VNI;
    }

    /// All of it as one number.
    #[inline]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The outer VLAN of the two innermost.
    pub fn vlan(self) -> Option<u16> {
        some(self.0 >> OUTER_AT).map(|vlan| vlan as u16)
    }

    /// The VLAN inside it.
    pub fn inner_vlan(self) -> Option<u16> {
        some(self.0 >> INNER_AT & VLAN).map(|vlan| vlan as u16)
    }

    /// The VNI of an overlay network.
    pub fn vni(self) -> Option<u32> {
        some((self.0 & VNI) >> VNI_AT).map(|vni| vni as u32)
    }

    /// A number that tells realms apart before their interface is known: seldom equal for two.
    #[inline]
    pub fn digest(self) -> u16 {
        const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15; // 2^64 divided by the golden ratio
        (self.0.rotate_right(VNI_AT).wrapping_mul(MULTIPLIER) >> 48) as u16
    }
}

fn some(number: u64) -> Option<u64> {
    (number != 0).then_some(number)
}

/// By what realms are told apart; by nothing unless configured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Separation(u64);

impl Separation {
    /// The realm of a packet from an interface.
    #[inline]
    pub fn realm(self, seen: Realm, interface: u16) -> Realm {
        let further = if self.0 & VLANS == 0 { 0 } else { seen.0 as u16 };
        let interface = if self.0 & INTERFACE == 0 { 0 } else { interface };
        Realm(seen.0 & self.0 & !INTERFACE | u64::from(further.wrapping_add(interface)))
    }

    /// True if it separates by capture interface.
    pub fn has_interface(self) -> bool {
        self.0 & INTERFACE != 0
    }

    /// Also separates by what is called `name`; false if there is no such thing.
    pub fn add(&mut self, name: &str) -> bool {
        let bits = match name {
            "vlan" => VLANS,
            "vni" => VNI,
            "interface" => INTERFACE,
            _ => return false,
        };
        self.0 |= bits;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(vlans: &[u16]) -> Realm {
        let mut realm = Realm::default();
        vlans.iter().for_each(|vlan| realm.add_vlan(vlan.to_be_bytes()));
        realm
    }

    fn separation(names: &[&str]) -> Separation {
        let mut separation = Separation::default();
        assert!(names.iter().all(|name| separation.add(name)));
        separation
    }

    #[test]
    fn the_two_innermost_vlans_are_kept_without_their_priorities() {
        for (tags, outer, inner) in [
            (&[][..], None, None),
            (&[0xe00a], Some(10), None),
            (&[10, 20], Some(10), Some(20)),
            (&[10, 20, 30], Some(20), Some(30)),
            (&[10, 20, 30, 0, 40], Some(30), Some(40)),
            (&[10, 10], Some(10), Some(10)),
            (&[0xe000, 4095], Some(4095), None),
        ] {
            let realm = tagged(tags);
            assert_eq!((realm.vlan(), realm.inner_vlan(), realm.vni()), (outer, inner, None), "{tags:?}");
        }
    }

    #[test]
    fn an_overlay_network_has_vlans_of_its_own() {
        let mut realm = tagged(&[10, 20]);
        realm.enter_overlay([0xab, 0xcd, 0xef]);
        assert_eq!((realm.vlan(), realm.inner_vlan(), realm.vni()), (None, None, Some(0x00ab_cdef)));
        realm.add_vlan([0, 30]);
        assert_eq!((realm.vlan(), realm.inner_vlan(), realm.vni()), (Some(30), None, Some(0x00ab_cdef)));
        realm.enter_frame();
        assert_eq!((realm.vlan(), realm.vni()), (None, Some(0x00ab_cdef)));
    }

    #[test]
    fn realms_are_told_apart_only_by_what_is_selected() {
        let mut overlay = tagged(&[]);
        overlay.enter_overlay([0, 0, 1]);
        let packets =
            [(tagged(&[1]), 0), (tagged(&[1, 2]), 0), (overlay, 0), (tagged(&[]), 1), (tagged(&[]), 0)];
        for (names, count) in [
            (&[][..], 1),
            (&["vlan"], 3),
            (&["vni"], 2),
            (&["interface"], 2),
            (&["vlan", "vni", "interface"], 5),
        ] {
            let realms = packets.map(|(seen, interface)| separation(names).realm(seen, interface));
            let different: std::collections::BTreeSet<_> = realms.into_iter().collect();
            assert_eq!(different.len(), count, "{names:?}");
        }
        assert!(!Separation::default().add("mac"));
    }

    #[test]
    fn each_of_several_vlans_tells_realms_apart_and_none_if_vlans_do_not() {
        let stacks: [&[u16]; 8] = [
            &[7, 10],
            &[100, 7, 10],
            &[100, 7, 20],
            &[100, 8, 10],
            &[101, 7, 10],
            &[1, 100, 7, 10],
            &[100, 1, 7, 10],
            &[100, 100, 7, 10],
        ];
        for names in [&["vlan"][..], &["vlan", "vni", "interface"]] {
            let separation = separation(names);
            let realms = stacks.map(|tags| separation.realm(tagged(tags), 3));
            let different: std::collections::BTreeSet<_> = realms.into_iter().collect();
            assert_eq!(different.len(), stacks.len(), "{names:?}");
            let seen: std::collections::BTreeSet<_> = stacks.map(|tags| tagged(tags).digest()).into();
            assert_eq!(seen.len(), stacks.len());
        }
        for (names, realm) in [(&[][..], Realm::NONE), (&["vni"], Realm::NONE), (&["interface"], Realm(3))] {
            assert_eq!(separation(names).realm(tagged(&[100, 7, 10]), 3), realm, "{names:?}");
        }
        let interfaces = [3, 4].map(|one| separation(&["vlan", "interface"]).realm(tagged(&[1, 2, 3]), one));
        assert_ne!(interfaces[0], interfaces[1]);
        let mut inside = tagged(&[100, 7, 10]);
        inside.enter_frame();
        assert_eq!(inside, Realm::NONE);
    }

    #[test]
    fn no_two_of_all_vlans_have_one_digest_wherever_they_stand() {
        for around in [&[][..], &[7, 10]] {
            let stacks = (0..4096).map(|vlan| [&[vlan][..], around].concat());
            let digests: std::collections::BTreeSet<_> = stacks.map(|tags| tagged(&tags).digest()).collect();
            assert!(digests.len() > 3900, "{} {around:?}", digests.len());
            assert!(!around.is_empty() || digests.len() == 4096);
        }
        let further: std::collections::BTreeSet<_> = (0..4096).map(|vlan| tagged(&[vlan, 7, 10])).collect();
        assert_eq!(further.len(), 4096);
    }
}
