//! DNS messages: whole, byte by byte, with trailing bytes, and damaged.

use crate::seeds::{seed, seeds};
use _engine::address::Address;
use _engine::wire::dns::{parse_message, Answer, Data, Message};
use _engine::wire::dns_type::{A, AAAA, CNAME, HTTPS};
use _engine::wire::{Malformed, Progress};
use std::net::IpAddr;

/// The message, of which at least the header is there.
fn parsed(bytes: &[u8]) -> Message {
    match parse_message(bytes) {
        Ok(Progress::Parsed(message)) => message,
        other => panic!("{other:?}"),
    }
}

fn address(text: &str) -> Address {
    text.parse::<IpAddr>().unwrap().into()
}

/// A response that asks for "a" and answers with one record whose name points to the question's.
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
fn a_query_is_read() {
    let message = parsed(&seed("dns", "query"));
    assert_eq!((message.id, message.response, message.rcode), (42_799, false, 0));
    let [question] = &message.questions[..] else { panic!("{message:?}") };
    assert_eq!((question.name.as_str(), question.rtype, question.rclass), ("captive.apple.com", A, 1));
    assert_eq!((message.answers.len(), message.damage), (0, None));
}

#[test]
fn an_answer_with_aliases_is_read() {
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
fn multicast_answers_are_read_with_their_class_bit() {
    let message = parsed(&seed("dns", "mdns_answer"));
    let addresses: Vec<_> = message.answers.iter().filter(|answer| answer.rtype == AAAA).collect();
    let [answer] = &addresses[..] else { panic!("{message:?}") };
    assert_eq!(answer.name, "art-teachers-ipad.local");
    assert_eq!(answer.data, Data::Address(address("fe80::a667:6ff:fef7:ec54")));
}

#[test]
fn an_https_record_gives_alpn_and_hints() {
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
fn the_ech_parameter_is_kept_as_sent() {
    let message = parsed(&response(HTTPS, 1, 60, b"\0\x01\0\0\x01\0\x03\x02h2\0\x05\0\x02\xfe\x0d"));
    let Data::Service(service) = &message.answers[0].data else { panic!("{message:?}") };
    assert_eq!(service.alpn, ["h2"]);
    assert_eq!(service.ech.as_deref(), Some(&b"\xfe\x0d"[..]));
}

#[test]
fn wrong_rdata_is_damage_and_what_stands_before_it_stays() {
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
fn a_name_in_rdata_ends_inside_it() {
    let mut bytes = response(CNAME, 1, 60, b"\x03ab");
    bytes.extend(b"cd\0");
    assert_eq!(parsed(&bytes).damage, Some(Malformed("short")));
}

#[test]
fn other_classes_and_empty_rdata_say_nothing() {
    for bytes in [response(A, 3, 60, b"\x01\x02"), response(A, 254, 0, b""), response(A, 1, 0, b"")] {
        let message = parsed(&bytes);
        assert_eq!((message.damage, &message.answers[0].data), (None, &Data::Other));
    }
}

#[test]
fn a_lifetime_with_the_upper_bit_is_zero() {
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
fn counts_are_believed_as_far_as_there_are_bytes() {
    let bytes = [&[0; 4][..], &[0xff; 4], &[0; 4], &[0; 5 * 10]].concat();
    let message = parsed(&bytes);
    assert_eq!((message.questions.len(), message.damage), (10, Some(Malformed("short"))));
}

#[test]
fn every_prefix_gives_the_same_entries_as_far_as_it_goes() {
    for bytes in seeds("dns") {
        let whole = parsed(&bytes);
        for end in 0..bytes.len() {
            match parse_message(&bytes[..end]) {
                Ok(Progress::NeedMore) => assert!(end < 12),
                Ok(Progress::Parsed(part)) => {
                    assert!(whole.questions.starts_with(&part.questions));
                    assert!(whole.answers.starts_with(&part.answers));
                }
                Err(malformed) => panic!("{malformed:?}"),
            }
        }
    }
}

#[test]
fn trailing_bytes_stay_unread() {
    for bytes in seeds("dns") {
        let whole = parsed(&bytes);
        if whole.damage.is_none() {
            assert_eq!(parsed(&[&bytes[..], b"\xff\xff\xff"].concat()), whole);
        }
    }
}
