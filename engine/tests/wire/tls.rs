//! ClientHellos: complete, byte by byte, split over records, with trailing bytes, and damaged.

use crate::hello::{body, extension, server_name, vector16};
use crate::seeds::{seed, seeds};
use _engine::wire::tls::{
    may_be_hello, parse_hello_body, parse_hello_message, parse_hello_stream, partial_server_name,
    ClientHello, MAX_HELLO_BYTES, MAX_PROTOCOLS, MAX_PROTOCOL_BYTES,
};
use _engine::wire::{ja4, Malformed, Progress};

fn parsed(stream: &[u8]) -> ClientHello {
    match parse_hello_stream(stream) {
        Ok(Progress::Parsed(hello)) => hello,
        other => panic!("{other:?}"),
    }
}

/// A handshake message in records with `size` bytes each.
fn records(handshake: &[u8], size: usize) -> Vec<u8> {
    let record = |part: &[u8]| [&[22, 3, 1][..], &(part.len() as u16).to_be_bytes(), part].concat();
    handshake.chunks(size).flat_map(record).collect()
}

fn message(body: &[u8]) -> Vec<u8> {
    [&[1][..], &(body.len() as u32).to_be_bytes()[1..], body].concat()
}

fn name_of(entries: &[(u8, &[u8])]) -> Option<String> {
    parse_hello_body(&body(0x0303, &[server_name(entries)])).unwrap().server_name
}

#[test]
fn a_post_quantum_hello_in_two_segments_is_parsed() {
    let hello = parsed(&seed("tls", "hello_tls13_x25519_kyber"));
    assert!(hello.server_name.is_some_and(|name| !name.is_empty()));
    assert_eq!(hello.alpn, ["h2", "http/1.1"]);
    assert_eq!(hello.versions, [0x0304, 0x0303]);
    assert!(hello.ech && !hello.esni);
}

#[test]
fn only_an_outer_hello_offers_ech() {
    let with = |data: &[u8]| parse_hello_body(&body(0x0303, &[extension(0xfe0d, data)])).unwrap().ech;
    assert!(with(&[0, 0, 1, 0, 1, 9]));
    assert!(with(&[]));
    assert!(!with(&[1]));
}

#[test]
fn hellos_of_public_captures_have_their_names() {
    for (name, expected) in [
        ("hello_minimal", Some("gre-tls.example.test")),
        ("hello_two_segments_ech", Some("www.youtube.com")),
        ("hello_java", Some("zeek.org")),
        ("hello_without_name", None),
    ] {
        assert_eq!((name, parsed(&seed("tls", name)).server_name.as_deref()), (name, expected));
    }
    assert!(parsed(&seed("tls", "hello_esni")).esni);
}

#[test]
fn a_vector_that_exceeds_the_message_is_malformed() {
    assert_eq!(parse_hello_stream(&seed("tls", "hello_wrong_cipher_length")), Err(Malformed("hello")));
}

#[test]
fn every_prefix_needs_more_and_never_contains_another_name() {
    for stream in seeds("tls") {
        let complete = parse_hello_stream(&stream);
        for end in 0..stream.len() {
            assert_eq!(parse_hello_stream(&stream[..end]), Ok(Progress::NeedMore));
            assert!(end == 0 || may_be_hello(&stream[..end]));
            let early = partial_server_name(&stream[..end]);
            match &complete {
                Ok(Progress::Parsed(hello)) => assert!(early.is_none() || early == hello.server_name),
                _ => assert_eq!(early, None),
            }
        }
    }
}

#[test]
fn a_name_is_readable_before_its_hello_is_complete() {
    let stream = seed("tls", "hello_two_segments_ech");
    let expected = Some("www.youtube.com".to_string());
    let first = (0..stream.len()).find(|&end| partial_server_name(&stream[..end]).is_some()).unwrap();
    assert!(first < stream.len() / 2);
    assert!((first..=stream.len()).all(|end| partial_server_name(&stream[..end]) == expected));
}

#[test]
fn trailing_bytes_are_ignored() {
    for stream in seeds("tls") {
        let complete = parse_hello_stream(&stream);
        for trailing in [&b"\0"[..], b"\x17\x03\x03\0\x01x", b"\x14\x03\x03\0\x01\x01"] {
            assert_eq!(parse_hello_stream(&[&stream[..], trailing].concat()), complete);
        }
    }
}

#[test]
fn records_of_any_size_are_joined() {
    let stream = seed("tls", "hello_java");
    let complete = parsed(&stream);
    for size in [1, 2, 3, 4, 5, 8, 100, 10_000] {
        let split = records(&stream[5..], size);
        assert_eq!(parsed(&split), complete);
        assert_eq!(partial_server_name(&split), complete.server_name);
        assert_eq!(parse_hello_stream(&split[..split.len() - 1]), Ok(Progress::NeedMore));
    }
}

