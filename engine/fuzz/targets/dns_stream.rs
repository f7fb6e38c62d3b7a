//! DNS over TCP: segments in any order, with and without a known beginning. Memory is bounded.
//!
//! Input: one byte for whether the beginning is known, then for each segment its offset, the number of bytes
//! cut from it, its length, and its bytes.
#![no_main]

use _engine::address::Address;
use _engine::counters::tally::Tally;
use _engine::reassembly::stream_heads::HeadOwner;
use _engine::resolution::{Context, DnsStreams, LearnedNames, MessageKind, Messages, PendingQueries, StreamPart};
use _engine::tag::Matcher;
use _engine::types::arrival::Arrival;
use _engine::types::ends::Ends;
use _engine::types::flow_key::{FlowKey, TCP};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((first, mut rest)) = input.split_first() else {
        return;
    };
    let addresses = [Address::v4([192, 0, 2, 1]), Address::v4([192, 0, 2, 2])];
    let ends = Ends::new(FlowKey { addresses, ports: [53, 53], protocol: TCP }, 0);
    let owner = HeadOwner { flow: 0, side: 0, client: addresses[0], is_confirmed: false };
    let start = (first & 1 == 1).then_some(0);
    let (names, matcher) = (LearnedNames::new(16), Matcher::default());
    let (mut streams, mut tally, mut reports) = (DnsStreams::new(2), Tally::default(), Vec::new());
    let (mut queries, arrival) = (PendingQueries::default(), Arrival::default());
    let mut bytes = 0;
    while let Some(([seq, cut, length], behind)) = rest.split_first_chunk::<3>() {
        let (segment, next) = behind.split_at(behind.len().min(usize::from(*length)));
        rest = next;
        bytes += segment.len();
        let context = Context {
            names: &names,
            queries: &mut queries,
            matcher: &matcher,
            tally: &mut tally,
            reports: Some(&mut reports),
        };
        let mut messages = Messages::of_stream(&ends, 0, MessageKind::Dns(53), arrival, context);
        let wire_bytes = segment.len() as u32 + u32::from(cut & 15);
        let part = StreamPart { seq: u32::from(*seq), bytes: segment, wire_bytes };
        streams.follow(owner, start, part, &mut messages);
        assert!(streams.waiting() <= 1);
    }
    let context = Context {
        names: &names,
        queries: &mut queries,
        matcher: &matcher,
        tally: &mut tally,
        reports: Some(&mut reports),
    };
    let mut messages = Messages::of_stream(&ends, 0, MessageKind::Dns(53), arrival, context);
    streams.close(owner, &mut messages);
    assert_eq!(streams.waiting(), 0);
    assert!(reports.len() <= bytes / 2, "messages come from bytes");
});
