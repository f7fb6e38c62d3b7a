//! Tags, tunnels and link types: what each header carries is found, however they are combined and cut.

use crate::decode::{decode_complete, ethernet, ipv4, ipv6, ports, tcp, udp};
use _engine::wire::decode::decode;
use _engine::wire::{Carried, Rejection, TunnelPorts};

const ETHERNET: u16 = 1;
const RAW_IP: u16 = 101;
const ADDRESSES: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];

/// A tag of a mirror: its EtherType, and what stands between that and the next EtherType.
type Tag = (&'static str, u16, &'static [u8]);

const TAGS: [Tag; 17] = [
    ("VLAN", 0x8100, &[0, 10]),
    ("802.1ad", 0x88a8, &[0, 10]),
    ("QinQ 0x8200", 0x8200, &[0, 10]),
    ("QinQ 0x9100", 0x9100, &[0, 10]),
    ("QinQ 0x9200", 0x9200, &[0, 10]),
    ("QinQ 0x9300", 0x9300, &[0, 10]),
    ("VN-Tag", 0x8926, &[0x80, 1, 0, 0x14]),
    ("CMD with SGT 100", 0x8909, &[1, 1, 0, 1, 0, 100]),
    ("CMD with two options", 0x8909, &[1, 2, 0, 1, 0, 100, 0, 1, 0, 101]),
    ("TTag", 0x8988, &[0, 1, 2, 3, 4, 5]),
    ("E-Tag", 0x893f, &[0xe0, 1, 0x10, 2, 0, 0]),
    ("Arista timestamp", 0xd28b, &[0, 1, 0, 0x10, 1, 2, 3, 4, 5, 6, 7, 8]),
    ("Arista short timestamp", 0xd28b, &[0, 1, 1, 0x20, 1, 2, 3, 4, 5, 6]),
    ("HSR", 0x892f, &[0, 60, 0, 9]),
    ("R-TAG", 0xf1c1, &[0, 0, 0, 9]),
    ("MACsec without encryption", 0x88e5, &[0, 0, 0, 0, 0, 7]),
    ("MACsec with a channel identifier", 0x88e5, &[0x20, 0, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8]),
];

/// A frame with these tags around an IPv4 packet.
fn tagged(tags: &[Tag]) -> Vec<u8> {
    let mut frame = ADDRESSES.to_vec();
    for (_, ethertype, fields) in tags {
        frame.extend(ethertype.to_be_bytes());
        frame.extend_from_slice(fields);
    }
    [&frame[..], &[0x08, 0x00], &ipv4(6, &tcp(b"hello"))].concat()
}

fn inner() -> Vec<u8> {
    tagged(&[])
}

fn assert_hello(link: u16, bytes: &[u8], what: &str) {
    match decode_complete(link, bytes) {
        Ok(segment) => assert_eq!((segment.payload, segment.dst_port), (&b"hello"[..], 443), "{what}"),
        Err(rejection) => panic!("{what}: {rejection:?}"),
    }
}

/// What an undecoded packet carries.
fn carried(link: u16, bytes: &[u8]) -> Carried {
    decode(link, bytes, bytes.len() as u32, &ports()).expect_err("undecoded").carried
}

#[test]
fn every_tag_is_skipped_alone_and_around_every_other() {
    for outer in TAGS {
        assert_hello(ETHERNET, &tagged(&[outer]), outer.0);
        for inner in TAGS {
            assert_hello(ETHERNET, &tagged(&[outer, inner]), &format!("{} around {}", outer.0, inner.0));
        }
    }
}

#[test]
fn tags_are_skipped_inside_every_tunnel_of_a_mirror() {
    let (vn_tag, cmd) = (TAGS[6], TAGS[7]);
    let frame = tagged(&[TAGS[1], vn_tag, cmd, TAGS[0]]);
    let erspan_2 = [&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1][..], &[0x10, 0, 0, 0, 0, 0, 0, 0], &frame].concat();
    let erspan_1 = [&[0, 0, 0x88, 0xbe][..], &frame].concat();
    let erspan_3 =
        [&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1][..], &[0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &frame].concat();
    for (what, gre) in [("ERSPAN I", erspan_1), ("ERSPAN II", erspan_2), ("ERSPAN III", erspan_3)] {
        assert_hello(RAW_IP, &ipv4(47, &gre), what);
        let outside = [&tagged(&[TAGS[10], TAGS[0]])[..12 + 8 + 4], &[0x08, 0], &ipv4(47, &gre)].concat();
        assert_hello(ETHERNET, &outside, &format!("{what} in E-Tag and VLAN"));
    }
    for (what, port, header) in datagram_headers() {
        assert_hello(RAW_IP, &ipv4(17, &udp(port, &[&header[..], &frame].concat())), what);
        assert_hello(RAW_IP, &ipv6(17, &udp(port, &[&header[..], &frame].concat())), what);
    }
}

