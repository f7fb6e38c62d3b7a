//! DNS messages: complete, byte by byte, with trailing bytes, and damaged.

use crate::seeds::{seed, seeds};
use _engine::address::Address;
use _engine::wire::dns::{is_plain_query, parse_message, Answer, Data, Message};
use _engine::wire::dns_type::{A, AAAA, CNAME, HTTPS};
use _engine::wire::{Malformed, Progress};
use std::net::IpAddr;

/// The message, which has at least a complete header.
fn parsed(bytes: &[u8]) -> Message {
    match parse_message(bytes) {
        Ok(Progress::Parsed(message)) => message,
        other => panic!("{other:?}"),
    }
}

fn address(text: &str) -> Address {
    text.parse::<IpAddr>().unwrap().into()
}

/// A response with a question for "a" and one record whose name points to that of the question.
fn response(rtype: u16, rclass: u16, ttl_s: u32, rdata: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0\x01a\0\0\x01\0\x01\xc0\x0c".to_vec();
    bytes.extend(rtype.to_be_bytes());
    bytes.extend(rclass.to_be_bytes());
    bytes.extend(ttl_s.to_be_bytes());
    bytes.extend((rdata.len() as u16).to_be_bytes());
    bytes.extend(rdata);
    bytes
}

#[test]
fn a_query_is_parsed() {
    let message = parsed(&seed("dns", "query"));
    assert_eq!((message.id, message.response, message.rcode), (42_799, false, 0));
    let [question] = &message.questions[..] else { panic!("{message:?}") };
    assert_eq!((question.name.as_str(), question.rtype, question.rclass), ("captive.apple.com", A, 1));
    assert_eq!((message.answers.len(), message.damage), (0, None));
}

#[test]
fn an_answer_with_aliases_is_parsed() {
    let message = parsed(&seed("dns", "answer_cname"));
    assert!(message.response);
    let answer = |name: &str, rtype, ttl_s, data| Answer { name: name.into(), rtype, ttl_s, data };
    let (first, second) = ("captive.apple.com.edgekey.net", "e7279.e9.akamaiedge.net");
    let expected = [
        answer("captive.apple.com", CNAME, 16_692, Data::Alias(first.into())),
        answer(first, CNAME, 16_593, Data::Alias(second.into())),
        answer(second, A, 20, Data::Address(address("23.196.236.203"))),
    ];
    assert_eq!(message.answers, expected);
}

#[test]
fn multicast_answers_are_parsed_despite_their_class_bit() {
    let message = parsed(&seed("dns", "mdns_answer"));
    let addresses: Vec<_> = message.answers.iter().filter(|answer| answer.rtype == AAAA).collect();
    let [answer] = &addresses[..] else { panic!("{message:?}") };
    assert_eq!(answer.name, "art-teachers-ipad.local");
    assert_eq!(answer.data, Data::Address(address("fe80::a667:6ff:fef7:ec54")));
}

#[test]
fn an_https_record_contains_alpn_and_hints() {
    let message = parsed(&seed("dns", "https_answer"));
    let services = message.answers.iter().filter_map(|answer| match &answer.data {
        Data::Service(service) if answer.rtype == HTTPS => Some(service),
        _ => None,
    });
    let [service] = &services.collect::<Vec<_>>()[..] else { panic!("{message:?}") };
    assert_eq!((service.priority, service.target.as_str()), (1, "."));
    assert_eq!(service.alpn, ["h3", "h3-29", "h3-28", "h3-27", "h2"]);
    let hints = ["104.16.132.229", "104.16.133.229", "2606:4700::6810:84e5", "2606:4700::6810:85e5"];
    assert_eq!(service.hints, hints.map(address));
}

#[test]
fn the_ech_parameter_is_kept_unchanged() {
    let message = parsed(&response(HTTPS, 1, 60, b"\0\x01\0\0\x01\0\x03\x02h2\0\x05\0\x02\xfe\x0d"));
    let Data::Service(service) = &message.answers[0].data else { panic!("{message:?}") };
    assert_eq!(service.alpn, ["h2"]);
    assert_eq!(service.ech.as_deref(), Some(&b"\xfe\x0d"[..]));
}

