use super::*;
use crate::wire::dns::Answer;
use crate::wire::Transport;

const HOUR_NS: u64 = 3_600 * SECOND_NS;
const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
const OTHER: [u8; 6] = [2, 0, 0, 0, 0, 2];

fn host(n: u8) -> Host {
    Address::v4([192, 0, 2, n]).into()
}

fn host_v6(n: u128) -> Host {
    Address(0x2001_0db8 << 96 | n).into()
}

fn machines() -> Machines {
    Machines::new(1600)
}

fn mac(bytes: [u8; 6]) -> Option<Mac> {
    Mac::new(bytes)
}

/// A flow of the client begins with a packet in such a frame.
fn begin(machines: &Machines, client: Host, frame: Option<[u8; 6]>, hops: u8, now_ns: u64) {
    let segment = Segment {
        src: client.address,
        dst: Address::v4([198, 51, 100, 1]),
        src_port: 50_000,
        dst_port: 443,
        ip_bytes: 40,
        ip_packets: 1,
        identification: 0,
        realm: Realm::NONE,
        mac: frame.as_ref(),
        hops,
        header: &[],
        transport: Transport::Udp,
        payload: &[],
        payload_len: 0,
    };
    machines.note_sender(client, &segment, now_ns);
}

fn request(mac: [u8; 6], name: &str) -> Lease {
    Lease { speaker: Speaker::Client, mac: Some(mac), name: Some(name.into()), ..Lease::default() }
}

fn grant(mac: Option<[u8; 6]>, address: Host, valid_s: u32) -> Lease {
    Lease { speaker: Speaker::Server, mac, addresses: vec![(address.address, valid_s)], name: None }
}

/// A message that says that the name has the address.
fn announcement(name: &str, address: Host, response: bool) -> Message {
    let data = Data::Address(address.address);
    let answer = Answer { name: name.into(), rtype: 1, ttl_s: 120, data };
    Message { response, answers: vec![answer], ..Message::default() }
}

#[test]
fn a_client_has_the_sender_of_its_first_frame_and_the_name_that_it_states() {
    let machines = machines();
    machines.learn_lease(&request(MAC, "desk-7"), host(0), mac(MAC), 5);
    begin(&machines, host(1), Some(MAC), 64, 6);
    let found = Machine { mac: mac(MAC), withheld: None, name: Some("desk-7".into()) };
    assert_eq!(machines.find(host(1), 7), found);
    assert_eq!(machines.find(host(2), 7), Machine::default());
}

#[test]
fn a_machine_has_its_name_with_each_of_its_addresses() {
    let machines = machines();
    machines.learn_lease(&request(MAC, "desk-7"), host(0), mac(MAC), 5);
    for client in [host(1), host_v6(1), host_v6(2)] {
        begin(&machines, client, Some(MAC), 64, 6);
        assert_eq!(machines.find(client, 7).name.as_deref(), Some("desk-7"));
    }
}

#[test]
fn a_router_is_not_taken_for_the_client() {
    let machines = machines();
    begin(&machines, host(1), Some(MAC), 63, 5);
    assert_eq!(machines.find(host(1), 6).mac, None);
    assert_eq!(machines.find(host(1), 6).withheld, Some(Withheld::Forwarded));
}

#[test]
fn a_mirror_of_both_sides_of_a_router_shows_the_machine() {
    let machines = machines();
    begin(&machines, host(1), Some(MAC), 64, 5);
    begin(&machines, host(1), Some(OTHER), 63, 5 + HOUR_NS);
    assert_eq!(machines.find(host(1), 5 + HOUR_NS).mac, mac(MAC));
    begin(&machines, host(1), Some(OTHER), 63, 6 + HOUR_NS);
    assert_eq!(machines.find(host(1), 6 + HOUR_NS).withheld, Some(Withheld::Forwarded));
}

#[test]
fn a_router_that_does_not_count_hops_is_known_by_its_many_clients() {
    let machines = machines();
    machines.learn_lease(&request(MAC, "the-router"), host(0), mac(MAC), 5);
    (1..=5).for_each(|n| begin(&machines, host(n), Some(MAC), 64, 5));
    begin(&machines, host(6), Some(OTHER), 64, 5);
    for n in 1..=5 {
        let shared = Machine { mac: None, withheld: Some(Withheld::Shared), name: None };
        assert_eq!(machines.find(host(n), 6), shared);
    }
    assert_eq!(machines.find(host(6), 6).mac, mac(OTHER));
}

#[test]
fn dhcp_names_the_client_behind_a_router_until_its_lease_ends() {
    let machines = machines();
    machines.learn_lease(&request(OTHER, "desk-7"), host(99), mac(MAC), 0);
    machines.learn_lease(&grant(Some(OTHER), host(1), 3600), host(98), mac(MAC), 0);
    begin(&machines, host(1), Some(MAC), 63, 5);
    let found = Machine { mac: mac(OTHER), withheld: None, name: Some("desk-7".into()) };
    assert_eq!(machines.find(host(1), HOUR_NS), found);
    let over = Machine { mac: None, withheld: Some(Withheld::Forwarded), name: None };
    assert_eq!(machines.find(host(1), HOUR_NS + 1), over);
}

