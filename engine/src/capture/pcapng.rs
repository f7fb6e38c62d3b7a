//! The pcapng format (draft-ietf-opsawg-pcapng): sections, interfaces, packets, in blocks.

use super::byte_order::ByteOrder;
use super::capture_record::{NextRecord, Record, MAX_RECORD};
use super::pcapng_interface::{InterfaceDescription, InterfaceNames};
use super::stream::Stream;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// Type and length before the body of a block, and the repeated length after it.
const BLOCK_FRAME: usize = 12;
/// Size of a section header block without options.
const MIN_SECTION_HEADER: usize = 28;
/// Maximum size of a block held in memory: the largest packet, and room for the other fields of the block.
const MAX_BLOCK: usize = MAX_RECORD + (64 << 10);
/// A block without a packet that is not longer waits in memory until its end is there; a longer one is skipped.
const MAX_WAITING_BLOCK: usize = 64 << 10;
/// Maximum number of interfaces in a section.
const MAX_SECTION_INTERFACES: usize = 65_536;

/// A block of any length without a packet, which is consumed as far as it is there.
#[derive(Clone, Copy)]
struct SkippedBlock {
    length: usize,
    /// Bytes before the repeated length that are still to be consumed.
    left: usize,
}

/// The structure of a pcapng file as read so far.
pub(super) struct Pcapng {
    order: ByteOrder,
    /// The interfaces of the current section.
    interfaces: Vec<InterfaceDescription>,
    names: InterfaceNames,
    /// The block that is being skipped.
    skipped: Option<SkippedBlock>,
    /// A simple packet block has no timestamp and gets that of the preceding packet.
    last_time_ns: u64,
    /// An interface subtracts something from its timestamps, which alone can lead to times before 1970.
    may_be_early: bool,
    early_packets: u64,
}

impl Pcapng {
    /// True if `start` begins a pcapng file.
    pub(super) fn is_pcapng(start: &[u8]) -> bool {
        start.starts_with(&SECTION_HEADER.to_be_bytes())
    }

