//! Preambles in streams: everything kept for them is bounded, and the hello after them is found.

use crate::traffic::{hello, settings, Talk, SECOND};
use _engine::report::limitation::Limitation;
use _engine::report::phase::Phase;
use _engine::settings::Settings;
use _engine::types::contact::Contact;
use _engine::types::evidence::Evidence;
use _engine::types::unnamed::Unnamed;

const CONNECT: &[u8] = b"CONNECT a.cloud.example:443 HTTP/1.1\r\nHost: a.cloud.example\r\n\r\n";

#[test]
fn a_mail_session_without_starttls_holds_no_head() {
    let mut talk = Talk::new(587, settings()).open();
    talk.down(b"220 mail\r\n");
    for line in
        ["EHLO client.example\r\n", "NOOP\r\n", "AUTH PLAIN AGEAYg==\r\n", "MAIL FROM:<a@b.example>\r\n"]
    {
        talk.up(line.as_bytes());
        talk.down(b"250 ok\r\n");
        assert_eq!(talk.monitor.tally().live_heads, 0, "{line}");
    }
    talk.up(&hello(Some("late.cloud.example")));
    let flow = talk.only_flow();
    assert_eq!((flow.name, flow.reason), (None, Some(Unnamed::NotTls)));
}

#[test]
fn a_client_that_never_starts_tls_is_not_read_forever() {
    let mut talk = Talk::new(587, settings()).open();
    for _ in 0..100 {
        talk.up(b"NOOP\r\n");
    }
    talk.up(&hello(Some("late.cloud.example")));
    assert_eq!(talk.only_flow().name, None);
}

#[test]
fn endless_requests_are_bounded_and_every_eviction_counted() {
    let mut talk = Talk::new(8080, settings());
    for port in 0..50 {
        talk.client_port = 40_000 + port;
        talk.syn();
        talk.up_at(0, b"GET /never HTTP/1.1\r\nCookie: ");
    }
    let tally = talk.monitor.tally();
    assert_eq!((tally.live_heads, tally.evicted.heads), (10, 40));
}

#[test]
fn a_hello_is_found_if_its_segments_arrive_before_the_request() {
    let mut talk = Talk::new(3128, settings()).open();
    let hello = hello(Some("b.cloud.example"));
    let (first, second) = hello.split_at(40);
    talk.up_at((CONNECT.len() + first.len()) as u32, second);
    talk.up_at(CONNECT.len() as u32, first);
    talk.up_at(20, &CONNECT[20..]);
    talk.up_at(0, &CONNECT[..30]);
    assert_eq!(talk.monitor.tally().live_heads, 0);
    let flow = talk.only_flow();
    assert_eq!((flow.name.as_deref(), flow.evidence), (Some("b.cloud.example"), Evidence::Sni));
    assert!(flow.view.contains(&Limitation::Proxied) && !flow.view.contains(&Limitation::Gap));
}

#[test]
fn a_request_is_found_in_any_segmentation() {
    for size in [1, 7, 1000] {
        for syn in [true, false] {
            let talk = Talk::new(3128, settings());
            let mut talk = if syn { talk.open() } else { talk };
            let stream = [CONNECT, &hello(None)].concat();
            // Without a SYN the first segment must show that it is a beginning.
            let head = if syn { 0 } else { CONNECT.len() };
            talk.up(&stream[..head]);
            stream[head..].chunks(size).for_each(|part| talk.up(part));
            let flow = talk.only_flow();
            assert_eq!((flow.name.as_deref(), flow.evidence), (Some("a.cloud.example"), Evidence::HttpHost));
            assert_eq!(
                (
                    flow.signature,
                    flow.view.contains(&Limitation::Proxied),
                    flow.view.contains(&Limitation::NoStart)
                ),
                (Some(3), true, !syn)
            );
        }
    }
}

#[test]
fn a_socks_request_is_found_in_any_segmentation_and_the_hello_after_it() {
    let greeting = b"\x05\x02\x00\x02\x01\x04user\x04word";
    let request = b"\x05\x01\x00\x03\x0fa.cloud.example\x01\xbb";
    for (name, expected) in [
        (None, ("a.cloud.example", Evidence::HttpHost)),
        (Some("b.cloud.example"), ("b.cloud.example", Evidence::Sni)),
    ] {
        for size in [1, 5, 1000] {
            let mut talk = Talk::new(1080, settings()).open();
            let stream = [&greeting[..], request, &hello(name)].concat();
            stream.chunks(size).for_each(|part| talk.up(part));
            let flow = talk.only_flow();
            assert_eq!((flow.name.as_deref().unwrap(), flow.evidence), expected, "{size}");
            assert!(flow.view.contains(&Limitation::Proxied));
        }
    }
}

