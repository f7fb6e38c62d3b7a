//! Properties of every parser, over mutations of real packets and messages (the fuzzers' seeds):
//! no input panics, the same input gives the same outcome, and a prefix never says more than the whole.

use _engine::wire::{decode, dns, tls, Progress};
use std::fs;
use std::path::Path;

/// What a parser made of its input, as text: equal texts mean equal outcomes.
type Parser = fn(&[u8]) -> String;

/// Every parser, with the folder of its seeds.
const PARSERS: [(&str, Parser); 4] = [
    ("decode", |input| match input {
        [a, b, packet @ ..] => {
            let link = u16::from_be_bytes([*a, *b]);
            format!("{:?}", decode::decode(link, packet, packet.len() as u32))
        }
        _ => String::new(),
    }),
    ("dns", |input| format!("{:?}", dns::parse_message(input))),
    ("tls", |input| format!("{:?}", tls::parse_hello_stream(input))),
    ("tls", |input| format!("{:?}", tls::partial_server_name(input))),
];

fn seeds(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let seeds = files.iter().map(|path| (path.display().to_string(), fs::read(path).unwrap()));
    seeds.collect()
}

/// A small generator (xorshift64*): the same mutations each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound.max(1)
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at.min(bytes.len()), self.below(256) as u8),
                2 if !bytes.is_empty() => drop(bytes.remove(at)),
                3 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xc0, 0xff][self.below(6)],
                _ if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                _ => {}
            }
        }
    }
}

#[test]
fn no_mutation_panics_or_gives_two_outcomes() {
    let mut dice = Dice(0x6e65_746d_6f6e);
    for (folder, parse) in PARSERS {
        for (_, seed) in seeds(folder) {
            for _ in 0..2000 {
                let mut input = seed.clone();
                dice.mutate(&mut input);
                assert_eq!(parse(&input), parse(&input));
            }
        }
    }
}

#[test]
fn no_prefix_panics() {
    for (folder, parse) in PARSERS {
        for (_, seed) in seeds(folder) {
            for length in 0..=seed.len() {
                parse(&seed[..length]);
            }
        }
    }
}

#[test]
fn a_hello_is_parsed_once_it_is_whole_and_what_follows_changes_nothing() {
    let mut hellos = 0;
    for (name, seed) in seeds("tls") {
        let Ok(Progress::Parsed(whole)) = tls::parse_hello_stream(&seed) else { continue };
        hellos += 1;
        let complete = (0..=seed.len())
            .find(|length| matches!(tls::parse_hello_stream(&seed[..*length]), Ok(Progress::Parsed(_))));
        let complete = complete.unwrap();
        for length in 1..complete {
            let outcome = tls::parse_hello_stream(&seed[..length]);
            assert_eq!(outcome, Ok(Progress::NeedMore), "{name} up to {length}");
            assert!(tls::may_be_hello(&seed[..length]), "{name} up to {length}");
            let partial = tls::partial_server_name(&seed[..length]);
            assert!(partial.is_none() || partial == whole.server_name, "{name} up to {length}");
        }
        let mut longer = seed.clone();
        longer.extend_from_slice(b"\x17\x03\x03\x00\x02ab");
        assert_eq!(tls::parse_hello_stream(&longer), Ok(Progress::Parsed(whole)), "{name}");
    }
    assert!(hellos >= 3);
}

#[test]
fn a_prefix_of_a_dns_message_says_a_part_of_the_whole() {
    for (name, seed) in seeds("dns") {
        let Ok(Progress::Parsed(whole)) = dns::parse_message(&seed) else { continue };
        for length in 0..seed.len() {
            let Ok(Progress::Parsed(part)) = dns::parse_message(&seed[..length]) else { continue };
            assert!(whole.questions.starts_with(&part.questions), "{name} up to {length}");
            assert!(whole.answers.starts_with(&part.answers), "{name} up to {length}");
        }
        if whole.damage.is_none() {
            let mut longer = seed.clone();
            longer.extend_from_slice(b"trailing");
            assert_eq!(dns::parse_message(&longer), Ok(Progress::Parsed(whole)), "{name}");
        }
    }
}

#[test]
fn a_packet_cut_by_the_snap_length_is_truncated_and_never_malformed() {
    for (name, seed) in seeds("decode") {
        let link = u16::from_be_bytes([seed[0], seed[1]]);
        let packet = &seed[2..];
        let Ok(whole) = decode::decode(link, packet, packet.len() as u32) else { continue };
        for length in 0..packet.len() {
            match decode::decode(link, &packet[..length], packet.len() as u32) {
                Ok(cut) => {
                    let ends = (cut.src, cut.src_port, cut.dst, cut.dst_port);
                    if ends == (whole.src, whole.src_port, whole.dst, whole.dst_port) {
                        assert_eq!(cut.ip_bytes, whole.ip_bytes, "{name} up to {length}");
                        assert_eq!(cut.payload_len, whole.payload_len, "{name} up to {length}");
                    }
                }
                Err(rejection) => {
                    let (_, reason) = rejection.label();
                    assert_ne!(reason, "malformed", "{name} up to {length}: {rejection:?}");
                }
            }
        }
    }
}
