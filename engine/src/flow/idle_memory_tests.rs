use super::*;
use crate::address::realm::Realm;
use crate::address::Address;
use crate::flow::Flow;
use crate::types::arrival::Arrival;
use crate::types::flow_key::{TCP, UDP};

fn key(protocol: u8, client: u32, port: u16) -> FlowKey {
    let addresses = [Address::v4(client.to_be_bytes()), Address::v4([203, 0, 113, 1])];
    FlowKey { addresses, ports: [port, 443], protocol, realm: Realm::NONE }
}

fn remembered(key: FlowKey, last_ns: u64, is_matched: bool) -> Remembered {
    let flow =
        Flow::new(key, 0, u64::from(key.ports[0]), Arrival { time_ns: last_ns, ..Arrival::default() }, None);
    Remembered::of(&flow, is_matched)
}

fn remember(memory: &mut IdleMemory, client: u32, port: u16, is_matched: bool) -> bool {
    let key = key(TCP, client, port);
    memory.remember_tcp(&key, key.host(0), remembered(key, u64::from(port), is_matched))
}

#[test]
fn an_entry_is_no_larger_than_its_fields_need() {
    assert_eq!(size_of::<Place>(), 152);
    // With its key in the index, and room in both tables: docs/performance.md.
    assert_eq!(size_of::<(u64, u32)>(), 16);
}

#[test]
fn what_was_remembered_is_found_once() {
    let mut memory = IdleMemory::new(1000);
    for port in 0..500 {
        assert!(!remember(&mut memory, 1, port, false));
    }
    for port in (0..500).rev() {
        let key = key(TCP, 1, port);
        assert_eq!(memory.find_tcp(&key).map(|one| one.last_ns), Some(u64::from(port)));
        assert!(memory.take_tcp(&key).is_some());
        assert!(memory.find_tcp(&key).is_none());
    }
    assert!(memory.is_empty() && memory.numbers.is_empty());
}

#[test]
fn the_memory_is_bounded_and_the_busiest_client_loses() {
    let mut memory = IdleMemory::new(64);
    for client in 1..=8 {
        remember(&mut memory, client, 1, false);
    }
    let evictions = (0..10_000).filter(|port| remember(&mut memory, 99, 2 + *port, false)).count();
    assert_eq!((memory.len(), evictions), (64, 10_000 - 56));
    for client in 1..=8 {
        assert!(memory.find_tcp(&key(TCP, client, 1)).is_some(), "{client}");
    }
}

#[test]
fn what_a_signature_matches_stays_longest() {
    let mut memory = IdleMemory::new(16);
    remember(&mut memory, 1, 1, true);
    for port in 2..1000 {
        remember(&mut memory, u32::from(port), port, false);
    }
    assert!(memory.find_tcp(&key(TCP, 1, 1)).is_some());
}

#[test]
fn quic_is_found_by_the_receivers_id_whatever_the_clients_port() {
    let id = |byte: u8, length| ConnectionId::new(&[byte; 20][..length]).unwrap();
    let short = |byte: u8| [&[0x41][..], &[byte; 30]].concat();
    for (server, client) in [(8, 0), (8, 5), (20, 20), (1, 0)] {
        let mut memory = IdleMemory::new(10);
        let before = key(UDP, 1, 50_000);
        let ids = QuicIds { server: id(7, server), client: id(9, client) };
        memory.remember_quic(&before, ids, remembered(before, 5, false));
        assert!(memory.has_quic(&before, 0, ids));
        let mut found =
            |key: FlowKey, side, datagram: &[u8]| memory.continue_quic(&key, side, datagram).map(|one| one.1);
        let after = key(UDP, 1, 50_777);
        assert_eq!(found(after, 0, &short(7)), Some(0));
        // Without an ID in what it receives, a client is found by its port alone.
        assert_eq!(found(after, 1, &short(9)), (client > 0).then_some(0));
        assert_eq!(found(before, 1, &short(9)), Some(0));
        // Another ID, another server, and a long header are other connections.
        assert_eq!(found(after, 0, &short(8)), None);
        let elsewhere = FlowKey { ports: [50_777, 444], ..after };
        assert_eq!(found(elsewhere, 0, &short(7)), None);
        assert_eq!(found(after, 0, &[&[0xc1][..], &[7; 30]].concat()), None);
    }
}

