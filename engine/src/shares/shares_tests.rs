//! Shares: the largest client goes first, whatever the others do.

use super::half::level_of;
use super::*;
use crate::address::Address;
use std::collections::HashMap;
use std::net::IpAddr;

fn client(n: u32) -> Host {
    Address::v4(n.to_be_bytes()).into()
}

/// Takes the candidate out; its key.
fn evict(shares: &mut Shares<u32>) -> Option<u32> {
    let (ticket, key) = shares.candidate()?;
    shares.release(ticket);
    Some(key)
}

#[test]
fn the_oldest_entries_of_the_largest_client_go_first() {
    let mut shares = Shares::new(1 << 18);
    for key in 0..3 {
        shares.add(client(1), key, 1, false);
    }
    for key in 10..110 {
        shares.add(client(2), key, 1, false);
    }
    for count in 1..95 {
        let key = evict(&mut shares).unwrap();
        assert!((10..10 + count + count / 4 + 4).contains(&key), "{key} after {count}");
    }
}

#[test]
fn amounts_count_and_not_entries() {
    let mut shares = Shares::new(1 << 18);
    for key in 0..100 {
        shares.add(client(1), key, 1, false);
    }
    let large = shares.add(client(2), 100, 1, false);
    shares.resize(large, 1000);
    assert_eq!(evict(&mut shares), Some(100));
    assert_eq!(evict(&mut shares), Some(0));
}

#[test]
fn addresses_of_one_64_are_one_client() {
    let mut shares = Shares::new(1 << 18);
    for key in 0..10 {
        let address: IpAddr = format!("2001:db8::{key:x}").parse().unwrap();
        shares.add(Address::from(address).into(), key, 1, false);
        let address: IpAddr = format!("2001:db8:0:{:x}::1", key / 2 + 1).parse().unwrap();
        shares.add(Address::from(address).into(), 100 + key, 1, false);
    }
    assert_eq!(evict(&mut shares), Some(0));
    // IPv4 addresses are in one /64 as well, and yet different clients.
    let mut shares = Shares::new(1 << 18);
    for key in 0..10 {
        shares.add(client(key), key, 1, false);
    }
    for key in 10..13 {
        shares.add(client(7), key, 1, false);
    }
    assert!([7, 10, 11].contains(&evict(&mut shares).unwrap()));
}

#[test]
fn confirmed_entries_keep_half_of_the_table() {
    let mut shares = Shares::new(1 << 18);
    let tickets: Vec<u32> = (0..10).map(|key| shares.add(client(1), key, 1, false)).collect();
    tickets.iter().for_each(|ticket| shares.confirm(*ticket));
    for n in 10..20 {
        shares.add(client(n), n, 1, false);
    }
    // Each of a client of its own, and yet they go first, because they are half of the table.
    assert!(evict(&mut shares) >= Some(10));
    assert_eq!(evict(&mut shares), Some(0));
}

#[test]
fn what_another_client_uses_as_well_counts_for_the_smaller_one() {
    let mut shares = Shares::new(1 << 18);
    let shared = shares.add(client(1), 0, 1, false);
    for key in 1..10 {
        shares.add(client(1), key, 1, false);
    }
    shares.offer(shared, client(2));
    assert_eq!(evict(&mut shares), Some(1));
    shares.offer(shared, client(1)); // holds more: nothing changes
    assert_eq!(evict(&mut shares), Some(2));
}

#[test]
fn renewed_entries_are_the_newest_of_their_client() {
    let mut shares = Shares::new(1 << 18);
    let first = shares.add(client(1), 0, 1, false);
    shares.add(client(1), 1, 1, false);
    shares.renew(first);
    assert_eq!([evict(&mut shares), evict(&mut shares), evict(&mut shares)], [Some(1), Some(0), None]);
}

#[test]
fn a_client_in_the_buckets_of_a_larger_one_loses_nothing() {
    let mut shares = Shares::new(1);
    for n in 0..200 {
        shares.add(client(n), n, 1, false); // several in each of the 64 buckets
    }
    for key in 1000..20_000 {
        shares.add(client(9999), key, 1, false);
        if key >= 1200 {
            assert!(evict(&mut shares) >= Some(1000));
        }
    }
}

/// Two clients with the same buckets.
fn neighbours(shares: &Shares<u32>) -> (Host, Host) {
    let is_neighbour = |n: u32| shares.buckets_of(client(n)) == shares.buckets_of(client(0));
    (client(0), client((1..).find(|n| is_neighbour(*n)).unwrap()))
}

