//! Tunnels over UDP whose header is too plain to recognise: Teredo, LISP and AMT.

use crate::decode::{decode_complete, ipv4, ipv6, ports, tcp, udp};
use _engine::wire::decode::{decode, Decoded};
use _engine::wire::Segment;

const RAW_IP: u16 = 101;
const TEREDO: u16 = 3544;
const LISP: u16 = 4341;
const AMT: u16 = 2268;

/// A tunnel: its name, its port, and its header.
type Tunnel = (&'static str, u16, &'static [u8]);

const OF_IPV6: [Tunnel; 4] = [
    ("Teredo", TEREDO, &[]),
    ("Teredo, origin", TEREDO, &[0, 0, 0x12, 0x34, 1, 2, 3, 4]),
    ("Teredo, authentication", TEREDO, &[0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0]),
    (
        "Teredo, both",
        TEREDO,
        &[0, 1, 2, 3, 9, 9, 7, 7, 7, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0x12, 0x34, 1, 2, 3, 4],
    ),
];

const OF_ANY: [Tunnel; 5] = [
    ("LISP", LISP, &[0, 0, 0, 0, 0, 0, 0, 0]),
    ("LISP with a nonce", LISP, &[0xe0, 1, 2, 3, 0, 0, 0, 1]),
    ("LISP with versions", LISP, &[0x50, 1, 2, 3, 0, 0, 0, 1]),
    ("LISP with an instance", LISP, &[0x88, 1, 2, 3, 0, 0, 7, 1]),
    ("AMT", AMT, &[6, 0]),
];

fn in_datagram(port: u16, header: &[u8], packet: &[u8]) -> Vec<u8> {
    ipv4(17, &udp(port, &[header, packet].concat()))
}

/// Asserts that a packet is a datagram of its own and carries no packet.
fn assert_datagram(bytes: &[u8], port: u16, what: &str) {
    let segment = decode_complete(RAW_IP, bytes);
    assert_eq!(
        segment.map(|one| (one.dst_port, one.payload_len as usize)),
        Ok((port, bytes.len() - 28)),
        "{what}"
    );
}

fn assert_hello(bytes: &[u8], what: &str) {
    let segment = decode_complete(RAW_IP, bytes).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    assert_eq!((segment.dst_port, segment.payload), (443, &b"hello"[..]), "{what}");
}

#[test]
fn the_packet_of_each_tunnel_is_found() {
    let (v4, v6) = (ipv4(6, &tcp(b"hello")), ipv6(6, &tcp(b"hello")));
    for (what, port, header) in OF_IPV6.into_iter().chain(OF_ANY) {
        assert_hello(&in_datagram(port, header, &v6), what);
        assert_hello(&ipv6(17, &udp(port, &[header, &v6].concat())), what);
    }
    for (what, port, header) in OF_ANY {
        assert_hello(&in_datagram(port, header, &v4), what);
    }
    for (what, port, header) in OF_IPV6 {
        assert_datagram(&in_datagram(port, header, &v4), port, what);
    }
}

#[test]
fn an_answer_comes_from_the_port_of_the_tunnel() {
    let v6 = ipv6(6, &tcp(b"hello"));
    for (port, header, inside) in [(TEREDO, &[][..], 443), (AMT, &[6, 0], 443), (LISP, &[0; 8], 9999)] {
        let mut datagram = udp(9999, &[header, &v6].concat());
        datagram[..2].copy_from_slice(&port.to_be_bytes());
        let answer = ipv4(17, &datagram);
        assert_eq!(decode_complete(RAW_IP, &answer).map(|one| one.dst_port), Ok(inside), "{port}");
    }
}

#[test]
fn the_instance_of_lisp_tells_networks_apart() {
    let realm = |header: &[u8]| {
        let bytes = in_datagram(LISP, header, &ipv4(6, &tcp(b"hello")));
        decode_complete(RAW_IP, &bytes).map(|segment| segment.realm.bits())
    };
    assert_eq!(realm(&[0, 0, 0, 0, 0, 0, 7, 0]), Ok(0));
    assert_ne!(realm(&[8, 0, 0, 0, 0, 0, 7, 0]), Ok(0));
    assert_ne!(realm(&[8, 0, 0, 0, 0, 0, 7, 0]), realm(&[8, 0, 0, 0, 0, 0, 8, 0]));
}

#[test]
fn other_datagrams_to_these_ports_are_no_tunnels() {
    let v6 = ipv6(6, &tcp(b"hello"));
    for (what, port, header) in OF_IPV6.into_iter().chain(OF_ANY) {
        for packet in [
            &[&v6[..], &[0]].concat()[..],
            &v6[..v6.len() - 1],
            &v6[1..],
            b"GET / HTTP/1.1",
            &[0x60; 80],
            &[0x45; 80],
            &[],
        ] {
            assert_datagram(&in_datagram(port, header, packet), port, what);
        }
        for kept in 0..header.len() {
            assert_datagram(&in_datagram(port, &header[..kept], &[]), port, what);
        }
    }
    for (what, port, header) in [
        ("LISP, encrypted", LISP, vec![1, 0, 0, 0, 0, 0, 0, 0]),
        ("LISP, reserved", LISP, vec![4, 0, 0, 0, 0, 0, 0, 0]),
        ("LISP, nonce and versions", LISP, vec![0x90, 0, 0, 0, 0, 0, 0, 0]),
        ("LISP, echo without a nonce", LISP, vec![0x20, 0, 0, 0, 0, 0, 0, 0]),
        ("AMT, query", AMT, vec![4, 0]),
        ("AMT, another version", AMT, vec![0x16, 0]),
        ("AMT, reserved", AMT, vec![6, 1]),
        ("Teredo, authentication longer than the datagram", TEREDO, vec![0, 1, 255, 255]),
    ] {
        assert_datagram(&in_datagram(port, &header, &v6), port, what);
    }
}

#[test]
fn what_a_teredo_client_says_to_its_server_is_a_datagram_to_that_server() {
    for (what, next, payload) in
        [("a bubble", 59, &[][..]), ("a solicitation", 58, &[133, 0, 0, 0, 0, 0, 0, 0])]
    {
        for (_, port, header) in OF_IPV6 {
            assert_datagram(&in_datagram(port, header, &ipv6(next, payload)), port, what);
        }
    }
}

#[test]
fn a_tunnelled_packet_that_is_cut_is_read_as_far_as_it_goes() {
    for (what, port, header) in OF_IPV6.into_iter().chain(OF_ANY) {
        let complete = in_datagram(port, header, &ipv6(6, &tcp(b"hello")));
        for kept in 28..complete.len() {
            let is_transport = kept >= complete.len() - 5;
            let is_header = kept >= complete.len() - 25;
            let found = match decode(RAW_IP, &complete[..kept], complete.len() as u32, &ports()) {
                Ok(Decoded::Segment(Segment { dst_port, .. })) => Some(dst_port),
                Ok(other) => panic!("{other:?}"),
                Err(_) => None,
            };
            let expected = match (is_transport, is_header) {
                (true, _) => Some(443),
                (_, true) => None,
                _ => Some(port),
            };
            assert_eq!(found, expected, "{what} cut at {kept}");
        }
    }
}