/// Tunnels over UDP that carry Ethernet frames.
fn datagram_headers() -> Vec<(&'static str, u16, Vec<u8>)> {
    vec![
        ("VXLAN", 4789, vec![8, 0, 0, 0, 0, 0, 7, 0]),
        ("VXLAN-GPE", 4790, vec![0x0c, 0, 0, 3, 0, 0, 7, 0]),
        ("VXLAN-GPE without a next protocol", 4790, vec![8, 0, 0, 0, 0, 0, 7, 0]),
        ("VXLAN-GPE with NSH", 4790, [&[0x0c, 0, 0, 4, 0, 0, 7, 0][..], &nsh(3)].concat()),
        ("GENEVE", 6081, vec![0, 0, 0x65, 0x58, 0, 0, 7, 0]),
        ("GENEVE with NSH", 6081, [&[0, 0, 0x89, 0x4f, 0, 0, 7, 0][..], &nsh(3)].concat()),
        ("TZSP", 37_008, vec![1, 0, 0, 1, 1]),
        ("TZSP with fields", 37_008, vec![1, 1, 0, 1, 0, 0, 41, 2, 0, 99, 60, 6, 1, 2, 3, 4, 5, 6, 1]),
        ("HP ERM", 7932, vec![0; 12]),
        ("CAPWAP with 802.3", 5247, vec![0, 2 << 3, 0x02, 0, 0, 0, 0, 0]),
        (
            "CAPWAP with the radio's address",
            5247,
            vec![0, 4 << 3, 2, 0x10, 0, 0, 0, 0, 6, 1, 2, 3, 4, 5, 6, 0],
        ),
        ("L2TP version 3 without a cookie", 1701, vec![0, 3, 0, 0, 0, 0, 0, 9]),
        ("L2TP version 3 with a cookie", 1701, vec![0, 3, 0, 0, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8]),
    ]
}

/// A network service header with fixed context.
fn nsh(next: u8) -> Vec<u8> {
    [&[0x0f, 0xc6, 1, next, 0, 0, 1, 255][..], &[0; 16]].concat()
}

#[test]
fn carriers_of_other_frames_are_skipped() {
    let v4 = ipv4(6, &tcp(b"hello"));
    let v6 = ipv6(6, &tcp(b"hello"));
    let frame = inner();
    for (what, ethertype, body) in [
        ("802.1ah", 0x88e7, [&[0, 0, 0, 9][..], &frame].concat()),
        ("802.1ah with a tagged customer", 0x88e7, [&[0, 0, 0, 9][..], &tagged(&[TAGS[0]])].concat()),
        ("FabricPath", 0x8903, [&[0, 0x20][..], &frame].concat()),
        ("TRILL", 0x22f3, [&[0, 1, 0, 1, 0, 2][..], &frame].concat()),
        ("TRILL with an option", 0x22f3, [&[0, 0x41, 0, 1, 0, 2, 9, 9, 9, 9][..], &frame].concat()),
        ("NSH with IPv4", 0x894f, [nsh(1), v4.clone()].concat()),
        ("NSH with IPv6", 0x894f, [nsh(2), v6.clone()].concat()),
        ("NSH in NSH", 0x894f, [nsh(4), nsh(3), frame.clone()].concat()),
        ("NSH with MPLS", 0x894f, [&nsh(5)[..], &[0, 1, 1, 64], &v4].concat()),
        ("PPP", 0x880b, [&[0, 0x21][..], &v4].concat()),
        ("IPv6 under the type of IPv4", 0x0800, v6),
        ("IPv4 under the type of IPv6", 0x86dd, v4.clone()),
        ("long LLC", 0x8870, [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &v4].concat()),
    ] {
        assert_hello(ETHERNET, &[&ethernet(ethertype)[..], &body].concat(), what);
    }
    let short = ipv4(17, &udp(53, b"hi"));
    let segment =
        decode_complete(ETHERNET, &[ethernet(0x86dd), short.clone()].concat()).map(|one| one.ip_bytes);
    assert_eq!(segment, Ok(30), "an IPv4 packet shorter than the header of IPv6");
    for (what, protocol, body) in [
        (
            "IP authentication",
            51,
            [&[6, 4, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1][..], &[0; 12], &tcp(b"hello")].concat(),
        ),
        ("Ethernet over IPv6 segments", 143, frame.clone()),
        ("Ethernet over IP", 97, [&[0x30, 0][..], &frame].concat()),
        ("L2TP version 3 over IP", 115, [&[0, 0, 0, 9, 1, 2, 3, 4][..], &frame].concat()),
        ("WCCP version 2", 47, [&[0, 0, 0x88, 0x3e, 0, 0, 0, 0][..], &v4].concat()),
        ("WCCP version 1", 47, [&[0, 0, 0x88, 0x3e][..], &v4].concat()),
    ] {
        assert_hello(RAW_IP, &ipv4(protocol, &body), what);
    }
}

