//! The snoop format of Solaris (RFC 1761): a file header, then records.

use super::capture_record::{NextRecord, Record, MAX_RECORD};
use super::stream::Stream;

/// Size of the file header in bytes.
pub(super) const FILE_HEADER: usize = 16;
const MAGIC: &[u8] = b"snoop\0\0\0";
const RECORD_HEADER: usize = 24;

/// The properties of a snoop file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Snoop {
    /// Link type of all packets.
    pub(super) link: u16,
}

impl Snoop {
    /// True if `start` begins a snoop file.
    pub(super) fn is_snoop(start: &[u8]) -> bool {
        start.starts_with(MAGIC)
    }

    /// Reads the header of a file that `is_snoop`; the error is why it cannot be read.
    pub(super) fn parse(header: &[u8; FILE_HEADER]) -> Result<Self, String> {
        let version = u32_at(header, 8);
        if version != 2 {
            return Err(format!("snoop version {version} is unknown; netmon reads 2"));
        }
        let link = match u32_at(header, 12) {
            0 | 4 => 1, // Ethernet
            2 => 6,     // token ring
            5 => 104,   // HDLC
            8 => 10,    // FDDI
            31 => 226,  // ipnet
            other => {
                return Err(format!(
                    "datalink type {other} of snoop is unknown; `editcap -F pcapng` may convert the file"
                ))
            }
        };
        Ok(Self { link })
    }

    /// The next record. It may have padding after the packet.
    #[inline]
    pub(super) fn next(&self, stream: &mut Stream) -> NextRecord {
        let Some(at) = stream.ensure(RECORD_HEADER) else {
            return if stream.left() == 0 {
                NextRecord::End
            } else {
                NextRecord::Broken("in a record header")
            };
        };
        let Some(header) = stream.bytes()[at..].first_chunk::<RECORD_HEADER>() else {
            return NextRecord::Broken("in a record header");
        };
        let (wire_len, kept) = (u32_at(header, 0), u32_at(header, 4));
        let record = u32_at(header, 8) as usize;
        let time_ns = u64::from(u32_at(header, 16)) * 1_000_000_000 + u64::from(u32_at(header, 20)) * 1000;
        let length = kept as usize;
        if length > MAX_RECORD || record > MAX_RECORD + RECORD_HEADER + 8 {
            return NextRecord::Broken("at a record that claims to be longer than any packet");
        }
        if record < RECORD_HEADER + length {
            return NextRecord::Broken("at a record that is shorter than its packet");
        }
        let Some(at) = stream.ensure(record) else {
            return NextRecord::Broken("in a packet");
        };
        let from = at + RECORD_HEADER;
        stream.advance(record);
        NextRecord::Packet(Record {
            time_ns,
            link: self.link,
            interface: 0,
            wire_len: wire_len.max(kept),
            from,
            to: from + length,
        })
    }
}

/// The number at `at`, in network byte order.
#[inline]
fn u32_at<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
