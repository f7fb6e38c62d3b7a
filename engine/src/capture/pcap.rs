//! The pcap format (draft-ietf-opsawg-pcap): a file header, then records.

use super::capture_record::{NextRecord, Record, MAX_RECORD};
use super::stream::Stream;

/// Size of the file header in bytes.
pub(super) const FILE_HEADER: usize = 24;

/// The properties of a pcap file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pcap {
    big_endian: bool,
    ns_per_unit: u64,
    record_header: usize,
    lengths: Lengths,
    /// Link type of all packets.
    pub(super) link: u16,
}

/// The order of the two lengths in a record: libpcap 0.4 and older wrote the length on the wire first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lengths {
    CapturedFirst,
    WireFirst,
    /// Format 2.3 was written in both orders.
    SmallerIsCaptured,
}

impl Pcap {
    /// True if `start` begins a pcap file.
    pub(super) fn is_pcap(start: &[u8]) -> bool {
        matches!(
            start,
            [0xa1, 0xb2, 0xc3, 0xd4, ..]
                | [0xd4, 0xc3, 0xb2, 0xa1, ..]
                | [0xa1, 0xb2, 0x3c, 0x4d, ..]
                | [0x4d, 0x3c, 0xb2, 0xa1, ..]
                | [0xa1, 0xb2, 0xcd, 0x34, ..]
                | [0x34, 0xcd, 0xb2, 0xa1, ..]
        )
    }

    /// Reads the header of a file that `is_pcap`; the error is an unknown version.
    pub(super) fn parse(header: &[u8; FILE_HEADER]) -> Result<Self, (u16, u16)> {
        let big_endian = header[0] == 0xa1;
        // Microseconds, nanoseconds, or Kuznetzov's modified format with longer record headers.
        let (ns_per_unit, record_header) = match if big_endian { header[3] } else { header[0] } {
            0x4d => (1, 16),
            0x34 => (1000, 24),
            _ => (1000, 16),
        };
        let mut pcap =
            Self { big_endian, ns_per_unit, record_header, lengths: Lengths::CapturedFirst, link: 0 };
        let [_, version, _, _, _, link] = pcap.numbers(header);
        let (major, minor) = if big_endian {
            ((version >> 16) as u16, version as u16)
        } else {
            (version as u16, (version >> 16) as u16)
        };
        pcap.lengths = match (major, minor) {
            (2, 4..) => Lengths::CapturedFirst,
            (2, 3) => Lengths::SmallerIsCaptured,
            (2, _) => Lengths::WireFirst,
            unknown => return Err(unknown),
        };
        // The upper half of the field describes frame check sequences.
        pcap.link = link as u16;
        Ok(pcap)
    }

    /// The next record.
    #[inline(always)] // the path of every packet of a file
    pub(super) fn next(&self, stream: &mut Stream) -> NextRecord {
        let Some(at) = stream.ensure(self.record_header) else {
            return if stream.left() == 0 {
                NextRecord::End
            } else {
                NextRecord::Broken("in a record header")
            };
        };
        let Some(header) = stream.bytes()[at..].first_chunk::<16>() else {
            return NextRecord::Broken("in a record header");
        };
        let [seconds, fraction, mut kept, mut wire_len] = self.numbers(header);
        if self.lengths != Lengths::CapturedFirst && (self.lengths == Lengths::WireFirst || kept > wire_len) {
            std::mem::swap(&mut kept, &mut wire_len);
        }
        let length = kept as usize;
        if length > MAX_RECORD {
            return NextRecord::Broken("at a record that claims to be longer than any packet");
        }
        let Some(at) = stream.ensure(self.record_header + length) else {
            return NextRecord::Broken("in a packet");
        };
        let from = at + self.record_header;
        stream.advance(self.record_header + length);
        NextRecord::Packet(Record {
            time_ns: u64::from(seconds) * 1_000_000_000 + u64::from(fraction) * self.ns_per_unit,
            link: self.link,
            interface: 0,
            wire_len: wire_len.max(kept),
            from,
            to: from + length,
        })
    }

    #[inline]
    fn numbers<const N: usize>(&self, bytes: &[u8]) -> [u32; N] {
        let number =
            |at: usize| bytes.get(4 * at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
        let numbers: [[u8; 4]; N] = std::array::from_fn(number);
        if self.big_endian {
            numbers.map(u32::from_be_bytes)
        } else {
            numbers.map(u32::from_le_bytes)
        }
    }
}