#[test]
fn a_hello_without_a_record_is_parsed() {
    let stream = seed("tls", "hello_java");
    assert_eq!(parse_hello_message(&stream[5..]), parse_hello_stream(&stream));
}

#[test]
fn a_wrong_first_byte_is_malformed_at_once() {
    for (stream, reason) in [
        (&b"\x17"[..], "record_type"),
        (b"GET / HTTP/1.1\r\n", "record_type"),
        (b"\x80\x2e\x01\x03\x01", "record_type"), // SSL 2.0
        (b"\x16\x02", "record_version"),
        (b"\x16\x03\x05", "record_version"),
        (b"\x16\x03\x01\0\0", "record_length"),
        (b"\x16\x03\x01\x40\x01", "record_length"),
        (b"\x16\x03\x01\0\x04\x02", "handshake_type"),
        (b"\x16\x03\x01\0\x04\x01\x02\0\x01", "handshake_length"),
        (b"\x16\x03\x01\0\x01\x01\x17\x03\x03", "record_type"), // another record inside the hello
    ] {
        assert_eq!(parse_hello_stream(stream), Err(Malformed(reason)), "{stream:x?}");
    }
    assert_eq!(MAX_HELLO_BYTES, 0x2_0000);
    assert_eq!(parse_hello_stream(b"\x16\x03\x01\0\x04\x01\x02\0\0"), Ok(Progress::NeedMore));
}

#[test]
fn the_first_bytes_show_whether_a_hello_is_possible() {
    for stream in [&b"\x16"[..], b"\x16\x03\x00", b"\x16\x03\x04\0\x05", b"\x16\x03\x01\0\x05\x01"] {
        assert!(may_be_hello(stream), "{stream:x?}");
    }
    for stream in [&b""[..], b"\x15", b"\x16\x02", b"\x16\x03\x05", b"\x16\x03\x03\0\x05\x02"] {
        assert!(!may_be_hello(stream), "{stream:x?}");
    }
}

#[test]
fn names_are_lower_case_escaped_and_without_the_final_dot() {
    for (wire, text) in [
        (&b"WWW.Example.ORG."[..], "www.example.org"),
        (b"a_b-1.example", "a_b-1.example"),
        (b"B\xc3\xbccher.example", r"b\195\188cher.example"),
        (b"", ""),
    ] {
        assert_eq!(name_of(&[(0, wire)]).as_deref(), Some(text));
    }
}

#[test]
fn a_name_that_no_host_can_have_is_malformed() {
    let label = [b'a'; 300];
    for name in
        [&b"..cloud.example"[..], b"a..example", b"a b.example", b"a\0.example", b"a\\b.example", &label]
    {
        let body = body(0x0303, &[server_name(&[(0, name)])]);
        assert_eq!(parse_hello_body(&body), Err(Malformed("name")), "{name:?}");
        assert_eq!(partial_server_name(&records(&message(&body), 16_000)), None);
    }
}

#[test]
fn a_name_before_an_error_in_the_same_hello_is_read() {
    let named = server_name(&[(0, b"a.cloud.example")]);
    let bad_alpn = extension(16, &[0, 9, 1]);
    let damaged = body(0x0303, &[named.clone(), bad_alpn.clone()]);
    let mut trailing = body(0x0303, std::slice::from_ref(&named));
    trailing.extend([7; 5]);
    for body in [&damaged, &trailing] {
        let stream = records(&message(body), 16_000);
        assert!(parse_hello_stream(&stream).is_err());
        assert_eq!(partial_server_name(&stream).as_deref(), Some("a.cloud.example"));
    }
    let too_late = body(0x0303, &[bad_alpn, named]);
    assert_eq!(partial_server_name(&records(&message(&too_late), 16_000)), None);
}

#[test]
fn the_first_host_name_is_used() {
    assert_eq!(name_of(&[(7, b"other kind"), (0, b"first"), (0, b"second")]).as_deref(), Some("first"));
    let twice = body(0x0303, &[server_name(&[(0, b"first")]), server_name(&[(0, b"second")])]);
    assert_eq!(parse_hello_body(&twice).unwrap().server_name.as_deref(), Some("first"));
}

#[test]
fn an_extension_without_a_name_is_an_empty_name() {
    assert_eq!(name_of(&[]).as_deref(), Some(""));
    let without_list = body(0x0303, &[extension(0, b"")]);
    assert_eq!(parse_hello_body(&without_list).unwrap().server_name.as_deref(), Some(""));
    assert_eq!(parse_hello_body(&body(0x0303, &[])).unwrap().server_name, None);
}

