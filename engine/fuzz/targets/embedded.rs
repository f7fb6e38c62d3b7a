//! An IPv6 address, then NAT64 prefixes as text, one a line: what is found is where RFC 6052 puts it.
#![no_main]

use _engine::address::embedded::{embedded_ipv4, Nat64Prefix};
use _engine::address::Address;
use libfuzzer_sys::fuzz_target;

const KNOWN: [[u8; 4]; 2] = [[192, 0, 0, 170], [192, 0, 0, 171]];

fuzz_target!(|input: &[u8]| {
    let Some((bytes, text)) = input.split_first_chunk::<16>() else { return };
    let address = Address::v6(*bytes);
    let text = String::from_utf8_lossy(text);
    let prefixes: Vec<_> = text.lines().filter_map(|line| Nat64Prefix::parse(line).ok()).collect();
    let found = embedded_ipv4(address, &prefixes);
    assert!(found.is_none_or(|ipv4| ipv4.is_v4() && !address.is_v4()));
    for prefix in &prefixes {
        let by_prefix = prefix.embedded_in(address);
        assert!(by_prefix.is_none() || bytes[8] == 0);
        assert!(by_prefix.is_none() || found.is_some() || address.is_v4());
    }
    if let Some(prefix) = Nat64Prefix::of_known_name(address) {
        assert!(KNOWN.map(Address::v4).map(Some).contains(&prefix.embedded_in(address)));
    }
});
