//! Messages of DHCP: what they say, and what they are if they are cut or wrong.

use crate::seeds::{seed, seeds};
use _engine::address::Address;
use _engine::wire::dhcp::{parse_dhcp_v4, parse_dhcp_v6, Lease, Speaker};
use _engine::wire::{Malformed, Parse, Progress};

const MAC: [u8; 6] = [2, 0, 0x5e, 0x10, 0xab, 9];

/// A message of `op` with these options.
fn v4(op: u8, options: &[u8]) -> Vec<u8> {
    let mut message = vec![0; 236];
    message[..3].copy_from_slice(&[op, 1, 6]);
    message[12..16].copy_from_slice(&[192, 0, 2, 6]);
    message[16..20].copy_from_slice(&[192, 0, 2, 7]);
    message[28..34].copy_from_slice(&MAC);
    message.extend([0x63, 0x82, 0x53, 0x63]);
    message.extend(options);
    message
}

fn parsed(result: Parse<Lease>) -> Lease {
    match result {
        Ok(Progress::Parsed(lease)) => lease,
        other => panic!("{other:?}"),
    }
}

fn name(message: &[u8]) -> Option<String> {
    parsed(parse_dhcp_v4(message)).name
}

#[test]
fn a_request_states_the_name_and_grants_nothing() {
    let lease = parsed(parse_dhcp_v4(&v4(1, b"\x35\x01\x03\x0c\x06Desk-7\xff")));
    let stated =
        Lease { speaker: Speaker::Client, mac: Some(MAC), addresses: vec![], name: Some("desk-7".into()) };
    assert_eq!(lease, stated);
}

#[test]
fn an_acknowledgement_grants_the_address_for_a_time() {
    let lease = parsed(parse_dhcp_v4(&v4(2, b"\x35\x01\x05\x33\x04\0\0\x0e\x10\xff")));
    assert_eq!(lease.speaker, Speaker::Server);
    assert_eq!(lease.addresses, [(Address::v4([192, 0, 2, 7]), 3600)]);
}

#[test]
fn an_acknowledgement_of_an_address_that_the_client_has_confirms_it() {
    let mut message = v4(2, b"\x35\x01\x05\xff");
    message[16..20].fill(0);
    let lease = parsed(parse_dhcp_v4(&message));
    assert_eq!(lease.addresses, [(Address::v4([192, 0, 2, 6]), 86_400)]);
}

#[test]
fn offers_refusals_and_releases_grant_nothing() {
    for (op, kind) in [(2, 2), (2, 6), (1, 7), (1, 5), (2, 3), (1, 200)] {
        let lease = parsed(parse_dhcp_v4(&v4(op, &[53, 1, kind, 255])));
        assert_eq!((lease.speaker, lease.addresses.len()), (Speaker::Other, 0), "{op} {kind}");
    }
}

#[test]
fn the_full_name_has_precedence_and_may_be_text_or_labels() {
    let host = b"\x35\x01\x03\x0c\x02pc";
    for (full, expected) in [
        (&b"\x51\x0a\x04\0\0\x02PC\x03org"[..], "pc.org"),
        (b"\x51\x0b\x01\0\0pc.corp.", "pc.corp"),
        (b"\x51\x03\0\0\0", "pc"),
        (b"\x51\x05\0\0\0pc\x51\x04.org", "pc.org"),
    ] {
        let message = v4(1, &[host, full, b"\xff"].concat());
        assert_eq!(name(&message).as_deref(), Some(expected), "{full:?}");
    }
}

#[test]
fn options_continue_in_the_fields_that_they_overload() {
    let mut message = v4(1, b"\x34\x01\x03\x35\x01\x03\xff");
    message[108..112].copy_from_slice(b"\x0c\x02pc");
    message[44..49].copy_from_slice(b"\x0c\x03-07\xff"[..5].try_into().unwrap());
    assert_eq!(name(&message).as_deref(), Some("pc-07"));
}

#[test]
fn a_message_that_is_cut_needs_more() {
    let message = v4(1, b"\x35\x01\x03\x0c\x06desk-7");
    for length in (0..=242).chain(244..=250) {
        if length == 240 {
            continue; // without options
        }
        assert_eq!(parse_dhcp_v4(&message[..length]), Ok(Progress::NeedMore), "{length}");
    }
    assert_eq!(name(&message).as_deref(), Some("desk-7"));
}

