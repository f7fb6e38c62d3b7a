use super::*;
use crate::address::Address;
use crate::capture::Packet;
use crate::kept::kept_packet::Shows;

fn client(number: u32) -> Host {
    Address::v4(number.to_be_bytes()).into()
}

fn packet(size: usize) -> Vec<Arc<KeptPacket>> {
    packet_that(size, Shows::SYN)
}

fn packet_that(size: usize, shows: Shows) -> Vec<Arc<KeptPacket>> {
    let bytes = &vec![0; size][..];
    let packet = Packet { number: 1, time_ns: 7, link: 1, interface: 0, wire_len: size as u32, bytes };
    vec![Arc::new(KeptPacket::of(&packet, [Address::v4([1; 4]), Address::v4([2; 4])], shows))]
}

#[test]
fn a_table_of_no_bytes_keeps_nothing() {
    let kept = KeptPackets::new(0);
    assert!(!kept.are_kept());
    assert_eq!(kept.keep(1, (client(1), false), packet(60)), 0);
    assert!(kept.of(1).is_empty());
}

#[test]
fn dns_messages_come_before_the_packets_of_the_flow_and_are_replaced() {
    let kept = KeptPackets::new(1 << 20);
    kept.keep(1, (client(1), false), packet(60));
    kept.rest_on(1, client(1), packet(100));
    kept.rest_on(1, client(1), packet(90));
    let sizes: Vec<_> = kept.of(1).iter().map(|one| one.bytes.len()).collect();
    assert_eq!(sizes, [90, 60]);
    kept.release(1);
    assert_eq!(kept.usage(), (0, 0));
}

#[test]
fn one_flow_is_bounded_in_packets_and_bytes() {
    let kept = KeptPackets::new(1 << 20);
    for _ in 0..1000 {
        kept.keep(1, (client(1), false), packet(60));
        kept.keep(2, (client(1), false), packet(9000));
    }
    assert_eq!(kept.of(1).len(), MAX_PACKETS);
    assert_eq!(kept.of(2).len(), MAX_FLOW_BYTES / 9100);
    assert!(kept.usage().1 < 200 << 10);
}

#[test]
fn packets_that_show_more_have_room_after_many_that_do_not() {
    let kept = KeptPackets::new(1 << 20);
    for _ in 0..1000 {
        kept.keep(1, (client(1), false), packet_that(60, Shows::OPENING.and(Shows::BY_CLIENT, true)));
    }
    assert_eq!(kept.of(1).len(), MAX_ORDINARY_PACKETS);
    kept.keep(1, (client(1), false), packet_that(60, Shows::OPENING.and(Shows::CONTACT, true)));
    assert_eq!(kept.of(1).len(), MAX_ORDINARY_PACKETS + 1);
}

#[test]
fn a_client_that_fills_the_table_displaces_its_own_flows() {
    let kept = KeptPackets::new(256 << 10);
    kept.keep(0, (client(1), true), packet(500));
    let mut evicted = 0;
    for flow in 1..10_000 {
        evicted += kept.keep(flow, (client(2), false), packet(500));
        assert!(kept.usage().1 <= 256 << 10);
    }
    assert_eq!(kept.of(0).len(), 1);
    assert_eq!(kept.of(9_999).len(), 1);
    assert_eq!(evicted as usize, 10_000 - kept.usage().0);
}
