//! JA4 fingerprints: the examples of the specification, the values that its authors publish for their
//! captures, and each rule by itself.

use crate::hello::{body, body_offering, extension, server_name, vector16};
use _engine::wire::ja4::fingerprint;
use _engine::wire::tls::parse_hello_body;

/// The numbers of a list in hexadecimal, as on the wire.
fn wire(list: &str) -> Vec<u8> {
    let numbers = list.split(',').filter(|text| !text.is_empty());
    numbers.flat_map(|text| u16::from_str_radix(text, 16).unwrap().to_be_bytes()).collect()
}

/// A body with these lists in this order; the extensions that JA4 parses have contents like those of clients.
fn hello(cipher_suites: &str, extensions: &str, signature_algorithms: &str) -> Vec<u8> {
    let extensions: Vec<Vec<u8>> = wire(extensions)
        .chunks(2)
        .map(|pair| match u16::from_be_bytes([pair[0], pair[1]]) {
            0 => server_name(&[(0, b"www.example.org")]),
            13 => extension(13, &vector16(&wire(signature_algorithms))),
            16 => extension(16, &vector16(b"\x02h2\x08http/1.1")),
            43 => extension(43, b"\x06\x2a\x2a\x03\x04\x03\x03"),
            number => extension(number, b"\x01\x02"),
        })
        .collect();
    body_offering(0x0303, &wire(cipher_suites), &extensions)
}

fn over_tcp(body: &[u8]) -> Option<String> {
    fingerprint(&parse_hello_body(body).unwrap(), true)
}

/// The part of the fingerprint before the first underscore.
fn readable_part(body: &[u8], is_tcp: bool) -> String {
    let complete = fingerprint(&parse_hello_body(body).unwrap(), is_tcp).unwrap();
    complete.split('_').next().unwrap().to_string()
}

const CHROME: &str = "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035";
const CHROME_SIGNATURES: &str = "0403,0804,0401,0503,0805,0501,0806,0601";

#[test]
fn the_example_of_the_specification_has_its_fingerprint() {
    let extensions = "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015";
    let expected = "t13d1516h2_8daaf6152771_e5627efa2ab1";
    assert_eq!(over_tcp(&hello(CHROME, extensions, CHROME_SIGNATURES)).as_deref(), Some(expected));
    // Without signature algorithms, only the extensions are hashed.
    let expected = "t13d1516h2_8daaf6152771_6d807ffa2a79";
    assert_eq!(over_tcp(&hello(CHROME, extensions, "")).as_deref(), Some(expected));
}

#[test]
fn hellos_of_the_authors_captures_have_the_published_fingerprints() {
    // FoxIO-LLC/ja4, python/test/testdata: JA4_ro.1 has the lists in their order, JA4.1 the fingerprint.
    for (file, cipher_suites, extensions, signature_algorithms, expected) in [
        (
            "badcurveball.pcap",
            "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035,000a",
            "0000,0017,ff01,000a,000b,0023,0010,0005,000d,0012,0033,002d,002b,001b,0015",
            "0403,0804,0401,0503,0805,0501,0806,0601,0201",
            "t13d1615h2_46e7e9700bed_45f260be83e2",
        ),
        (
            "sigalg-grease.pcapng",
            CHROME,
            "fe0d,0010,0017,0033,44cd,ff01,000a,000d,0023,002b,000b,ca34,002d,0000,0005,001b,0012",
            "fafa,0904,0905,0906,0403,0804,0401,0503,0805,0501,0806,0601", // with the GREASE of its name
            "t13d1517h2_8daaf6152771_cb7bf5808d99",
        ),
        (
            "tls3.pcapng",
            CHROME,
            "0033,000a,0005,000d,0012,0000,0010,002b,0023,001b,0017,002d,ff01,4469,000b,0029",
            CHROME_SIGNATURES,
            "t13d1516h2_8daaf6152771_9b887d9acb53",
        ),
        (
            "chrome-cloudflare-quic-with-secrets.pcapng",
            CHROME,
            "0000,0017,ff01,000a,000b,0023,0010,0005,000d,0012,0033,002d,002b,001b,4469,0015",
            CHROME_SIGNATURES,
            "t13d1516h2_8daaf6152771_e5627efa2ab1",
        ),
    ] {
        let body = hello(cipher_suites, extensions, signature_algorithms);
        assert_eq!((file, over_tcp(&body).as_deref()), (file, Some(expected)));
    }
}

#[test]
fn grease_is_ignored_everywhere() {
    let plain = hello(CHROME, "0000,0010,002b,000d", CHROME_SIGNATURES);
    let greased = hello(
        &format!("1a1a,{CHROME},fafa"),
        "5a5a,0000,0010,002b,000d,baba",
        &format!("0a0a,{CHROME_SIGNATURES}"),
    );
    assert_eq!(over_tcp(&plain), over_tcp(&greased));
    let protocols = extension(16, &vector16(b"\x02\x8a\x8a\x02h2"));
    assert_eq!(readable_part(&body(0x0303, &[protocols]), true), "t12i0101h2");
}

