//! Tunnels: the segment is the innermost one.

use crate::decode::{decode_complete, ethernet, fragment, ipv4, ipv6, tcp, udp};
use crate::seeds::{packet, seed};
use _engine::wire::Rejection;

const RAW_IP: u16 = 101;
const GRE: u8 = 47;

/// An Ethernet frame with a TCP segment of 45 IP bytes.
fn inner() -> Vec<u8> {
    [ethernet(0x0800), ipv4(6, &tcp(b"hello"))].concat()
}

fn assert_hello(bytes: &[u8], what: &str) {
    let segment = decode_complete(RAW_IP, bytes).unwrap_or_else(|rejection| panic!("{what}: {rejection:?}"));
    assert_eq!((what, segment.dst_port, segment.ip_bytes), (what, 443, 45));
    assert_eq!(segment.payload, b"hello");
}

#[test]
fn tunnels_of_public_captures_are_decoded() {
    for (name, src, dst_port, ip_bytes) in [
        ("erspan", "192.168.69.10", 53, 67),
        ("geneve", "30.0.0.2", 22, 60),
        ("gtp", "10.191.227.13", 3478, 224),
        ("ipv4_in_ipv6", "192.168.0.1", 443, 52),
        ("ipv6_in_ipv4", "2001:470:1f16:13f::2", 53, 99),
        ("qinq_pppoe", "1.1.1.1", 443, 64),
        ("vlan_mpls_gre", "10.30.0.10", 443, 121),
        ("vxlan", "10.10.20.4", 53, 58),
    ] {
        let seed = seed("decode", name);
        let (link, bytes) = packet(&seed);
        let segment =
            decode_complete(link, bytes).unwrap_or_else(|rejection| panic!("{name}: {rejection:?}"));
        assert_eq!((name, segment.src.to_string().as_str()), (name, src));
        assert_eq!((name, segment.dst_port, segment.ip_bytes), (name, dst_port, ip_bytes));
    }
}

#[test]
fn ip_in_ip_of_all_versions_is_decoded() {
    let (v4, v6) = (ipv4(6, &tcp(b"hello")), ipv6(6, &tcp(b"")));
    assert_hello(&ipv4(4, &v4), "4 in 4");
    assert_hello(&ipv6(4, &v4), "4 in 6");
    assert_eq!(decode_complete(RAW_IP, &ipv4(41, &v6)).unwrap().ip_bytes, 60);
    assert_eq!(decode_complete(RAW_IP, &ipv6(41, &v6)).unwrap().ip_bytes, 60);
}

#[test]
fn gre_is_parsed_with_all_optional_fields() {
    let v4 = ipv4(6, &tcp(b"hello"));
    for (flags, fields) in [(0x00, 0), (0x80, 4), (0x20, 4), (0x10, 4), (0xb0, 12)] {
        let header = [&[flags, 0, 0x08, 0x00][..], &vec![0; fields]].concat();
        assert_hello(&ipv4(GRE, &[header, v4.clone()].concat()), "GRE");
    }
}

#[test]
fn gre_carries_ethernet_mpls_and_ppp() {
    let v4 = ipv4(6, &tcp(b"hello"));
    let nvgre = [&[0x20, 0, 0x65, 0x58, 0, 0, 1, 0][..], &inner()].concat();
    assert_hello(&ipv4(GRE, &nvgre), "NVGRE");
    let mpls = [&[0, 0, 0x88, 0x47, 0, 1, 0x01, 64][..], &v4].concat();
    assert_hello(&ipv4(GRE, &mpls), "MPLS");
    let pptp = [&[0x30, 0x81, 0x88, 0x0b][..], &[0; 12], &[0xff, 0x03, 0x00, 0x21], &v4].concat();
    assert_hello(&ipv4(GRE, &pptp), "PPTP");
}

#[test]
fn erspan_of_all_types_is_decoded() {
    let type_1 = [&[0, 0, 0x88, 0xbe][..], &inner()].concat();
    let type_2 = [&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1][..], &[0x10, 1, 0, 1, 0, 0, 0, 0], &inner()].concat();
    let type_3 = |last: u8| [&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1][..], &[0x20; 1], &[0; 10], &[last]].concat();
    assert_hello(&ipv4(GRE, &type_1), "I");
    assert_hello(&ipv4(GRE, &type_2), "II");
    assert_hello(&ipv4(GRE, &[type_3(0), inner()].concat()), "III");
    assert_hello(&ipv4(GRE, &[type_3(1), vec![0; 8], inner()].concat()), "III with subheader");
}

#[test]
fn what_erspan_carries_is_in_the_vlan_that_it_states() {
    let mirrored = |header: &[u8], inside: &[u8]| {
        let gre = [&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1][..], header, inside].concat();
        [&[0; 12][..], &[0x81, 0, 0, 99, 0x08, 0], &ipv4(GRE, &gre)].concat()
    };
    let type_3 = |kind: u8| [&[0x20, 10][..], &[0; 8], &[kind << 2, 0]].concat();
    let ip = ipv4(6, &tcp(b"hello"));
    for (what, bytes) in
        [("a frame", mirrored(&type_3(0), &inner())), ("an IP packet", mirrored(&type_3(2), &ip))]
    {
        let segment = decode_complete(1, &bytes).unwrap();
        assert_eq!((segment.realm.vlan(), segment.realm.inner_vlan()), (Some(10), None), "{what}");
    }
}