#[test]
fn a_name_before_an_error_in_the_hello_is_the_name_and_the_flow_is_marked() {
    let mut damaged = hello(Some("a.cloud.example"));
    damaged[4] += 4; // two more extensions, the last of which is too long
    damaged[8] += 4;
    let at = damaged.len() - "a.cloud.example".len() - 10;
    damaged[at] += 4;
    damaged.extend([0, 16, 0, 9]);
    for size in [20, 1000] {
        let mut talk = Talk::new(443, settings()).open();
        damaged.chunks(size).for_each(|part| talk.up(part));
        let flow = talk.only_flow();
        assert_eq!((flow.name.as_deref(), flow.evidence), (Some("a.cloud.example"), Evidence::Sni));
        assert_eq!(flow.view, [Limitation::Malformed]);
    }
}

#[test]
fn a_name_that_no_host_can_have_matches_nothing() {
    for name in ["..cloud.example", "a b.cloud.example", "a\0.cloud.example"] {
        let mut talk = Talk::new(443, settings()).open();
        talk.up(&hello(Some(name)));
        let flow = talk.only_flow();
        assert_eq!(
            (flow.name, flow.signature, flow.reason),
            (None, None, Some(Unnamed::Malformed)),
            "{name}"
        );
    }
}

#[test]
fn a_request_longer_than_a_segment_is_found_in_a_connection_that_began_before() {
    let target = "t".repeat(1_500);
    let request = format!("GET /{target} HTTP/1.1\r\nCookie: {target}\r\nHost: a.cloud.example\r\n\r\n");
    for size in [10, 1_000, 2_000] {
        let mut talk = Talk::new(80, settings());
        request.as_bytes().chunks(size).for_each(|part| talk.up(part));
        assert_eq!(talk.monitor.tally().live_heads, 0);
        let flow = talk.only_flow();
        assert_eq!((flow.name.as_deref(), flow.evidence), (Some("a.cloud.example"), Evidence::HttpHost));
    }
}

#[test]
fn a_repeated_handshake_or_request_changes_nothing() {
    let mut talk = Talk::new(3128, settings()).open();
    talk.up_at(0, CONNECT);
    talk.syn();
    talk.up(CONNECT);
    talk.up(&hello(Some("b.cloud.example")));
    assert_eq!(talk.only_flow().name.as_deref(), Some("b.cloud.example"));
}

#[test]
fn a_few_bytes_of_text_are_neither_a_hello_nor_a_gap() {
    for (bytes, gap) in [(&b"PI"[..], false), (b"GET / HTTP/1.1\r\nCookie: ", false), (b"EHLO", true)] {
        let mut talk = Talk::new(443, settings()).open();
        talk.up(bytes);
        if gap {
            talk.up_at(10, b"behind a gap");
        }
        let flow = talk.only_flow();
        assert_eq!(
            (flow.reason, flow.view.contains(&Limitation::Gap)),
            (Some(Unnamed::NotTls), gap),
            "{bytes:?}"
        );
    }
}

#[test]
fn an_opening_cut_by_the_snap_length_is_truncated() {
    let mut talk = Talk::new(3128, settings()).open();
    talk.up_cut(CONNECT, 30);
    talk.up(&hello(Some("b.cloud.example")));
    assert_eq!(talk.only_flow().reason, Some(Unnamed::TruncatedCapture));
}

#[test]
fn a_request_to_a_vendor_is_reported_with_its_first_answer() {
    let mut talk = Talk::new(80, Settings { report_every_ns: 5 * SECOND, ..settings() }).open();
    talk.up(b"GET / HTTP/1.1\r\nHost: a.cloud.example\r\n\r\n");
    assert!(talk.monitor.flows.is_empty());
    talk.down(b"HTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(talk.monitor.flows.len(), 1);
    assert_eq!((talk.monitor.flows[0].phase, talk.monitor.flows[0].contact), (Phase::Open, Contact::Data));
}

#[test]
fn a_request_shows_who_the_client_is() {
    let mut talk = Talk::new(80, settings());
    (talk.port, talk.client_port) = (40_000, 80);
    talk.up(b"GET / HTTP/1.1\r\nHost: a.cloud.example\r\n\r\n");
    assert_eq!(talk.only_flow().client_port, 80);
}

#[test]
fn white_space_in_the_middle_of_a_hello_is_not_a_step() {
    // Without a SYN the segment that arrives first is taken for the beginning only if it can be nothing else.
    let hello = hello(Some("cloud.example")); // whose length is a carriage return
    let middle = hello.windows(2).position(|pair| pair == b"\rc").unwrap();
    let mut talk = Talk::new(443, settings());
    talk.up_at(middle as u32, &hello[middle..]);
    talk.up(&hello[..middle]);
    let flow = talk.only_flow();
    assert_eq!((flow.name.as_deref(), flow.evidence), (Some("cloud.example"), Evidence::Sni));
}
