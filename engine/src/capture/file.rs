//! Capture files: pcap, pcapng and snoop, plain or compressed, from a path or standard input.

use super::capture_error::CaptureError;
use super::capture_record::{NextRecord, Record};
use super::filter::Filter;
use super::packet::Packet;
use super::pcap::{Pcap, FILE_HEADER};
use super::pcapng::Pcapng;
use super::snoop::{self, Snoop};
use super::stream::{self, Stream};
use super::wakeup::Wakeup;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

#[repr(u8)] // a tag of its own, which is read in fewer instructions
enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
    Snoop(Snoop),
}

/// A capture file, streamed in constant memory.
pub struct CaptureFile {
    name: String,
    stream: Stream,
    size: Option<u64>,
    format: Format,
    filter: Option<Filter>,
    /// Link type for which the filter was compiled.
    filter_link: Option<u16>,
    packets: u64,
    other_link_packets: u64,
    problem: Option<String>,
    at_end: bool,
    /// The next packet, if its time was looked at.
    ahead: Option<Record>,
}

impl CaptureFile {
    /// Opens `path` ("-": standard input).
    pub fn open(path: impl AsRef<Path>, filter: Option<Filter>) -> Result<Self, CaptureError> {
        Self::open_until(path, filter, None)
    }

    /// As `open`; `wakeup` ends the reading of a pipe.
    pub fn open_until(
        path: impl AsRef<Path>,
        filter: Option<Filter>,
        wakeup: Option<&Wakeup>,
    ) -> Result<Self, CaptureError> {
        let path = path.as_ref();
        let name = path.to_string_lossy();
        let name = if name == "-" { "standard input" } else { &name };
        let opened = stream::open(path, wakeup);
        let (stream, size) = opened.map_err(|error| CaptureError(format!("{name}: {}", describe(&error))))?;
        let mut file = Self::begin(name, stream, size)?;
        if filter.is_some() {
            file.set_filter(filter);
        }
        Ok(file)
    }

    /// Reads a capture from any reader; `name` identifies it in messages.
    pub fn from_reader(name: &str, source: impl Read + Send + Sync + 'static) -> Result<Self, CaptureError> {
        let stream = Stream::new(source);
        let stream = stream.map_err(|error| CaptureError(format!("{name}: {}", describe(&error))))?;
        Self::begin(name, stream, None)
    }

    fn begin(name: &str, mut stream: Stream, size: Option<u64>) -> Result<Self, CaptureError> {
        let format = read_format(&mut stream);
        let format = format.map_err(|why| CaptureError(format!("{name}: {why}")))?;
        stream.set_patient(false);
        Ok(Self {
            name: name.to_owned(),
            stream,
            size,
            format,
            filter: None,
            filter_link: None,
            packets: 0,
            other_link_packets: 0,
            problem: None,
            at_end: false,
            ahead: None,
        })
    }

    /// Link type of the next packet, for compiling a filter before reading; the link type of the first
    /// interface if there is no packet, None if there is neither. Reads up to that packet.
    pub fn link(&mut self) -> Option<u16> {
        match &mut self.format {
            Format::Pcap(pcap) => Some(pcap.link),
            Format::Pcapng(pcapng) => {
                let before = self.stream.set_patient(true);
                let link = pcapng.next_link(&mut self.stream);
                self.stream.set_patient(before);
                link
            }
            Format::Snoop(snoop) => Some(snoop.link),
        }
    }

    /// From now on returns only packets that match `filter`; None returns all. A filter is compiled for one
    /// link type, that of `link`. Packets of other link types do not match, and `problem` reports their
    /// number at the end.
    pub fn set_filter(&mut self, filter: Option<Filter>) {
        self.filter_link = self.link();
        self.filter = filter;
    }

