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
