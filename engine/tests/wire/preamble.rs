//! Preambles of a hello: complete, byte by byte, with trailing bytes, and data that is not a preamble.

use crate::seeds::{seed, seeds};
use _engine::wire::preamble::{is_step, parse_dialogue, parse_step, Step, StepKind};
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
        let kinds: Vec<_> = steps.iter().map(|step| step.kind).collect();
        assert!(kinds.iter().all(|kind| !matches!(kind, StepKind::Request | StepKind::Tunnel)), "{name}");
        assert_eq!(kinds.last(), Some(&StepKind::Prelude), "{name}");
        assert!(steps.iter().all(|step| step.host.is_none()), "{name}");
        assert!(may_be_hello(rest), "{name}");
    }
}

#[test]
fn a_command_with_literals_ends_with_its_last_line() {
    let commands: [&[u8]; 5] = [
        b"a1 ID {3}\r\nNIL\r\n",
        b"a1 ID {3+}\r\nNIL\r\n",
        b"a1 ID ({4}\r\nname {3}\r\n\r\nx)\r\n",
        b"a1 ID {0}\r\n\r\n",
        b"a1 id {3}\nNIL\n",
    ];
    for command in commands {
        assert_eq!(only(&[command, b"a2 STARTTLS\r\n"].concat()).length, command.len());
        for end in 1..command.len() {
            assert_eq!(parse_step(&command[..end]), Ok(Progress::NeedMore), "{end}");
        }
    }
    for other in ["a1 ID {99999999999999999999}\r\n", "a1 ID {-3}\r\n", "a1 ID {}\r\n", "a1 ID 3}\r\n"] {
        assert_eq!(only(other.as_bytes()).length, other.len(), "{other}");
    }
    assert_eq!(parse_step(b"a1 ID {5000}\r\n"), Ok(Progress::Parsed(None)));
    assert_eq!(parse_step(b"a1 LOGIN {3}\r\nabc {3}\r\nabc\r\n"), Ok(Progress::Parsed(None)));
}

/// No length of a literal, however large, wraps round to an earlier byte: what is too long is no command.
#[test]
fn a_command_with_a_huge_literal_is_none() {
    for middle in [1 << 16, 1 << 31, 1 << 32, 1 << 63, u64::MAX] {
        for length in middle.saturating_sub(64)..=middle.saturating_add(64) {
            for plus in ["", "+"] {
                let command = format!("a ID {{{length}{plus}}}\r\n");
                assert_eq!(parse_step(command.as_bytes()), Ok(Progress::Parsed(None)), "{command}");
                let second = format!("a ID {{3{plus}}}\r\nNIL {{{length}{plus}}}\r\n");
                assert_eq!(parse_step(second.as_bytes()), Ok(Progress::Parsed(None)), "{second}");
                assert_eq!(parse_dialogue(command.as_bytes()), Progress::Parsed(None), "{command}");
            }
        }
    }
}

#[test]
fn only_a_command_that_asks_for_tls_may_precede_a_hello() {
    for line in ["STARTTLS", "starttls ", "STLS", "a1 StartTLS", "AUTH TLS", "AUTH SSL", "X-ANONYMOUSTLS"] {
        assert_eq!(only(format!("{line}\r\n").as_bytes()).kind, StepKind::Prelude, "{line}");
    }
    for line in ["EHLO STARTTLS", "HELP STARTTLS", "CAPA", "a1 CAPABILITY", "AUTH", "NOOP", "MODE READER"] {
        assert_eq!(only(format!("{line}\r\n").as_bytes()).kind, StepKind::Dialogue, "{line}");
    }
}