/// An ALPN extension with these names.
fn protocols(names: &[&[u8]]) -> Vec<u8> {
    let list = names.iter().flat_map(|name| [&[name.len() as u8][..], name].concat());
    extension(16, &vector16(&list.collect::<Vec<_>>()))
}

/// However many protocols a hello offers, only the first are kept, and their order and its fingerprint stay.
#[test]
fn the_kept_protocols_are_bounded() {
    let fingerprint = |body: &[u8]| ja4::fingerprint(&parse_hello_body(body).unwrap(), true);
    for (name, count, kept) in [
        (&b"x"[..], 31, 31),
        (b"x", 32, 32),
        (b"x", 33, 32),
        (b"x", 32_000, 32),
        (b"", 60_000, 32),
        (&[b'x'; 255], 250, 5),
        (&[0; 255], 250, 2), // four characters for each byte
        (&[0x1a; 2], 20_000, 1),
    ] {
        let mut names = vec![name; count];
        names[0] = b"h2";
        let hello = parse_hello_body(&body(0x0303, &[protocols(&names)])).unwrap();
        assert_eq!((hello.alpn.len(), hello.alpn[0].as_str()), (kept, "h2"), "{name:?} {count}");
        assert!(hello.alpn.iter().map(String::len).sum::<usize>() <= MAX_PROTOCOL_BYTES);
        assert!(hello.alpn.len() <= MAX_PROTOCOLS);
        let short = body(0x0303, &[protocols(&[b"h2"])]);
        assert_eq!(fingerprint(&body(0x0303, &[protocols(&names)])), fingerprint(&short));
    }
}

/// A list with an inconsistent length is malformed behind the protocols that are kept as well.
#[test]
fn a_damaged_protocol_is_malformed_wherever_it_is() {
    for count in [0, 31, 32, 33, 1_000] {
        let mut list = b"\x01x".repeat(count);
        list.extend(b"\x05h2");
        let damaged = body(0x0303, &[extension(16, &vector16(&list))]);
        assert_eq!(parse_hello_body(&damaged), Err(Malformed("alpn")), "{count}");
    }
}

#[test]
fn grease_is_ignored() {
    let extensions = [
        extension(0x1a1a, b""),
        extension(16, &vector16(b"\x02\x1a\x1a\x02h2")),
        extension(43, b"\x06\x2a\x2a\x03\x03\x03\x04"),
        extension(0xfafa, b"\0"),
    ];
    let hello = parse_hello_body(&body(0x0303, &extensions)).unwrap();
    assert_eq!((hello.alpn, hello.versions), (vec!["h2".to_string()], vec![0x0304, 0x0303]));
}

#[test]
fn a_dtls_hello_has_a_cookie_and_descending_version_numbers() {
    let versions = extension(43, b"\x04\xfe\xfd\xfe\xfc");
    let hello = parse_hello_body(&body(0xfefd, &[server_name(&[(0, b"dtls")]), versions])).unwrap();
    assert_eq!((hello.server_name.as_deref(), hello.versions), (Some("dtls"), vec![0xfefc, 0xfefd]));
}

#[test]
fn a_hello_may_end_before_the_extensions() {
    let complete = body(0x0301, &[]);
    let hello = parse_hello_body(&complete[..complete.len() - 2]).unwrap();
    assert_eq!((hello.server_name, hello.versions), (None, vec![0x0301]));
}

#[test]
fn inconsistent_lengths_are_malformed() {
    let good = body(0x0303, &[]);
    let with = |extensions: &[Vec<u8>]| body(0x0303, extensions);
    for (bytes, reason) in [
        (good[..40].to_vec(), "hello"),
        ([&good[..], b"\0"].concat(), "extensions"),
        (good[..good.len() - 1].to_vec(), "extensions"),
        (with(&[b"\0\x05\0\x09".to_vec()]), "extensions"),
        (with(&[extension(0, b"\0\x09\0\0\x01a")]), "server_name"),
        (with(&[extension(0, b"\0\x04\0\0\x01a!")]), "server_name"),
        (with(&[extension(16, b"\0\x03\x03h2")]), "alpn"),
        (with(&[extension(43, b"\x03\x03\x04\x03")]), "versions"),
    ] {
        assert_eq!(parse_hello_body(&bytes), Err(Malformed(reason)));
        assert_eq!(parse_hello_stream(&records(&message(&bytes), 9000)), Err(Malformed(reason)));
    }
}