#[test]
fn the_transport_is_the_first_letter() {
    let (stream, datagram) = (body(0x0303, &[]), body(0xfefd, &[]));
    assert_eq!(readable_part(&stream, true), "t12i010000");
    assert_eq!(readable_part(&stream, false), "q12i010000");
    assert_eq!(readable_part(&datagram, false), "dd2i010000");
}

#[test]
fn the_highest_offered_version_is_used() {
    for (version, supported, text) in [
        (0x0300, &b""[..], "s3"),
        (0x0301, b"", "10"),
        (0x0302, b"", "11"),
        (0x0303, b"\x04\x03\x02\x03\x03", "12"),
        (0x0303, b"\x08\xfa\xfa\x03\x01\x03\x04\x03\x03", "13"),
        (0x0303, b"\x04\x7f\x1c\x03\x03", "00"), // a draft of TLS 1.3 is not in the table
        (0x0002, b"", "s2"),
        (0xfeff, b"", "d1"),
        (0xfefd, b"\x04\xfe\xfd\xfe\xfc", "d3"),
    ] {
        let versions = if supported.is_empty() { vec![] } else { vec![extension(43, supported)] };
        assert_eq!(readable_part(&body(version, &versions), true)[1..3], *text, "{version:04x}");
    }
}

#[test]
fn a_protocol_that_is_not_alphanumeric_is_shown_in_hexadecimal() {
    for (protocol, text) in [
        (&b""[..], "00"),
        (b"h2", "h2"),
        (b"http/1.1", "h1"),
        (b"x", "xx"),
        (b"\xab", "ab"),
        (b"\xab\xcd", "ad"),
        (b"\x30\xab", "3b"),
        (b"\x30\x31\xab\xcd", "3d"),
        (b"\x30\xab\xcd\x31", "01"),
    ] {
        let name = [&[protocol.len() as u8][..], protocol].concat();
        let hello = body(0x0303, &[extension(16, &vector16(&name))]);
        assert_eq!(&readable_part(&hello, true)[8..], text, "{protocol:x?}");
    }
    assert_eq!(readable_part(&body(0x0303, &[extension(16, &vector16(b""))]), true), "t12i010100");
}

#[test]
fn empty_lists_have_a_hash_of_zeros() {
    let empty = body_offering(0x0303, &[], &[]);
    assert_eq!(over_tcp(&empty).as_deref(), Some("t12i000000_000000000000_000000000000"));
    // Name and protocols are in the first part, so there is nothing left to hash.
    let in_first_part = [server_name(&[(0, b"a.example")]), extension(16, &vector16(b"\x02h2"))];
    let hello = body_offering(0x0303, &[0x1a, 0x1a], &in_first_part);
    assert_eq!(over_tcp(&hello).as_deref(), Some("t12d0002h2_000000000000_000000000000"));
}

#[test]
fn a_server_name_extension_without_a_name_counts() {
    assert_eq!(readable_part(&body(0x0303, &[extension(0, b"")]), true), "t12d010100");
}

#[test]
fn counts_are_limited_to_99() {
    let many = [0x13, 0x01].repeat(120);
    let extensions: Vec<Vec<u8>> = (100..220).map(|number| extension(number, b"")).collect();
    assert_eq!(readable_part(&body_offering(0x0303, &many, &extensions), true), "t12i999900");
}

#[test]
fn a_hello_with_oversized_or_malformed_lists_has_a_name_but_no_fingerprint() {
    let name = server_name(&[(0, b"a.example")]);
    let short_list = extension(13, b"\0\x04\x04\x03");
    let odd_list = extension(13, b"\0\x03\x04\x03\x08");
    let crowd = (0..513).map(|_| extension(21, b"")).chain([name.clone()]).collect();
    for (cipher_suites, extensions) in [
        (vec![0x13; 1026], vec![name.clone()]),
        (vec![0x13, 0x01, 0x13], vec![name.clone()]),
        (vec![], vec![name.clone(), short_list]),
        (vec![], vec![name.clone(), odd_list]),
        (vec![], vec![name.clone(), extension(13, &vector16(&[4; 1026]))]),
        (vec![], crowd),
    ] {
        let hello = parse_hello_body(&body_offering(0x0303, &cipher_suites, &extensions)).unwrap();
        assert_eq!(hello.server_name.as_deref(), Some("a.example"));
        assert_eq!(fingerprint(&hello, true), None);
    }
    let at_bound = body_offering(0x0303, &[0x13; 1024], &[name]);
    assert!(over_tcp(&at_bound).is_some());
}
