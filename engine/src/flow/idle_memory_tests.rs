use super::*;
use crate::address::realm::Realm;
use crate::address::Address;
use crate::flow::Flow;
use crate::types::arrival::Arrival;
use crate::types::flow_key::UDP;
use crate::types::volume::Volume;

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
        memory.remember_quic(&before, ids, 1, remembered(before, 5, false));
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
    memory.remember_quic(&before, QuicIds { server: id(7), client: id(9) }, 1, remembered(before, 5, false));
    let datagram = [&[0x41][..], &[7; 30]].concat();
    for _ in 0..3 {
        assert!(memory.continue_quic(&before, 0, &datagram).is_some());
        assert_eq!(memory.continued, 1);
    }
}

#[test]
fn a_connection_without_an_id_of_the_client_keeps_its_port_until_both_sides_have_shown_another() {
    let ids = |byte: u8| QuicIds {
        server: ConnectionId::new(&[byte; 8]).unwrap(),
        client: ConnectionId::new(&[]).unwrap(),
    };
    let ends = key(UDP, 1, 50_000);
    let mut memory = IdleMemory::new(10);
    let owner = |memory: &IdleMemory, side, byte: u8| {
        memory.quic_owner(&ends, side, &[&[0x41][..], &[byte; 30]].concat()).map(|one| one.0)
    };
    let add = |memory: &mut IdleMemory, byte, side, id| {
        let arrival = Arrival { time_ns: 5, ..Arrival::default() };
        let mut flow = Flow::new(ends, 0, id, arrival, None);
        flow.traffic.add_volumes([Volume { packets: 1, bytes: 100 }; 2]);
        memory.remember_quic(&ends, ids(byte), side, Remembered::of(&flow, false))
    };
    add(&mut memory, 1, 1, 70);
    add(&mut memory, 2, 1, 71); // the server shows another
    add(&mut memory, 3, 0, 72); // a client alone shows none
    assert_eq!([1, 2, 3].map(|byte| owner(&memory, 0, byte)), [Some(70), Some(71), None]);
    assert_eq!(owner(&memory, 1, 9), Some(70));
    memory.establish_quic(&ends, 0, ids(1));
    assert_eq!((owner(&memory, 1, 9), memory.len()), (Some(70), 2));
    memory.establish_quic(&ends, 0, ids(3)); // unknown
    memory.establish_quic(&ends, 0, ids(2));
    assert_eq!([1, 2].map(|byte| owner(&memory, 0, byte)), [None, Some(71)]);
    assert_eq!((owner(&memory, 1, 9), memory.len(), memory.numbers.len()), (Some(71), 1, 2));
}

#[test]
fn whether_a_connection_between_two_hosts_is_held_is_known_until_it_is_evicted() {
    let mut memory = IdleMemory::new(16);
    for client in 0..200u32 {
        let ends = key(UDP, client, 50_000);
        let [server, of_client] = [[1; 4], [2; 4]].map(|mut id: [u8; 4]| {
            id[1..].copy_from_slice(&client.to_be_bytes()[1..]);
            ConnectionId::new(&id).unwrap()
        });
        memory.remember_quic(&ends, QuicIds { server, client: of_client }, 1, remembered(ends, 5, false));
        remember(&mut memory, client, 7, false);
        assert!(memory.may_hold(&key(TCP, client, 7)));
        assert_eq!(memory.pairs.values().sum::<u32>() as usize, quic(&memory));
        assert_eq!((0..200).filter(|n| memory.may_hold(&key(UDP, *n, 1))).count(), memory.pairs.len());
    }
    (0..200).for_each(|client| drop(memory.take_tcp(&key(TCP, client, 7))));
    assert_eq!((memory.len(), memory.pairs.len()), (quic(&memory), quic(&memory)));

    fn quic(memory: &IdleMemory) -> usize {
        memory.places.iter().filter(|place| place.keys[1].is_some()).count()
    }
}

#[test]
fn what_one_end_alone_forges_evicts_nothing_that_both_have_shown() {
    let mut memory = IdleMemory::new(64);
    let two_sided = |port: u16| {
        let arrival = Arrival { time_ns: 5, ..Arrival::default() };
        let mut flow = Flow::new(key(TCP, 1, port), 0, 0, arrival, None);
        flow.traffic.add_volumes([Volume { packets: 1, bytes: 100 }; 2]);
        Remembered::of(&flow, false)
    };
    for port in 0..8 {
        memory.remember_tcp(&key(TCP, 1, port), key(TCP, 1, port).host(0), two_sided(port));
    }
    for port in 8..10_000 {
        remember(&mut memory, 1, port, true);
    }
    assert_eq!((0..8).filter(|port| memory.find_tcp(&key(TCP, 1, *port)).is_some()).count(), 8);
}
