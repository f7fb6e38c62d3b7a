//! The pcap format (draft-ietf-opsawg-pcap): a header, then records.

use super::file::{Record, Step, MAX_RECORD};
use super::stream::Stream;

/// Bytes of the file header.
pub const FILE_HEADER: usize = 24;

/// A pcap file's properties.
#[derive(Clone, Copy, Debug)]
pub struct Pcap {
    big_endian: bool,
    ns_per_unit: u64,
    record_header: usize,
    /// Link type of all packets.
    pub link: u16,
}

impl Pcap {
    /// Reads a file header; None if it is not one.
    pub fn parse(header: &[u8; FILE_HEADER]) -> Option<Self> {
        let (big_endian, magic) = match header[..4] {
            [0xa1, b, c, d] => (true, [b, c, d]),
            [d, c, b, 0xa1] => (false, [b, c, d]),
            _ => return None,
        };
        // microseconds; nanoseconds; Kuznetzov's modified format with longer record headers
        let (ns_per_unit, record_header) = match magic {
            [0xb2, 0xc3, 0xd4] => (1000, 16),
            [0xb2, 0x3c, 0x4d] => (1, 16),
            [0xb2, 0xcd, 0x34] => (1000, 24),
            _ => return None,
        };
        let pcap = Self { big_endian, ns_per_unit, record_header, link: 0 };
        // The upper half of the field tells of frame check sequences.
        Some(Self { link: pcap.u32(header, 20) as u16, ..pcap })
    }

    /// The next record.
    #[inline]
    pub fn next(&self, stream: &mut Stream) -> Step {
        let Some(at) = stream.ensure(self.record_header) else {
            return if stream.left() == 0 { Step::End } else { Step::Broken("in a record header") };
        };
        let header = &stream.bytes()[at..at + self.record_header];
        let seconds = u64::from(self.u32(header, 0));
        let fraction = u64::from(self.u32(header, 4));
        let length = self.u32(header, 8) as usize;
        let wire_len = self.u32(header, 12);
        if length > MAX_RECORD {
            return Step::Broken("where a record claims to be longer than any packet");
        }
        let Some(at) = stream.ensure(self.record_header + length) else {
            return Step::Broken("in a packet");
        };
        let from = at + self.record_header;
        stream.advance(self.record_header + length);
        Step::Packet(Record {
            time_ns: seconds * 1_000_000_000 + fraction * self.ns_per_unit,
            link: self.link,
            interface: 0,
            wire_len: wire_len.max(length as u32),
            from,
            to: from + length,
        })
    }

    #[inline]
    fn u32(&self, bytes: &[u8], at: usize) -> u32 {
        let bytes = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    }
}
