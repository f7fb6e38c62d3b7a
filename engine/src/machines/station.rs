//! What is known of a hardware address: the names of its machine, and for how many addresses it stands.

use super::machine_names::MachineNames;
use crate::address::Address;

/// A machine has at most so many addresses at a time, a /64 of IPv6 counted as one; a router stands for more.
const MAX_ADDRESSES: usize = 4;
/// Addresses that were seen longer ago may have been given to another machine.
const AT_A_TIME_NS: u64 = 3_600_000_000_000;

/// One hardware address.
#[derive(Debug, Default)]
pub struct Station {
    /// What its machine is called.
    pub names: MachineNames,
    /// The latest addresses for which it stood, and when.
    recent: [Option<(Address, u64)>; MAX_ADDRESSES + 1],
}

impl Station {
    /// It was seen as the sender of a packet of this address.
    pub fn note(&mut self, address: Address, now_ns: u64) {
        let prefix = address.host_prefix();
        let age = |slot: &Option<(Address, u64)>| slot.map_or(0, |(_, at_ns)| at_ns.saturating_add(1));
        let known = self.recent.iter().position(|slot| slot.is_some_and(|(known, _)| known == prefix));
        let oldest = || (0..self.recent.len()).min_by_key(|at| age(&self.recent[*at])).unwrap_or_default();
        let at = known.unwrap_or_else(oldest);
        self.recent[at] = Some((prefix, now_ns));
    }

    /// It stands for more addresses than a machine has.
    pub fn is_shared(&self, now_ns: u64) -> bool {
        let is_recent = |at_ns: u64| at_ns.saturating_add(AT_A_TIME_NS) >= now_ns;
        self.recent.iter().all(|slot| slot.is_some_and(|(_, at_ns)| is_recent(at_ns)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_NS: u64 = AT_A_TIME_NS;

    fn seen(addresses: impl IntoIterator<Item = (Address, u64)>) -> Station {
        let mut station = Station::default();
        addresses.into_iter().for_each(|(address, at_ns)| station.note(address, at_ns));
        station
    }

    #[test]
    fn more_than_four_addresses_within_an_hour_are_not_those_of_one_machine() {
        let address = |n: u8| Address::v4([192, 0, 2, n]);
        assert!(!seen((0..100).map(|n| (address(n % 4), 5))).is_shared(5));
        assert!(seen((0..5).map(|n| (address(n), 5))).is_shared(5 + HOUR_NS));
        assert!(!seen((0..5).map(|n| (address(n), 5))).is_shared(6 + HOUR_NS));
        assert!(!seen((0..100).map(|n| (address(n), u64::from(n) * HOUR_NS))).is_shared(99 * HOUR_NS));
    }

    #[test]
    fn all_addresses_of_a_prefix_are_those_of_one_machine() {
        let address = |n: u128| Address(0x2001_0db8 << 96 | n);
        assert!(!seen((0..100).map(|n| (address(n), 5))).is_shared(5));
        assert!(seen((0..5).map(|n| (address(n << 64), 5))).is_shared(5));
    }
}
