//! The key of a bidirectional flow: it is the same for both directions of a conversation.

use crate::address::realm::Realm;
use crate::address::realm_host::Host;
use crate::address::Address;
use crate::wire::{Segment, Transport};
use std::hash::{Hash, Hasher};

/// IANA protocol number of TCP.
pub const TCP: u8 = 6;
/// IANA protocol number of UDP.
pub const UDP: u8 = 17;

/// Both ends, the lower one first, and the transport protocol. VLANs and interfaces are part of it only where the
/// settings select them, because mirror ports tag one direction only, and taps deliver each direction on its own port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(Rust, packed)] // without padding, which a flow has no room for
pub struct FlowKey {
    /// Addresses of the two ends.
    pub addresses: [Address; 2],
    /// Their ports.
    pub ports: [u16; 2],
    /// IANA protocol number.
    pub protocol: u8,
    /// As much of the realm of both ends as the settings select.
    pub realm: Realm,
}

impl FlowKey {
    /// The key of a segment's flow in a realm, and the side (0 or 1) that sent it.
    #[inline]
    pub fn of(segment: &Segment<'_>, realm: Realm) -> (Self, usize) {
        let protocol = protocol_of(segment);
        let (src, dst) = (segment.src, segment.dst);
        let (sport, dport) = (segment.src_port, segment.dst_port);
        let is_lower = if src == dst { sport <= dport } else { src < dst };
        // Exchanged without a branch: which end sends next cannot be predicted.
        let mask = u128::from(is_lower).wrapping_sub(1);
        let (other, other_port) = ((src.0 ^ dst.0) & mask, (sport ^ dport) & mask as u16);
        let addresses = [Address(src.0 ^ other), Address(dst.0 ^ other)];
        let ports = [sport ^ other_port, dport ^ other_port];
        (Self { addresses, ports, protocol, realm }, usize::from(!is_lower))
    }

    /// The side (0 or 1) that sent a segment in a realm; None if it belongs to another flow.
    #[inline(always)] // the path of every packet
    pub fn side_of(&self, segment: &Segment<'_>, realm: Realm) -> Option<usize> {
        let side = usize::from((segment.src.0 != self.addresses[0].0) | (segment.src_port != self.ports[0]));
        // Compared at once: which end sends next cannot be predicted.
        let other = 1 - side;
        let addresses = (segment.src.0 ^ self.addresses[side].0) | (segment.dst.0 ^ self.addresses[other].0);
        let ports = (segment.src_port ^ self.ports[side]) | (segment.dst_port ^ self.ports[other]);
        let is_same = (addresses == 0) & (ports == 0) & (realm == { self.realm });
        (is_same && self.protocol == protocol_of(segment)).then_some(side)
    }

    /// The host of a side.
    pub fn host(&self, side: usize) -> Host {
        Host { realm: self.realm, address: self.addresses[side & 1] }
    }

    /// One of the two ports is `port`.
    #[inline]
    pub fn has_port(&self, port: u16) -> bool {
        { self.ports }.contains(&port)
    }

    /// The side that is the server if only the ports are known: the one with the lower well-known port, or without
    /// one the side that did not send first.
    pub fn likely_server(&self, first_sender: usize) -> usize {
        let [a, b] = self.ports;
        match (a < 1024, b < 1024) {
            (true, false) => 0,
            (false, true) => 1,
            (true, true) if a != b => usize::from(b < a),
            _ => 1 - first_sender,
        }
    }
}

#[inline]
fn protocol_of(segment: &Segment<'_>) -> u8 {
    match segment.transport {
        Transport::Tcp { .. } => TCP,
        Transport::Udp => UDP,
    }
}

impl Hash for FlowKey {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.addresses[0].0);
        state.write_u128(self.addresses[1].0);
        let ports = u64::from(self.ports[0]) << 32 | u64::from(self.ports[1]) << 8;
        // Equal for some keys of different realms, which are told apart when they are compared.
        state.write_u64(ports ^ u64::from(self.protocol) ^ self.realm.bits());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_have_one_key_and_different_sides() {
        let (there, side_there) =
            FlowKey::of(&Segment::between(([192, 0, 2, 1], 5000), ([198, 51, 100, 1], 443)), Realm::NONE);
        let (back, side_back) =
            FlowKey::of(&Segment::between(([198, 51, 100, 1], 443), ([192, 0, 2, 1], 5000)), Realm::NONE);
        assert_eq!(there, back);
        assert_ne!(side_there, side_back);
    }

    #[test]
    fn the_sides_of_an_address_that_talks_to_itself_differ_by_port() {
        let (there, side_there) =
            FlowKey::of(&Segment::between(([127, 0, 0, 1], 5000), ([127, 0, 0, 1], 443)), Realm::NONE);
        let (back, side_back) =
            FlowKey::of(&Segment::between(([127, 0, 0, 1], 443), ([127, 0, 0, 1], 5000)), Realm::NONE);
        assert_eq!(there, back);
        assert_ne!(side_there, side_back);
    }

    #[test]
    fn the_side_of_a_segment_is_that_of_its_key_and_other_segments_have_none() {
        let ends = [
            ([192, 0, 2, 1], 443),
            ([192, 0, 2, 1], 5000),
            ([198, 51, 100, 1], 443),
            ([198, 51, 100, 1], 80),
        ];
        let mut tagged = Realm::NONE;
        tagged.add_vlan([0, 7]);
        let mut segments = Vec::new();
        for (src, sport) in ends {
            for (dst, dport) in ends {
                let udp = Segment::between((src, sport), (dst, dport));
                let tcp = Segment { transport: Transport::Tcp { seq: 0, ack: 0, flags: 0 }, ..udp };
                segments.extend([(udp, Realm::NONE), (udp, tagged), (tcp, Realm::NONE)]);
            }
        }
        for (one, one_realm) in &segments {
            let (key, _) = FlowKey::of(one, *one_realm);
            for (other, realm) in &segments {
                let (other_key, side) = FlowKey::of(other, *realm);
                assert_eq!(key.side_of(other, *realm), (key == other_key).then_some(side));
            }
        }
    }

    #[test]
    fn the_lower_well_known_port_is_the_server() {
        let (key, side) =
            FlowKey::of(&Segment::between(([203, 0, 113, 9], 443), ([192, 0, 2, 1], 5000)), Realm::NONE);
        assert_eq!(key.likely_server(side), side);
        let (key, side) =
            FlowKey::of(&Segment::between(([203, 0, 113, 9], 40000), ([192, 0, 2, 1], 50000)), Realm::NONE);
        assert_eq!(key.likely_server(side), 1 - side);
    }
}
