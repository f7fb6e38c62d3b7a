//! When and where the sensor saw a packet.

/// The time of a packet and the interface that captured it.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The packet's time.
    pub time_ns: u64,
    /// Number of its capture interface.
    pub interface: u16,
}
