//! Properties of every parser on any input, tested with reproducible mutations of every seed.

use crate::decode::ports;
use crate::seeds::{packet, seeds};
use _engine::wire::certificate::parse_certificate;
use _engine::wire::decode::{decode, plain_segment, Decoded};
use _engine::wire::dhcp::{parse_dhcp_v4, parse_dhcp_v6, Speaker};
use _engine::wire::dns::{is_plain_query, parse_message, possible_message, Message};
use _engine::wire::dtls::hello_pieces;
use _engine::wire::ech::parse_public_names;
use _engine::wire::gquic::{clear_packet, parse_client_hello};
use _engine::wire::host::can_exist;
use _engine::wire::ja4::fingerprint;
use _engine::wire::preamble::{is_greeting, parse_dialogue, parse_step};
use _engine::wire::quic::{first_header, initials};
use _engine::wire::tls::{parse_hello_body, parse_hello_stream, partial_server_name};
use _engine::wire::tls_server::parse_server_certificate;
use _engine::wire::Progress;

const ROUNDS: usize = 20_000;

/// A small deterministic generator (xorshift, Marsaglia 2003).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// A seed with a few bytes changed, or a part removed or duplicated.
fn mutated(seed: &[u8], chance: &mut Chance) -> Vec<u8> {
    const EDGES: [u8; 8] = [0, 1, 0x3f, 0x7f, 0x80, 0xc0, 0xfe, 0xff];
    let mut bytes = seed.to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len());
        match chance.below(5) {
            0 => bytes.truncate(at),
            1 => bytes.splice(at..at, seed[chance.below(seed.len())..].to_vec()).for_each(drop),
            2 if !bytes.is_empty() => drop(bytes.remove(at)),
            3 if !bytes.is_empty() => bytes[at] = EDGES[chance.below(EDGES.len())],
            _ if !bytes.is_empty() => bytes[at] ^= 1 << chance.below(8),
            _ => {}
        }
    }
    bytes
}

fn check_decode(bytes: &[u8]) {
    if bytes.len() < 2 {
        return;
    }
    let (link, packet) = packet(bytes);
    for kept in [packet.len(), packet.len() / 2] {
        let decoded = decode(link, &packet[..kept], packet.len() as u32, &ports());
        if let Some(plain) = plain_segment(link, &packet[..kept], &ports()) {
            let Ok(Decoded::Segment(segment)) = decoded else { panic!("{decoded:?} is {plain:?}") };
            assert_eq!(format!("{plain:?}"), format!("{segment:?}"));
        }
        if let Ok(Decoded::Segment(segment)) = decoded {
            assert!(segment.payload.len() <= segment.payload_len as usize);
            assert!(
                packet[..kept].as_ptr_range().contains(&segment.payload.as_ptr())
                    || segment.payload.is_empty()
            );
        }
    }
}

fn check_dns(bytes: &[u8]) {
    let parsed = |bytes: &[u8]| match parse_message(bytes) {
        Ok(Progress::Parsed(message)) => message,
        Ok(Progress::NeedMore) => Message::default(),
        Err(malformed) => panic!("{malformed:?}"),
    };
    assert!(!is_plain_query(bytes) || !parsed(bytes).response);
    if let Some(message) = possible_message(bytes) {
        assert!(message.damage.is_none() && message.questions.len() == 1);
        assert_eq!(possible_message(&[bytes, b"more"].concat()), None);
    }
    let (complete, part) = (parsed(bytes), parsed(&bytes[..bytes.len() / 2]));
    assert!(complete.questions.starts_with(&part.questions));
    assert!(complete.answers.starts_with(&part.answers));
    let questions = complete.questions.iter().map(|question| &question.name);
    for name in questions.chain(complete.answers.iter().map(|answer| &answer.name)) {
        assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(!name.bytes().any(|byte| byte.is_ascii_uppercase()));
    }
}

fn check_dhcp(bytes: &[u8]) {
    for parse in [parse_dhcp_v4, parse_dhcp_v6] {
        let _ = parse(&bytes[..bytes.len() / 2]);
        let Ok(Progress::Parsed(lease)) = parse(bytes) else { continue };
        assert!(lease.name.iter().all(|name| !name.is_empty()));
        assert!(lease.name.iter().flat_map(|name| name.bytes()).all(|byte| byte.is_ascii_graphic()));
        assert!(lease.addresses.is_empty() || lease.speaker == Speaker::Server);
    }
}

fn check_tls(bytes: &[u8]) {
    let _ = parse_hello_body(bytes);
    let complete = parse_hello_stream(bytes);
    let early = partial_server_name(&bytes[..bytes.len() / 2]);
    if let Ok(Progress::Parsed(hello)) = complete {
        assert!(early.is_none() || early == hello.server_name);
        assert!(hello.server_name.iter().all(|name| name.is_empty() || can_exist(without_port(name))));
        let fingerprint = fingerprint(&hello, true);
        assert!(fingerprint.is_none_or(|text| text.is_ascii() && text.len() == 36));
        let longer = [bytes, b"more"].concat();
        assert_eq!(parse_hello_stream(&longer), Ok(Progress::Parsed(hello)));
    }
}

fn check_dtls(bytes: &[u8]) {
    for (datagram, is_cut) in [(bytes, false), (&bytes[..bytes.len() / 2], true)] {
        for piece in hello_pieces(datagram, is_cut).unwrap_or_default() {
            assert!(piece.offset as usize + piece.bytes.len() <= piece.length as usize);
        }
    }
}

