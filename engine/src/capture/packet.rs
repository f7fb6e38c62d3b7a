//! A captured packet.

/// A captured packet. `bytes` may be shorter than `wire_len` (snap length).
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Its number in the capture file, from 1; 0 if it comes from no file.
    pub number: u64,
    /// Nanoseconds since 1970-01-01 UTC.
    pub time_ns: u64,
    /// Link type, as registered for pcap (<https://www.tcpdump.org/linktypes.html>).
    pub link: u16,
    /// Index of the capture interface in the source's list.
    pub interface: u16,
    /// Length on the wire.
    pub wire_len: u32,
    /// The captured bytes.
    pub bytes: &'a [u8],
}