#[test]
fn ppp_is_found_in_l2tp_with_every_optional_field() {
    let ppp = [&[0xff, 3, 0, 0x21][..], &ipv4(6, &tcp(b"hello"))].concat();
    for (what, header) in [
        ("no field", vec![0x00, 0x02, 0, 1, 0, 2]),
        ("length", vec![0x40, 0x02, 0, 61, 0, 1, 0, 2]),
        ("sequence numbers", vec![0x08, 0x02, 0, 1, 0, 2, 0, 0, 0, 0]),
        ("an offset", vec![0x02, 0x02, 0, 1, 0, 2, 0, 3, 9, 9, 9]),
        ("all, and priority", vec![0x4b, 0x02, 0, 61, 0, 1, 0, 2, 0, 0, 0, 0, 0, 1, 9]),
    ] {
        let mut datagram = udp(1701, &[&header[..], &ppp].concat());
        assert_hello(RAW_IP, &ipv4(17, &datagram), what);
        datagram[..4].copy_from_slice(&[0x06, 0xa5, 0x9c, 0x40]); // the answer of the other end
        assert_hello(RAW_IP, &ipv4(17, &datagram), what);
    }
    let control = ipv4(17, &udp(1701, &[0xc8, 2, 0, 12, 0, 1, 0, 0, 0, 0, 0, 0]));
    assert_eq!(decode_complete(RAW_IP, &control).map(|segment| segment.dst_port), Ok(1701));
}

#[test]
fn wireless_frames_in_capwap_are_read_in_both_orders_of_their_first_bytes() {
    let rest = [&[0; 22][..], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &ipv4(6, &tcp(b"hello"))].concat();
    for frame_control in [[0x08, 0x01], [0x01, 0x08], [0x08, 0x02], [0x02, 0x08]] {
        let payload = [&[0, 2 << 3, 0x03, 0, 0, 0, 0, 0][..], &frame_control, &rest].concat();
        assert_hello(RAW_IP, &ipv4(17, &udp(5247, &payload)), "a data frame");
    }
    let encrypted = ipv4(17, &udp(5247, &[1, 0, 0, 0, 22, 254, 253]));
    assert_eq!(decode_complete(RAW_IP, &encrypted).map(|segment| segment.dst_port), Ok(5247), "DTLS");
}

/// The header of a record of Endace's cards, and what stands between that and the packet.
fn erf(kind: u8, more: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0, 1, 0, 0, 0, kind, 4, 0, 80, 0, 0, 0, 64][..], more].concat()
}