    /// The next packet that matches the filter, or None at the end. A damaged or truncated file yields all
    /// packets before the error, then None, and `problem` reports the error.
    #[inline]
    pub fn next_packet(&mut self) -> Option<Packet<'_>> {
        self.next_packet_within(u64::MAX)
    }

    /// As `next_packet`, and None also once `packets()` reaches `last`, so that a filter without matches does
    /// not keep the caller from other work, and if a pipe has nothing more yet. `is_at_end` and `is_waiting`
    /// distinguish the three.
    #[inline(always)] // the path of every packet of a file; the other callers read few
    pub fn next_packet_within(&mut self, last: u64) -> Option<Packet<'_>> {
        let record = loop {
            if self.packets >= last {
                return None;
            }
            let record = self.next_record()?;
            if self.passes(&record) {
                break record;
            }
        };
        Some(self.packet(record))
    }

    #[inline(always)]
    fn packet(&self, record: Record) -> Packet<'_> {
        Packet {
            number: self.packets,
            time_ns: record.time_ns,
            link: record.link,
            interface: record.interface,
            wire_len: record.wire_len,
            bytes: &self.stream.bytes()[record.from..record.to],
        }
    }

    /// The time of the next packet that matches the filter, which `take_ahead` returns. None at the end, or if
    /// nothing more is there yet.
    pub fn look_ahead(&mut self) -> Option<u64> {
        while self.ahead.is_none() {
            let record = self.next_record()?;
            self.ahead = self.passes(&record).then_some(record);
        }
        self.ahead.map(|record| record.time_ns)
    }

    /// The packet that `look_ahead` found. It is lost if another one is read before.
    pub fn take_ahead(&mut self) -> Option<Packet<'_>> {
        let record = self.ahead.take()?;
        Some(self.packet(record))
    }

    #[inline(always)]
    fn next_record(&mut self) -> Option<Record> {
        if self.at_end {
            return None;
        }
        let step = match &mut self.format {
            Format::Pcap(pcap) => pcap.next(&mut self.stream),
            Format::Pcapng(pcapng) => pcapng.next(&mut self.stream),
            Format::Snoop(snoop) => snoop.next(&mut self.stream),
        };
        match step {
            NextRecord::Packet(record) => {
                self.packets += 1;
                Some(record)
            }
            // Formats consume what is complete only, so that the next call reads the same again.
            NextRecord::End | NextRecord::Broken(_) if self.stream.is_waiting() => None,
            NextRecord::End => {
                self.finish(None);
                None
            }
            NextRecord::Broken(place) => {
                self.finish(Some(place));
                None
            }
        }
    }

    #[inline(always)] // the path of every packet of a file
    fn passes(&mut self, record: &Record) -> bool {
        let Some(filter) = &self.filter else { return true };
        if Some(record.link) != self.filter_link {
            self.other_link_packets += 1;
            return false;
        }
        filter.matches(&self.stream.bytes()[record.from..record.to], record.wire_len)
    }

    #[cold]
    fn finish(&mut self, place: Option<&str>) {
        self.at_end = true;
        let error = self.stream.error().map(describe);
        let place = place.or(error.as_ref().map(|_| "between packets")).filter(|_| !self.stream.is_cut());
        let mut problems = Vec::new();
        if let Some(place) = place {
            let of = if self.stream.is_compressed() { " of the decompressed data" } else { "" };
            let why = error.map(|error| format!(" ({error})")).unwrap_or_default();
            let (packets, offset) = (self.packets, self.stream.offset());
            let noun = if packets == 1 { "packet" } else { "packets" };
            problems.push(format!(
                "reading stopped {place}, after {packets} complete {noun}, at byte {offset}{of}{why}"
            ));
        }
        if self.other_link_packets > 0 {
            problems.push(format!(
                "{} of {} packets were skipped: their link type differs from the first one, and a filter \
                 applies to one link type only",
                self.other_link_packets, self.packets
            ));
        }
        let early = match &self.format {
            Format::Pcapng(pcapng) => pcapng.early_packets(),
            Format::Pcap(_) | Format::Snoop(_) => 0,
        };
        if early > 0 {
            problems.push(format!(
                "the times of {early} of {} packets are before 1970, and are read as its beginning: `editcap -t` \
                 corrects times",
                self.packets
            ));
        }
        if !problems.is_empty() {
            self.problem = Some(format!("{}: {}", self.name, problems.join("; ")));
        }
    }

    /// True once the file has ended, regularly or with an error.
    pub fn is_at_end(&self) -> bool {
        self.at_end
    }

    /// The file has not ended, but nothing more is there yet.
    pub fn is_waiting(&self) -> bool {
        !self.at_end && self.stream.is_waiting()
    }

    /// True: the file is still written, and its end is none. Only for files that are not compressed.
    pub fn set_growing(&mut self, is_growing: bool) {
        self.stream.set_growing(is_growing && !self.stream.is_compressed());
    }

    /// Waits until there is more; false if there is not when it is `until`, or after a signal.
    pub fn wait(&self, until: Instant) -> bool {
        self.stream.wait(until).unwrap_or(true) // the error is reported by the read
    }

    /// Bytes read from the file so far, before decompression.
    pub fn position(&self) -> u64 {
        self.stream.consumed()
    }

    /// Size of the file in bytes; None for standard input, pipes and devices.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Packets read, including those that did not match the filter.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// One line once the file has ended: the error and its place, or the number of packets of other link
    /// types.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Names of the capture interfaces seen so far; `Packet::interface` is an index of this list. An
    /// interface without a name is called "interface N", where N is its number in its section. Empty for
    /// pcap and snoop, which have no interfaces.
    pub fn interfaces(&self) -> &[String] {
        match &self.format {
            Format::Pcap(_) | Format::Snoop(_) => &[],
            Format::Pcapng(pcapng) => pcapng.names(),
        }
    }
}

