//! DNS over TCP: segments in any order, with and without a known beginning. Nothing is kept that is not bounded.
//!
//! Input: one byte that says whether the beginning is known, then for each segment where it begins, how many
//! bytes of it were cut off, its length, and its bytes.
#![no_main]

use _engine::address::Address;
use _engine::flow::dns::Messages;
use _engine::flow::dns_stream::{DnsStreams, Part};
use _engine::types::flow_key::{FlowKey, TCP};
use _engine::flow::names::Names;
use _engine::flow::record::Flow;
use _engine::tag::Matcher;
use _engine::counters::tally::Tally;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((first, mut rest)) = input.split_first() else {
        return;
    };
    let addresses = [Address::v4([192, 0, 2, 1]), Address::v4([192, 0, 2, 2])];
    let flow = Flow::new(FlowKey { addresses, ports: [53, 53], protocol: TCP }, 0, 0, 0, 0);
    let start = (first & 1 == 1).then_some(0);
    let (names, matcher) = (Names::new(16), Matcher::default());
    let (mut streams, mut tally, mut reports) = (DnsStreams::new(2), Tally::default(), Vec::new());
    let mut bytes = 0;
    while let Some(([seq, cut, length], behind)) = rest.split_first_chunk::<3>() {
        let (segment, next) = behind.split_at(behind.len().min(usize::from(*length)));
        rest = next;
        bytes += segment.len();
        let mut messages = Messages::of_stream(&flow, 0, 0, &names, &matcher, &mut tally, Some(&mut reports));
        let wire_bytes = segment.len() as u32 + u32::from(cut & 15);
        let part = Part { seq: u32::from(*seq), bytes: segment, wire_bytes };
        streams.follow((0, 0), start, part, &mut messages);
        assert!(streams.waiting() <= 1);
    }
    let mut messages = Messages::of_stream(&flow, 0, 0, &names, &matcher, &mut tally, Some(&mut reports));
    streams.close(0, 0, &mut messages);
    assert_eq!(streams.waiting(), 0);
    assert!(reports.len() <= bytes / 2, "messages come from bytes");
});