#[test]
fn every_link_type_of_a_capture_is_decoded() {
    let v4 = ipv4(6, &tcp(b"hello"));
    let v6 = ipv6(6, &tcp(b"hello"));
    let frame = inner();
    let llc = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &v4].concat();
    let pktap = |link: u8| [&[108, 0, 0, 0, 1, 0, 0, 0, link, 0, 0, 0][..], &[0; 96]].concat();
    let juniper = |flags: u8| [b'M', b'G', b'C', flags];
    for (what, link, header, body) in [
        ("NFLOG", 239, vec![2, 0, 0, 0, 8, 0, 1, 0, 8, 0, 0, 0, 49, 0, 9, 0], &v4),
        ("NFLOG of a big-endian host", 239, vec![2, 0, 0, 0, 0, 5, 0, 10, 7, 0, 0, 0, 0, 49, 0, 9], &v4),
        ("pflog of OpenBSD", 117, [&[100, 2][..], &[0; 98]].concat(), &v4),
        ("pflog of FreeBSD", 117, [&[61, 2][..], &[0; 62]].concat(), &v4),
        ("pflog, IPv6", 117, [&[100, 24][..], &[0; 98]].concat(), &v6),
        ("enc", 109, vec![2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], &v4),
        ("enc, IPv6", 109, vec![0, 0, 0, 24, 0, 0, 0, 1, 0, 0, 0, 0], &v6),
        ("PPI with Ethernet", 192, vec![0, 0, 8, 0, 1, 0, 0, 0], &frame),
        ("PPI with a field", 192, vec![0, 0, 14, 0, 101, 0, 0, 0, 2, 0, 2, 0, 1, 1], &v4),
        ("Cisco HDLC", 104, vec![0x0f, 0, 8, 0], &v4),
        ("Cisco HDLC to all, IPv6", 104, vec![0x8f, 0, 0x86, 0xdd], &v6),
        ("PPP under Cisco HDLC", 104, vec![0xff, 3, 0, 0x21], &v4),
        ("PKTAP", 258, pktap(1), &frame),
        ("PKTAP as USER2", 149, pktap(1), &frame),
        ("PKTAP with raw IP", 258, pktap(12), &v6),
        ("PKTAP with a loopback header", 149, [&pktap(0)[..], &[30, 0, 0, 0]].concat(), &v6),
        ("ARCNET of Linux", 129, vec![1, 2, 0, 0, 212, 0, 0, 0], &v4),
        ("ARCNET of Linux, RFC 1051", 129, vec![1, 2, 0, 0, 240], &v4),
        ("ARCNET of BSD", 7, vec![1, 2, 212, 0, 0, 0], &v4),
        ("ARCNET of BSD, exception", 7, vec![1, 2, 212, 0xff, 0, 0, 212, 0, 0, 0], &v4),
        ("FDDI", 10, [&[0x54][..], &[0; 12]].concat(), &llc),
        ("token ring", 6, [&[0x10, 0x40][..], &[0; 12]].concat(), &llc),
        (
            "token ring with a route",
            6,
            [&[0x10, 0x40][..], &[0; 6], &[0x80, 0, 0, 0, 0, 1, 6, 0, 1, 2, 3, 4]].concat(),
            &llc,
        ),
        ("Juniper Ethernet", 178, juniper(1).to_vec(), &frame),
        (
            "Juniper Ethernet with extensions",
            178,
            [&juniper(0x81)[..], &[0, 6, 1, 4, 1, 2, 3, 4]].concat(),
            &frame,
        ),
        ("Juniper without a link header", 178, [&juniper(3)[..], &[2, 0, 0, 0]].concat(), &v4),
        ("Juniper PPP", 179, [&juniper(0)[..], &[0xff, 3, 0, 0x21]].concat(), &v4),
        ("Juniper HDLC", 181, [&juniper(0)[..], &[0x0f, 0, 8, 0]].concat(), &v4),
        ("Juniper frame relay", 180, [&juniper(0)[..], &[0x18, 0x41, 3, 0xcc]].concat(), &v4),
        ("IPoIB", 242, [&[0; 40][..], &[8, 0, 0, 0]].concat(), &v4),
        ("Ethernet with preamble", 274, vec![0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5], &frame),
        ("Ethernet with a short preamble", 274, vec![0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xe6], &frame),
        ("frame relay", 107, vec![0x18, 0x41, 3, 0xcc], &v4),
        ("frame relay of Cisco", 107, vec![0x18, 0x41, 8, 0], &v4),
        ("frame relay with padding and SNAP", 107, vec![0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0], &v4),
        ("PPP with a direction", 204, vec![1, 0xff, 3, 0, 0x21], &v4),
        ("Solaris ipnet", 226, vec![0; 24], &v4),
        ("Broadcom's tag", 281, [&ADDRESSES[..], &[1, 2, 3, 4, 8, 0]].concat(), &v4),
        ("Broadcom's tag before the frame", 282, vec![1, 2, 3, 4], &frame),
        ("DSA", 284, [&ADDRESSES[..], &[1, 2, 3, 4, 8, 0]].concat(), &v4),
        ("EtherType DSA", 285, [&ADDRESSES[..], &[1, 2, 3, 4, 5, 6, 7, 8, 8, 0]].concat(), &v4),
        ("netANALYZER", 240, vec![0, 0, 0, 0], &frame),
        ("IP over FireWire", 138, [&[0; 16][..], &[8, 0]].concat(), &v4),
        ("IP over Fibre Channel", 122, vec![0; 16], &llc),
        ("ERF", 197, erf(2, &[0, 0]), &frame),
        ("ERF with extensions", 197, erf(0x82, &[&[0x80; 8][..], &[5; 8], &[0, 0]].concat()), &frame),
        ("ERF with a colour", 197, erf(11, &[0, 0]), &frame),
        ("ERF of PPP", 197, erf(1, &[0xff, 3, 0, 0x21]), &v4),
        ("ERF of Cisco HDLC on a channel", 197, erf(17, &[0, 0, 0, 9, 0x0f, 0, 8, 0]), &v4),
        ("ERF of IPv4", 197, erf(22, &[]), &v4),
        ("ERF of IPv6", 197, erf(23, &[]), &v6),
        ("SunATM", 123, vec![2, 0, 0, 100], &llc),
        ("SunATM, sent", 123, vec![0x82, 0, 0, 100], &llc),
        ("SunATM with LAN emulation", 123, vec![1, 0, 0, 100, 0, 7], &frame),
        ("SLIP", 8, vec![], &v4),
        ("IP over ATM", 11, vec![0xfe, 0xfe, 3, 0xcc], &v4),
        ("loopback, wrong order", 108, vec![2, 0, 0, 0], &v4),
        ("loopback, other order", 0, vec![0, 2, 0, 0], &v4),
        ("loopback of macOS, network order", 0, vec![0, 0, 0, 30], &v6),
    ] {
        assert_hello(link, &[&header[..], body].concat(), what);
    }
}