#[test]
fn invalid_record_data_is_damage_and_the_entries_before_it_are_kept() {
    for (rtype, rdata) in [
        (A, &b"\x01\x02\x03"[..]),
        (A, b"\x01\x02\x03\x04\x05"),
        (AAAA, b"\x01\x02\x03\x04"),
        (CNAME, b"\x01b\0\0"),                        // more than the name
        (HTTPS, b"\0"),                               // no priority
        (HTTPS, b"\0\x01\0\0\x04\0\x03\x01\x02\x03"), // a hint of three bytes
        (HTTPS, b"\0\x01\0\0\x01\0\x02\x02h"),        // a protocol longer than the parameter
        (HTTPS, b"\0\x01\0\0\x05\0\0\0\x01\0\0"),     // keys in falling order
    ] {
        let message = parsed(&response(rtype, 1, 60, rdata));
        assert_eq!((rdata, message.damage), (rdata, Some(Malformed("rdata"))));
        assert_eq!((message.questions.len(), message.answers.len()), (1, 0));
    }
}

#[test]
fn a_name_in_record_data_ends_inside_it() {
    let mut bytes = response(CNAME, 1, 60, b"\x03ab");
    bytes.extend(b"cd\0");
    assert_eq!(parsed(&bytes).damage, Some(Malformed("short")));
}

#[test]
fn other_classes_and_empty_record_data_are_ignored() {
    for bytes in [response(A, 3, 60, b"\x01\x02"), response(A, 254, 0, b""), response(A, 1, 0, b"")] {
        let message = parsed(&bytes);
        assert_eq!((message.damage, &message.answers[0].data), (None, &Data::Other));
    }
}

#[test]
fn a_ttl_with_the_most_significant_bit_set_is_zero() {
    assert_eq!(parsed(&response(A, 1, 0x7fff_ffff, &[1, 2, 3, 4])).answers[0].ttl_s, 0x7fff_ffff);
    assert_eq!(parsed(&response(A, 1, 0x8000_0000, &[1, 2, 3, 4])).answers[0].ttl_s, 0);
}

#[test]
fn questions_before_the_first_error_are_kept() {
    let message = parsed(&seed("dns", "damaged_after_three_questions"));
    let names: Vec<_> = message.questions.iter().map(|question| question.name.as_str()).collect();
    assert_eq!(names, [r"1.0.0.127.in-a\026dr.arpa", r"1.0.0.127.in-a\026dr.arpa", "."]);
    assert_eq!(message.damage, Some(Malformed("short")));
}

#[test]
fn a_name_that_points_to_itself_or_has_an_unknown_label_is_damage() {
    let message = parsed(&seed("dns", "pointer_to_itself"));
    assert_eq!((message.questions.len(), message.damage), (0, Some(Malformed("pointer"))));
    let message = parsed(&seed("dns", "damaged_label"));
    assert_eq!((message.questions.len(), message.damage), (0, Some(Malformed("label_type"))));
}

#[test]
fn counts_beyond_the_available_bytes_are_damage() {
    let bytes = [&[0; 4][..], &[0xff; 4], &[0; 4], &[0; 5 * 10]].concat();
    let message = parsed(&bytes);
    assert_eq!((message.questions.len(), message.damage), (10, Some(Malformed("short"))));
}

#[test]
fn every_prefix_contains_the_same_entries_up_to_its_end() {
    for bytes in seeds("dns") {
        let complete = parsed(&bytes);
        for end in 0..bytes.len() {
            match parse_message(&bytes[..end]) {
                Ok(Progress::NeedMore) => assert!(end < 12),
                Ok(Progress::Parsed(part)) => {
                    assert!(complete.questions.starts_with(&part.questions));
                    assert!(complete.answers.starts_with(&part.answers));
                }
                Err(malformed) => panic!("{malformed:?}"),
            }
        }
    }
}

#[test]
fn trailing_bytes_are_ignored() {
    for bytes in seeds("dns") {
        let complete = parsed(&bytes);
        if complete.damage.is_none() {
            assert_eq!(parsed(&[&bytes[..], b"\xff\xff\xff"].concat()), complete);
        }
    }
}

/// A query with these flags, type and class, and the bytes after the question.
fn query(flags: [u8; 2], additional: u8, name: &[u8], rtype: u8, rclass: u8, rest: &[u8]) -> Vec<u8> {
    let header = [&[0x12, 0x34][..], &flags, &[0, 1, 0, 0, 0, 0, 0, additional]].concat();
    [&header, name, &[0, rtype, 0, rclass], rest].concat()
}

/// An OPT record (RFC 6891, 6.1.2) with these upper bits of the response code, and a client cookie.
fn opt(upper_rcode: u8) -> Vec<u8> {
    let cookie = [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8];
    [&[0, 0, 41, 4, 0xd0, upper_rcode, 0, 0x80, 0, 0, 12][..], &cookie].concat()
}

