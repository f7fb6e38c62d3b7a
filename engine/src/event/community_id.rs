//! Community ID of a flow, version 1 (<https://github.com/corelight/community-id-spec>).

use crate::address::Address;
use crate::types::protocol::Protocol;
use ring::digest::{digest, SHA1_FOR_LEGACY_USE_ONLY};
use std::net::IpAddr;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes the identifier that other tools give the same flow, in either direction, with seed 0.
///
/// It is an unsalted hash of addresses and ports, so the client's address can be recovered from it by trying all.
pub fn write_community_id(text: &mut String, protocol: Protocol, one: (Address, u16), other: (Address, u16)) {
    let ends = [octets(one.0), octets(other.0)];
    let [near, far] = [0, 1].map(|end| &ends[end].0[..ends[end].1]);
    let (low, high) = ((near, one.1), (far, other.1));
    let (low, high) = if low <= high { (low, high) } else { (high, low) };
    let mut data = [0; 40]; // begins with the seed
    let mut size = 2;
    let mut add = |bytes: &[u8]| {
        data[size..size + bytes.len()].copy_from_slice(bytes);
        size += bytes.len();
    };
    add(low.0);
    add(high.0);
    add(&[number(protocol), 0]);
    add(&low.1.to_be_bytes());
    add(&high.1.to_be_bytes());
    text.push_str("1:");
    write_base64(text, digest(&SHA1_FOR_LEGACY_USE_ONLY, &data[..size]).as_ref());
}

/// The bytes of an address in a header, and how many they are.
fn octets(address: Address) -> ([u8; 16], usize) {
    match address.to_ip() {
        IpAddr::V4(ip) => {
            let mut octets = [0; 16];
            octets[..4].copy_from_slice(&ip.octets());
            (octets, 4)
        }
        IpAddr::V6(ip) => (ip.octets(), 16),
    }
}

/// The protocol's number in IP headers.
fn number(protocol: Protocol) -> u8 {
    match protocol {
        Protocol::Tcp => 6,
        Protocol::Udp => 17,
    }
}

/// Base 64 with padding (RFC 4648, 4).
fn write_base64(text: &mut String, bytes: &[u8]) {
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place > group.len() { '=' } else { char::from(digit) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identifier(protocol: Protocol, source: &str, target: &str) -> String {
        let end = |text: &str| {
            let end: std::net::SocketAddr = text.parse().unwrap();
            (Address::from(end.ip()), end.port())
        };
        let (mut there, mut back) = (String::new(), String::new());
        write_community_id(&mut there, protocol, end(source), end(target));
        write_community_id(&mut back, protocol, end(target), end(source));
        assert_eq!(there, back);
        there
    }

    #[test]
    fn identifiers_are_the_published_ones_in_both_directions() {
        // corelight/community-id-spec, baseline/baseline_deflt.json
        for (protocol, source, target, expected) in [
            (Protocol::Tcp, "128.232.110.120:34855", "66.35.250.204:80", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            (Protocol::Udp, "192.168.1.52:54585", "8.8.8.8:53", "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
        ] {
            assert_eq!(identifier(protocol, source, target), expected);
        }
    }

    #[test]
    fn ports_order_the_ends_if_addresses_are_equal() {
        assert_eq!(
            identifier(Protocol::Tcp, "192.0.2.1:1000", "192.0.2.1:2000"),
            identifier(Protocol::Tcp, "192.0.2.1:2000", "192.0.2.1:1000"),
        );
    }

    #[test]
    fn protocols_have_identifiers_of_their_own_in_ipv6_as_well() {
        let ends = ("[2001:db8::1]:1000", "[2001:db8::2]:443");
        assert_ne!(identifier(Protocol::Tcp, ends.0, ends.1), identifier(Protocol::Udp, ends.0, ends.1));
    }

    #[test]
    fn base64_is_padded() {
        for (bytes, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            let mut text = String::new();
            write_base64(&mut text, bytes.as_bytes());
            assert_eq!(text, expected);
        }
    }
}
