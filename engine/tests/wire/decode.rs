//! Headers below the transport, and the lengths in them.

use crate::seeds::{packet, seed};
use _engine::wire::decode::{decode, plain_segment, Decoded};
use _engine::wire::fragment::Fragment;
use _engine::wire::{Rejection, Segment, Transport, TunnelPorts};

const ETHERNET: u16 = 1;
const RAW_IP: u16 = 101;

/// An Ethernet header with this EtherType.
pub fn ethernet(ethertype: u16) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2][..], &ethertype.to_be_bytes()].concat()
}

/// An IPv4 packet from 192.0.2.1 to 192.0.2.2.
pub fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = (20 + payload.len() as u16).to_be_bytes();
    let header = [0x45, 0, high, low, 0, 0, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
    [&header[..], payload].concat()
}

/// An IPv6 packet from 2001:db8::1 to 2001:db8::2.
pub fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = (payload.len() as u16).to_be_bytes();
    let address = |last: u8| [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
    [&[0x60, 0, 0, 0, high, low, next, 64][..], &address(1), &address(2), payload].concat()
}

/// A TCP segment from port 40000 to port 443.
pub fn tcp(payload: &[u8]) -> Vec<u8> {
    let header = [0x9c, 0x40, 0x01, 0xbb, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, 0x18, 0, 0, 0, 0, 0, 0];
    [&header[..], payload].concat()
}

/// A UDP datagram from port 40000.
pub fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let (port, length) = (port.to_be_bytes(), (8 + payload.len() as u16).to_be_bytes());
    [&[0x9c, 0x40][..], &port, &length, &[0, 0], payload].concat()
}

/// The ports of tunnels as they are without a configuration.
pub fn ports() -> TunnelPorts {
    TunnelPorts::new(&[4789, 8472], &[6081], &[7932])
}

/// Decodes a packet that was captured completely.
pub fn decode_complete(link: u16, bytes: &[u8]) -> Result<Segment<'_>, Rejection> {
    segment(link, bytes, bytes.len() as u32)
}

/// The segment of a packet that contains one.
fn segment(link: u16, bytes: &[u8], wire_len: u32) -> Result<Segment<'_>, Rejection> {
    match decode(link, bytes, wire_len, &ports()) {
        Ok(Decoded::Segment(segment)) => Ok(segment),
        Ok(Decoded::Fragment(fragment)) => panic!("{fragment:?}"),
        Err(undecoded) => Err(undecoded.rejection),
    }
}

fn is_hello(bytes: &[u8]) -> bool {
    decode_complete(RAW_IP, bytes).is_ok_and(|segment| segment.payload == b"hello")
}

#[test]
fn a_segment_has_its_addresses_ports_lengths_and_payload() {
    let frame = [ethernet(0x0800), ipv4(6, &tcp(b"hello"))].concat();
    let segment = decode_complete(ETHERNET, &frame).unwrap();
    assert_eq!((segment.src.to_string(), segment.src_port), ("192.0.2.1".into(), 40_000));
    assert_eq!((segment.dst.to_string(), segment.dst_port), ("192.0.2.2".into(), 443));
    assert_eq!(segment.transport, Transport::Tcp { seq: 7, ack: 9, flags: 0x18 });
    assert_eq!((segment.ip_bytes, segment.payload, segment.payload_len), (45, &b"hello"[..], 5));
}

#[test]
fn padding_of_short_frames_is_ignored() {
    let frame = [ethernet(0x0800), ipv4(6, &tcp(b"")), vec![0; 6]].concat();
    let segment = decode_complete(ETHERNET, &frame).unwrap();
    assert_eq!((segment.ip_bytes, segment.payload_len), (40, 0));
    assert!(segment.payload.is_empty());
}

#[test]
fn vlan_tags_of_all_types_may_be_stacked() {
    let tags = [0x88, 0xa8, 0, 1, 0x91, 0, 0, 2, 0x81, 0, 0, 3, 0x86, 0xdd];
    let frame = [&ethernet(0)[..12], &tags, &ipv6(17, &udp(53, b"hello"))].concat();
    let segment = decode_complete(ETHERNET, &frame).unwrap();
    assert_eq!((segment.src.to_string(), segment.ip_bytes), ("2001:db8::1".into(), 53));
    assert_eq!((segment.transport, segment.payload), (Transport::Udp, &b"hello"[..]));
}