#[test]
fn a_header_that_is_cut_or_short_is_not_read_past_its_end() {
    for tag in TAGS {
        let complete = tagged(&[tag, TAGS[0]]);
        for kept in 0..complete.len() {
            let cut = decode(ETHERNET, &complete[..kept], complete.len() as u32, &ports());
            let transport = complete.len() - 25;
            let expected = match kept {
                _ if kept >= transport + 20 => None,
                _ if kept >= transport => Some(Rejection::TransportTruncated),
                _ if kept >= transport - 20 => Some(Rejection::IpTruncated),
                _ => Some(Rejection::LinkTruncated),
            };
            assert_eq!(cut.err().map(|undecoded| undecoded.rejection), expected, "{} cut at {kept}", tag.0);
            let short = decode_complete(ETHERNET, &complete[..kept.min(transport - 21)]);
            assert_eq!(short.err(), Some(Rejection::LinkMalformed), "{} of {kept} bytes", tag.0);
        }
    }
    for link in [erf(0x82, &[&[5; 8][..], &[0, 0]].concat()), erf(2, &[0, 0]), erf(17, &[0, 0, 0, 9])] {
        let link = [&link[..14], &[0, 0], &link[16..]].concat(); // nothing about the length on the wire
        for kept in 0..link.len() {
            assert_eq!(
                decode_complete(197, &link[..kept]).err(),
                Some(Rejection::LinkMalformed),
                "{kept} bytes"
            );
            let cut = decode(197, &link[..kept], 200, &ports()).map_err(|undecoded| undecoded.rejection);
            assert_eq!(cut.err(), Some(Rejection::LinkTruncated), "cut at {kept}");
        }
    }
    let cut_by_the_card = [&erf(2, &[0, 0])[..], &inner()[..20]].concat();
    assert_eq!(decode_complete(197, &cut_by_the_card).err(), Some(Rejection::IpTruncated));
}

#[test]
fn tags_end_at_the_limit() {
    for tag in TAGS {
        assert_hello(ETHERNET, &tagged(&[tag; 20]), tag.0);
        assert_eq!(decode_complete(ETHERNET, &tagged(&[tag; 40])).unwrap_err(), Rejection::TooDeep);
    }
    let extended = [erf(0x82, &[0x80; 8 * 40]), vec![0; 60]].concat();
    assert_eq!(decode_complete(197, &extended).unwrap_err(), Rejection::LinkMalformed, "ERF without an end");
    let nested: Vec<u8> = [0, 0, 8, 0, 192, 0, 0, 0].repeat(100);
    assert_eq!(decode_complete(192, &nested).unwrap_err(), Rejection::TooDeep, "PPI in PPI");
}

