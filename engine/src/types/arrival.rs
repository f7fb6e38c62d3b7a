//! When and where the sensor saw a packet.

/// The time of a packet, the interface that captured it, and its number in the capture file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Arrival {
    /// The packet's time.
    pub time_ns: u64,
    /// Number of its capture interface.
    pub interface: u16,
    /// Its number in the file, from 1; 0 if it comes from no file.
    pub number: u64,
}
