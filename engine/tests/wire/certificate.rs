//! Server certificates: complete, byte by byte, split over records, with trailing bytes, and damaged.

use crate::seeds::{seed, seeds};
use _engine::wire::certificate::{parse_certificate, Certificate};
use _engine::wire::tls_server::{is_server_hello, parse_server_certificate};
use _engine::wire::{Malformed, Progress};

/// An element of DER.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = match content.len() {
        short @ 0..=0x7f => vec![short as u8],
        long => [&[0x82][..], &(long as u16).to_be_bytes()].concat(),
    };
    [&[tag][..], &length, content].concat()
}

/// A distinguished name of attributes under id-at.
fn name(attributes: &[(u8, &str)]) -> Vec<u8> {
    let set = |(kind, value): &(u8, &str)| {
        let pair = [der(6, &[0x55, 4, *kind]), der(12, value.as_bytes())].concat();
        der(0x31, &der(0x30, &pair))
    };
    der(0x30, &attributes.iter().flat_map(set).collect::<Vec<_>>())
}

/// A certificate with this subject and these alternative names.
fn certificate(subject: &[u8], alternatives: &[&str]) -> Vec<u8> {
    issued(&name(&[(6, "CH"), (10, "Example\nInc"), (3, "Größte CA")]), subject, alternatives)
}

/// The same with this issuer.
fn issued(issuer: &[u8], subject: &[u8], alternatives: &[&str]) -> Vec<u8> {
    let names: Vec<u8> = alternatives.iter().flat_map(|name| der(0x82, name.as_bytes())).collect();
    let extension = [der(6, &[0x55, 29, 17]), der(1, &[0xff]), der(4, &der(0x30, &names))].concat();
    let extensions = der(0xa3, &der(0x30, &der(0x30, &extension)));
    let parts = [&der(0xa0, &[2, 1, 2])[..], &[2, 1, 9], &der(0x30, &[]), issuer, &der(0x30, &[]), subject];
    let body = [parts.concat(), der(0x30, &[]), extensions].concat();
    der(0x30, &[der(0x30, &body), der(0x30, &[]), der(3, &[0])].concat())
}

fn read(der: &[u8]) -> Certificate {
    match parse_certificate(der) {
        Ok(Progress::Parsed(certificate)) => certificate,
        other => panic!("{other:?}"),
    }
}

fn names(subject: &[(u8, &str)], alternatives: &[&str]) -> Vec<String> {
    read(&certificate(&name(subject), alternatives)).names
}

/// A handshake message.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &(body.len() as u32).to_be_bytes()[1..], body].concat()
}

/// The first bytes from a server, in records of `size` bytes.
fn answer(certificate: &[u8], size: usize) -> Vec<u8> {
    let length = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[1..], bytes].concat();
    let list = length(&[length(certificate), length(b"the issuer's")].concat());
    let handshake = [message(2, &[3; 70]), message(11, &list), message(14, &[])].concat();
    let record = |part: &[u8]| [&[22, 3, 3][..], &(part.len() as u16).to_be_bytes(), part].concat();
    handshake.chunks(size).flat_map(record).collect()
}

#[test]
fn the_servers_own_certificate_is_parsed_from_captured_handshakes() {
    let Ok(Progress::Parsed(Some(found))) = parse_server_certificate(&seed("certificate", "answer_tls12"))
    else {
        panic!("no certificate");
    };
    assert_eq!(found.common_name.as_deref(), Some("dns.google"));
    assert_eq!(found.issuer, "C=US, O=Google Trust Services, CN=GTS CA 1O1");
    assert_eq!(
        found.names,
        ["dns.google", "*.dns.google.com", "8888.google", "dns.google.com", "dns64.dns.google"]
    );
    let mail = parse_server_certificate(&seed("certificate", "answer_after_starttls"));
    assert!(matches!(mail, Ok(Progress::Parsed(Some(found))) if found.host_name() == Some("imap.gmx.net")));
}

#[test]
fn an_encrypted_certificate_is_not_reported() {
    let answer = seed("certificate", "answer_tls13");
    assert!(is_server_hello(&answer));
    assert_eq!(parse_server_certificate(&answer), Ok(Progress::Parsed(None)));
}

#[test]
fn the_common_name_comes_first_if_it_is_among_the_names() {
    assert_eq!(
        names(&[(3, "B.Example.")], &["a.example", "b.example", "c.example"]),
        ["b.example", "a.example", "c.example"]
    );
    assert_eq!(names(&[(3, "Some Server")], &["a.example"]), ["a.example"]);
    assert_eq!(names(&[(3, "other.example")], &["a.example"]), ["a.example"]);
}

#[test]
fn without_alternative_names_the_common_name_is_used_if_it_is_a_host_name() {
    assert_eq!(names(&[(3, "old.example"), (3, "new.example")], &[]), ["new.example"]);
    assert_eq!(names(&[(3, "*.example.com")], &[]), ["*.example.com"]);
    for other in ["Some Server", "localhost", "192.0.2.1", "a..example", ""] {
        assert_eq!(names(&[(3, other)], &[]), Vec::<String>::new(), "{other}");
    }
}

#[test]
fn a_wildcard_is_not_a_host_name() {
    let host = |names: &[&str]| read(&certificate(&name(&[]), names)).host_name().map(str::to_owned);
    assert_eq!(host(&["*.example.com", "example.com"]), None);
    assert_eq!(host(&["example.com", "*.example.com"]).as_deref(), Some("example.com"));
}

