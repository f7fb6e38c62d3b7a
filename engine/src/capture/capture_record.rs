//! A packet in a capture file, as the readers of the formats find it.

/// Bytes of one packet, at most: what libpcap allows for any link type, and room for super-packets.
/// A record that claims more is damage, not a packet.
pub const MAX_RECORD: usize = 16 << 20;

/// A packet's properties, and where its bytes stand in the stream's buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) time_ns: u64,
    pub(super) link: u16,
    pub(super) interface: u16,
    pub(super) wire_len: u32,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// What a format's reader finds next.
pub(super) enum NextRecord {
    /// A packet.
    Packet(Record),
    /// The end of the file, in its right place.
    End,
    /// The end of what can be read: "it breaks off …".
    Broken(&'static str),
}