#[test]
fn what_is_no_dhcp_is_malformed() {
    assert_eq!(parse_dhcp_v4(&v4(3, &[])), Err(Malformed("op")));
    let mut bootp = v4(1, &[]);
    bootp[236] = 0;
    assert_eq!(parse_dhcp_v4(&bootp), Err(Malformed("cookie")));
    for options in
        [&b"\x35\x00\xff"[..], b"\x33\x03\0\0\0\xff", b"\x51\x02\0\0\xff", b"\x51\x05\x04\0\0\x09a\xff"]
    {
        assert_eq!(parse_dhcp_v4(&v4(1, options)), Err(Malformed("option")), "{options:?}");
    }
}

#[test]
fn other_hardware_has_no_mac() {
    let mut message = v4(1, b"\x35\x01\x03\xff");
    message[1] = 32; // InfiniBand
    assert_eq!(parsed(parse_dhcp_v4(&message)).mac, None);
}

fn option(code: u16, content: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], &(content.len() as u16).to_be_bytes(), content].concat()
}

fn v6(kind: u8, options: &[Vec<u8>]) -> Vec<u8> {
    [&[kind, 1, 2, 3][..], &options.concat()].concat()
}

fn relayed(kind: u8, options: &[Vec<u8>]) -> Vec<u8> {
    [&[kind, 0][..], &[0; 32], &options.concat()].concat()
}

/// An IA_NA with an address that is valid for so many seconds.
fn association(last: u8, valid_s: u32) -> Vec<u8> {
    let mut address = vec![0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
    address.extend([0; 4]);
    address.extend(valid_s.to_be_bytes());
    option(3, &[&[0; 12][..], &option(5, &address)].concat())
}

#[test]
fn a_reply_grants_addresses_and_names_the_client() {
    let full = option(39, b"\x01\x04desk\x04corp\0");
    let message = v6(7, &[association(7, 3600), association(8, 0), full.clone()]);
    let lease = parsed(parse_dhcp_v6(&message));
    assert_eq!(lease.speaker, Speaker::Server);
    assert_eq!(lease.name.as_deref(), Some("desk.corp"));
    assert_eq!(lease.addresses, [(Address(0x2001_0db8 << 96 | 7), 3600)]);
    let request = parsed(parse_dhcp_v6(&v6(3, &[association(7, 3600), full])));
    assert_eq!((request.speaker, request.addresses.len()), (Speaker::Client, 0));
}

#[test]
fn a_relay_passes_on_the_hardware_address_of_the_client() {
    let inside = option(9, &v6(1, &[option(39, b"\0\x02pc")]));
    let first = relayed(12, &[option(79, &[&[0, 1][..], &MAC].concat()), inside]);
    let second = relayed(12, &[option(9, &first)]);
    let lease = parsed(parse_dhcp_v6(&second));
    assert_eq!((lease.mac, lease.name.as_deref()), (Some(MAC), Some("pc")));
}

#[test]
fn wrong_options_and_too_many_relays_are_malformed_and_cut_ones_need_more() {
    let mut message = v6(1, &[]);
    for _ in 0..9 {
        message = relayed(12, &[option(9, &message)]);
    }
    assert_eq!(parse_dhcp_v6(&message), Err(Malformed("relay")));
    assert_eq!(parse_dhcp_v6(&relayed(12, &[])), Err(Malformed("relay")));
    assert_eq!(parse_dhcp_v6(&relayed(12, &[option(9, &[1, 2])])), Err(Malformed("option")));
    assert_eq!(parse_dhcp_v6(&v6(7, &[option(3, &[0; 11])])), Err(Malformed("option")));
    assert_eq!(parse_dhcp_v6(&v6(1, &[option(39, b"\0\x05pc")])), Err(Malformed("option")));
    let complete = v6(1, &[option(39, b"\0\x02pc")]);
    for length in (0..4).chain(5..complete.len()) {
        assert_eq!(parse_dhcp_v6(&complete[..length]), Ok(Progress::NeedMore), "{length}");
    }
}

#[test]
fn addresses_of_one_message_are_bounded() {
    let many: Vec<_> = (0..200).map(|n| association(n, 60)).collect();
    assert_eq!(parsed(parse_dhcp_v6(&v6(7, &many))).addresses.len(), 16);
}

#[test]
fn messages_of_real_machines_are_read() {
    for seed in seeds("dhcp") {
        let read = [parse_dhcp_v4(&seed), parse_dhcp_v6(&seed)];
        assert!(read.iter().any(|one| matches!(one, Ok(Progress::Parsed(_)))));
    }
    assert_eq!(name(&seed("dhcp", "request")).as_deref(), Some("shen"));
}
