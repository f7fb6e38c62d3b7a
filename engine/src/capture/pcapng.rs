//! The pcapng format (draft-ietf-opsawg-pcapng): sections, interfaces, packets, in blocks.

use super::file::{Record, Step, MAX_RECORD};
use super::stream::Stream;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// Interfaces that a file may describe.
const MAX_INTERFACES: usize = 65_535;

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: u16,
    snaplen: u32,
    /// Position in the file's whole list of interfaces.
    number: u16,
    resolution: u8,
    offset_s: i64,
}

/// What has been read of a pcapng file's structure.
#[derive(Debug, Default)]
pub struct Pcapng {
    big_endian: bool,
    interfaces: Vec<Interface>,
    /// Names of all interfaces of all sections; empty where the file gives none.
    pub names: Vec<String>,
}

impl Pcapng {
    /// Takes blocks until one holds a packet.
    #[inline]
    pub fn next(&mut self, stream: &mut Stream) -> Step {
        loop {
            let Some(at) = stream.ensure(8) else {
                return if stream.left() == 0 { Step::End } else { Step::Broken("in a block header") };
            };
            let kind = self.u32(&stream.bytes()[at..], 0);
            if kind == SECTION_HEADER {
                match self.begin_section(stream) {
                    Ok(()) => continue,
                    Err(place) => return Step::Broken(place),
                }
            }
            let length = self.u32(&stream.bytes()[at..], 4) as usize;
            if !(12..=MAX_RECORD + 64).contains(&length) {
                return Step::Broken("where a block has an impossible length");
            }
            let Some(at) = stream.ensure(length) else { return Step::Broken("in a block") };
            let from = at + 8;
            let body = &stream.bytes()[from..at + length - 4];
            let record = match kind {
                ENHANCED_PACKET => self.packet(body, 0, self.u32_or(body, 0), 20),
                OLD_PACKET => self.packet(body, 0, u32::from(self.u16_or(body, 0)), 20),
                SIMPLE_PACKET => self.simple_packet(body),
                INTERFACE => {
                    let interface = self.interface(body);
                    interface.and_then(|(interface, name)| self.add_interface(interface, name)).map(|()| None)
                }
                _ => Ok(None),
            };
            match record {
                Ok(Some(record)) => {
                    stream.advance(length);
                    return Step::Packet(Record { from: from + record.from, to: from + record.to, ..record });
                }
                Ok(None) => stream.advance(length),
                Err(place) => return Step::Broken(place),
            }
        }
    }

    /// Link type of the first interface of the current section.
    pub fn link(&self) -> Option<u16> {
        self.interfaces.first().map(|interface| interface.link)
    }