#[test]
fn mpls_carries_ip_and_pseudowires() {
    let labels = [0, 0, 0x10, 64, 0, 0, 0x21, 64];
    for (what, inside) in [
        ("IP", ipv4(6, &tcp(b"hello"))),
        ("pseudowire", inner()),
        ("pseudowire with control word", [vec![0; 4], inner()].concat()),
    ] {
        let mut inside = inside;
        if what == "pseudowire" {
            inside[0] = 0x22; // an address that cannot be taken for anything else
        }
        let frame = [&ethernet(0x8847)[..], &labels, &inside].concat();
        assert_eq!(decode_complete(1, &frame).map(|segment| segment.ip_bytes), Ok(45), "{what}");
    }
}

#[test]
fn tunnels_over_udp_are_recognized_by_port_and_header() {
    let vxlan = [&[0x08, 0, 0, 0, 0, 0, 7, 0][..], &inner()].concat();
    let geneve = [&[0x01, 0, 0x65, 0x58, 0, 0, 7, 0][..], &[0; 4], &inner()].concat();
    let v4 = ipv4(6, &tcp(b"hello"));
    let gtp = [&[0x30, 0xff, 0, 45, 0, 0, 0, 1][..], &v4].concat();
    let gtp_5g = [&[0x34, 0xff, 0, 53, 0, 0, 0, 1][..], &[0, 0, 0, 0x85], &[1, 0x10, 9, 0], &v4].concat();
    for (what, port, payload) in [
        ("VXLAN", 4789, &vxlan),
        ("VXLAN of Linux", 8472, &vxlan),
        ("GENEVE with an option", 6081, &geneve),
        ("GTP-U", 2152, &gtp),
        ("GTP-U with an extension", 2152, &gtp_5g),
    ] {
        assert_hello(&ipv4(17, &udp(port, payload)), what);
    }
    assert_eq!(decode_complete(RAW_IP, &ipv4(17, &udp(4788, &vxlan))).unwrap().dst_port, 4788);
}

#[test]
fn reserved_fields_of_vxlan_are_ignored() {
    for header in
        [[0x08, 0, 0, 0, 0, 0, 7, 1], [0x08, 0xff, 1, 2, 0, 0, 7, 0xff], [0xff, 0, 0, 0, 0, 0, 7, 0]]
    {
        let payload = [&header[..], &inner()].concat();
        assert_hello(&ipv4(17, &udp(4789, &payload)), "VXLAN");
    }
    let generic = [&[0x0c, 0, 0, 3, 0, 0, 7, 1][..], &inner()].concat();
    assert_hello(&ipv4(17, &udp(4790, &generic)), "VXLAN-GPE");
}

#[test]
fn gre_over_udp_is_decoded() {
    let v4 = ipv4(6, &tcp(b"hello"));
    for header in [&[0, 0, 0x08, 0x00][..], &[0xa0, 0, 0x08, 0x00, 0, 0, 0, 0, 0, 0, 0, 7]] {
        assert_hello(&ipv4(17, &udp(4754, &[header, &v4].concat())), "GRE in UDP");
    }
    let bridged = [&[0, 0, 0x65, 0x58][..], &inner()].concat();
    assert_hello(&ipv4(17, &udp(4754, &bridged)), "Ethernet in GRE in UDP");
}

#[test]
fn mpls_over_udp_is_decoded() {
    let labels = [&[0, 0, 0x10, 64][..], &[0, 0, 0x21, 64], &ipv4(6, &tcp(b"hello"))].concat();
    assert_hello(&ipv4(17, &udp(6635, &labels)), "MPLS in UDP");
}

#[test]
fn a_datagram_to_a_tunnel_port_without_ip_inside_is_an_ordinary_datagram() {
    for port in [4789, 8472, 6081, 2152, 4754, 6635] {
        for payload in [&b""[..], b"\x08", b"just some text to a port", &[0; 64], &[0xff; 64]] {
            let bytes = ipv4(17, &udp(port, payload));
            let segment = decode_complete(RAW_IP, &bytes).unwrap();
            assert_eq!((segment.dst_port, segment.payload), (port, payload));
        }
    }
}

#[test]
fn a_rejection_inside_a_tunnel_is_reported() {
    let ping = [&[0x08, 0, 0, 0, 0, 0, 7, 0][..], &ethernet(0x0800), &ipv4(1, &[8, 0, 0, 0])].concat();
    assert_eq!(decode_complete(RAW_IP, &ipv4(17, &udp(4789, &ping))).unwrap_err(), Rejection::OtherTransport);
    let mut later = ipv4(6, &tcp(b"hello"));
    later[7] = 1;
    assert_eq!(fragment(&ipv4(4, &later)).offset, 8);
}

#[test]
fn tunnels_in_tunnels_end_at_the_limit() {
    let nested = |levels: usize| (0..levels).fold(ipv4(6, &tcp(b"hello")), |inside, _| ipv4(4, &inside));
    assert_hello(&nested(10), "ten tunnels");
    assert_eq!(decode_complete(RAW_IP, &nested(100)).unwrap_err(), Rejection::TooDeep);
}
