//! First payload bytes that signatures match.

use crate::traffic::{hello, matcher, settings, Talk, SECOND};
use _engine::settings::Settings;
use _engine::tag::{Magic, Matcher};
use _engine::types::evidence::Evidence;
use std::sync::Arc;

const LIVE: u64 = 5 * SECOND;

fn known(signature: u32) -> Arc<Matcher> {
    let magic = Magic { signature, is_tcp: true, port: 443, prefix: b"KE\0\0".to_vec(), length: None };
    Arc::new(matcher().with_payloads(&[magic]))
}

fn talk(settings: Settings) -> Talk {
    let mut talk = Talk::new(443, settings).open();
    talk.monitor.set_matcher(known(7));
    talk
}

#[test]
fn the_first_payload_of_either_side_is_reported_with_the_first_data_of_both() {
    for up in [true, false] {
        let mut talk = talk(Settings { report_every_ns: LIVE, ..settings() });
        if up {
            talk.up(b"KE\0\0 and more");
            assert!(talk.monitor.flows.is_empty());
            talk.down(b"other");
        } else {
            talk.down(b"KE\0\0 and more");
            assert!(talk.monitor.flows.is_empty());
            talk.up(b"other");
        }
        let flow = &talk.monitor.flows[0];
        assert_eq!((flow.signature, flow.evidence, flow.name.as_deref()), (Some(7), Evidence::Payload, None));
    }
}

#[test]
fn only_the_first_payload_counts() {
    let mut talk = talk(settings());
    talk.up(b"other");
    talk.up(b"KE\0\0");
    assert_eq!(talk.only_flow().signature, None);
}

#[test]
fn new_signatures_are_compared_with_the_first_payload_again() {
    let mut talk = talk(Settings { report_every_ns: LIVE, ..settings() });
    talk.up(b"KE\0\0");
    talk.down(b"other");
    talk.monitor.set_matcher(known(8));
    let signatures: Vec<_> = talk.finish().iter().map(|flow| flow.signature).collect();
    assert_eq!(signatures, [Some(7), Some(8)]);
}

#[test]
fn a_name_takes_precedence_over_the_first_payload() {
    let mut talk = talk(settings());
    talk.down(b"KE\0\0");
    talk.up(&hello(Some("a.cloud.example")));
    assert_eq!(talk.only_flow().signature, Some(3));
}

#[test]
fn the_packet_that_states_the_name_is_shown_whatever_the_server_sends_first() {
    let shown = |answer: &[u8]| {
        let mut talk = talk(settings());
        talk.up(b"GET / HTTP/1.1\r\nHost: a.cloud.example\r\n\r\n");
        talk.down(answer);
        let flow = talk.only_flow();
        assert_eq!((flow.signature, flow.evidence), (Some(3), Evidence::HttpHost));
        flow.shown_ns
    };
    assert_eq!(shown(b"KE\0\0"), shown(b"HTTP/1.1 200 OK\r\n\r\n"));
}