    /// Reads the first section header.
    pub(super) fn open(stream: &mut Stream) -> Result<Self, &'static str> {
        let order = ByteOrder::Little;
        let mut pcapng = Self {
            order,
            interfaces: Vec::new(),
            names: InterfaceNames::default(),
            skipped: None,
            last_time_ns: 0,
            may_be_early: false,
            early_packets: 0,
        };
        pcapng.begin_section(stream).map_err(|_| "truncated or damaged in the pcapng section header")?;
        Ok(pcapng)
    }

    /// Link type of the next packet, which is not consumed; that of the section's first interface if there is
    /// no packet; None if there is neither.
    pub(super) fn next_link(&mut self, stream: &mut Stream) -> Option<u16> {
        let number = loop {
            if self.skip_rest(stream).is_err() {
                break 0;
            }
            let Some(at) = stream.ensure(BLOCK_FRAME) else { break 0 };
            let block = &stream.bytes()[at..];
            match self.order.u32_or_zero(block, 0) {
                ENHANCED_PACKET => break self.order.u32_or_zero(block, 8),
                OLD_PACKET => break u32::from(self.order.u16_or_zero(block, 8)),
                SIMPLE_PACKET => break 0,
                // A damaged block is not consumed either; the error is reported when packets are read.
                _ => match self.read_structure(stream) {
                    Ok(()) => {}
                    Err(_) => break 0,
                },
            }
        };
        self.interfaces.get(number as usize).map(|interface| interface.link)
    }

    /// The interface names of all sections.
    pub(super) fn names(&self) -> &[String] {
        self.names.list()
    }

    /// Consumes blocks up to and including the next packet.
    #[inline]
    pub(super) fn next(&mut self, stream: &mut Stream) -> NextRecord {
        loop {
            if let Err(place) = self.skip_rest(stream) {
                return NextRecord::Broken(place);
            }
            let Some(at) = stream.ensure(8) else {
                return if stream.left() == 0 {
                    NextRecord::End
                } else {
                    NextRecord::Broken("in a block header")
                };
            };
            let kind = self.order.u32_or_zero(&stream.bytes()[at..], 0);
            let result = match kind {
                ENHANCED_PACKET | SIMPLE_PACKET | OLD_PACKET => self.read_packet(stream, kind).map(Some),
                _ => self.read_structure(stream).map(|()| None),
            };
            match result {
                Ok(Some(record)) => return NextRecord::Packet(record),
                Ok(None) => {}
                Err(place) => return NextRecord::Broken(place),
            }
        }
    }

    #[inline]
    fn read_packet(&mut self, stream: &mut Stream, kind: u32) -> Result<Record, &'static str> {
        let length = self.block_length(stream)?;
        let (at, body) = self.complete_block(stream, length)?;
        let record = match kind {
            ENHANCED_PACKET => self.packet(body, self.order.u32_or_zero(body, 0)),
            OLD_PACKET => self.packet(body, u32::from(self.order.u16_or_zero(body, 0))),
            _ => self.simple_packet(body),
        }?;
        self.last_time_ns = record.time_ns;
        self.early_packets += u64::from(self.may_be_early && record.time_ns == 0);
        stream.advance(length);
        Ok(Record { from: at + 8 + record.from, to: at + 8 + record.to, ..record })
    }

    /// Consumes what is there of the block that is being skipped.
    ///
    /// # Errors
    ///
    /// Its end is not there yet, or differs from its beginning.
    #[inline]
    fn skip_rest(&mut self, stream: &mut Stream) -> Result<(), &'static str> {
        let Some(SkippedBlock { length, left }) = self.skipped else { return Ok(()) };
        let left = stream.skip(left);
        self.skipped = Some(SkippedBlock { length, left });
        let at = (left == 0).then(|| stream.ensure(4)).flatten().ok_or("in a block")?;
        let again = self.order.u32_or_zero(&stream.bytes()[at..], 0) as usize;
        if again.checked_next_multiple_of(4) != Some(length) {
            return Err("at a block whose two lengths differ");
        }
        stream.advance(4);
        self.skipped = None;
        Ok(())
    }

    /// Consumes a block that is not a packet, or begins to skip it.
    fn read_structure(&mut self, stream: &mut Stream) -> Result<(), &'static str> {
        let at = stream.ensure(8).ok_or("in a block header")?;
        match self.order.u32_or_zero(&stream.bytes()[at..], 0) {
            SECTION_HEADER => self.begin_section(stream),
            INTERFACE => {
                let length = self.block_length(stream)?;
                let (_, body) = self.complete_block(stream, length)?;
                let number = self.interfaces.len();
                let (mut interface, name) =
                    InterfaceDescription::parse(body, self.order).ok_or("in an interface description")?;
                if number >= MAX_SECTION_INTERFACES {
                    return Err("at a section with more than 65,536 interfaces");
                }
                interface.number = self.names.number(name.unwrap_or_else(|| format!("interface {number}")));
                self.may_be_early |= interface.offset_ns < 0;
                self.interfaces.push(interface);
                stream.advance(length);
                Ok(())
            }
            // Names, statistics, secrets (which are never used), and unknown blocks.
            _ => {
                let length = self.block_length(stream)?;
                if length <= MAX_WAITING_BLOCK {
                    self.complete_block(stream, length)?;
                    stream.advance(length);
                    return Ok(());
                }
                self.skipped = Some(SkippedBlock { length, left: length - 4 });
                Ok(())
            }
        }
    }

    fn begin_section(&mut self, stream: &mut Stream) -> Result<(), &'static str> {
        let at = stream.ensure(12).ok_or("in a section header")?;
        self.order = match stream.bytes()[at + 8..at + 12] {
            [0x1a, 0x2b, 0x3c, 0x4d] => ByteOrder::Big,
            [0x4d, 0x3c, 0x2b, 0x1a] => ByteOrder::Little,
            _ => return Err("in a section header"),
        };
        let length = self.block_length(stream)?;
        if length < MIN_SECTION_HEADER {
            return Err("in a section header");
        }
        self.complete_block(stream, length)?;
        stream.advance(length);
        self.interfaces.clear();
        Ok(())
    }

    /// The length of the next block, including its frame.
    #[inline]
    fn block_length(&self, stream: &mut Stream) -> Result<usize, &'static str> {
        let at = stream.ensure(8).ok_or("in a block header")?;
        // Some writers do not count the padding; the next block begins at a multiple of 4.
        let length = self.order.u32_or_zero(&stream.bytes()[at..], 4) as usize;
        match length.checked_next_multiple_of(4) {
            Some(length) if length >= BLOCK_FRAME => Ok(length),
            _ => Err("at a block with an invalid length"),
        }
    }

    /// The next block in the buffer: its position and its body.
    #[inline]
    fn complete_block<'s>(
        &self,
        stream: &'s mut Stream,
        length: usize,
    ) -> Result<(usize, &'s [u8]), &'static str> {
        if length > MAX_BLOCK {
            return Err("at a block that claims to be longer than any packet");
        }
        let at = stream.ensure(length).ok_or("in a block")?;
        let block = &stream.bytes()[at..at + length];
        if self.order.u32_or_zero(block, 4) != self.order.u32_or_zero(block, length - 4) {
            return Err("at a block whose two lengths differ");
        }
        Ok((at, &block[8..length - 4]))
    }

    #[inline]
    fn packet(&self, body: &[u8], interface: u32) -> Result<Record, &'static str> {
        let Some(interface) = self.interfaces.get(interface as usize) else {
            return Err("at a packet with an unknown interface");
        };
        let Some(header) = body.first_chunk::<20>() else {
            return Err("in a packet");
        };
        let stamp =
            u64::from(self.order.u32_or_zero(header, 4)) << 32 | u64::from(self.order.u32_or_zero(header, 8));
        let (kept, wire_len) = (self.order.u32_or_zero(header, 12), self.order.u32_or_zero(header, 16));
        let length = kept as usize;
        if body.len() - header.len() < length {
            return Err("at a packet that is longer than its block");
        }
        Ok(Record {
            time_ns: interface.time_ns(stamp),
            link: interface.link,
            interface: interface.number,
            wire_len: wire_len.max(kept),
            from: header.len(),
            to: header.len() + length,
        })
    }

    /// Packets whose times are before 1970, and were taken for its beginning.
    pub(super) fn early_packets(&self) -> u64 {
        self.early_packets
    }

    fn simple_packet(&self, body: &[u8]) -> Result<Record, &'static str> {
        let Some(interface) = self.interfaces.first() else {
            return Err("at a packet with an unknown interface");
        };
        if body.len() < 4 {
            return Err("in a packet");
        }
        let wire_len = self.order.u32_or_zero(body, 0);
        let snaplen = if interface.snaplen == 0 { u32::MAX } else { interface.snaplen };
        let length = (wire_len.min(snaplen) as usize).min(body.len() - 4);
        Ok(Record {
            time_ns: self.last_time_ns,
            link: interface.link,
            interface: interface.number,
            wire_len,
            from: 4,
            to: 4 + length,
        })
    }
}