#[test]
fn what_is_not_decoded_is_named() {
    let frame = |ethertype| [ethernet(ethertype), vec![0; 46]].concat();
    let encrypted = [&ethernet(0x88e5)[..], &[0x2c, 0, 0, 0, 0, 7], &[0x17; 40]].concat();
    let protected = [&[0x08, 0x41][..], &[0; 30]].concat();
    for (what, link, bytes, expected) in [
        ("an unknown EtherType", ETHERNET, frame(0x9999), Carried::EtherType(0x9999)),
        (
            "PROFINET after a VLAN tag",
            ETHERNET,
            [&ADDRESSES[..], &[0x81, 0, 0, 1, 0x88, 0x92, 1, 2]].concat(),
            Carried::EtherType(0x8892),
        ),
        ("MACsec", ETHERNET, encrypted, Carried::EtherType(0x88e5)),
        ("ESP", RAW_IP, ipv4(50, &[0; 30]), Carried::IpProtocol(50)),
        ("SCTP over IPv6", RAW_IP, ipv6(132, &[0; 30]), Carried::IpProtocol(132)),
        ("an unknown link type", 9999, vec![0; 60], Carried::LinkType(9999)),
        ("ATM cells in ERF", 197, erf(3, &[0; 60]), Carried::LinkType(197)),
        ("MPEG in SunATM", 123, vec![3; 60], Carried::LinkType(123)),
        ("USER2 without PKTAP", 149, vec![7; 60], Carried::LinkType(149)),
        ("encrypted Wi-Fi", 105, protected, Carried::EncryptedWlan),
        ("compressed PPP", 9, vec![0, 0xfd, 1, 2], Carried::PppProtocol(0x00fd)),
        ("an unknown type in GRE", RAW_IP, ipv4(47, &[0, 0, 0x99, 0x99, 1, 2]), Carried::EtherType(0x9999)),
        ("IPX", ETHERNET, [&ethernet(40)[..], &[0xe0, 0xe0, 3]].concat(), Carried::Llc(0xe0)),
        ("a short header", ETHERNET, vec![0; 13], Carried::Defect(Rejection::LinkMalformed)),
    ] {
        assert_eq!(carried(link, &bytes), expected, "{what}");
        assert!(!expected.is_control(), "{what}");
    }
}

#[test]
fn what_carries_no_connection_is_no_gap() {
    let frame = |ethertype| [ethernet(ethertype), vec![0; 46]].concat();
    for (what, link, bytes) in [
        ("ARP", ETHERNET, frame(0x0806)),
        ("LLDP", ETHERNET, frame(0x88cc)),
        ("LACP", ETHERNET, frame(0x8809)),
        ("802.1X", ETHERNET, frame(0x888e)),
        ("spanning tree", ETHERNET, [&ethernet(38)[..], &[0x42, 0x42, 3], &[0; 35]].concat()),
        ("CDP", ETHERNET, [&ethernet(90)[..], &[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0]].concat()),
        ("IS-IS", ETHERNET, [&ethernet(90)[..], &[0xfe, 0xfe, 3, 0x83]].concat()),
        ("ICMP", RAW_IP, ipv4(1, &[8, 0, 0, 0])),
        ("ICMPv6", RAW_IP, ipv6(58, &[135, 0, 0, 0])),
        ("OSPF", RAW_IP, ipv4(89, &[2, 1, 0, 0])),
        ("IGMP", RAW_IP, ipv4(2, &[0x16, 0, 0, 0])),
        ("PPP's LCP", 9, vec![0xff, 3, 0xc0, 0x21, 9, 1]),
        ("a beacon", 105, [&[0x80, 0][..], &[0; 30]].concat()),
        ("a discovery of PPPoE", ETHERNET, frame(0x8863)),
        ("padding of a capture card", 197, erf(48, &[0; 60])),
        ("what a capture card says about itself", 197, erf(27, &[0; 60])),
        ("signalling of ATM", 123, vec![6; 60]),
    ] {
        assert!(carried(link, &bytes).is_control(), "{what}");
    }
}

#[test]
fn ports_of_tunnels_are_those_of_the_configuration() {
    let bytes = ipv4(17, &udp(4444, &[&[8, 0, 0, 0, 0, 0, 7, 0][..], &inner()].concat()));
    let port = |ports: &TunnelPorts| match decode(RAW_IP, &bytes, bytes.len() as u32, ports) {
        Ok(_engine::wire::decode::Decoded::Segment(segment)) => segment.dst_port,
        other => panic!("{other:?}"),
    };
    assert_eq!(port(&ports()), 4444);
    assert_eq!(port(&TunnelPorts::new(&[4444], &[], &[])), 443);
    for number in 1..=u16::MAX {
        assert_eq!(port(&TunnelPorts::new(&[4444, number], &[], &[])), 443);
    }
}