#[test]
fn more_layers_than_the_limit_are_too_deep() {
    let frame = [&ethernet(0)[..12], &[0x81, 0, 0, 1].repeat(100)].concat();
    assert_eq!(decode_complete(ETHERNET, &frame).unwrap_err(), Rejection::TooDeep);
}

#[test]
fn ip_is_found_after_llc_and_snap() {
    for header in [&[0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00][..], &[0x06, 0x06, 0x03]] {
        let frame = [&ethernet(60)[..], header, &ipv4(6, &tcp(b"hello"))].concat();
        assert_eq!(decode_complete(ETHERNET, &frame).unwrap().payload, b"hello");
    }
}

#[test]
fn loopback_families_are_parsed_in_both_byte_orders() {
    let (v4, v6) = (ipv4(6, &tcp(b"hello")), ipv6(6, &tcp(b"hello")));
    for (link, family, ip) in [
        (0, [2, 0, 0, 0], &v4),
        (0, [0, 0, 0, 2], &v4),
        (0, [30, 0, 0, 0], &v6),
        (0, [0, 0, 0, 28], &v6),
        (108, [0, 0, 0, 24], &v6),
        (0, [0x0f, 0, 0x08, 0], &v4), // Cisco HDLC under the wrong link type
        (0, [0x8f, 0, 0x86, 0xdd], &v6),
    ] {
        assert_eq!(decode_complete(link, &[&family[..], ip].concat()).unwrap().payload, b"hello");
    }
}

#[test]
fn ppp_is_parsed_with_and_without_framing_and_compression() {
    let v4 = ipv4(6, &tcp(b"hello"));
    for (link, header) in [
        (9, &[0xff, 0x03, 0x00, 0x21][..]),
        (9, &[0x00, 0x21]),
        (9, &[0x21]),
        (9, &[0x0f, 0x00, 0x08, 0x00]), // Cisco HDLC under the wrong link type
        (50, &[0xff, 0x03, 0x00, 0x21]),
        (50, &[0x0f, 0x00, 0x08, 0x00]),
    ] {
        assert_eq!(decode_complete(link, &[header, &v4].concat()).unwrap().payload, b"hello");
    }
}

#[test]
fn link_types_of_public_captures_are_decoded() {
    for (name, src, dst_port) in [
        ("linux_cooked", "::1", 4443),
        ("linux_cooked2", "192.168.64.6", 443),
        ("null", "127.0.0.1", 443),
        ("ppp", "193.167.0.100", 443),
        ("radiotap", "172.17.156.76", 53),
        ("raw_ip", "10.215.173.1", 443),
    ] {
        let seed = seed("decode", name);
        let (link, bytes) = packet(&seed);
        let segment = decode_complete(link, bytes).unwrap();
        assert_eq!((name, segment.src.to_string().as_str(), segment.dst_port), (name, src, dst_port));
    }
}

#[test]
fn ipv4_and_tcp_options_are_skipped() {
    let mut segment = tcp(b"NOPShello");
    segment[12] = 0x60;
    let mut ip = ipv4(6, &[&[1; 8], &segment[..]].concat());
    ip[0] = 0x47;
    assert!(is_hello(&ip));
}

#[test]
fn ipv6_extension_headers_are_skipped() {
    let extensions = [
        &[60, 0, 0, 0, 0, 0, 0, 0][..],                     // hop by hop
        &[43, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], // destination, two words
        &[51, 0, 0, 0, 0, 0, 0, 0],                         // routing
        &[44, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0], // authentication
        &[6, 0, 0, 0, 0, 0, 0, 0],                          // fragment: the only one
    ];
    assert!(is_hello(&ipv6(0, &[extensions.concat(), tcp(b"hello")].concat())));
}

#[test]
fn endless_extension_headers_are_malformed() {
    let bytes = ipv6(60, &[60, 0, 0, 0, 0, 0, 0, 0].repeat(40));
    assert_eq!(decode_complete(RAW_IP, &bytes).unwrap_err(), Rejection::IpMalformed);
}

/// The fragment in a packet.
pub fn fragment(bytes: &[u8]) -> Fragment<'_> {
    match decode(RAW_IP, bytes, bytes.len() as u32, &ports()) {
        Ok(Decoded::Fragment(fragment)) => fragment,
        other => panic!("{other:?}"),
    }
}