#[test]
fn clients_that_come_regularly_are_not_set_against_each_other() {
    let mut memory = IdleMemory::new(1600);
    for n in 0..20_000u32 {
        let (client, port) = if n % 100 == 0 { (1000 + n, 7) } else { (99, 1000 + n as u16) };
        remember(&mut memory, client, port, false);
    }
    let honest = (0..20_000).step_by(100).filter(|n| memory.find_tcp(&key(TCP, 1000 + n, 7)).is_some());
    assert_eq!(honest.count(), 200);
}

#[test]
fn a_client_that_fills_the_memory_makes_no_other_forgotten_whatever_its_names() {
    for (hostile_is_matched, honest_is_matched) in
        [(true, true), (true, false), (false, true), (false, false)]
    {
        let mut memory = IdleMemory::new(1000);
        for honest in 0..100 {
            remember(&mut memory, 100 + honest, 1, honest_is_matched);
        }
        for port in 0..5000 {
            remember(&mut memory, 1, port, hostile_is_matched);
        }
        let kept = (0..100).filter(|honest| memory.find_tcp(&key(6, 100 + honest, 1)).is_some()).count();
        assert!(kept >= 99, "{kept}: {hostile_is_matched} {honest_is_matched}");
    }
}

#[test]
fn a_host_with_many_ipv6_addresses_is_one_client() {
    let mut memory = IdleMemory::new(200);
    for honest in 0..50 {
        remember(&mut memory, 100 + honest, 1, false);
    }
    for number in 0..5000u16 {
        let [high, low] = number.to_be_bytes();
        let mut address = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0];
        address[14..].copy_from_slice(&[high, low]);
        let addresses = [Address::v6(address), Address::v6([0x20; 16])];
        let key = FlowKey { addresses, ports: [1, 443], protocol: TCP, realm: Realm::NONE };
        memory.remember_tcp(&key, addresses[0].into(), remembered(key, 1, true));
    }
    let kept = (0..50).filter(|honest| memory.find_tcp(&key(TCP, 100 + honest, 1)).is_some()).count();
    assert!(kept >= 49, "{kept}");
}

fn continued(memory: &mut IdleMemory, client: u32, port: u16) {
    let key = key(TCP, client, port);
    let mut again = remembered(key, u64::from(port), false);
    again.has_continued = true;
    memory.remember_tcp(&key, key.host(0), again);
}

#[test]
fn connections_that_went_on_once_outlast_any_number_of_forged_clients() {
    let mut memory = IdleMemory::new(1000);
    for honest in 0..100 {
        continued(&mut memory, honest, 1);
    }
    for forged in 1000..51_000 {
        remember(&mut memory, forged, 1, true);
    }
    assert_eq!((0..100).filter(|n| memory.find_tcp(&key(TCP, *n, 1)).is_some()).count(), 100);
    assert_eq!((memory.len(), memory.continued), (1000, 100));
}

#[test]
fn connections_that_went_on_once_take_half_of_the_memory_and_count_until_they_are_gone() {
    let mut memory = IdleMemory::new(1000);
    for forged in 0..20_000 {
        continued(&mut memory, forged, 1);
        remember(&mut memory, forged, 2, false);
    }
    assert!((490..=510).contains(&memory.continued), "{}", memory.continued);
    let held = (0..20_000).filter(|n| memory.take_tcp(&key(TCP, *n, 1)).is_some()).count();
    assert_eq!((held >= 490, memory.continued), (true, 0));
}

#[test]
fn a_quic_connection_that_goes_on_is_counted_once() {
    let id = |byte: u8| ConnectionId::new(&[byte; 8]).unwrap();
    let mut memory = IdleMemory::new(10);
    let before = key(UDP, 1, 50_000);
    memory.remember_quic(&before, QuicIds { server: id(7), client: id(9) }, remembered(before, 5, false));
    let datagram = [&[0x41][..], &[7; 30]].concat();
    for _ in 0..3 {
        assert!(memory.continue_quic(&before, 0, &datagram).is_some());
        assert_eq!(memory.continued, 1);
    }
}