#[test]
fn the_majority_of_a_bucket_is_that_of_amounts() {
    // Few large entries beside many small ones, and the other way round, whichever came first.
    for (large, is_first) in [(2, true), (2, false), (40, true), (40, false)] {
        let mut shares = Shares::new(1);
        let (small_client, large_client) = neighbours(&shares);
        let add_large = |shares: &mut Shares<u32>| {
            for key in 0..large {
                let ticket = shares.add(large_client, key, 1, false);
                shares.resize(ticket, 4000 / large);
            }
        };
        if is_first {
            add_large(&mut shares);
        }
        for key in 100..150 {
            shares.add(small_client, key, 1, false);
        }
        if !is_first {
            add_large(&mut shares);
        }
        let evicted: Vec<u32> = (0..large).map(|_| evict(&mut shares).unwrap()).collect();
        assert!(evicted.iter().all(|key| *key < large), "{evicted:?}");
    }
}

#[test]
fn a_majority_that_is_gone_protects_nobody_and_the_next_one_is_found() {
    let mut shares = Shares::new(1);
    let (first, second) = neighbours(&shares);
    let gone: Vec<u32> = (0..500).map(|key| shares.add(first, key, 1, false)).collect();
    for key in 1000..1010 {
        shares.add(second, key, 1, false);
    }
    for ticket in &gone[1..] {
        shares.release(*ticket);
    }
    for key in 2000..3000 {
        shares.add(second, key, 1, false);
    }
    let evicted: Vec<u32> = (0..900).map(|_| evict(&mut shares).unwrap()).collect();
    assert!(!evicted.contains(&0), "the one entry that the first client has left");
}

#[test]
fn entries_that_were_set_off_against_an_earlier_majority_leave_no_lead() {
    let mut shares = Shares::new(1);
    let tickets: Vec<u32> = (0..20_000).map(|n| shares.add(client(n), n, 1, false)).collect();
    for ticket in &tickets[..19_900] {
        shares.release(*ticket);
    }
    // Whoever seems to have the majority by what left, everything can still be evicted, and each entry once.
    let mut evicted: Vec<u32> = std::iter::from_fn(|| evict(&mut shares)).collect();
    evicted.sort_unstable();
    assert_eq!(evicted, (19_900..20_000).collect::<Vec<u32>>());
}

/// Any sequence of operations leaves lists and sums that agree with a plain count.
#[test]
fn what_is_counted_agrees_with_a_plain_count() {
    let (mut shares, mut held) = (Shares::new(8), HashMap::<u32, (u32, bool)>::new());
    let mut state = 1u64;
    for step in 0..5000u32 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (action, n) = ((state >> 33) % 7, (state >> 40) as u32);
        let some = held.keys().copied().min_by_key(|ticket| ticket ^ (n & 0xff));
        match (action, some) {
            (0..=2, _) | (_, None) => {
                let amount = n % 1000 + 1;
                held.insert(shares.add(client(n % 50), step, amount, n % 2 == 0), (amount, n % 2 == 0));
            }
            (3, Some(ticket)) => {
                shares.release(ticket);
                held.remove(&ticket);
            }
            (4, Some(ticket)) => {
                shares.resize(ticket, n % 5000 + 1);
                held.get_mut(&ticket).unwrap().0 = n % 5000 + 1;
            }
            (5, Some(ticket)) => {
                shares.confirm(ticket);
                held.get_mut(&ticket).unwrap().1 = true;
            }
            (_, Some(ticket)) => shares.offer(ticket, client(n % 50)),
        }
        for ticket in held.keys() {
            let [first, other] = shares.holdings[*ticket as usize].buckets;
            assert!(first < 64 && other < 64);
        }
        for half in [false, true] {
            let amount: u64 = held
                .values()
                .filter(|(_, is_confirmed)| *is_confirmed == half)
                .map(|(n, _)| u64::from(*n))
                .sum();
            assert_eq!(shares.halves[usize::from(half)].amount, amount);
            let Half { buckets, occupied, .. } = &shares.halves[usize::from(half)];
            let largest = buckets.iter().map(|bucket| bucket.amount).max().unwrap_or(0);
            let level = 127u32.checked_sub(occupied.leading_zeros());
            assert_eq!(level, level_of(largest).map(u32::from), "step {step}");
            assert!(buckets.iter().all(|bucket| bucket.lead <= bucket.amount), "step {step}");
        }
    }
    let mut left = 0;
    while evict(&mut shares).is_some() {
        left += 1;
    }
    assert_eq!(left, held.len());
}
