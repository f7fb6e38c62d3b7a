use super::*;
use crate::types::interception::Interception;
use crate::view::interception_detector::InterceptionDetector;

const MS: u64 = 1_000_000;
const START: u64 = 1_700_000_000_000_000_000;

/// The judgement on HTTPS to hosts (third group of a /32 for each block, fourth of a /48) at round trips.
fn judgement(destinations: &[(u16, u16, u64)]) -> Interception {
    let mut detector = InterceptionDetector::default();
    for (block, network, rtt_ns) in destinations {
        detector.add(host(*block, *network), 443, true, *rtt_ns, START);
    }
    detector.evaluate(START);
    detector.interception()
}

fn host(block: u16, network: u16) -> Address {
    let mut bytes = [0u8; 16];
    bytes[..2].copy_from_slice(&0x3fffu16.to_be_bytes());
    bytes[2..4].copy_from_slice(&block.to_be_bytes());
    bytes[4..6].copy_from_slice(&network.to_be_bytes());
    bytes[15] = 1;
    Address::v6(bytes)
}

fn blocks(count: u16, rtt_ns: impl Fn(u16) -> u64) -> Vec<(u16, u16, u64)> {
    (0..count).map(|block| (block, 0, rtt_ns(block))).collect()
}

#[test]
fn a_proxy_makes_unrelated_destinations_look_alike() {
    for base in [MS / 5, 3 * MS, 10 * MS, 40 * MS] {
        let jitter = |block| base + u64::from(block % 7) * MS / 10;
        assert_eq!(judgement(&blocks(16, jitter)), Interception::Suspected, "{base}");
        assert_eq!(judgement(&blocks(100, jitter)), Interception::Suspected, "{base}");
    }
}

#[test]
fn a_few_destinations_that_bypass_the_proxy_do_not_hide_it() {
    let mixed = |block| if block % 8 == 0 { 80 * MS } else { MS / 2 };
    assert_eq!(judgement(&blocks(64, mixed)), Interception::Suspected);
    let one_more = |block| if block % 7 == 0 { 80 * MS } else { MS / 2 };
    assert_eq!(judgement(&blocks(64, one_more)), Interception::Unlikely);
}

#[test]
fn few_destinations_give_no_judgement() {
    assert_eq!(judgement(&[]), Interception::Unknown);
    assert_eq!(judgement(&blocks(15, |_| MS / 5)), Interception::Unknown);
}

#[test]
fn many_networks_of_few_operators_are_few_destinations() {
    let caches: Vec<_> = (0..200).map(|n| (n % 10, n, MS / 2)).collect();
    assert_eq!(judgement(&caches), Interception::Unknown);
}

#[test]
fn a_data_centre_beside_caches_also_talks_to_distant_servers() {
    let mut destinations: Vec<_> =
        (0..150).map(|n| (n % 30, n, MS / 2 + u64::from(n % 9) * MS / 10)).collect();
    assert_eq!(judgement(&destinations), Interception::Suspected);
    destinations.extend((100..105).map(|block| (block, 0, 9 * MS + u64::from(block) * MS)));
    assert_eq!(judgement(&destinations), Interception::Unlikely);
}

#[test]
fn a_block_is_as_far_as_its_farthest_network() {
    let mut destinations = blocks(16, |_| MS / 2);
    destinations.extend((0..4).map(|block| (block, 1, 30 * MS)));
    assert_eq!(judgement(&destinations), Interception::Unlikely);
}

#[test]
fn an_office_far_from_everything_is_not_intercepted() {
    let dsl = |block: u16| 18 * MS + u64::from(block) * MS / 2;
    assert_eq!(judgement(&blocks(40, dsl)), Interception::Unlikely);
}

#[test]
fn one_kind_of_service_may_be_intercepted_alone() {
    let mut detector = InterceptionDetector::default();
    for block in 0..20 {
        detector.add(host(block, 0), 443, true, MS / 3, START);
        detector.add(host(block, 0), 22, true, u64::from(block + 1) * 9 * MS, START);
    }
    detector.evaluate(START);
    assert_eq!(detector.interception(), Interception::Suspected);
}

#[test]
fn hosts_of_the_site_itself_are_ignored() {
    let mut detector = InterceptionDetector::default();
    for n in 0..=255u8 {
        detector.add(Address::v4([10, n, 0, 1]), 443, true, MS / 5, START);
        detector.add(Address::v4([192, 168, n, 1]), 443, true, MS / 5, START);
    }
    detector.evaluate(START);
    assert_eq!(detector.interception(), Interception::Unknown);
}

#[test]
fn a_suspicion_holds_for_an_hour_and_measurements_are_forgotten() {
    let mut detector = InterceptionDetector::default();
    for block in 0..40 {
        detector.add(host(block, 0), 443, true, MS / 5, START);
    }
    detector.evaluate(START + REMEMBERED_NS - 1);
    assert_eq!(detector.interception(), Interception::Suspected);
    let later = START + 2 * REMEMBERED_NS - 1;
    detector.evaluate(later - 1);
    assert_eq!(detector.interception(), Interception::Suspected);
    detector.evaluate(later);
    assert_eq!(detector.interception(), Interception::Unknown);
    for block in 0..40u16 {
        detector.add(host(block, 0), 443, true, u64::from(block + 1) * 5 * MS, later);
    }
    detector.evaluate(later);
    assert_eq!(detector.interception(), Interception::Unlikely);
}

#[test]
fn the_smallest_round_trip_to_a_network_counts() {
    let mut detector = InterceptionDetector::default();
    for block in 0..20 {
        for rtt_ns in [u64::from(block + 1) * 20 * MS, MS / 4, 90 * MS] {
            detector.add(host(block, 0), 443, true, rtt_ns, START);
        }
    }
    detector.evaluate(START);
    assert_eq!(detector.interception(), Interception::Suspected);
}

#[test]
fn a_flood_of_networks_stays_in_the_table() {
    let mut detector = InterceptionDetector::default();
    for n in 0..200_000u32 {
        let [a, b, c, _] = n.wrapping_mul(0x9e37_79b1).to_be_bytes();
        detector.add(Address::v4([a, b, c, 1]), 443, true, MS + u64::from(n % 100) * MS, START);
    }
    assert!(detector.networks.iter().all(|networks| networks.len() == NETWORKS));
    detector.evaluate(START);
    assert_eq!(detector.interception(), Interception::Unlikely);
}