#[test]
fn fragments_are_reported_with_their_packet_and_offset() {
    let mut v4 = ipv4(17, &[7; 16]);
    v4[4..8].copy_from_slice(&[0x12, 0x34, 0x20, 0]);
    let first = fragment(&v4);
    assert_eq!((first.packet.number, first.packet.protocol), (0x1234, Some(17)));
    assert_eq!((first.offset, first.more, first.len, first.ip_bytes), (0, true, 16, 36));
    v4[6..8].copy_from_slice(&[0, 3]);
    assert_eq!((fragment(&v4).offset, fragment(&v4).more), (24, false));
    let v6 = ipv6(44, &[&[17, 0, 0, 9, 0, 1, 2, 3], &[7; 16][..]].concat());
    let later = fragment(&v6);
    assert_eq!((later.packet.number, later.packet.protocol, later.next), (0x01_0203, None, 17));
    assert_eq!((later.offset, later.more, later.len, later.ip_bytes), (8, true, 16, 64));
    assert_eq!(later.bytes, [7; 16]);
}

#[test]
fn fragments_beyond_the_maximum_packet_size_are_malformed() {
    let mut empty = ipv4(17, b"");
    empty[6] = 0x20;
    let mut beyond = ipv4(17, &[0; 64]);
    beyond[6..8].copy_from_slice(&[0x1f, 0xff]);
    for packet in [empty, beyond] {
        assert_eq!(decode_complete(RAW_IP, &packet).unwrap_err(), Rejection::IpMalformed);
    }
}

#[test]
fn fragments_of_other_protocols_are_rejected() {
    let mut icmp = ipv4(1, &[8; 64]);
    icmp[6] = 0x20;
    assert_eq!(decode_complete(RAW_IP, &icmp).unwrap_err(), Rejection::OtherTransport);
}

#[test]
fn segments_joined_by_offload_use_the_length_on_the_wire() {
    let mut v4 = ipv4(6, &tcp(b"hello"));
    v4[2..4].fill(0);
    let mut v6 = ipv6(6, &tcp(b"hello"));
    v6[4..6].fill(0);
    for (bytes, header) in [(v4, 20), (v6, 40)] {
        let wire_len = 100_000;
        let segment = segment(RAW_IP, &bytes, wire_len).unwrap();
        assert_eq!(segment.ip_bytes, wire_len);
        assert_eq!((segment.payload, segment.payload_len), (&b"hello"[..], wire_len - header - 20));
    }
}

#[test]
fn a_cut_payload_gives_a_segment_and_a_cut_header_is_truncated() {
    let frame = [ethernet(0x0800), ipv4(6, &tcp(&[7; 100]))].concat();
    let cut = |kept: usize| segment(ETHERNET, &frame[..kept], frame.len() as u32);
    for kept in 54..=frame.len() {
        let segment = cut(kept).unwrap();
        assert_eq!((segment.ip_bytes, segment.payload_len), (140, 100));
        assert_eq!(segment.payload.len(), kept - 54);
    }
    for kept in 0..54 {
        let expected = match kept {
            0..14 => Rejection::LinkTruncated,
            14..34 => Rejection::IpTruncated,
            _ => Rejection::TransportTruncated,
        };
        assert_eq!((kept, cut(kept).unwrap_err()), (kept, expected));
    }
}

#[test]
fn a_header_that_was_short_on_the_wire_is_malformed() {
    let frame = [ethernet(0x0800), ipv4(6, &[0; 19])].concat();
    assert_eq!(decode_complete(ETHERNET, &frame[..13]).unwrap_err(), Rejection::LinkMalformed);
    assert_eq!(decode_complete(ETHERNET, &frame[..33]).unwrap_err(), Rejection::IpMalformed);
    assert_eq!(decode_complete(ETHERNET, &frame).unwrap_err(), Rejection::TransportMalformed);
}

#[test]
fn inconsistent_headers_are_malformed() {
    let good = ipv4(6, &tcp(b"hello"));
    for (at, value, expected) in [
        (0, 0x55, Rejection::NotIp),
        (0, 0x44, Rejection::IpMalformed),         // a header of 16 bytes
        (3, 19, Rejection::IpMalformed),           // shorter than its header
        (32, 0x40, Rejection::TransportMalformed), // a TCP header of 16 bytes
        (32, 0xf0, Rejection::TransportMalformed), // longer than the packet
    ] {
        let mut bytes = good.clone();
        bytes[at] = value;
        assert_eq!((at, decode_complete(RAW_IP, &bytes).unwrap_err()), (at, expected));
    }
    let mut short = udp(53, b"hello");
    short[5] = 7;
    assert_eq!(decode_complete(RAW_IP, &ipv4(17, &short)).unwrap_err(), Rejection::TransportMalformed);
}