#[test]
fn names_that_no_host_can_have_are_left_out() {
    let long = format!("{}.example", "a".repeat(64));
    let all = ["x\u{0}y.example", "..a.example", &long, "", ".", "a.example"];
    assert_eq!(names(&[(3, "..a.example")], &all), ["a.example"]);
    assert_eq!(names(&[(3, "..a.example")], &["x\u{0}y.example"]), Vec::<String>::new());
}

#[test]
fn text_is_safe_to_print_and_the_issuer_is_complete() {
    let found = read(&certificate(&name(&[(3, "a\u{1b}b")]), &["b\u{fc}cher.example"]));
    assert_eq!(found.common_name.as_deref(), Some("a\u{fffd}b"));
    assert_eq!(found.names, [r"b\195\188cher.example"]);
    assert_eq!(found.issuer, "C=CH, O=Example\u{fffd}Inc, CN=Größte CA");
}

#[test]
fn a_certificate_is_parsed_across_records_and_as_soon_as_it_is_complete() {
    let der = certificate(&name(&[(3, "a.example")]), &["a.example"]);
    let expected = Ok(Progress::Parsed(Some(read(&der))));
    for size in [1, 7, 100, 16_000] {
        let stream = answer(&der, size);
        assert_eq!(parse_server_certificate(&stream), expected);
        assert_eq!(parse_server_certificate(&[&stream[..], b"more"].concat()), expected);
    }
    let stream = answer(&der, 16_000);
    let end = stream.windows(der.len()).position(|part| part == der).unwrap() + der.len();
    for length in 0..end {
        assert_eq!(parse_server_certificate(&stream[..length]), Ok(Progress::NeedMore), "{length}");
    }
    assert_eq!(parse_server_certificate(&stream[..end]), expected);
}

/// Of many or long alternative names, the first are kept, up to a bound in number and in length.
#[test]
fn the_kept_names_are_bounded() {
    let label = |letter: &str, bytes: usize| letter.repeat(bytes / letter.len());
    let long = |letter: &str| [60, 60, 60, 60].map(|bytes| label(letter, bytes)).join(".");
    for (letter, sent, kept) in [("a", 20, 20), ("a", 200, 34), ("ü", 200, 9)] {
        let name_sent = long(letter);
        let found = read(&certificate(&name(&[]), &vec![name_sent.as_str(); sent])).names;
        assert_eq!(found.len(), kept, "{letter} {sent}");
        assert!(found.iter().map(String::len).sum::<usize>() < 8192 + 4 * 253);
    }
    assert_eq!(read(&certificate(&name(&[]), &["*.www.cloud.example"; 150])).names.len(), 100);
}

/// Of a long common name and a long issuer the beginning is kept, cut between characters.
#[test]
fn long_texts_are_cut_at_a_character() {
    for (letter, kept) in [("a", 512), ("ü", 512), ("€", 510), ("\u{10348}", 512), ("\u{1}", 510)] {
        let long = letter.repeat(2_000);
        let found = read(&issued(&name(&[(3, &long), (10, &long)]), &name(&[(3, &long)]), &[]));
        let common_name = found.common_name.unwrap();
        assert_eq!(common_name.len(), kept, "{letter}");
        let shown = if letter == "\u{1}" { "\u{fffd}" } else { letter };
        assert_eq!(common_name, shown.repeat(kept / shown.len()));
        assert!((509..=512).contains(&found.issuer.len()), "{}", found.issuer.len());
        assert!(found.issuer.starts_with(&format!("CN={shown}{shown}")));
        assert_eq!(found.names, [""; 0], "no part of it is a host name");
    }
}

/// A long list of attributes makes no long issuer either.
#[test]
fn an_issuer_of_many_attributes_is_cut() {
    let attributes = [(10, "0123456789"); 1_000];
    let issuer = read(&issued(&name(&attributes), &name(&[]), &["a.example"])).issuer;
    assert_eq!(issuer, "O=0123456789, ".repeat(32).trim_end_matches(", "), "the first 32 fit");
    let attributes = [(10, "0123456789012345678901234567890123456789"); 40];
    assert_eq!(read(&issued(&name(&attributes), &name(&[]), &["a.example"])).issuer.len(), 512);
}

#[test]
fn a_damaged_certificate_is_malformed() {
    let der = certificate(&name(&[(3, "a.example")]), &["a.example"]);
    let mut other_tag = der.clone();
    other_tag[4] = 0x31;
    assert_eq!(parse_certificate(&other_tag), Err(Malformed("certificate")));
    assert_eq!(parse_certificate(&[0x30, 0x80, 0, 0, 0, 0]), Err(Malformed("certificate")));
    let mut longer_list = answer(&der, 16_000);
    let list_at = 5 + 4 + 70 + 4 + 2;
    longer_list[list_at] ^= 1;
    assert_eq!(parse_server_certificate(&longer_list), Err(Malformed("certificate_list")));
}

#[test]
fn every_seed_needs_more_until_its_last_byte() {
    for stream in seeds("certificate") {
        let complete = parse_server_certificate(&stream);
        for length in 0..stream.len() {
            let part = parse_server_certificate(&stream[..length]);
            assert!(part == Ok(Progress::NeedMore) || part == complete);
        }
    }
}
