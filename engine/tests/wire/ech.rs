//! ECHConfigLists: two published ones, and malformed ones.

use crate::seeds::seed;
use _engine::wire::ech::parse_public_names;
use _engine::wire::{Malformed, Progress};

fn names(list: &[u8]) -> Vec<String> {
    match parse_public_names(list) {
        Ok(Progress::Parsed(names)) => names,
        other => panic!("{other:?}"),
    }
}

/// A list of one configuration of the given version with this public name.
fn list(version: u16, name: &[u8]) -> Vec<u8> {
    let contents = [&[7, 0, 0x20, 0, 1, 9, 0, 4, 0, 1, 0, 1, 0, name.len() as u8], name, &[0, 0]].concat();
    let config = [&version.to_be_bytes()[..], &(contents.len() as u16).to_be_bytes(), &contents].concat();
    [&(config.len() as u16).to_be_bytes()[..], &config].concat()
}

#[test]
fn the_public_name_of_a_published_list_is_parsed() {
    assert_eq!(names(&seed("ech", "cloudflare")), ["cloudflare-ech.com"]);
    assert_eq!(names(&seed("ech", "two_cipher_suites")), ["public.tls-ech.dev"]);
}

#[test]
fn names_are_lower_case_without_the_final_dot() {
    assert_eq!(names(&list(0xfe0d, b"Front.Example.")), ["front.example"]);
}

#[test]
fn the_root_is_not_a_public_name() {
    for root in [&b""[..], b"."] {
        assert!(parse_public_names(&list(0xfe0d, root)).is_err(), "{root:?}");
    }
}

#[test]
fn other_versions_are_skipped_and_a_name_is_reported_once() {
    assert_eq!(names(&seed("ech", "several_versions")), ["cloudflare-ech.com", "public.tls-ech.dev"]);
    assert_eq!(names(&list(0xfe0a, b"old.example")), [""; 0]);
}

#[test]
fn a_list_needs_more_until_its_last_byte() {
    let complete = seed("ech", "several_versions");
    for end in 0..complete.len() {
        assert_eq!(parse_public_names(&complete[..end]), Ok(Progress::NeedMore), "{end}");
    }
    assert_eq!(names(&complete).len(), 2);
}

#[test]
fn bytes_after_the_list_are_an_error() {
    let longer = [seed("ech", "cloudflare"), vec![0]].concat();
    assert_eq!(parse_public_names(&longer), Err(Malformed("ech")));
}

#[test]
fn a_configuration_with_an_inconsistent_length_is_an_error() {
    for at in [5, 9, 43] {
        let mut wrong = seed("ech", "cloudflare");
        wrong[at] += 1;
        assert_eq!(parse_public_names(&wrong), Err(Malformed("ech")), "{at}");
    }
    assert_eq!(parse_public_names(&list(0xfe0d, b"")), Err(Malformed("ech")));
    assert_eq!(parse_public_names(&[0, 0]), Err(Malformed("ech")));
}

#[test]
fn the_number_of_names_is_bounded() {
    let configs: Vec<u8> =
        (0..100).flat_map(|n| list(0xfe0d, format!("n{n}.example").as_bytes())[2..].to_vec()).collect();
    let list = [&(configs.len() as u16).to_be_bytes()[..], &configs].concat();
    assert_eq!(names(&list).len(), 8);
}