#[test]
fn packets_without_tcp_or_udp_are_rejected_with_a_reason() {
    for (link, bytes, expected) in [
        (9999, vec![0; 60], Rejection::UnknownLink),
        (ETHERNET, [ethernet(0x0806), vec![0; 46]].concat(), Rejection::NotIp),
        (RAW_IP, ipv4(1, &[8, 0, 0, 0]), Rejection::OtherTransport),
        (RAW_IP, ipv6(59, &[]), Rejection::OtherTransport),
    ] {
        assert_eq!(decode_complete(link, &bytes).unwrap_err(), expected);
    }
}

#[test]
fn every_rejection_has_its_own_label() {
    let labels: std::collections::HashSet<_> = Rejection::ALL.iter().map(|each| each.label()).collect();
    assert_eq!(labels.len(), Rejection::COUNT);
    assert!(Rejection::ALL.iter().enumerate().all(|(number, each)| *each as usize == number));
}

/// What `plain_segment` and `decode` make of a packet.
fn both_ways(bytes: &[u8]) -> (Option<String>, String) {
    let plain = plain_segment(ETHERNET, bytes, &ports()).map(|segment| format!("Ok({segment:?})"));
    (plain, format!("{:?}", segment(ETHERNET, bytes, bytes.len() as u32)))
}

#[test]
fn a_plain_packet_has_one_meaning_whichever_way_it_is_decoded() {
    let padded = |packet: Vec<u8>| [&packet[..], &[0; 9]].concat();
    let with_options = [&tcp(&[])[..12], &[0x60, 0x10], &[0; 6], &[1; 4], b"data"].concat();
    for inside in [tcp(b"data"), tcp(b""), with_options, udp(443, b"data"), udp(53, b"")] {
        let protocol = if inside.len() >= 20 && inside[3] == 0xbb && inside[12] >> 4 >= 5 { 6 } else { 17 };
        for (ethertype, packet) in [(0x0800, ipv4(protocol, &inside)), (0x86dd, ipv6(protocol, &inside))] {
            let ethertype: u16 = ethertype;
            let tag = [&[0x60, 7][..], &ethertype.to_be_bytes()].concat();
            for frame in
                [[ethernet(ethertype), packet.clone()].concat(), [ethernet(0x8100), tag, packet].concat()]
            {
                for bytes in [frame.clone(), padded(frame)] {
                    let (plain, decoded) = both_ways(&bytes);
                    assert_eq!(plain.as_ref(), Some(&decoded));
                }
            }
        }
    }
}

#[test]
fn a_packet_that_has_more_headers_or_fewer_bytes_is_not_plain() {
    let changed = |packet: Vec<u8>, at: usize, to: u8| {
        let mut packet = [ethernet(0x0800), packet].concat();
        packet[at] = to;
        packet
    };
    let plain = || ipv4(6, &tcp(b"data"));
    for (why, packet) in [
        ("options of IP", changed(plain(), 14, 0x46)),
        ("another version", changed(plain(), 14, 0x65)),
        ("more fragments", changed(plain(), 20, 0x20)),
        ("a later fragment", changed(plain(), 21, 1)),
        ("no length", changed(ipv4(6, &tcp(&[0; 212])), 17, 0)),
        ("too short a length", changed(plain(), 17, 19)),
        ("another protocol", changed(plain(), 23, 47)),
        ("too short a header of TCP", changed(plain(), 46, 0x40)),
        ("options of TCP beyond the end", changed(plain(), 46, 0xf0)),
        ("a tunnel", [ethernet(0x0800), ipv4(17, &udp(4789, &[8, 0, 0, 0, 0, 0, 1, 0]))].concat()),
        ("too short a length of UDP", changed(ipv4(17, &udp(9, b"data")), 39, 7)),
        ("another tag", [ethernet(0x88a8), vec![0, 7, 8, 0], plain()].concat()),
        ("two tags", [ethernet(0x8100), vec![0, 7, 0x81, 0, 0, 8, 8, 0], plain()].concat()),
        ("extensions of IPv6", [ethernet(0x86dd), ipv6(0, &[6, 0, 0, 0, 0, 0, 0, 0])].concat()),
    ] {
        assert!(plain_segment(ETHERNET, &packet, &ports()).is_none(), "{why}");
    }
    let complete = [ethernet(0x0800), plain()].concat();
    assert!(plain_segment(101, &complete, &ports()).is_none());
    for kept in 0..complete.len() - 4 {
        assert!(plain_segment(ETHERNET, &complete[..kept], &ports()).is_none(), "{kept}");
    }
}
