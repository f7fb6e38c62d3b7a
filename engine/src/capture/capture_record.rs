//! A packet in a capture file, as found by the reader of a format.

/// Maximum size of one packet in bytes: what libpcap allows for any link type, with room for packets joined
/// by segmentation offload. A record that claims more is damaged.
pub const MAX_RECORD: usize = 16 << 20;

/// The properties of a packet, and the position of its bytes in the stream's buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) time_ns: u64,
    pub(super) link: u16,
    pub(super) interface: u16,
    pub(super) wire_len: u32,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The next result of a format's reader.
pub(super) enum NextRecord {
    /// A packet.
    Packet(Record),
    /// The regular end of the file.
    End,
    /// The end of the readable part, and the place of the error.
    Broken(&'static str),
}