/// Reads the file header.
fn read_format(stream: &mut Stream) -> Result<Format, String> {
    let _ = stream.ensure(FILE_HEADER);
    let start = stream.ensure(0).unwrap_or(0);
    let head = &stream.bytes()[start..start + stream.left().min(FILE_HEADER)];
    if let Some(error) = stream.error() {
        return Err(describe(error));
    }
    if head.is_empty() {
        return Err("the file is empty; a capture begins with a pcap or pcapng header".into());
    }
    if Pcapng::is_pcapng(head) {
        return Pcapng::open(stream).map(Format::Pcapng).map_err(str::to_owned);
    }
    if Snoop::is_snoop(head) {
        let Some(header) = head.first_chunk() else {
            let size = snoop::FILE_HEADER;
            return Err(format!("truncated in the snoop header: {} of {size} bytes", head.len()));
        };
        let snoop = Snoop::parse(header)?;
        stream.advance(snoop::FILE_HEADER);
        return Ok(Format::Snoop(snoop));
    }
    if !Pcap::is_pcap(head) {
        return Err(
            "not a capture; netmon reads pcap, pcapng and snoop, also as .gz, .zst, .xz, .bz2 and .lz4 \
                    (`editcap -F pcapng` converts other formats)"
                .into(),
        );
    }
    let Some(header) = head.first_chunk() else {
        return Err(format!("truncated in the pcap header: {} of {FILE_HEADER} bytes", head.len()));
    };
    let pcap = Pcap::parse(header).map_err(|(major, minor)| {
        format!("pcap version {major}.{minor} is unknown; netmon reads 2.0 to 2.4")
    })?;
    stream.advance(FILE_HEADER);
    Ok(Format::Pcap(pcap))
}

/// True for the beginning of a capture file.
pub(super) fn is_capture_header(head: &[u8]) -> bool {
    Pcapng::is_pcapng(head) || Snoop::is_snoop(head) || Pcap::is_pcap(head)
}

/// The system's error message without its number.
pub(super) fn describe(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => text.to_owned(),
    }
}
