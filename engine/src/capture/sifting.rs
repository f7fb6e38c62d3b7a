//! What a sieve before the ring is told, and what it tells: plain values, the same for the kernel's and for a test's.

use crate::address::Address;

/// A direction of a flow, as its packets are on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Direction {
    /// Sender and receiver.
    pub addresses: [Address; 2],
    /// Their ports.
    pub ports: [u16; 2],
    /// IANA protocol number.
    pub protocol: u8,
    /// The VLAN of the only tag; None without a tag.
    pub vlan: Option<u16>,
}

/// What a sieve has dropped of a direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Dropped {
    /// Packets.
    pub packets: u64,
    /// IP bytes.
    pub bytes: u64,
    /// Time since the latest of them.
    pub silence_ns: u64,
    /// TCP: the sequence number after the highest one.
    pub next: u32,
}

/// A sieve, which drops the plain data packets of some directions.
pub trait Sift: Send + Sync {
    /// Drops those of this direction from now on; false if there is no room. `next` is the sequence number that follows.
    fn add(&self, direction: &Direction, next: u32) -> bool;

    /// Passes them again; what was dropped, if the direction was added.
    fn take(&self, direction: &Direction) -> Option<Dropped>;
}