#[test]
fn what_frames_show_has_precedence_over_what_dhcp_says() {
    let machines = machines();
    machines.learn_lease(&request(OTHER, "another"), host(0), mac(OTHER), 0);
    machines.learn_lease(&grant(Some(OTHER), host(1), 3600), host(98), mac(OTHER), 0);
    begin(&machines, host(1), Some(MAC), 64, 5);
    assert_eq!(machines.find(host(1), 6), Machine { mac: mac(MAC), ..Machine::default() });
}

#[test]
fn machines_without_an_address_are_not_one_machine() {
    let machines = machines();
    for nowhere in [Address::v4([0; 4]), Address(0)] {
        begin(&machines, nowhere.into(), Some(MAC), 64, 5);
        assert_eq!(machines.find(nowhere.into(), 6), Machine::default());
    }
}

#[test]
fn a_request_grants_no_address() {
    let machines = machines();
    let claim = Lease { addresses: Vec::new(), ..request(OTHER, "another") };
    machines.learn_lease(&claim, host(0), mac(OTHER), 0);
    assert_eq!(machines.find(host(1), 6), Machine::default());
}

#[test]
fn a_host_announces_its_own_address_only() {
    let machines = machines();
    machines.learn_announcement(&announcement("printer.local", host(1), true), host(1), None);
    machines.learn_announcement(&announcement("false.local", host(2), true), host(3), mac(MAC));
    machines.learn_announcement(&announcement("probe.local", host(4), false), host(4), None);
    machines.learn_announcement(&announcement("a.b.example", host(5), true), host(5), None);
    machines.learn_announcement(&announcement("laptop", host(6), true), host(6), None);
    let names = [1, 2, 3, 4, 5, 6].map(|n| machines.find(host(n), 5).name);
    let expected = [Some("printer.local"), None, None, None, None, Some("laptop")];
    assert_eq!(names, expected.map(|name| name.map(str::to_owned)));
}

#[test]
fn another_machine_with_the_address_does_not_inherit_the_name() {
    let machines = machines();
    begin(&machines, host(1), Some(MAC), 64, 0);
    machines.learn_announcement(&announcement("first.local", host(1), true), host(1), mac(MAC));
    assert_eq!(machines.find(host(1), 1).name.as_deref(), Some("first.local"));
    begin(&machines, host(1), Some(OTHER), 64, 2);
    assert_eq!(machines.find(host(1), 3), Machine { mac: mac(OTHER), ..Machine::default() });
}

#[test]
fn a_name_in_dhcp_has_precedence_over_an_announced_one() {
    let machines = machines();
    begin(&machines, host(1), Some(MAC), 64, 0);
    machines.learn_announcement(&announcement("first.local", host(1), true), host(1), mac(MAC));
    machines.learn_lease(&request(MAC, "desk-7.corp"), host(0), mac(MAC), 5);
    assert_eq!(machines.find(host(1), 1).name.as_deref(), Some("desk-7.corp"));
}

#[test]
fn a_server_for_ipv6_names_the_address_that_it_grants() {
    let machines = machines();
    let reply = Lease { name: Some("desk-7".into()), ..grant(None, host_v6(1), 3600) };
    machines.learn_lease(&reply, host_v6(0xff), mac(MAC), 0);
    assert_eq!(machines.find(host_v6(1), 1).name.as_deref(), Some("desk-7"));
}

#[test]
fn a_client_for_ipv6_is_known_by_its_frame_or_by_what_its_relay_saw() {
    let machines = machines();
    let link_local: Host = Address(0xfe80 << 112 | 1).into();
    let stated = |own| Lease { mac: own, ..request(MAC, "desk-7") };
    machines.learn_lease(&stated(None), link_local, mac(MAC), 0);
    begin(&machines, host_v6(1), Some(MAC), 64, 1);
    assert_eq!(machines.find(host_v6(1), 2).name.as_deref(), Some("desk-7"));
    machines.learn_lease(&stated(Some(OTHER)), host_v6(9), mac([2, 9, 9, 9, 9, 9]), 0);
    begin(&machines, host_v6(2), Some(OTHER), 64, 1);
    assert_eq!(machines.find(host_v6(2), 2).name.as_deref(), Some("desk-7"));
}

#[test]
fn equal_addresses_in_two_realms_are_two_machines() {
    let machines = machines();
    let mut realm = Realm::NONE;
    realm.add_vlan([0, 7]);
    begin(&machines, host(1), Some(MAC), 64, 0);
    begin(&machines, Host { realm, ..host(1) }, Some(OTHER), 64, 0);
    assert_eq!(machines.find(host(1), 1).mac, mac(MAC));
    assert_eq!(machines.find(Host { realm, ..host(1) }, 1).mac, mac(OTHER));
}

#[test]
fn a_flood_of_machines_stays_within_the_bound_and_is_counted() {
    let machines = Machines::new(160);
    for n in 0..10_000_u32 {
        let [a, b, c, d] = n.to_be_bytes();
        begin(&machines, Address::v4([10, b, c, d]).into(), Some([2, 9, a, b, c, d]), 64, n.into());
    }
    let (live, evicted) = machines.usage();
    assert!(live <= 320, "{live}");
    assert_eq!(live as u64 + evicted, 20_000);
}
