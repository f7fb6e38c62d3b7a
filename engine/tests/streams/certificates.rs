//! Servers' certificates in streams: they are read only if the client states no name.

use crate::traffic::{hello, settings, Talk};
use _engine::report::limitation::Limitation;
use _engine::types::evidence::Evidence;
use _engine::types::unnamed::Unnamed;

/// A ServerHello and the certificate of dns.google, as they were sent.
const ANSWER: &[u8] = include_bytes!("../../fuzz/seeds/certificate/answer_tls12.bin");

fn named(talk: Talk) -> (Option<String>, Evidence) {
    let flow = talk.only_flow();
    (flow.name, flow.evidence)
}

fn by_certificate() -> (Option<String>, Evidence) {
    (Some("dns.google".to_owned()), Evidence::Certificate)
}

#[test]
fn a_hello_without_a_name_is_answered_by_a_certificate() {
    let mut talk = Talk::new(853, settings()).open();
    talk.up(&hello(None));
    for part in ANSWER.chunks(700) {
        talk.down(part);
    }
    assert_eq!(talk.monitor.tally().live_heads, 0);
    let flow = talk.only_flow();
    assert_eq!(flow.candidates.len(), 4);
    assert_eq!(flow.certificate_subject.as_deref(), Some("dns.google"));
    assert_eq!(flow.reason, None);
}

#[test]
fn the_segments_of_a_certificate_may_arrive_in_any_order_and_twice() {
    for size in [20, 100, 1460] {
        let mut talk = Talk::new(853, settings()).open();
        talk.up(&hello(None));
        let parts: Vec<(usize, &[u8])> = ANSWER.chunks(size).enumerate().collect();
        for (number, part) in parts.iter().rev().chain(&parts[..1]) {
            talk.down_at((number * size) as u32, part);
        }
        assert_eq!(named(talk), by_certificate(), "{size}");
    }
}

#[test]
fn the_answer_to_a_hello_with_a_name_is_not_read() {
    let mut talk = Talk::new(853, settings()).open();
    talk.up(&hello(Some("a.cloud.example")));
    talk.down(&ANSWER[..100]);
    assert_eq!(talk.monitor.tally().live_heads, 0);
    talk.down(&ANSWER[100..]);
    let flow = talk.only_flow();
    assert_eq!((flow.name.as_deref(), flow.certificate_issuer), (Some("a.cloud.example"), None));
}

#[test]
fn a_server_seen_in_one_direction_only_is_named_by_its_certificate() {
    let mut talk = Talk::new(853, settings());
    talk.down(&ANSWER[..1000]);
    talk.down(&ANSWER[1000..]);
    let flow = talk.only_flow();
    assert_eq!((flow.name.as_deref(), flow.server_port), (Some("dns.google"), 853));
    assert!(flow.view.contains(&Limitation::OneWay) && flow.view.contains(&Limitation::NoStart));
}

#[test]
fn a_certificate_is_found_after_what_the_server_sent_before() {
    let mut talk = Talk::new(143, settings()).open();
    talk.down(b"* OK ready\r\n");
    talk.up(b"a1 STARTTLS\r\n");
    talk.down(b"a1 OK\r\n");
    talk.up(&hello(None));
    talk.down_at(1000, &ANSWER[1000..]);
    talk.down(&ANSWER[..1000]);
    assert_eq!(named(talk), by_certificate());
}

#[test]
fn a_certificate_is_found_after_a_reply_that_could_be_anything() {
    let mut talk = Talk::new(5432, settings()).open();
    talk.up(b"\0\0\0\x08\x04\xd2\x16\x2f");
    talk.down(b"S");
    talk.up(&hello(None));
    talk.down_at(1000, &ANSWER[1000..]);
    talk.down(&ANSWER[..1000]);
    assert_eq!(named(talk), by_certificate());
}

#[test]
fn an_incomplete_certificate_does_no_harm() {
    let mut talk = Talk::new(853, settings()).open();
    talk.up(&hello(None));
    talk.down(&ANSWER[..1000]);
    let flow = talk.only_flow();
    assert_eq!(
        (flow.name, flow.reason, flow.view.contains(&Limitation::Gap)),
        (None, Some(Unnamed::NoServerName), false)
    );
}

#[test]
fn endless_answers_are_bounded_and_every_eviction_counted() {
    let mut talk = Talk::new(853, settings());
    for port in 0..50 {
        talk.client_port = 40_000 + port;
        talk.down_at(0, &ANSWER[..1000]);
    }
    let tally = talk.monitor.tally();
    assert_eq!((tally.live_heads, tally.evicted.heads), (10, 40));
}
