//! Builds capture files byte by byte.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// Byte order of a file.
#[derive(Clone, Copy, Debug)]
pub struct Order(bool);

pub const LITTLE: Order = Order(false);
pub const BIG: Order = Order(true);

impl Order {
    pub fn u16(self, value: u16) -> [u8; 2] {
        if self.0 {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    pub fn u32(self, value: u32) -> [u8; 4] {
        if self.0 {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    pub fn u64(self, value: u64) -> [u8; 8] {
        if self.0 {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }
}

/// Seconds, fraction, bytes, length on the wire.
pub type PcapRecord<'a> = (u32, u32, &'a [u8], u32);

/// A pcap file of the format given by `magic` and `version`.
pub fn pcap(order: Order, magic: u32, version: (u16, u16), link: u32, records: &[PcapRecord<'_>]) -> Vec<u8> {
    let mut file =
        [order.u32(magic), [order.u16(version.0), order.u16(version.1)].concat().try_into().unwrap()]
            .concat();
    for field in [0, 0, 65_535, link] {
        file.extend(order.u32(field));
    }
    for (seconds, fraction, bytes, wire_len) in records {
        for field in [*seconds, *fraction, bytes.len() as u32, *wire_len] {
            file.extend(order.u32(field));
        }
        if magic == 0xa1b2_cd34 {
            file.extend([0; 8]); // interface index, protocol, packet type
        }
        file.extend_from_slice(bytes);
    }
    file
}

/// A snoop file; each packet is padded to four bytes.
pub fn snoop(datalink: u32, records: &[PcapRecord<'_>]) -> Vec<u8> {
    let mut file = [&b"snoop\0\0\0"[..], &BIG.u32(2), &BIG.u32(datalink)].concat();
    for (seconds, microseconds, bytes, wire_len) in records {
        let padded = bytes.len().next_multiple_of(4);
        for field in [*wire_len, bytes.len() as u32, (24 + padded) as u32, 0, *seconds, *microseconds] {
            file.extend(BIG.u32(field));
        }
        file.extend_from_slice(bytes);
        file.resize(file.len() + padded - bytes.len(), 0);
    }
    file
}

/// A pcapng section, block by block.
pub struct Pcapng {
    order: Order,
    bytes: Vec<u8>,
}

impl Pcapng {
    pub fn new(order: Order) -> Self {
        let mut body = order.u32(0x1a2b_3c4d).to_vec();
        body.extend(order.u16(1));
        body.extend([0, 0]);
        body.extend([0xff; 8]); // length of the section: unknown
        Self { order, bytes: Vec::new() }.block(0x0a0d_0d0a, &body)
    }

    pub fn bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Any block, its body padded to four bytes.
    pub fn block(mut self, kind: u32, body: &[u8]) -> Self {
        let length = (12 + body.len().next_multiple_of(4)) as u32;
        self.bytes.extend(self.order.u32(kind));
        self.bytes.extend(self.order.u32(length));
        self.bytes.extend_from_slice(body);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.bytes.extend(self.order.u32(length));
        self
    }

    pub fn interface(self, link: u16, snaplen: u32, options: &[(u16, &[u8])]) -> Self {
        let order = self.order;
        let mut body = [&order.u16(link)[..], &[0, 0], &order.u32(snaplen)].concat();
        for (code, value) in options {
            body.extend(order.u16(*code));
            body.extend(order.u16(value.len() as u16));
            body.extend_from_slice(value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        if !options.is_empty() {
            body.extend([0; 4]);
        }
        self.block(1, &body)
    }

    pub fn enhanced(self, interface: u32, stamp: u64, bytes: &[u8], wire_len: u32) -> Self {
        let head = self.order.u32(interface);
        self.packet(6, head, stamp, bytes, wire_len)
    }

    pub fn old_packet(self, interface: u16, stamp: u64, bytes: &[u8], wire_len: u32) -> Self {
        let [a, b] = self.order.u16(interface);
        self.packet(2, [a, b, 0, 0], stamp, bytes, wire_len)
    }

    fn packet(self, kind: u32, head: [u8; 4], stamp: u64, bytes: &[u8], wire_len: u32) -> Self {
        let order = self.order;
        let (high, low) = (order.u32((stamp >> 32) as u32), order.u32(stamp as u32));
        let fields = [head, high, low, order.u32(bytes.len() as u32), order.u32(wire_len)].concat();
        self.block(kind, &[&fields, bytes].concat())
    }

    pub fn simple(self, bytes: &[u8], wire_len: u32) -> Self {
        let head = self.order.u32(wire_len);
        self.block(3, &[&head, bytes].concat())
    }

    pub fn name_resolution(self) -> Self {
        let order = self.order;
        let record = [&order.u16(1)[..], &order.u16(8), &[192, 0, 2, 1], b"abc\0", &[0; 4]].concat();
        self.block(4, &record)
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A file that is removed when the value is dropped.
pub struct TempFile(PathBuf);

impl TempFile {
    pub fn new(bytes: &[u8]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("netmon-{}-{number}", std::process::id()));
        std::fs::write(&path, bytes).expect("a temporary file");
        Self(path)
    }

    pub fn path(&self) -> &str {
        self.0.to_str().expect("a name in UTF-8")
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