    fn begin_section(&mut self, stream: &mut Stream) -> Result<(), &'static str> {
        let at = stream.ensure(12).ok_or("in a section header")?;
        self.big_endian = match stream.bytes()[at + 8..at + 12] {
            [0x1a, 0x2b, 0x3c, 0x4d] => true,
            [0x4d, 0x3c, 0x2b, 0x1a] => false,
            _ => return Err("in a section header"),
        };
        let length = self.u32(&stream.bytes()[at..], 4) as usize;
        if !(28..=MAX_RECORD).contains(&length) {
            return Err("in a section header");
        }
        stream.ensure(length).ok_or("in a section header")?;
        stream.advance(length);
        self.interfaces.clear();
        Ok(())
    }

    fn interface(&self, body: &[u8]) -> Result<(Interface, String), &'static str> {
        if body.len() < 8 {
            return Err("in an interface description");
        }
        let number = self.names.len().min(MAX_INTERFACES) as u16;
        let mut interface = Interface {
            link: self.u16_or(body, 0),
            snaplen: self.u32_or(body, 4),
            number,
            resolution: 6,
            offset_s: 0,
        };
        let mut name = String::new();
        let mut options = &body[8..];
        while let Some(header) = options.get(..4) {
            let (code, length) = (self.u16_or(header, 0), usize::from(self.u16_or(header, 2)));
            let Some(value) = options.get(4..4 + length) else { break };
            match (code, value) {
                (0, _) => break,
                (IF_NAME, value) => name = String::from_utf8_lossy(value).trim_end_matches('\0').to_owned(),
                (IF_TSRESOL, [resolution, ..]) => interface.resolution = *resolution,
                (IF_TSOFFSET, value) if value.len() == 8 => {
                    let (a, b) = (u64::from(self.u32_or(value, 0)), u64::from(self.u32_or(value, 4)));
                    let offset = if self.big_endian { a << 32 | b } else { b << 32 | a };
                    interface.offset_s = offset as i64;
                }
                _ => {}
            }
            options = options.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        }
        Ok((interface, name))
    }

    fn add_interface(&mut self, interface: Interface, name: String) -> Result<(), &'static str> {
        if self.names.len() >= MAX_INTERFACES {
            return Err("where it describes more than 65,535 interfaces");
        }
        self.interfaces.push(interface);
        self.names.push(name);
        Ok(())
    }

    fn packet(
        &self,
        body: &[u8],
        at: usize,
        interface: u32,
        header: usize,
    ) -> Result<Option<Record>, &'static str> {
        let Some(interface) = self.interfaces.get(interface as usize) else {
            return Err("where a packet names an interface that is not described");
        };
        if body.len() < header {
            return Err("in a packet");
        }
        let stamp = u64::from(self.u32_or(body, at + 4)) << 32 | u64::from(self.u32_or(body, at + 8));
        let (length, wire_len) = (self.u32_or(body, at + 12) as usize, self.u32_or(body, at + 16));
        if body.len() - header < length {
            return Err("where a packet is longer than its block");
        }
        Ok(Some(Record {
            time_ns: interface.time_ns(stamp),
            link: interface.link,
            interface: interface.number,
            wire_len: wire_len.max(length as u32),
            from: header,
            to: header + length,
        }))
    }

    fn simple_packet(&self, body: &[u8]) -> Result<Option<Record>, &'static str> {
        let Some(interface) = self.interfaces.first() else {
            return Err("where a packet names an interface that is not described");
        };
        if body.len() < 4 {
            return Err("in a packet");
        }
        let wire_len = self.u32_or(body, 0);
        let snaplen = if interface.snaplen == 0 { u32::MAX } else { interface.snaplen };
        let length = (wire_len.min(snaplen) as usize).min(body.len() - 4);
        Ok(Some(Record {
            time_ns: 0, // the block has no time
            link: interface.link,
            interface: interface.number,
            wire_len,
            from: 4,
            to: 4 + length,
        }))
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

    /// Zero where the bytes end before; lengths are checked where the value is used.
    #[inline]
    fn u32_or(&self, bytes: &[u8], at: usize) -> u32 {
        bytes.get(at..at + 4).map_or(0, |bytes| self.u32(bytes, 0))
    }

    #[inline]
    fn u16_or(&self, bytes: &[u8], at: usize) -> u16 {
        match bytes.get(at..at + 2) {
            Some(b) if self.big_endian => u16::from_be_bytes([b[0], b[1]]),
            Some(b) => u16::from_le_bytes([b[0], b[1]]),
            None => 0,
        }
    }
}

impl Interface {
    /// Nanoseconds of a time stamp: units of 10^-n or, with the top bit set, 2^-n seconds.
    #[inline]
    fn time_ns(&self, stamp: u64) -> u64 {
        let exponent = u32::from(self.resolution & 0x7f);
        let ns = if self.resolution == 6 {
            u128::from(stamp) * 1000
        } else if self.resolution & 0x80 == 0 {
            match 10u128.checked_pow(exponent) {
                Some(units) => u128::from(stamp) * 1_000_000_000 / units,
                None => 0,
            }
        } else {
            (u128::from(stamp) * 1_000_000_000).checked_shr(exponent).unwrap_or(0)
        };
        let offset_ns = i128::from(self.offset_s) * 1_000_000_000;
        u64::try_from((ns as i128).saturating_add(offset_ns).max(0)).unwrap_or(u64::MAX)
    }
}