#[test]
fn a_bind_without_a_password_may_precede_tls() {
    let bind = |name: &[u8], credentials: &[u8]| {
        let element = |tag: u8, bytes: &[u8]| [&[tag, bytes.len() as u8], bytes].concat();
        let request = [&[2, 1, 3][..], &element(4, name), credentials].concat();
        element(0x30, &[&[2, 1, 1][..], &element(0x60, &request)].concat())
    };
    for name in [&b""[..], b"cn=reader"] {
        let message = bind(name, &[0x80, 0]);
        assert_eq!(only(&[&message[..], &[0x30]].concat()).length, message.len());
        assert_eq!(parse_step(&message[..message.len() - 1]), Ok(Progress::NeedMore));
    }
    let sasl = [0xa3, 6, 4, 4, b'P', b'L', b'A', b'I'];
    for credentials in [&[0x80, 1, b'x'][..], &sasl, &[]] {
        assert_eq!(parse_step(&bind(b"", credentials)), Ok(Progress::Parsed(None)));
    }
}

#[test]
fn only_a_target_in_absolute_form_has_userinfo() {
    let step = only(b"GET http://user:word@a.example:80/ HTTP/1.1\r\n");
    assert_eq!((step.host.as_deref(), step.kind), (Some("a.example"), StepKind::ProxyRequest));
    for head in [
        "GET / HTTP/1.1\r\nHost: user@a.example\r\n",
        "CONNECT user@a.example:443 HTTP/1.1\r\n\r\n",
        "GET http://user@a.example:99999/ HTTP/1.1\r\n",
        "CONNECT a.example:65536 HTTP/1.1\r\n\r\n",
    ] {
        assert_eq!(parse_step(head.as_bytes()), Err(Malformed("name")), "{head}");
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
    let lenient = only(b"CONNECT a.cloud.example:25 / HTTP/1.0\r\nMozilla 4.0 (compatible)\r\n\r\n");
    assert_eq!((lenient.host.as_deref(), lenient.kind), (Some("a.cloud.example"), StepKind::Tunnel));
}

#[test]
fn the_host_of_a_request_is_parsed_as_soon_as_it_is_complete() {
    let step = only(&seed("preamble", "get"));
    assert_eq!((step.host.as_deref(), step.kind), (Some("files.cloud.example"), StepKind::Request));
    assert_eq!(host("GET / HTTP/1.1\r\nhost:a.example\r\nHost: b.example\r\n").as_deref(), Some("a.example"));
    assert_eq!(
        host("GET / HTTP/1.1\r\nX: y\r\n folded: z\r\nHost: a_b.example\r\n").as_deref(),
        Some("a_b.example")
    );
    assert_eq!(host("OPTIONS * HTTP/1.0\r\n\r\n"), None);
    for line in [
        "GET     /a HTTP/1.1",
        "GET /a  HTTP/1.1",
        "GET HTTP/1.1",
        "RPC_IN_DATA /a HTTP/1.1",
        "GET /a HTTP/1. ",
        "GET /a HTTP/1.1  ",
        "GET /HTTP/1.1",
    ] {
        assert_eq!(
            host(&format!("{line}\r\nHost: a.example\r\n\r\n")).as_deref(),
            Some("a.example"),
            "{line}"
        );
    }
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
fn a_name_that_no_host_can_have_is_malformed() {
    let requests: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\nHost: ..cloud.example\r\n\r\n",
        b"GET http://a..example/ HTTP/1.1\r\n\r\n",
        b"CONNECT a\\b.example:443 HTTP/1.1\r\n\r\n",
        b"\x05\x01\x00\x03\x0f..cloud.example\x01\xbb",
        b"\x04\x01\x01\xbb\0\0\0\x01\0a..example\0",
    ];
    for request in requests {
        assert_eq!(parse_step(request), Err(Malformed("name")), "{request:?}");
    }
}

#[test]
fn a_socks_request_contains_its_target_and_a_hello_follows() {
    let name = b"\x0fa.Cloud.Example\x01\xbb";
    let five = [&b"\x05\x01\x00\x03"[..], name].concat();
    let four = b"\x04\x01\x01\xbb\0\0\0\x01user\0a.cloud.example\0";
    for request in [&five[..], four] {
        let step = only(&[request, &[22, 3, 1]].concat());
        assert_eq!((step.length, step.kind), (request.len(), StepKind::Tunnel));
        assert_eq!(step.host.as_deref(), Some("a.cloud.example"));
        assert!(is_step(request) && !is_step(&[request, b"x"].concat()));
    }
    for address in [
        &b"\x05\x01\x00\x01\xcb\x00\x71\x09\x01\xbb"[..],
        b"\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xbb",
        b"\x05\x01\x00\x03\x0b203.0.113.9\x01\xbb",
        b"\x05\x01\x00\x03\x0f203.000.113.009\x01\xbb",
        b"\x05\x01\x00\x03\x0b2001:db8::1\x01\xbb",
        b"\x04\x01\x01\xbb\xcb\x00\x71\x09\0",
    ] {
        let step = only(address);
        assert_eq!(
            (step.length, step.host, step.kind),
            (address.len(), None, StepKind::Tunnel),
            "{address:?}"
        );
    }
}

#[test]
fn a_socks_greeting_and_a_password_precede_the_request() {
    let request = b"\x05\x01\x00\x03\x0fa.cloud.example\x01\xbb";
    for (greeting, count) in [
        (&b"\x05\x01\x00"[..], 2),
        (b"\x05\x02\x00\x01", 2),
        (b"\x05\x03\x00\x01\x02", 2),
        (b"\x05\x01\x02\x01\x04user\x04word", 2),
        (b"\x05\x02\x00\x02\x01\x04user\x00", 2),
    ] {
        let stream = [greeting, request, &[22, 3, 1]].concat();
        let (steps, rest) = steps(&stream);
        assert_eq!((steps.len(), rest), (count, &[22, 3, 1][..]), "{greeting:?}");
        assert_eq!(steps[0].length, greeting.len());
        assert_eq!(steps[1].host.as_deref(), Some("a.cloud.example"));
    }
}

#[test]
fn requests_for_tls_in_binary_protocols_are_skipped() {
    let mysql = [&[32, 0, 0, 1, 0x85, 0xae, 0xff, 0, 0, 0, 0, 1, 45][..], &[0; 23]].concat();
    let pre_login = [&[18, 1, 0, 20, 0, 0, 1, 0][..], &[0, 0, 6, 0, 6, 0xff, 9, 0, 0, 0, 0, 0]].concat();
    let cookie = b"\x03\x00\x00\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=user\r\n\x01\x00\x08\x00\x03\0\0\0";
    let plain = b"\x03\x00\x00\x13\x0e\xe0\0\0\0\0\0\x01\x00\x08\x00\x0b\0\0\0";
    for request in [
        &b"\0\0\0\x08\x04\xd2\x16\x2f"[..],
        b"\0\0\0\x08\x04\xd2\x16\x30\0\0\0\x08\x04\xd2\x16\x2f",
        b"AMQP\x02\x01\0\0",
        &mysql,
        &pre_login,
        &[&pre_login[..], &[18, 1, 1, 8, 0, 0, 0, 0]].concat(),
        cookie,
        plain,
        b"CNXN\0\0\0\x01\0\x10\0\0\x04\0\0\0\0\0\0\0\xbc\xb1\xa7\xb1host",
        b"SYNC\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xac\xa6\xb1\xbc",
        b"STLS\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\xac\xab\xb3\xac",
        b"NXSH-8.10.1\n",
        b"AUTH\r\nSTLS\r\n",
    ] {
        let stream = [request, &[22, 3, 1, 2, 0, 1, 0]].concat();
        let (steps, rest) = steps(&stream);
        assert_eq!(rest, [22, 3, 1, 2, 0, 1, 0], "{request:?}");
        assert!(steps.iter().all(|step| step.host.is_none()), "{request:?}");
        assert_eq!(steps.last().map(|step| step.kind), Some(StepKind::Prelude), "{request:?}");
    }
}

#[test]
fn the_authority_of_a_request_with_prior_knowledge_of_http2_is_parsed() {
    let preface = &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..];
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let frame = |kind: u8, flags: u8, payload: &[u8]| {
        [&[0, 0, payload.len() as u8, kind, flags, 0, 0, 0, 1][..], payload].concat()
    };
    // RFC 7541, C.4.1
    let block = b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";
    let padded = [&[2, 0, 0, 0, 0, 15][..], block, &[0, 0]].concat();
    let in_two = [frame(1, 1, &block[..7]), frame(9, 4, &block[7..])].concat();
    for headers in [frame(1, 5, block), frame(1, 0x2d, &padded), in_two] {
        let stream = [preface, &settings, &frame(8, 0, &[0, 0, 1, 0]), &headers].concat();
        let step = only(&stream);
        assert_eq!((step.host.as_deref(), step.kind), (Some("www.example.com"), StepKind::Request));
        assert!((0..stream.len()).all(|end| parse_step(&stream[..end]) == Ok(Progress::NeedMore)));
        assert!(is_step(&stream) && is_step(&stream[..60]));
    }
    let tunnel = [preface, &settings, &frame(1, 4, b"\x02\x07CONNECT\x41\x0da.example:443")].concat();
    let tunnel = only(&tunnel);
    assert_eq!((tunnel.host.as_deref(), tunnel.kind), (Some("a.example"), StepKind::ProxyRequest));
    for faulty in [&frame(1, 4, block)[..], &[&settings[..], &frame(9, 4, block)].concat()] {
        assert_eq!(parse_step(&[preface, faulty].concat()), Err(Malformed("http2")));
    }
    let name = [preface, &settings, &frame(1, 4, b"\x41\x0b..a.example")].concat();
    assert_eq!(parse_step(&name), Err(Malformed("name")));
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
    let others: [&[u8]; 25] = [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nHost: a.example\r\n\r\n",
        b"OPTIONS \r\nHost: a.example\r\n\r\n",
        b"OPTIONS sip:a.example SIP/2.0\r\nHost: a.example\r\n\r\n",
        b"220 mail.example ESMTP\r\n",
        b"+OK\r\n",
        b"* OK ready\r\n",
        b"MAIL FROM:<a@b.example>\r\n",
        b"AUTH PLAIN AGEAYg==\r\n",
        b"a3 LOGIN user password\r\n",
        b"<iq type='get'/>",
        b"<stream:features>",
        b"\x30\x0d\x02\x01\x01\x60\x08\x02\x01\x03\x04\x00\x80\x01x", // LDAP, a bind with a password
        b"\x00\x1d\x12\x34",
        b"\x05\x00",                                                   // SOCKS, the server's choice
        b"\x05\x00\x0b\x03\x10\0\0\0",                                 // DCE/RPC
        b"\x05\x01\x20\x05",                                           // an unassigned method
        b"\x05\x01\x00\x01\0\0\0\0\0\0",                               // a refusal
        b"\x04\x01\x00\x25\0\0\x01\0\0\0\x15\0",                       // TDS, the server's pre-login
        b"\x04\x01\x00\x11\x01\x3a\x01\x00\xfd\0",                     // and its answers
        b"\x03\x00\x00\x13\x0e\xd0\0\0\x12\x34\0\x02\0\x08\0\0\0\0\0", // X.224, the server's confirmation
        b"\x00\x00\x00\x54\x00\x03\0\0user\0",                         // PostgreSQL without TLS
        b"\x20\0\0\x01\x05\xa2\0\0\0\0\0\0\0\0\0\0",                   // MySQL without TLS
        b"AMQP\x00\x01\0\0",
        b"CNXN\0\0\0\x01\0\x10\0\0\0\0\0\0\0\0\0\0wrong", // not the complement
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