/// A mutation almost never has a valid hash, so the message inside is parsed separately as well.
fn check_gquic(bytes: &[u8]) {
    if let Some(packet) = clear_packet(bytes) {
        packet.crypto_frames(|_, frame| assert!(frame.len() < bytes.len())).unwrap();
    }
    let message = bytes.windows(4).position(|tag| tag == b"CHLO").map_or(bytes, |at| &bytes[at..]);
    if let Ok(Progress::Parsed(hello)) = parse_client_hello(message) {
        assert!(hello.server_name.iter().all(|name| name.is_empty() || can_exist(without_port(name))));
    }
}

fn check_quic(bytes: &[u8]) {
    let header = first_header(bytes);
    for initial in initials(bytes).unwrap_or_default() {
        assert!(header.is_some());
        assert_eq!(initial.open(&initial.destination), initial.open(&initial.destination));
    }
    if header.is_some() {
        assert_eq!(first_header(&[bytes, b"more"].concat()), header);
    }
}

fn check_ech(bytes: &[u8]) {
    if let Ok(Progress::Parsed(names)) = parse_public_names(bytes) {
        assert!(names.iter().all(|name| can_exist(name)));
        assert_eq!(parse_public_names(&bytes[..bytes.len() - 1]), Ok(Progress::NeedMore));
        assert!(parse_public_names(&[bytes, b"more"].concat()).is_err());
    }
}

fn check_certificate(bytes: &[u8]) {
    let _ = parse_certificate(bytes);
    let complete = parse_server_certificate(bytes);
    if let Ok(Progress::Parsed(found)) = &complete {
        let names = found.iter().flat_map(|certificate| &certificate.names);
        assert!(names.into_iter().all(|name| can_exist(name.strip_prefix("*.").unwrap_or(name))));
        assert_eq!(parse_server_certificate(&[bytes, b"more"].concat()), complete);
    }
    let half = parse_server_certificate(&bytes[..bytes.len() / 2]);
    assert!(half == Ok(Progress::NeedMore) || half == complete);
}

fn check_preamble(bytes: &[u8]) {
    let _ = is_greeting(bytes);
    if let Progress::Parsed(Some(command)) = parse_dialogue(bytes) {
        assert_ne!(parse_dialogue(&bytes[..command.length - 1]), Progress::Parsed(None));
        assert_eq!(parse_dialogue(&[bytes, b"more"].concat()), Progress::Parsed(Some(command)));
    }
    let mut rest = bytes;
    while let Ok(Progress::Parsed(Some(step))) = parse_step(rest) {
        assert!(step.host.iter().all(|name| can_exist(name)));
        assert!(
            parse_step(&rest[..step.length - 1]) != Ok(Progress::Parsed(None)),
            "a step is not rejected before it is complete"
        );
        let longer = [rest, b"more"].concat();
        rest = &rest[step.length..];
        assert_eq!(parse_step(&longer), Ok(Progress::Parsed(Some(step))));
    }
}

/// What a client sent before a port.
fn without_port(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(host, _)| host)
}

#[test]
fn no_mutation_of_a_seed_violates_a_property() {
    type Check = fn(&[u8]);
    let parsers: [(&str, Check); 10] = [
        ("decode", check_decode),
        ("dhcp", check_dhcp),
        ("dtls", check_dtls),
        ("gquic", check_gquic),
        ("dns", check_dns),
        ("ech", check_ech),
        ("tls", check_tls),
        ("preamble", check_preamble),
        ("quic", check_quic),
        ("certificate", check_certificate),
    ];
    for (target, check) in parsers {
        let seeds = seeds(target);
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
        for round in 0..ROUNDS {
            check(&mutated(&seeds[round % seeds.len()], &mut chance));
        }
    }
}

/// Data of protocols that share ports with DNS, or begin with few fixed bits.
fn other_payload(kind: usize, chance: &mut Chance) -> Vec<u8> {
    let header: &[u8] = match kind {
        0 => &[0x80, 0],                                  // RTP
        1 => &[0x80, 0xc8, 0, 6],                         // RTCP
        2 => &[0, 1, 0, 0x40, 0x21, 0x12, 0xa4, 0x42],    // STUN
        3 => &[0xc3, 0, 0, 0, 1, 8],                      // QUIC, a long header
        4 => &[0x43],                                     // and a short one
        5 => &[23, 0xfe, 0xfd, 0, 1],                     // DTLS
        6 => &[0x24, 1, 0, 0xec, 0, 0, 0, 0, 0, 0, 0, 0], // NTP
        7 => &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],       // WireGuard and other counters
        _ => &[],
    };
    let length = 12 + chance.below(300);
    let random = std::iter::repeat_with(|| chance.next() as u8).take(length);
    header.iter().copied().chain(random).collect()
}

#[test]
fn data_of_other_protocols_is_never_taken_for_dns() {
    let mut chance = Chance(0x1234_5678_9abc_def1);
    for round in 0..200_000 {
        let payload = other_payload(round % 9, &mut chance);
        assert_eq!(possible_message(&payload), None, "{payload:02x?}");
        assert!(!is_plain_query(&payload));
    }
    for target in ["quic", "gquic", "dtls", "tls", "preamble"] {
        assert!(seeds(target).iter().all(|seed| possible_message(seed).is_none()), "{target}");
    }
}