#[test]
fn the_response_code_includes_the_upper_bits_from_opt_at_any_position() {
    let name = b"\x01a\x07example\0";
    let record = |rtype: u8| [&[0xc0, 12, 0, rtype, 0, 1, 0, 0, 0, 9, 0, 2][..], &[0xc0, 12]].concat();
    let mut answer = query([0x81, 0x07], 2, name, 1, 1, &[record(2), record(250), opt(1)].concat());
    answer[9] = 1; // one record of authority
    assert_eq!((parsed(&answer).rcode, parsed(&answer).damage), (0x17, None)); // BADCOOKIE
    assert_eq!(parsed(&query([0x81, 0x83], 1, name, 1, 1, &opt(0))).rcode, 3);
    // A query has no response code, and an unreadable OPT record is ignored.
    assert_eq!(parsed(&query([1, 0], 1, name, 1, 1, &opt(1))).rcode, 0);
    let cut = &answer[..answer.len() - 1];
    assert_eq!((parsed(cut).rcode, parsed(cut).damage), (7, None));
}

#[test]
fn a_plain_query_is_unmistakable() {
    let name = b"\x01a\x07example\0";
    assert!(is_plain_query(&query([1, 0], 0, name, 28, 1, b"")));
    assert!(is_plain_query(&query([0, 0x30], 1, name, 65, 1, &opt(0))));
    assert!(is_plain_query(&query([1, 0], 0, b"\0", 2, 1, b"")));
    let padding = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 12, 0, 0];
    assert!(is_plain_query(&query([1, 0], 1, name, 16, 1, &padding)));
    assert!(is_plain_query(&query([1, 0], 2, name, 28, 1, &[&opt(0)[..], &padding].concat())));
    for other in [
        query([1, 0], 1, name, 16, 1, &padding[..14]),
        query([0x81, 0], 0, name, 28, 1, b""),       // a response
        query([0x09, 0], 0, name, 28, 1, b""),       // another opcode
        query([1, 0x40], 0, name, 28, 1, b""),       // a reserved bit
        query([1, 0], 0, name, 28, 3, b""),          // another class
        query([1, 0], 0, name, 32, 1, b""),          // a type without a name: NetBIOS
        query([1, 0], 0, name, 28, 1, b"\0"),        // a byte too many
        query([1, 0], 1, name, 28, 1, b""),          // no OPT where one is announced
        query([1, 0], 1, name, 28, 1, &opt(0)[1..]), // nor a complete OPT record
        query([1, 0], 0, b"\xc0\x0c", 28, 1, b""),   // a name that points to itself
        b"".to_vec(),
        vec![0; 64],
        vec![0xff; 64],
    ] {
        assert!(!is_plain_query(&other), "{other:02x?}");
    }
}

#[test]
fn the_prerequisites_of_an_update_are_no_answers() {
    let mut bytes = response(CNAME, 254, 0, b"");
    assert_eq!(parsed(&bytes).answers.len(), 1);
    bytes[2] |= 5 << 3;
    let update = parsed(&bytes);
    assert_eq!((update.opcode, update.questions.len(), update.answers.len()), (5, 1, 0));
    assert_eq!(update.damage, None);
}

#[test]
fn a_message_full_of_pointers_is_parsed_in_bounded_time() {
    // Every answer's name is a chain of pointers to the longest name; each costs twelve bytes.
    let longest = [&[63u8][..], &[b'a'; 63]].concat();
    let mut message = query([0x81, 0x80], 0, &[&longest.repeat(3)[..], &[0]].concat(), 1, 1, b"");
    let count = (65_535 - message.len()) / 12;
    message[6..8].copy_from_slice(&(count as u16).to_be_bytes());
    for _ in 0..count {
        message.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 1, 0, 0]);
    }
    let message = parsed(&message);
    assert_eq!((message.answers.len(), message.damage), (count, None));
    assert!(message.answers.iter().all(|answer| answer.name.len() == 191));
}

#[test]
fn names_that_are_not_host_names_are_kept_unchanged() {
    for (wire, text) in [
        (&b"\x04_sip\x04_udp\x01A\0"[..], "_sip._udp.a"),
        (b"\x08xn--zr-x\x01-\0", "xn--zr-x.-"),
        (b"\x06z\xc3\xbcri \0", r"z\195\188ri\032"),
        (b"\x01*\x03a.b\0", r"*.a\.b"),
        (b"\x03\0\x01\\\0", r"\000\001\\"),
    ] {
        assert_eq!(parsed(&query([1, 0], 0, wire, 1, 1, b"")).questions[0].name, text);
    }
}
