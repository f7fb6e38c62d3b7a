//! Capture files: pcap and pcapng, plain or compressed, from a path or standard input.

use super::filter::Filter;
use super::pcap::{Pcap, FILE_HEADER};
use super::pcapng::Pcapng;
use super::stream::{self, Stream};
use super::{CaptureError, Packet};

/// Bytes of one packet, at most: what libpcap allows for any link type, and room for super-packets.
pub const MAX_RECORD: usize = 16 << 20;

/// A packet's properties, and where its bytes stand in the stream's buffer.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Record {
    pub time_ns: u64,
    pub link: u16,
    pub interface: u16,
    pub wire_len: u32,
    pub from: usize,
    pub to: usize,
}

/// What a format's reader finds next.
pub enum Step {
    /// A packet.
    Packet(Record),
    /// The end of the file, in its right place.
    End,
    /// The end of what can be read: "it breaks off …".
    Broken(&'static str),
}

enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl Format {
    #[inline]
    fn next(&mut self, stream: &mut Stream) -> Step {
        match self {
            Self::Pcap(pcap) => pcap.next(stream),
            Self::Pcapng(pcapng) => pcapng.next(stream),
        }
    }
}

/// A capture file, streamed in constant memory.
pub struct CaptureFile {
    path: String,
    stream: Stream,
    size: Option<u64>,
    format: Format,
    filter: Option<Filter>,
    /// Link type that the filter is for: the first packet's.
    filter_link: Option<u16>,
    /// What was read for `link` and not yet given.
    ahead: Option<Step>,
    packets: u64,
    problem: Option<String>,
    over: bool,
}

impl CaptureFile {
    /// Opens `path` ("-": standard input); fails with one line that says what is wrong.
    pub fn open(path: &str, filter: Option<Filter>) -> Result<Self, CaptureError> {
        let named = if path == "-" { "standard input" } else { path };
        let fails = |why: String| CaptureError(format!("{named}: {why}"));
        let (mut stream, size) = stream::open(path).map_err(|error| fails(plain(&error)))?;
        let have =
            FILE_HEADER.min(if stream.ensure(FILE_HEADER).is_some() { FILE_HEADER } else { stream.left() });
        if let Some(error) = stream.error() {
            return Err(fails(plain(error)));
        }
        let start = stream.ensure(have).unwrap_or(0);
        let head = &stream.bytes()[start..start + have];
        let format = match head {
            [] => {
                return Err(fails("the file is empty; a capture begins with a pcap or pcapng header".into()))
            }
            [0x0a, 0x0d, 0x0d, 0x0a, ..] => Format::Pcapng(Pcapng::default()),
            _ => {
                let header = <&[u8; FILE_HEADER]>::try_from(head).ok();
                let pcap = header.and_then(Pcap::parse);
                let pcap = pcap.ok_or_else(|| {
                    fails("not a capture; expected pcap or pcapng, also as .gz or .zst".into())
                })?;
                stream.advance(FILE_HEADER);
                Format::Pcap(pcap)
            }
        };
        let path = named.to_owned();
        Ok(Self {
            path,
            stream,
            size,
            format,
            filter,
            filter_link: None,
            ahead: None,
            packets: 0,
            problem: None,
            over: false,
        })
    }

    /// Link type of the first packet, or of the interface where no packet is; None if neither is there.
    /// Reads up to that packet and keeps it.
    pub fn link(&mut self) -> Option<u16> {
        if let Format::Pcap(pcap) = &self.format {
            return Some(pcap.link);
        }
        if self.ahead.is_none() && !self.over {
            self.ahead = Some(self.format.next(&mut self.stream));
        }
        match (&self.ahead, &self.format) {
            (Some(Step::Packet(record)), _) => Some(record.link),
            (_, Format::Pcapng(pcapng)) => pcapng.link(),
            (_, Format::Pcap(pcap)) => Some(pcap.link),
        }
    }

    /// Gives only packets that pass `filter` from now on; None gives all. A filter is compiled for one
    /// link type: the caller asks `link` for it.
    pub fn set_filter(&mut self, filter: Option<Filter>) {
        self.filter = filter;
    }

    /// The next packet that passes the filter, or None at the end. A file that breaks off gives
    /// all that it holds, then None, and `problem` says where it broke.
    #[inline]
    pub fn next_packet(&mut self) -> Option<Packet<'_>> {
        let record = loop {
            let record = self.next_record()?;
            let Some(filter) = &self.filter else { break record };
            if *self.filter_link.get_or_insert(record.link) != record.link {
                self.finish(Step::Broken(
                    "where a packet has another link type than the first; a filter fits one link type only",
                ));
                return None;
            }
            if filter.matches(&self.stream.bytes()[record.from..record.to], record.wire_len) {
                break record;
            }
        };
        Some(Packet {
            time_ns: record.time_ns,
            link: record.link,
            interface: record.interface,
            wire_len: record.wire_len,
            bytes: &self.stream.bytes()[record.from..record.to],
        })
    }

    #[inline]
    fn next_record(&mut self) -> Option<Record> {
        if self.over {
            return None;
        }
        let step = match self.ahead.take() {
            Some(step) => step,
            None => self.format.next(&mut self.stream),
        };
        match step {
            Step::Packet(record) => {
                self.packets += 1;
                Some(record)
            }
            Step::End | Step::Broken(_) => {
                self.finish(step);
                None
            }
        }
    }

    #[cold]
    fn finish(&mut self, step: Step) {
        self.over = true;
        let place = match step {
            Step::Broken(place) => place,
            _ if self.stream.error().is_some() => "between packets",
            _ => return,
        };
        let why = self.stream.error().map(|error| format!(" ({})", plain(error))).unwrap_or_default();
        self.problem = Some(format!(
            "{}: breaks off {place}, after {} whole packets, at byte {}{why}",
            self.path,
            self.packets,
            self.stream.offset()
        ));
    }

    /// Bytes read from the file so far, compressed as they are.
    pub fn position(&self) -> u64 {
        self.stream.consumed()
    }

    /// Size of the file in bytes; None for standard input.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Packets read, filtered ones included.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// How and where the file broke off, once it did.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Names of the capture interfaces seen so far, where the format has them.
    pub fn interfaces(&self) -> &[String] {
        match &self.format {
            Format::Pcap(_) => &[],
            Format::Pcapng(pcapng) => &pcapng.names,
        }
    }
}

/// The system's words without its error number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => text.to_owned(),
    }
}
