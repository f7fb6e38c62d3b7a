//! First payloads that are none of the stream: probes, and bytes that only the sensor gets to see. What the receiver
//! acknowledged wins, not what came first.

use crate::traffic::{hello, settings, Talk};
use _engine::types::evidence::Evidence;
use _engine::types::unnamed::Unnamed;

const NAME: &str = "a.cloud.example";

/// The name after a first payload at the beginning of the stream, `acknowledged` or not, and a hello at the same number.
fn name_after(first: &[u8], acknowledged: bool) -> Option<String> {
    let mut talk = Talk::new(443, settings()).open();
    talk.up_at(0, first);
    if acknowledged {
        talk.acknowledge(first.len() as u32);
    }
    talk.up(&hello(Some(NAME)));
    talk.only_flow().name
}

#[test]
fn a_hello_replaces_what_was_not_acknowledged() {
    for first in [&b"\0\0"[..], b"\0", b"\x07", b"SSH-2.0-x\r\n", b"EH", b"\x05\x01", &[0; 400]] {
        assert_eq!(name_after(first, false).as_deref(), Some(NAME), "{first:?}");
    }
}

#[test]
fn a_hello_does_not_replace_what_was_acknowledged() {
    for first in [&b"\0\0"[..], b"\x07", b"SSH-2.0-x\r\n", &[0; 400]] {
        assert_eq!(name_after(first, true), None, "{first:?}");
    }
}

#[test]
fn a_repeated_probe_is_replaced_as_well() {
    let mut talk = Talk::new(443, settings()).open();
    for _ in 0..3 {
        talk.up_at(0, b"\0\0");
        talk.up_at(u32::MAX, b"\0"); // a keep-alive before the stream
    }
    talk.up(&hello(Some(NAME)));
    let flow = talk.only_flow();
    assert_eq!((flow.name.as_deref(), flow.evidence), (Some(NAME), Evidence::Sni));
}

#[test]
fn a_hello_in_segments_replaces_a_probe() {
    let mut talk = Talk::new(443, settings()).open();
    talk.up_at(0, b"\0\0");
    hello(Some(NAME)).chunks(20).for_each(|part| talk.up(part));
    assert_eq!(talk.only_flow().name.as_deref(), Some(NAME));
}

#[test]
fn a_stream_that_went_on_is_not_replaced() {
    let mut talk = Talk::new(443, settings()).open();
    talk.up_at(0, b"SSH-2.0-x\r\n");
    talk.up_at(11, b"more");
    talk.up(&hello(Some(NAME)));
    let flow = talk.only_flow();
    assert_eq!((flow.name, flow.reason), (None, Some(Unnamed::NotTls)));
}

#[test]
fn neither_a_preamble_nor_a_hello_is_replaced() {
    let connect: &[u8] = b"CONNECT b.cloud.example:443 HTTP/1.1\r\n\r\n";
    for first in [connect, &hello(Some("b.cloud.example"))] {
        let mut talk = Talk::new(443, settings()).open();
        talk.up_at(0, first);
        talk.up(&hello(Some(NAME)));
        assert_eq!(talk.only_flow().name.as_deref(), Some("b.cloud.example"));
    }
}

#[test]
fn a_hello_behind_a_preamble_replaces_a_probe_that_was_not_acknowledged() {
    let preambles: [(&[u8], &[u8]); 7] = [
        (b"\0\0\0\x08\x04\xd2\x16\x2f", b"S"),
        (
            b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0",
            b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\0\x08\0\x01\0\0\0",
        ),
        (b"STLS\r\n", b"+OK\r\n"),
        (b"AUTH TLS\r\n", b"234 go\r\n"),
        (b"\x05\x01\0\x05\x01\0\x01\x01\x02\x03\x04\x01\xbb", b"\x05\0\x05\0\0\x01\0\0\0\0\0\0"),
        (b"<starttls/>", b"<proceed/>"),
        (b"CONNECT b.example:443 HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 ok\r\n\r\n"),
    ];
    for (request, answer) in preambles {
        for (probe, acknowledged) in
            [(&b"\0\0"[..], false), (b"\0", false), (b"\x07", false), (b"\0\0", true)]
        {
            let mut talk = Talk::new(4444, settings()).open();
            talk.up(request);
            talk.down(answer);
            talk.up_at(0, probe);
            if acknowledged {
                talk.acknowledge(probe.len() as u32);
            }
            talk.up(&hello(Some(NAME)));
            let name = talk.only_flow().name;
            assert_eq!(name.as_deref() == Some(NAME), !acknowledged, "{request:?} {probe:?} {name:?}");
        }
    }
}

#[test]
fn a_request_for_tls_replaces_a_probe_as_well() {
    let mut talk = Talk::new(110, settings()).open();
    talk.down(b"+OK\r\n");
    talk.up_at(0, b"\0\0");
    talk.up(b"STLS\r\n");
    talk.up(&hello(Some(NAME)));
    assert_eq!(talk.only_flow().name.as_deref(), Some(NAME));
}
