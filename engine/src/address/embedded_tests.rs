use super::*;
use std::net::IpAddr;

fn address(text: &str) -> Address {
    Address::from(text.parse::<IpAddr>().unwrap())
}

fn prefix(text: &str) -> Nat64Prefix {
    Nat64Prefix::parse(text).unwrap()
}

fn embedded(text: &str, prefixes: &[&str]) -> Option<String> {
    let prefixes: Vec<_> = prefixes.iter().map(|text| prefix(text)).collect();
    embedded_ipv4(address(text), &prefixes).map(|found| found.to_string())
}

/// RFC 6052, 2.4: 192.0.2.33 with a prefix of each length.
const EXAMPLES: [(&str, &str); 6] = [
    ("2001:db8::/32", "2001:db8:c000:221::"),
    ("2001:db8:100::/40", "2001:db8:1c0:2:21::"),
    ("2001:db8:122::/48", "2001:db8:122:c000:2:2100::"),
    ("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"),
    ("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"),
    ("2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"),
];

#[test]
fn an_ipv4_address_is_found_behind_a_prefix_of_every_length() {
    for (prefix, text) in EXAMPLES {
        assert_eq!(embedded(text, &[prefix]).as_deref(), Some("192.0.2.33"), "{prefix}");
        assert_eq!(embedded(text, &[]), None, "{prefix}");
    }
    assert_eq!(embedded("64:ff9b::192.0.2.33", &[]).as_deref(), Some("192.0.2.33"));
}

#[test]
fn every_ipv4_address_survives_every_prefix_length() {
    let values = (0..32).map(|bit| 1u32 << bit).chain([0, u32::MAX, 0x4d4a_b50a, 0x0102_0304]);
    for (ipv4, length) in values.flat_map(|ipv4| LENGTHS.map(|length| (ipv4, length))) {
        let first = address("2001:db8:1:2::").0 & !(u128::MAX >> length);
        let wide = u128::from(ipv4);
        let bits = match length {
            96 => wide,
            length => {
                let packed = wide << (88 - length); // in the 120 bits without the reserved ones
                ((packed >> 56) << 64) | (packed & (u128::MAX >> 72))
            }
        };
        let found = Nat64Prefix { first: Address(first), length }.embedded_in(Address(first | bits));
        assert_eq!(found, Some(Address::v4(ipv4.to_be_bytes())), "/{length}");
    }
}

#[test]
fn an_address_whose_reserved_octet_is_not_zero_contains_none() {
    for (prefix, text) in EXAMPLES {
        let bits = Address(address(text).0 | 1 << 56);
        assert_eq!(embedded(&bits.to_string(), &[prefix]), None, "{prefix}");
    }
    assert_eq!(embedded("64:ff9b:0:0:100::192.0.2.33", &[]), None);
    assert_eq!(embedded("64:ff9b:1:0:100::192.0.2.33", &[]), None);
}

#[test]
fn what_follows_the_ipv4_address_has_no_influence() {
    assert_eq!(embedded("2001:db8:c000:221::abcd", &["2001:db8::/32"]).as_deref(), Some("192.0.2.33"));
}

#[test]
fn the_longest_prefix_counts() {
    let prefixes = ["2001:db8::/32", "2001:db8:122:344::/96"];
    for prefixes in [prefixes, [prefixes[1], prefixes[0]]] {
        assert_eq!(embedded("2001:db8:122:344::c000:221", &prefixes).as_deref(), Some("192.0.2.33"));
    }
}

#[test]
fn relayed_addresses_name_the_far_end() {
    assert_eq!(embedded("2002:c000:221::1", &[]).as_deref(), Some("192.0.2.33"));
    // RFC 4380, 4: the server 65.54.227.120 and the client 192.0.2.45.
    assert_eq!(embedded("2001:0:4136:e378:8000:63bf:3fff:fdd2", &[]).as_deref(), Some("192.0.2.45"));
    assert_eq!(embedded("2001:1:4136:e378:8000:63bf:3fff:fdd2", &[]), None);
}

#[test]
fn the_local_prefix_is_taken_for_96_bits_unless_its_length_is_known_or_must_be_shorter() {
    assert_eq!(embedded("64:ff9b:1::192.0.2.33", &[]).as_deref(), Some("192.0.2.33"));
    assert_eq!(embedded("64:ff9b:1:fffe::192.0.2.33", &[]).as_deref(), Some("192.0.2.33"));
    let shorter = "64:ff9b:1:c000:2:2100::";
    assert_eq!(embedded(shorter, &[]), None);
    assert_eq!(embedded(shorter, &["64:ff9b:1::/48"]).as_deref(), Some("192.0.2.33"));
    assert_eq!(embedded("64:ff9b:2::192.0.2.33", &[]), None);
}

#[test]
fn ipv4_and_plain_ipv6_addresses_contain_none() {
    // Mapped (IPv4 already), ISATAP, IPv4-compatible, loopback, and ordinary ones.
    for text in ["192.0.2.33", "::ffff:192.0.2.33", "2001:db8::5efe:192.0.2.33", "::192.0.2.33", "::1"] {
        assert_eq!(embedded(text, &[]), None, "{text}");
    }
    assert_eq!(embedded("2001:db8:122:345::192.0.2.33", &["2001:db8:122:344::/96"]), None);
}

#[test]
fn an_answer_for_the_known_name_shows_the_prefix() {
    let shown = |text| Nat64Prefix::of_known_name(address(text));
    for (text, expected) in [
        ("2001:db8:c000:aa::", "2001:db8::/32"),
        ("2001:db8:1c0:0:aa::", "2001:db8:100::/40"),
        ("2001:db8:122:c000:0:aa00::", "2001:db8:122::/48"),
        ("2001:db8:122:3c0:0:ab::", "2001:db8:122:300::/56"),
        ("2001:db8:122:344:c0:0:ab00::", "2001:db8:122:344::/64"),
        ("2001:db8:122:344::192.0.0.171", "2001:db8:122:344::/96"),
        ("64:ff9b::192.0.0.170", "64:ff9b::/96"),
    ] {
        assert_eq!(shown(text), Some(prefix(expected)), "{text}");
    }
    for text in ["2001:db8::192.0.0.172", "2001:db8::1", "2001:db8::100:0:c000:aa", "192.0.0.170"] {
        assert_eq!(shown(text), None, "{text}");
    }
}

#[test]
fn an_answer_that_shows_two_prefixes_shows_none() {
    let twice = address("2001:db8:c000:aa::192.0.0.170");
    assert!(prefix("2001:db8::/32").embedded_in(twice).is_some());
    assert_eq!(Nat64Prefix::of_known_name(twice), None);
}

#[test]
fn a_prefix_that_is_none_is_refused() {
    for (text, why) in [
        ("2001:db8::", "a prefix is written address/length"),
        ("192.0.2.0/32", "'192.0.2.0' is not an IPv6 address"),
        ("2001:db8::/65", "the length is 32, 40, 48, 56, 64 or 96 (RFC 6052, 2.2)"),
        ("2001:db8::1/96", "bits are set after /96"),
        ("2001:db8:0:0:100::/96", "bits 64 to 71 are not zero (RFC 6052, 2.2)"),
    ] {
        assert_eq!(Nat64Prefix::parse(text).unwrap_err(), why, "{text}");
    }
}
