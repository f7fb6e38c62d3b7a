//! The fields of a TCP header that flows need.

use crate::wire::flags;

/// Sequence numbers and control bits of a segment.
#[derive(Clone, Copy, Debug)]
pub struct TcpHeader {
    /// Sequence number.
    pub seq: u32,
    /// Acknowledgement number.
    pub ack: u32,
    /// Control bits.
    pub flags: u8,
}

impl TcpHeader {
    /// It starts or closes a connection.
    #[inline]
    pub fn is_control(self) -> bool {
        self.flags & (flags::SYN | flags::FIN | flags::RST) != 0
    }

    /// It only continues a connection, with data or an acknowledgement.
    #[inline]
    pub fn is_plain(self) -> bool {
        self.flags & (flags::SYN | flags::FIN | flags::RST | flags::ACK) == flags::ACK
    }

    /// Sequence number of the payload's first byte: a SYN counts as one.
    #[inline]
    pub fn first_byte(self) -> u32 {
        self.seq.wrapping_add(u32::from(self.flags & flags::SYN != 0))
    }
}
