use super::*;
use crate::address::realm::Realm;
use crate::resolution::lesson::GRACE_NS;
use crate::tag::MatchKind;
use crate::types::arrival::Arrival;
use crate::wire::dns::{Answer, Data, Message, Question};

const SECOND: u64 = 1_000_000_000;

fn address(n: u32) -> Address {
    Address::v4(n.to_be_bytes())
}

fn host(n: u32) -> Host {
    address(n).into()
}

const RESOLVER: u32 = 53;

/// What a client learns at a time, in seconds.
fn lesson(client: u32, name: &str, links: &[&str], server: u32, time_s: u64) -> Lesson {
    let mut answers = Vec::new();
    let (mut owner, ttl_s) = (name, 60);
    for link in links {
        answers.push(Answer { name: owner.into(), rtype: 5, ttl_s, data: Data::Alias((*link).into()) });
        owner = link;
    }
    answers.push(Answer { name: owner.into(), rtype: 1, ttl_s, data: Data::Address(address(server)) });
    let message = Message {
        response: true,
        questions: vec![Question { name: name.into(), rtype: 1, rclass: 1 }],
        answers,
        ..Message::default()
    };
    let arrival = Arrival { time_ns: time_s * SECOND, ..Arrival::default() };
    Lesson::of(&message, (host(client), address(RESOLVER)), arrival, |_| ())
}

/// The names that are found for a flow of a client that begins at a time, in seconds.
fn find(names: &LearnedNames, client: u32, server: u32, time_s: u64) -> Option<(Vec<String>, LookedUpBy)> {
    let found = names.find(host(client), address(server), time_s * SECOND)?;
    Some((found.chains.iter().map(|c| c.question().to_owned()).collect(), found.by))
}

#[test]
fn a_clients_own_look_up_takes_precedence_over_those_of_others() {
    let names = LearnedNames::new(1000);
    names.learn(&lesson(1, "mine.example", &[], 100, 0), &Matcher::default());
    names.learn(&lesson(2, "theirs.example", &[], 100, 1), &Matcher::default());
    assert_eq!(find(&names, 1, 100, 2), Some((vec!["mine.example".into()], LookedUpBy::Client)));
    let theirs = vec!["theirs.example".into(), "mine.example".into()];
    assert_eq!(find(&names, 3, 100, 2), Some((theirs, LookedUpBy::Other)));
}

#[test]
fn a_resolver_of_the_site_takes_precedence_over_other_hosts() {
    let names = LearnedNames::new(1000).with_site_resolvers(vec![address(54)]);
    names.learn(&lesson(54, "configured.example", &[], 100, 0), &Matcher::default());
    names.learn(&lesson(2, "theirs.example", &[], 100, 1), &Matcher::default());
    let configured = (vec!["configured.example".into()], LookedUpBy::SiteResolver);
    assert_eq!(find(&names, 3, 100, 2), Some(configured));
    // One that answered this client, and not another.
    let seen = LearnedNames::new(1000);
    seen.learn(&lesson(3, "any.example", &[], 7, 0), &Matcher::default());
    seen.learn(&lesson(RESOLVER, "asked.example", &[], 100, 0), &Matcher::default());
    assert_eq!(find(&seen, 3, 100, 2).map(|found| found.1), Some(LookedUpBy::SiteResolver));
    assert_eq!(find(&seen, 4, 100, 2).map(|found| found.1), Some(LookedUpBy::Other));
    // Also if another host has looked the name up since.
    seen.learn(&lesson(9, "asked.example", &[], 100, 1), &Matcher::default());
    seen.learn(&lesson(9, "asked.example", &[], 100, 1), &Matcher::default());
    assert_eq!(find(&seen, 3, 100, 2).map(|found| found.1), Some(LookedUpBy::SiteResolver));
}

/// However many others look the same name up after a configured resolver, it stays one that the site looked up.
#[test]
fn the_look_up_of_a_configured_resolver_is_not_displaced() {
    for others in [vec![], vec![2], vec![2, 4], vec![2, 4, 2, 5, 6, 6, 2], vec![2, 54, 4, 5, 54, 54, 6, 7]] {
        for first in [vec![54], vec![54, 54], vec![8, 54], vec![8, 9, 54], vec![54, 55], vec![55, 8, 54]] {
            let names = LearnedNames::new(1000).with_site_resolvers(vec![address(54), address(55)]);
            for (time_s, client) in first.iter().chain(&others).enumerate() {
                names.learn(&lesson(*client, "a.example", &[], 100, time_s as u64), &Matcher::default());
            }
            let expected = Some((vec!["a.example".into()], LookedUpBy::SiteResolver));
            assert_eq!(find(&names, 3, 100, 20), expected, "{first:?} {others:?}");
        }
    }
}

