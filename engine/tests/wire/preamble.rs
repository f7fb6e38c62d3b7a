//! Preambles of a hello: complete, byte by byte, with trailing bytes, and data that is not a preamble.

use crate::seeds::{seed, seeds};
use _engine::wire::preamble::{is_step, parse_step, Step, StepKind};
use _engine::wire::tls::may_be_hello;
use _engine::wire::{Malformed, Progress};

/// All steps at the beginning of a stream, and the bytes after them.
fn steps(mut stream: &[u8]) -> (Vec<Step>, &[u8]) {
    let mut steps = Vec::new();
    while let Ok(Progress::Parsed(Some(step))) = parse_step(stream) {
        stream = &stream[step.length..];
        steps.push(step);
    }
    (steps, stream)
}

fn only(stream: &[u8]) -> Step {
    match parse_step(stream) {
        Ok(Progress::Parsed(Some(step))) => step,
        other => panic!("{other:?}"),
    }
}

fn host(head: &str) -> Option<String> {
    only(head.as_bytes()).host
}

#[test]
fn the_steps_up_to_starttls_are_parsed_and_a_hello_may_follow() {
    let expected = [("smtp", 2), ("imap", 2), ("pop3", 2), ("ftp", 1), ("xmpp", 4), ("ldap", 2)];
    for (name, count) in expected {
        let stream = seed("preamble", name);
        let (steps, rest) = steps(&stream);
        assert_eq!(steps.len(), count, "{name}");
        assert!(steps.iter().all(|step| step.kind == StepKind::Prelude && step.host.is_none()), "{name}");
        assert!(may_be_hello(rest), "{name}");
    }
}

#[test]
fn a_tunnel_contains_its_target_and_ends_with_its_header_section() {
    let head =
        b"CONNECT Files.Cloud.Example:443 HTTP/1.1\r\nHost: proxy.example\r\nProxy-Authorization: x\r\n\r\n";
    let step = only(&[&head[..], &[22, 3, 1]].concat());
    assert_eq!((step.length, step.kind), (head.len(), StepKind::Tunnel));
    assert_eq!(step.host.as_deref(), Some("files.cloud.example"));
    assert_eq!(only(&seed("preamble", "connect")).host.as_deref(), Some("apache.org"));
}

#[test]
fn the_host_of_a_request_is_parsed_as_soon_as_it_is_complete() {
    let step = only(&seed("preamble", "get"));
    assert_eq!((step.host.as_deref(), step.kind), (Some("files.cloud.example"), StepKind::Request));
    assert_eq!(host("GET / HTTP/1.1\r\nhost:a.example\r\nHost: b.example\r\n").as_deref(), Some("a.example"));
    assert_eq!(
        host("GET / HTTP/1.1\r\nX: y\r\n folded: z\r\nHost: a\\\u{1}b.example\r\n").as_deref(),
        Some("a\\\\\\001b.example")
    );
    assert_eq!(host("OPTIONS * HTTP/1.0\r\n\r\n"), None);
}

#[test]
fn a_request_in_absolute_form_contains_its_target_and_goes_to_a_proxy() {
    let step = only(&seed("preamble", "absolute"));
    assert_eq!((step.host.as_deref(), step.kind), (Some("files.cloud.example"), StepKind::ProxyRequest));
}

