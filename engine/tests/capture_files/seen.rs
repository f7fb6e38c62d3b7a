//! The packets that the reader finds in a file.

use crate::craft::TempFile;
use _engine::capture::file::CaptureFile;

/// The properties by which packets are compared.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Seen {
    pub time_ns: u64,
    pub link: u16,
    pub interface: String,
    pub wire_len: u32,
    pub bytes: Vec<u8>,
}

pub fn seen(time_ns: u64, link: u16, interface: &str, wire_len: u32, bytes: &[u8]) -> Seen {
    Seen { time_ns, link, interface: interface.into(), wire_len, bytes: bytes.to_vec() }
}

/// All packets of an open file.
pub fn read(file: &mut CaptureFile) -> Vec<Seen> {
    let mut packets = Vec::new();
    while let Some(p) = file.next_packet() {
        packets.push((p.time_ns, p.link, p.interface, p.wire_len, p.bytes.to_vec()));
    }
    assert!(file.is_at_end());
    let names = file.interfaces();
    let name = |number: u16| names.get(usize::from(number)).cloned().unwrap_or_default();
    let seen = packets.into_iter().map(|(time_ns, link, interface, wire_len, bytes)| {
        assert!(bytes.len() <= wire_len as usize);
        Seen { time_ns, link, interface: name(interface), wire_len, bytes }
    });
    seen.collect()
}

/// All packets of a file with these bytes, and its problem.
pub fn read_bytes(bytes: &[u8]) -> Result<(Vec<Seen>, Option<String>), String> {
    let file = TempFile::new(bytes);
    let mut capture = CaptureFile::open(file.path(), None).map_err(|error| error.0)?;
    let packets = read(&mut capture);
    assert_eq!(capture.packets(), packets.len() as u64);
    assert!(capture.position() <= bytes.len() as u64);
    Ok((packets, capture.problem().map(str::to_owned)))
}

/// All packets of a valid file.
pub fn sound(bytes: &[u8]) -> Vec<Seen> {
    let (packets, problem) = read_bytes(bytes).expect("opens");
    assert_eq!(problem, None);
    packets
}

pub fn refused(bytes: &[u8]) -> String {
    let why = read_bytes(bytes).expect_err("is refused");
    assert!(!why.contains('\n'));
    why
}
