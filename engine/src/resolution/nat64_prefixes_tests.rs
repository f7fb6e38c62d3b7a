use super::*;
use std::net::IpAddr;

const HOUR_NS: u64 = 3_600_000_000_000;
const TRANSLATED: &str = "2001:db8:64::198.51.100.10";

fn address(text: &str) -> Address {
    Address::from(text.parse::<IpAddr>().unwrap())
}

fn answer(client: &str, addresses: &[&str], time_ns: u64) -> Lesson {
    let addresses = addresses.iter().map(|text| address(text)).collect();
    Lesson { client: address(client).into(), time_ns, addresses, ..Lesson::default() }
}

fn learned(client: &str, addresses: &[&str], is_of_site: bool) -> Nat64Prefixes {
    let prefixes = Nat64Prefixes::new(100);
    prefixes.learn(&answer(client, addresses, 0), is_of_site);
    prefixes
}

fn find(prefixes: &Nat64Prefixes, client: &str, server: &str, now_ns: u64) -> Option<String> {
    let found = prefixes.find(address(client).into(), address(server), now_ns, || false);
    found.map(|found| found.to_string())
}

#[test]
fn an_answer_teaches_about_the_network_of_the_client_that_asked() {
    let prefixes = learned("2001:db8:1::10", &["2001:db8:64::192.0.0.170", "192.0.0.170"], false);
    for (client, expected) in [
        ("2001:db8:1::10", Some("198.51.100.10")),
        ("2001:db8:1::464", Some("198.51.100.10")),
        ("2001:db8:1:1::10", None),
    ] {
        assert_eq!(find(&prefixes, client, TRANSLATED, 0).as_deref(), expected, "{client}");
    }
}

#[test]
fn an_answer_of_a_configured_resolver_teaches_about_all_clients() {
    for client in ["2001:db8:1::10", "192.0.2.10"] {
        let prefixes = learned(client, &["2001:db8:64::192.0.0.171"], true);
        let found = find(&prefixes, "2001:db8:9::1", TRANSLATED, 0);
        assert_eq!(found.as_deref(), Some("198.51.100.10"), "{client}");
    }
}

#[test]
fn no_client_of_any_network_teaches_about_all_clients() {
    for client in ["::", "::1", "fe80::1", "ff02::1", "ffff:ffff:ffff:ffff::"] {
        let prefixes = learned(client, &["2001:db8:64::192.0.0.170"], false);
        assert_eq!(find(&prefixes, "2001:db8:1::10", TRANSLATED, 0), None, "{client}");
    }
}

#[test]
fn a_query_over_ipv4_shows_no_network_in_which_the_prefix_is_used() {
    let prefixes = learned("192.0.2.10", &["2001:db8:64::192.0.0.171"], false);
    assert!(!prefixes.has_learned.load(Ordering::Acquire));
}

#[test]
fn an_answer_without_synthesised_addresses_teaches_nothing() {
    for addresses in [&["192.0.0.170", "192.0.0.171"][..], &["2001:db8::1"], &["64:ff9b::192.0.0.170"], &[]] {
        let prefixes = learned("2001:db8:1::10", addresses, true);
        assert!(!prefixes.has_learned.load(Ordering::Acquire), "{addresses:?}");
    }
}

#[test]
fn several_prefixes_in_one_answer_are_all_learned() {
    let both = ["2001:db8:64::192.0.0.170", "2001:db8:122:344:c0:0:aa00::"];
    let prefixes = learned("2001:db8:1::10", &both, false);
    for server in [TRANSLATED, "2001:db8:122:344:c6:3364:a00::"] {
        let found = find(&prefixes, "2001:db8:1::10", server, 0);
        assert_eq!(found.as_deref(), Some("198.51.100.10"), "{server}");
    }
}

#[test]
fn a_learned_prefix_is_used_for_a_day() {
    let prefixes = learned("2001:db8:1::10", &["2001:db8:64::192.0.0.170"], false);
    let found = |now_ns| find(&prefixes, "2001:db8:1::10", TRANSLATED, now_ns).is_some();
    assert!(found(24 * HOUR_NS));
    assert!(!found(24 * HOUR_NS + 1));
    prefixes.learn(&answer("2001:db8:1::11", &["2001:db8:64::192.0.0.170"], HOUR_NS), false);
    assert!(found(25 * HOUR_NS));
}

#[test]
fn a_learned_prefix_does_not_count_for_a_server_that_is_known_otherwise() {
    let prefixes = learned("2001:db8:1::10", &["2001:db8:64::192.0.0.170"], false);
    let ends = (address("2001:db8:1::10").into(), address(TRANSLATED));
    assert_eq!(prefixes.find(ends.0, ends.1, 0, || true), None);
}

