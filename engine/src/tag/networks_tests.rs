use super::*;

fn compile(prefixes: &[&str]) -> Result<Networks, String> {
    let rules: Vec<_> = (0..).zip(prefixes.iter().map(ToString::to_string)).collect();
    Networks::new(&rules)
}

fn address(text: &str) -> Address {
    Address::from(text.parse::<IpAddr>().unwrap())
}

#[test]
fn the_longest_prefix_wins() {
    let networks = compile(&["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32"]).unwrap();
    for (text, signature) in [
        ("9.255.255.255", None),
        ("10.0.0.0", Some(0)),
        ("10.1.0.0", Some(1)),
        ("10.1.1.255", Some(1)),
        ("10.1.2.0", Some(2)),
        ("10.1.2.3", Some(3)),
        ("10.1.2.4", Some(2)),
        ("10.1.3.0", Some(1)),
        ("10.2.0.0", Some(0)),
        ("10.255.255.255", Some(0)),
        ("11.0.0.0", None),
    ] {
        assert_eq!(networks.find(address(text)), signature, "{text}");
    }
}

#[test]
fn the_two_versions_do_not_meet() {
    let networks = compile(&["::/0", "2001:db8::/32"]).unwrap();
    assert_eq!(networks.find(address("192.0.2.1")), None);
    assert_eq!(networks.find(address("2001:db8::1")), Some(1));
    assert_eq!(networks.find(address("2001:db9::")), Some(0));
    assert_eq!(networks.find(address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")), Some(0));
    let networks = compile(&["0.0.0.0/0"]).unwrap();
    assert_eq!(networks.find(address("255.255.255.255")), Some(0));
    assert_eq!(networks.find(address("::1")), None);
    assert_eq!(networks.find(address("::1:0:0:0")), None);
}

#[test]
fn neighbours_and_equal_ends_keep_their_own_answers() {
    let networks = compile(&["192.0.2.0/25", "192.0.2.128/25", "192.0.2.192/26", "192.0.2.255/32"]).unwrap();
    for (text, signature) in [("192.0.2.127", 0), ("192.0.2.128", 1), ("192.0.2.254", 2), ("192.0.2.255", 3)]
    {
        assert_eq!(networks.find(address(text)), Some(signature), "{text}");
    }
    assert_eq!(networks.find(address("192.0.3.0")), None);
}

#[test]
fn a_text_that_is_no_network_is_refused_with_its_reason() {
    for (text, why) in [
        ("192.0.2.0", "a network is written address/length"),
        ("example/8", "'example' is no address"),
        ("192.0.2.0/33", "the prefix length is above 32"),
        ("2001:db8::/129", "the prefix length is above 128"),
        ("192.0.2.0/", "'' is no prefix length"),
        ("192.0.2.0/+8", "'+8' is no prefix length"),
        ("192.0.2.0/99999999999", "the prefix length is above 32"),
        ("192.0.2.1/24", "bits are set behind /24"),
        ("2001:db8::1/64", "bits are set behind /64"),
        ("::ffff:192.0.2.0/120", "write an IPv4 network as IPv4"),
    ] {
        assert_eq!(compile(&[text]).unwrap_err(), format!("'{text}': {why}"));
    }
    let twice = compile(&["2001:db8::/32", "2001:DB8::/32"]).unwrap_err();
    assert_eq!(twice, "'2001:DB8::/32': network given twice");
}

#[test]
fn the_line_agrees_with_trying_every_prefix() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut roll = move |sides: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % sides
    };
    let mut found = 0;
    for round in 0..200 {
        // A small world, so that prefixes nest: the last 10 bits, of either version.
        let is_v4 = round % 2 == 0;
        let (base, bits) = if is_v4 { (address("192.0.0.0").0, 32) } else { (address("2001:db8::").0, 128) };
        let mut prefixes: Vec<(u32, u128, u32)> = Vec::new(); // signature, first, free bits
        for signature in 0..roll(40) as u32 {
            let free = roll(11) as u32;
            let first = base | (u128::from(roll(1024)) >> free << free);
            if !prefixes.iter().any(|prefix| (prefix.1, prefix.2) == (first, free)) {
                prefixes.push((signature, first, free));
            }
        }
        let texts: Vec<_> = prefixes
            .iter()
            .map(|(signature, first, free)| (*signature, format!("{}/{}", Address(*first), bits - free)))
            .collect();
        let networks = Networks::new(&texts).unwrap();
        for offset in 0..1100 {
            let asked = base + offset;
            let expected = prefixes
                .iter()
                .filter(|(_, first, free)| asked >> free == first >> free)
                .min_by_key(|(_, _, free)| *free)
                .map(|(signature, _, _)| *signature);
            assert_eq!(networks.find(Address(asked)), expected, "{} {texts:?}", Address(asked));
            found += usize::from(expected.is_some());
        }
    }
    assert!(found > 10_000);
}

#[test]
fn a_hundred_thousand_prefixes_are_held() {
    let rules: Vec<_> = (0..100_000_u32)
        .map(|n| (n, format!("{}/24", Address::v4((0x1000_0000 + (n << 8)).to_be_bytes()))))
        .collect();
    let networks = Networks::new(&rules).unwrap();
    for n in [0_u32, 1, 50_000, 99_999] {
        let inside = Address::v4((0x1000_00ff + (n << 8)).to_be_bytes());
        assert_eq!(networks.find(inside), Some(n));
    }
}
