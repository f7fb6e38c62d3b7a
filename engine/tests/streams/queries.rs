//! DNS over TCP on ports that say nothing, with a query in several segments.

use crate::traffic::{hello, settings, Talk};

/// A query with its length before it.
fn query() -> Vec<u8> {
    let message = [&[0, 77, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], b"\x03www\x07example\0\0\x01\0\x01"].concat();
    [&(message.len() as u16).to_be_bytes()[..], &message].concat()
}

/// The answer to it.
fn answer() -> Vec<u8> {
    let mut message = query()[2..].to_vec();
    (message[2], message[3], message[7]) = (0x81, 0x80, 1);
    message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 9]);
    [&(message.len() as u16).to_be_bytes()[..], &message].concat()
}

/// The messages that were read and the problems that were counted, after a client sent these segments, and the server
/// its answer.
fn messages(port: u16, parts: &[&[u8]], is_open: bool) -> (u64, usize) {
    let mut talk = Talk::new(port, settings());
    if is_open {
        talk = talk.open();
    }
    parts.iter().for_each(|part| talk.up(part));
    answer().chunks(2).for_each(|part| talk.down(part));
    assert!(talk.monitor.tally().live_heads <= 1, "only what may become a hello is kept");
    talk.monitor.finish();
    let tally = talk.monitor.tally();
    (tally.dns_messages, tally.problems.len())
}

#[test]
fn a_query_in_segments_is_read_on_any_port() {
    let query = query();
    for port in [53, 443, 1053, 5353, 8053] {
        for cuts in [&[][..], &[1], &[2], &[14], &[1, 2], &[2, 9], &[20]] {
            let ends = cuts.iter().copied().chain([query.len()]);
            let starts = [0].into_iter().chain(cuts.iter().copied());
            let parts: Vec<_> = starts.zip(ends).map(|(start, end)| &query[start..end]).collect();
            assert_eq!(messages(port, &parts, true), (2, 0), "{port} {cuts:?}");
        }
    }
    assert_eq!(messages(8053, &[&query[..2], &query[2..]], false), (2, 0));
}

#[test]
fn what_only_begins_like_a_query_is_none_and_no_problem() {
    let query = query();
    for port in [443, 1053, 5353] {
        for other in
            [&b"\0"[..], b"\0\x1d", b"\x01\0rest", b"\0\x1d\0\x4d\x01\0\0\x01", &query[..20], b"\0\0\0\x54"]
        {
            for rest in [&b""[..], b"\0", b"another thing that is longer than all of the query"] {
                let (read, problems) = messages(port, &[other, rest], true);
                assert_eq!((read, problems), (0, 0), "{port} {other:?} {rest:?}");
            }
        }
    }
}

#[test]
fn a_probe_that_begins_like_a_query_hides_no_hello() {
    let mut talk = Talk::new(443, settings()).open();
    talk.up_at(0, b"\0");
    talk.up(&hello(Some("a.cloud.example")));
    assert_eq!(talk.only_flow().name.as_deref(), Some("a.cloud.example"));
}
