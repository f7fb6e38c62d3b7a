//! QUIC: real first datagrams of many versions yield their ClientHello, and nothing else does.

use _engine::wire::quic::{crypto_frames, first_header, initials, ConnectionId, PacketType};
use _engine::wire::{tls, Progress};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// First datagrams, and the name in each.
const NAMES: [(&str, &str); 9] = [
    ("v1_chromium", "api.cirrus-ci.com"),
    ("draft_29", "localhost"),
    ("draft_28", "www.wireshark.org"),
    ("google_t051", "www.google.com"),
    ("reserved_version", "nghttp2.org"),
    ("mvfst_22", "graph.facebook.com"),
    ("mvfst_27", "graph.facebook.com"),
    ("mvfst_experimental", "video.fmct2-3.fna.fbcdn.net"),
    ("shuffled_frames", "update.googleapis.com"),
];

/// The server name in a client's first datagram, reassembled by offset; None if its hello continues in another
/// datagram, or if nothing can be decrypted.
fn server_name(datagram: &[u8]) -> Option<String> {
    let mut stream = BTreeMap::new();
    for initial in initials(datagram).ok()? {
        let payload = initial.open(&initial.destination)?;
        crypto_frames(&payload, initial.version, |offset, bytes| {
            stream.extend(bytes.iter().enumerate().map(|(at, byte)| (offset + at as u64, *byte)));
        })
        .ok()?;
    }
    let contiguous = stream.iter().enumerate().take_while(|(at, (offset, _))| *at as u64 == **offset);
    let bytes: Vec<u8> = contiguous.map(|(_, (_, byte))| *byte).collect();
    match tls::parse_hello_message(&bytes) {
        Ok(Progress::Parsed(hello)) => hello.server_name,
        _ => tls::partial_message_name(&bytes),
    }
}

fn seed(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/quic");
    fs::read(folder.join(name).with_extension("bin")).unwrap()
}

#[test]
fn every_version_shows_its_name() {
    for (name, expected) in NAMES {
        assert_eq!(server_name(&seed(name)).as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn the_last_drafts_have_the_keys_of_version_1() {
    let datagram = seed("draft_34"); // its hello has no name
    let initial = &initials(&datagram).unwrap()[0];
    assert!(initial.open(&initial.destination).is_some());
}

#[test]
fn a_packet_with_one_wrong_bit_cannot_be_decrypted() {
    let datagram = seed("draft_29");
    let opened = initials(&datagram).unwrap();
    assert!(opened[0].open(&opened[0].destination).is_some());
    for at in (0..datagram.len()).step_by(7) {
        let mut damaged = datagram.clone();
        damaged[at] ^= 0x10;
        let name = server_name(&damaged);
        assert!(name.is_none(), "a flipped bit at {at} gave {name:?}");
    }
}

#[test]
fn no_prefix_of_a_datagram_panics_or_invents_a_name() {
    for (name, _) in NAMES {
        let datagram = seed(name);
        for length in 0..datagram.len() - 1 {
            assert_eq!(server_name(&datagram[..length]), None, "{name} up to {length}");
        }
    }
}

#[test]
fn bytes_after_a_packet_in_its_datagram_change_nothing() {
    let (name, expected) = NAMES[0];
    for tail in [&b"\0\0\0\0"[..], b"\x40short header", b"\xc0\xff\xff\xff\xff\x08unknown version"] {
        let mut datagram = seed(name);
        datagram.extend_from_slice(tail);
        assert_eq!(server_name(&datagram).as_deref(), Some(expected));
    }
}

#[test]
fn a_key_only_decrypts_its_own_connection() {
    let datagram = seed("draft_29");
    let initial = &initials(&datagram).unwrap()[0];
    assert!(initial.open(&ConnectionId::new(b"stranger").unwrap()).is_none());
}

#[test]
fn a_connection_id_has_at_most_twenty_bytes() {
    assert!(ConnectionId::new(&[1; 20]).is_some());
    assert!(ConnectionId::new(&[1; 21]).is_none());
}

#[test]
fn the_first_header_shows_type_and_connection_ids() {
    let datagram = seed("draft_29");
    let header = first_header(&datagram).unwrap();
    assert_eq!(header.kind, PacketType::Initial);
    assert_eq!(header.destination, initials(&datagram).unwrap()[0].destination);
    assert_eq!(header.source.as_slice().len(), usize::from(datagram[6 + usize::from(datagram[5])]));
    for length in 0..7 + header.destination.as_slice().len() + header.source.as_slice().len() {
        assert_eq!(first_header(&datagram[..length]), None);
    }
    assert_eq!(first_header(&[0xc0, 0, 0, 0, 0, 0, 0, 0]), None); // version negotiation
    assert_eq!(first_header(b"\x40short header"), None);
}