#[test]
fn an_address_is_not_a_host_name() {
    for address in ["192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", "", ":80", "."] {
        assert_eq!(host(&format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n")), None, "{address}");
        assert_eq!(host(&format!("GET http://{address}/ HTTP/1.1\r\n")), None, "{address}");
    }
}

#[test]
fn proxy_headers_are_skipped_and_their_authority_is_kept() {
    let (first, rest) = steps(b"PROXY TCP4 192.0.2.1 198.51.100.1 50000 443\r\n\x16\x03\x01");
    assert_eq!((first.len(), rest), (1, &b"\x16\x03\x01"[..]));
    assert_eq!(steps(b"PROXY UNKNOWN\r\n\x16").0.len(), 1);
    let second = seed("preamble", "proxy_header_2");
    let (found, rest) = steps(&second);
    assert_eq!(found[0].host.as_deref(), Some("eu.files.cloud.example"));
    assert!(may_be_hello(rest));
    let mut local = second.clone();
    local[12] = 0x20;
    assert_eq!(only(&local).host, None);
}

#[test]
fn an_invalid_proxy_header_or_field_is_malformed() {
    let mut unknown_version = seed("preamble", "proxy_header_2");
    unknown_version[12] = 0x31;
    let mut short = seed("preamble", "proxy_header_2");
    short[15] = 11;
    for faulty in [&unknown_version[..], &short, b"PROXY TCP4 192.0.2.1\r\n", b"PROXY\x20SCTP 1 2 3 4\r\n"] {
        assert_eq!(parse_step(faulty), Err(Malformed("proxy_header")));
    }
    assert_eq!(parse_step(b"GET / HTTP/1.1\r\nno field\r\n"), Err(Malformed("http_field")));
}

#[test]
fn every_step_needs_more_until_its_last_byte() {
    for stream in seeds("preamble") {
        let mut rest = &stream[..];
        while let Ok(Progress::Parsed(Some(step))) = parse_step(rest) {
            for length in 0..step.length {
                match parse_step(&rest[..length]) {
                    Ok(Progress::NeedMore) => {}
                    Ok(Progress::Parsed(Some(early))) => assert_eq!(early, step),
                    other => panic!("{length} of {rest:?}: {other:?}"),
                }
            }
            rest = &rest[step.length..];
        }
    }
}

#[test]
fn a_step_or_the_beginning_of_a_request_is_recognized_in_the_middle_of_a_stream() {
    for segment in ["EHLO a\r\n", "GET /a", "POST http://a", "CONNECT a", "GET / HTTP/1.1\r\nAccept: "] {
        assert!(is_step(segment.as_bytes()), "{segment}");
    }
    for segment in ["", "GET", "GET ", "GET a", "get /", "EHLO a", " \r\n\t<", "PROXY TCP4 ", "a /b\r\n"] {
        assert!(!is_step(segment.as_bytes()), "{segment}");
    }
}

#[test]
fn other_protocols_are_not_preambles() {
    let others: [&[u8]; 12] = [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nHost: a.example\r\n\r\n",
        b"220 mail.example ESMTP\r\n",
        b"+OK\r\n",
        b"* OK ready\r\n",
        b"MAIL FROM:<a@b.example>\r\n",
        b"AUTH PLAIN AGEAYg==\r\n",
        b"a3 LOGIN user password\r\n",
        b"<iq type='get'/>",
        b"<stream:features>",
        b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00",
        b"\x00\x1d\x12\x34",
    ];
    for other in others {
        assert_eq!(parse_step(other), Ok(Progress::Parsed(None)), "{other:?}");
    }
}

#[test]
fn steps_beyond_the_limits_are_not_waited_for() {
    let endless: [Vec<u8>; 4] = [
        [&b"GET /"[..], &[b'a'; 20_000]].concat(),
        [&b"<stream:stream to='"[..], &[b'a'; 5_000]].concat(),
        vec![b'a'; 40],
        vec![b' '; 40],
    ];
    for stream in endless {
        assert_eq!(parse_step(&stream), Ok(Progress::Parsed(None)));
    }
    let fields = b"Cookie: abc\r\n".repeat(4_000);
    let request = only(&[&b"GET / HTTP/1.1\r\n"[..], &fields].concat());
    assert_eq!((request.host, request.kind), (None, StepKind::Request));
    let tunnel = only(&[&b"CONNECT a.example:1 HTTP/1.1\r\n"[..], &fields].concat());
    assert_eq!((tunnel.host.as_deref(), tunnel.kind), (Some("a.example"), StepKind::ProxyRequest));
}