/// A resolver that is not configured, but answered a client, is one of the latest two hosts or none.
#[test]
fn without_a_configured_resolver_the_latest_two_hosts_are_kept() {
    let names = LearnedNames::new(1000);
    names.learn(&lesson(3, "any.example", &[], 7, 0), &Matcher::default());
    for (client, by) in [
        (RESOLVER, LookedUpBy::SiteResolver),
        (8, LookedUpBy::SiteResolver),
        (8, LookedUpBy::SiteResolver),
        (9, LookedUpBy::Other),
    ] {
        names.learn(&lesson(client, "a.example", &[], 100, 1), &Matcher::default());
        assert_eq!(find(&names, 3, 100, 2).map(|found| found.1), Some(by));
    }
}

/// However many names without a signature an address has, one with a signature stays among them; also if it is a link.
#[test]
fn names_without_a_signature_displace_none_with_one() {
    let suffixes = [(5, MatchKind::Suffix, "cloud.example".to_owned())];
    let matcher = Matcher::new(&suffixes, &[], &[]).unwrap();
    for (name, links) in [("eu.cloud.example", &[][..]), ("www.example", &["a.cloud.example"])] {
        for count in [0, 1, 6, 7, 8, 9, 100] {
            let names = LearnedNames::new(1000);
            names.learn(&lesson(1, name, links, 9, 0), &matcher);
            for n in 1..=count {
                names.learn(&lesson(1, &format!("n{n}.decoy.test"), &[], 9, 1 + n % 2), &matcher);
            }
            let (own, _) = find(&names, 1, 9, 2).unwrap();
            assert!(own.iter().any(|one| one == name), "{name} {count}");
            assert_eq!(own.len(), MAX_CHAINS.min(count as usize + 1));
            assert!(
                count == 0 || own[0] == format!("n{count}.decoy.test"),
                "the latest is the best: {own:?}"
            );
            let (of_all, by) = find(&names, 2, 9, 2).unwrap();
            assert_eq!((of_all, by), (own, LookedUpBy::Other));
        }
    }
}

/// Names with a signature displace each other, and give way once they have expired.
#[test]
fn names_with_a_signature_leave_room_for_others() {
    let suffixes = [(5, MatchKind::Suffix, "cloud.example".to_owned())];
    let matcher = Matcher::new(&suffixes, &[], &[]).unwrap();
    let names = LearnedNames::new(1000);
    for n in 0..20 {
        names.learn(&lesson(1, &format!("n{n}.cloud.example"), &[], 9, n), &matcher);
    }
    names.learn(&lesson(1, "first.test", &[], 9, 20), &matcher);
    names.learn(&lesson(1, "second.test", &[], 9, 21), &matcher);
    let (all, _) = find(&names, 1, 9, 22).unwrap();
    assert_eq!(
        (all.len(), all[0].as_str(), all[1].as_str()),
        (MAX_CHAINS, "second.test", "n19.cloud.example")
    );
    let later = 1_000;
    for n in 0..MAX_CHAINS as u64 {
        names.learn(&lesson(1, &format!("n{n}.later.test"), &[], 9, later + n), &matcher);
    }
    let (all, _) = find(&names, 1, 9, later + 10).unwrap();
    assert_eq!((all.len(), all.iter().any(|one| one.contains("cloud"))), (MAX_CHAINS, false));
}

#[test]
fn an_unsolicited_answer_neither_replaces_nor_precedes_a_look_up() {
    let names = LearnedNames::new(1000);
    names.note_unsolicited(&lesson(1, "forged.example", &[], 100, 0), &Matcher::default());
    assert_eq!(find(&names, 1, 100, 2), Some((vec!["forged.example".into()], LookedUpBy::Unsolicited)));
    names.learn(&lesson(2, "theirs.example", &[], 100, 0), &Matcher::default());
    names.note_unsolicited(&lesson(1, "forged.example", &[], 100, 1), &Matcher::default());
    assert_eq!(find(&names, 1, 100, 2), Some((vec!["theirs.example".into()], LookedUpBy::Other)));
}

#[test]
fn the_latest_look_up_before_the_flow_is_the_best() {
    let names = LearnedNames::new(1000);
    for (time_s, name) in [(1, "a.example"), (2, "b.example"), (4, "c.example"), (5, "d.example")] {
        names.learn(&lesson(1, name, &[], 9, time_s), &Matcher::default());
    }
    let (all, _) = find(&names, 1, 9, 3).unwrap();
    assert_eq!(all, ["b.example", "a.example", "c.example", "d.example"]);
    let is_late = |time_s: u64| names.find(host(1), address(9), time_s * SECOND).unwrap().is_late;
    assert!(!is_late(3));
    assert!(is_late(0));
}