#[test]
fn where_prefixes_are_configured_none_are_learned() {
    let mut prefixes = Nat64Prefixes::new(100);
    prefixes.configure(vec![Nat64Prefix::parse("2001:db8:64::/96").unwrap()]);
    prefixes.learn(&answer("2001:db8:1::10", &["2001:db8:65::192.0.0.170"], 0), true);
    let found = |server| find(&prefixes, "2001:db8:1::10", server, 0);
    assert_eq!(found(TRANSLATED).as_deref(), Some("198.51.100.10"));
    assert_eq!(found("64:ff9b::198.51.100.10").as_deref(), Some("198.51.100.10"));
    assert_eq!(found("2001:db8:65::198.51.100.10"), None);
}

#[test]
fn a_flood_of_answers_stays_within_the_bounds_and_is_counted() {
    let prefixes = Nat64Prefixes::new(100);
    for n in 0..10_000u32 {
        let client = format!("2001:db8:{:x}:{:x}::1", n >> 8, n & 0xff);
        let shown: Vec<_> = (0..8).map(|k| format!("2001:db9:{n:x}:{k:x}::192.0.0.170")).collect();
        let shown: Vec<_> = shown.iter().map(String::as_str).collect();
        prefixes.learn(&answer(&client, &shown, 0), false);
    }
    prefixes.learn(&answer("2001:db8::1", &["2001:db8:64::192.0.0.170"], 0), true);
    let learned = prefixes.learned.read().unwrap();
    assert_eq!((learned.networks.len(), learned.tickets.len()), (101, 100));
    assert!(learned.networks.values().all(|one| one.len() <= MAX_PREFIXES));
    assert_eq!(learned.evicted, 9_900);
}

#[test]
fn a_prefix_that_is_learned_in_one_realm_is_unknown_in_another() {
    let mut realm = Realm::NONE;
    realm.add_vlan([0, 10]);
    let [red, other] = [realm, Realm::NONE].map(|realm| Host { realm, address: address("2001:db8:1::10") });
    for is_of_site in [false, true] {
        let prefixes = Nat64Prefixes::new(100);
        let answer = answer("2001:db8:1::10", &["2001:db8:64::192.0.0.170"], 0);
        prefixes.learn(&Lesson { client: red, ..answer }, is_of_site);
        let found = |client| prefixes.find(client, address(TRANSLATED), 0, || false).is_some();
        assert!(found(red));
        assert!(!found(other));
    }
}

#[test]
fn resolvers_of_the_site_in_any_number_of_realms_stay_within_the_bound() {
    let prefixes = Nat64Prefixes::new(100);
    for vlan in 0..1000u16 {
        let mut client = Host::from(address("2001:db8:1::10"));
        client.realm.add_vlan(vlan.to_be_bytes());
        let answer = answer("2001:db8:1::10", &["2001:db8:64::192.0.0.170"], 0);
        prefixes.learn(&Lesson { client, ..answer }, true);
    }
    let learned = prefixes.learned.read().unwrap();
    assert_eq!((learned.networks.len(), learned.evicted), (101, 899));
}

#[test]
fn a_client_with_many_networks_displaces_its_own_and_not_those_of_others() {
    let prefixes = Nat64Prefixes::new(1000);
    let honest: Vec<String> = (0..100).map(|n| format!("2001:db8:{n:x}:1::10")).collect();
    for client in &honest {
        prefixes.learn(&answer(client, &["2001:db8:64::192.0.0.170"], 0), false);
    }
    for n in 0..20_000u32 {
        let hostile = format!("2001:db8:ffff:{n:x}::1");
        prefixes.learn(&answer(&hostile, &["2001:db9:64::192.0.0.170"], 1), false);
    }
    let kept = honest.iter().filter(|client| find(&prefixes, client, TRANSLATED, 2).is_some()).count();
    assert!(kept >= 99, "{kept}");
}

#[test]
fn a_network_that_learns_again_is_kept_before_older_ones() {
    let prefixes = Nat64Prefixes::new(100);
    for n in 0..1000u32 {
        for client in [format!("2001:db8:1:{n:x}::1"), "2001:db8:1:ffff::1".to_owned()] {
            prefixes.learn(&answer(&client, &["2001:db8:64::192.0.0.170"], 0), false);
        }
    }
    assert!(find(&prefixes, "2001:db8:1:ffff::1", TRANSLATED, 0).is_some());
}
