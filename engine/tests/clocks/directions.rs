//! Interfaces that carry one direction each, with clocks that differ by more than a flow lasts, sorted by time.

use crate::{feed, finish, hello, of_file, regular, segment, CLIENT, HOUR, NAME, SECOND};
use _engine::report::flow_record::FlowRecord;

/// A connection of the client with payload of both sides, every 100 ms: whether the client sends, time and packet.
fn conversation(port: u16) -> Vec<(bool, u64, Vec<u8>)> {
    let (mut numbers, mut talk) = ([5000u32, 9000], Vec::new());
    let mut send = |up: bool, flags: u8, payload: &[u8]| {
        let side = usize::from(!up);
        let mut packet = segment(port, numbers[side], payload);
        packet[33] = flags;
        packet[28..32].copy_from_slice(&numbers[1 - side].to_be_bytes());
        if !up {
            packet.copy_within(16..20, 12);
            packet[16..20].copy_from_slice(&CLIENT);
            packet[20..22].copy_from_slice(&[1, 187]);
            packet[22..24].copy_from_slice(&port.to_be_bytes());
        }
        numbers[side] += payload.len() as u32 + u32::from(flags & 2 != 0);
        talk.push((up, regular(talk.len() as u64), packet));
    };
    send(true, 2, b"");
    send(false, 0x12, b"");
    send(true, 0x18, &hello());
    for _ in 0..20 {
        send(false, 0x18, &[0x17; 100]);
        send(true, 0x18, &[0x17; 100]);
    }
    talk
}

/// Named bytes, all bytes and clock steps of ten connections whose directions come from an interface each, that of the
/// server with a clock that is off by so much; sorted by time. Those from the packet `skipped` on are seen.
fn by_direction(off: i64, skipped: usize) -> (u64, u64, u64) {
    let talks = (0..10).flat_map(|n| conversation(40_000 + n).into_iter().skip(skipped));
    let stamped = talks.map(|(up, time_ns, packet)| {
        (time_ns.wrapping_add_signed(if up { 0 } else { off }), u16::from(!up), packet)
    });
    let mut packets: Vec<_> = stamped.collect();
    packets.sort_by_key(|packet| packet.0);
    let mut monitor = of_file();
    packets.iter().for_each(|(time_ns, interface, packet)| feed(&mut monitor, *time_ns, *interface, packet));
    let flows = finish(&mut monitor);
    let bytes = |flow: &FlowRecord| flow.sent_bytes + flow.received_bytes;
    let named = flows.iter().filter(|flow| flow.name.as_deref() == Some(NAME)).map(bytes).sum();
    (named, flows.iter().map(bytes).sum(), monitor.tally().total_view().clock_steps)
}

#[test]
fn an_interface_whose_direction_comes_hours_after_the_other_is_noticed_and_keeps_the_name() {
    let (named, all, steps) = by_direction(0, 0);
    assert_eq!((named, steps), (all, 0));
    for off in [-302, 302] {
        assert_eq!(by_direction(off * SECOND as i64, 0), (all, all, 0), "{off}: within the life of a flow");
    }
    for off in [310, 3600, 7000] {
        assert_eq!(by_direction(off * SECOND as i64, 0), (all, all, 10), "{off}");
    }
    for off in [-310, -3600, -7000] {
        let (named, seen, steps) = by_direction(off * SECOND as i64, 0);
        assert!(named < all && seen == all && steps == 10, "{off} {named} {steps}");
    }
}

#[test]
fn it_is_noticed_in_connections_that_began_before_as_well() {
    for off in [-3600, 3600] {
        assert_eq!(by_direction(off * SECOND as i64, 4).2, 10, "{off}");
    }
}

#[test]
fn a_connection_that_goes_on_after_silence_on_another_interface_shows_no_clock() {
    let mut monitor = of_file();
    for (up, time_ns, packet) in conversation(40_000) {
        let is_late = time_ns > regular(30);
        if up || is_late {
            feed(&mut monitor, time_ns + if is_late { HOUR } else { 0 }, u16::from(is_late), &packet);
        }
    }
    assert_eq!(finish(&mut monitor).len(), 2);
    assert_eq!(monitor.tally().total_view().clock_steps, 0);
}