#[test]
fn the_chain_holds_every_link() {
    let names = LearnedNames::new(1000);
    names.learn(&lesson(1, "a.example", &["b.example", "c.example"], 9, 0), &Matcher::default());
    let found = names.find(host(1), address(9), 0).unwrap();
    let links: Vec<&str> = found.chains[0].names.iter().map(|n| &**n).collect();
    assert_eq!(links, ["a.example", "b.example", "c.example"]);
}

#[test]
fn a_name_is_forgotten_after_its_ttl_and_the_grace() {
    let names = LearnedNames::new(1000);
    names.learn(&lesson(1, "a.example", &[], 9, 0), &Matcher::default());
    assert!(names.find(host(1), address(9), 60 * SECOND + GRACE_NS).is_some());
    assert!(names.find(host(1), address(9), 60 * SECOND + GRACE_NS + 1).is_none());
}

#[test]
fn a_cname_loop_ends() {
    let names = LearnedNames::new(1000);
    names.learn(&lesson(1, "a.example", &["b.example", "a.example"], 9, 0), &Matcher::default());
    assert!(names.usage().0 <= 2);
}

#[test]
fn a_flood_of_names_stays_within_the_bound_and_is_counted() {
    let names = LearnedNames::new(1600);
    for n in 0..20_000u32 {
        names.learn(&lesson(n % 7, &format!("n{n}.example"), &[], n, 0), &Matcher::default());
    }
    let (entries, bytes, evicted) = names.usage();
    assert!(entries <= 3200, "{entries}");
    assert!(bytes <= 3200 * (MEAN_ENTRY_BYTES + 8 * 1024), "{bytes}");
    assert!(evicted >= 2 * 20_000 - 3200);
}

#[test]
fn a_flood_of_unsolicited_answers_evicts_no_look_up() {
    let names = LearnedNames::new(1600);
    names.learn(&lesson(1, "a.example", &[], 9, 0), &Matcher::default());
    for n in 100..20_000u32 {
        names.note_unsolicited(&lesson(n % 7, &format!("n{n}.example"), &[], n, 0), &Matcher::default());
    }
    assert!(names.usage().0 <= 2 + 1600 / 8, "{}", names.usage().0);
    assert!(find(&names, 1, 9, 0).is_some());
}

#[test]
fn many_names_on_one_address_keep_the_newest() {
    let names = LearnedNames::new(1000);
    for n in 0..100u64 {
        names.learn(&lesson(1, &format!("n{n}.example"), &[], 9, n), &Matcher::default());
    }
    let (all, _) = find(&names, 1, 9, 100).unwrap();
    assert_eq!(all.len(), MAX_CHAINS);
    assert_eq!(all[0], "n99.example");
}

#[test]
fn what_one_realm_shows_is_unknown_in_another() {
    let realm = |vlan: u8| {
        let mut realm = Realm::NONE;
        realm.add_vlan([0, vlan]);
        realm
    };
    let [red, blue] = [10, 20].map(|vlan| Host { realm: realm(vlan), ..host(1) });
    let names = LearnedNames::new(1000).with_site_resolvers(vec![address(RESOLVER)]);
    let lesson = Lesson { client: red, ..lesson(1, "a.example", &[], 9, 0) };
    names.learn(&lesson, &Matcher::default());
    names.note_unsolicited(&Lesson { addresses: vec![address(8)], ..lesson }, &Matcher::default());
    names.clients.learn_public_name(red, "front.example", 9);
    names.clients.note_encrypted_dns(red, 0);
    let known = |client: Host| {
        let by = |server| names.find(client, address(server), 0).map(|found| found.by);
        let resolvers = names.clients.resolvers_of(client);
        (
            (by(9), by(8)),
            names.clients.knows_public_name(client, "front.example", 0),
            names.clients.uses_encrypted_dns(client, 0),
            resolvers.contains(address(RESOLVER)),
            names.clients.is_first_fallback(client, address(7), 0),
        )
    };
    let found = (Some(LookedUpBy::Client), Some(LookedUpBy::Unsolicited));
    assert_eq!(known(red), (found, true, true, true, true));
    assert_eq!(known(blue), ((None, None), false, false, false, true));
    assert_eq!(known(host(1)), ((None, None), false, false, false, true));
}
