//! AF_PACKET with a TPACKET_V3 ring (Documentation/networking/packet_mmap.rst of Linux).

use super::filter::Filter;
use super::{CaptureError, Packet};
use std::time::Duration;

/// How to open a ring.
#[derive(Clone, Debug)]
pub struct RingOptions {
    /// Interface name.
    pub interface: String,
    /// Its index in the sensor's list, copied to every packet.
    pub index: u16,
    /// Size of the ring in bytes.
    pub ring_bytes: usize,
    /// Bytes kept of each packet.
    pub snaplen: u32,
    /// Ask the card for everything on the wire.
    pub promiscuous: bool,
    /// Run by the kernel on every packet.
    pub filter: Option<Filter>,
    /// Share the interface's packets by flow with the other rings of this group.
    pub fanout: Option<u16>,
}

/// Counters of the kernel since the ring was opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct RingStatistics {
    /// Packets that reached the socket.
    pub packets: u64,
    /// Packets dropped because the ring was full.
    pub dropped: u64,
    /// Times the ring was full.
    pub freezes: u64,
}

/// A live capture on one interface.
pub struct Ring {}

impl Ring {
    /// Opens the ring; fails with one line: no such interface, no rights, filter refused.
    pub fn open(_options: &RingOptions) -> Result<Self, CaptureError> {
        Err(CaptureError("not built".into()))
    }

    /// Waits up to `timeout` for a block of packets and hands each to `each`; the number handed over.
    /// The VLAN tag that the kernel strips is back in its place.
    pub fn read_block(
        &mut self,
        _timeout: Duration,
        _each: &mut dyn FnMut(Packet<'_>),
    ) -> Result<usize, CaptureError> {
        Ok(0)
    }

    /// The kernel's counters, added up since the start.
    pub fn statistics(&mut self) -> RingStatistics {
        RingStatistics::default()
    }
}

impl Ring {
    /// Waits up to `timeout` until one of the rings has packets.
    pub fn wait(_rings: &[Self], _timeout: Duration) -> Result<(), CaptureError> {
        Ok(())
    }
}
