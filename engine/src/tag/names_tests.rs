use super::*;

fn rule(signature: u32, kind: Kind, text: &str) -> (u32, Kind, String) {
    (signature, kind, text.to_string())
}

fn compile(rules: &[(u32, Kind, &str)], denied: &[&str]) -> Result<Names, String> {
    let rules: Vec<_> = rules.iter().map(|(e, k, t)| rule(*e, *k, t)).collect();
    let denied: Vec<_> = denied.iter().map(ToString::to_string).collect();
    Names::new(&rules, &denied)
}

fn refusal(kind: Kind, text: &str) -> String {
    compile(&[(0, kind, text)], &[]).unwrap_err()
}

#[test]
fn an_exact_name_is_the_whole_name() {
    let names = compile(&[(1, Kind::Exact, "a.example.com")], &[]).unwrap();
    assert_eq!(names.find("a.example.com"), Some(1));
    for other in ["b.a.example.com", "example.com", "xa.example.com", "a.example.com.test", ""] {
        assert_eq!(names.find(other), None, "{other}");
    }
}

#[test]
fn a_suffix_matches_on_label_boundaries_only() {
    let names = compile(&[(1, Kind::Suffix, "example.com")], &[]).unwrap();
    for below in ["example.com", "a.example.com", "a.b.c.example.com", "_x.example.com"] {
        assert_eq!(names.find(below), Some(1), "{below}");
    }
    for other in ["notexample.com", "example.com.evil.test", "example.org", "com", "e.com", "example.co"] {
        assert_eq!(names.find(other), None, "{other}");
    }
}

#[test]
fn an_escaped_dot_is_no_label_boundary() {
    let names = compile(&[(1, Kind::Suffix, "example.com")], &[]).unwrap();
    assert_eq!(names.find(r"x\.example.com"), None);
    assert_eq!(names.find(r"x\\.example.com"), Some(1));
    assert_eq!(names.find(r"example\.com"), None);
}

#[test]
fn exact_wins_over_pattern_and_pattern_over_the_longest_suffix() {
    let rules = [
        (1, Kind::Suffix, "example.com"),
        (2, Kind::Suffix, "s.example.com"),
        (3, Kind::Pattern, r"^p[0-9]+\.s\.example\.com$"),
        (4, Kind::Exact, "p1.s.example.com"),
    ];
    let names = compile(&rules, &[]).unwrap();
    assert_eq!(names.find("p1.s.example.com"), Some(4));
    assert_eq!(names.find("p2.s.example.com"), Some(3));
    assert_eq!(names.find("x.s.example.com"), Some(2));
    assert_eq!(names.find("x.example.com"), Some(1));
}

#[test]
fn the_pattern_of_the_longest_domain_wins_then_the_first_given() {
    let rules = [
        (1, Kind::Pattern, r"^.+\.example\.com$"),
        (2, Kind::Pattern, r"^[a-z]+\.s\.example\.com$"),
        (3, Kind::Pattern, r"^x[a-z]*\.s\.example\.com$"),
    ];
    let names = compile(&rules, &[]).unwrap();
    assert_eq!(names.find("xy.s.example.com"), Some(2));
    assert_eq!(names.find("7.s.example.com"), Some(1));
}

#[test]
fn a_denied_domain_wins_over_everything_at_and_below_it() {
    let rules = [
        (1, Kind::Suffix, "example.com"),
        (2, Kind::Exact, "a.fake.example.com"),
        (3, Kind::Pattern, r"^p\.fake\.example\.com$"),
    ];
    let names = compile(&rules, &["fake.example.com"]).unwrap();
    for name in ["fake.example.com", "a.fake.example.com", "p.fake.example.com"] {
        assert_eq!(names.find(name), None, "{name}");
    }
    assert_eq!(names.find("notfake.example.com"), Some(1));
}

#[test]
fn a_pattern_is_indexed_under_whole_labels() {
    for (pattern, domain) in [
        (r"^s(0[0-9]|1[0-9])\.upd\.example\.com$", "upd.example.com"),
        (r"^downloads[0-9]?\.example\.com$", "example.com"),
        (r"^[a-z]+-geo\.example\.com$", "example.com"),
        (r"^a\.example\.com$", "a.example.com"),
        (r"^(?:.+\.)?x-y\.example_1\.com$", "example_1.com"),
    ] {
        assert_eq!(literal_domain(pattern).unwrap(), domain, "{pattern}");
    }
}

#[test]
fn a_pattern_without_a_literal_domain_is_refused_by_name() {
    for pattern in [
        r"^.*example\.com$",
        r"^(.+\.)?example\.com$",
        r"^a\.example.com$",
        r"^a\.exampl?e\.com$",
        r"^a(\.example\.com)$",
        r"^a\.example\.(com|org)$",
        r"^a\\.com$",
        r"^.+$",
        r"^\wexample\.com$",
    ] {
        let why = refusal(Kind::Pattern, pattern);
        assert_eq!(why, format!("'{pattern}': a pattern ends in a literal domain, as in \\.example\\.com$"));
    }
}

#[test]
fn a_pattern_that_is_not_anchored_for_every_alternative_is_refused() {
    for pattern in [r"a\.example\.com$", r"^a\.example\.com", r"\.example\.com"] {
        assert!(refusal(Kind::Pattern, pattern).ends_with("begins with ^ and ends with $"));
    }
    let loose = r"^evil\.test|a\.example\.com$";
    assert!(refusal(Kind::Pattern, loose).contains("alternatives stand in parentheses"));
    assert!(refusal(Kind::Pattern, r"^(?m)a[0-9]\.example\.com$").ends_with("sets no flags"));
    assert!(compile(&[(0, Kind::Pattern, r"^[|](?:a|b)\.example\.com$")], &[]).is_ok());
    assert!(refusal(Kind::Pattern, r"^(a\.example\.com$").starts_with(r"'^(a\.example\.com$': "));
}

#[test]
fn a_name_that_is_none_is_refused_with_its_text() {
    let long = "a".repeat(64) + ".com";
    for text in [
        "",
        ".",
        "a..com",
        ".example.com",
        "example.com.",
        "Example.com",
        "exämple.com",
        "*.example.com",
        &long,
    ] {
        for kind in [Kind::Exact, Kind::Suffix] {
            let why = refusal(kind, text);
            assert!(why.starts_with(&format!("'{text}': ")), "{why}");
        }
        assert!(compile(&[], &[text]).is_err());
    }
}

#[test]
fn a_name_given_twice_is_refused() {
    let rules = [(1, Kind::Exact, "example.com"), (2, Kind::Exact, "example.com")];
    let why = compile(&rules, &[]).unwrap_err();
    assert_eq!(why, "'example.com': exact name given twice");
    let rules = [(1, Kind::Exact, "example.com"), (2, Kind::Suffix, "example.com")];
    assert!(compile(&rules, &[]).is_ok());
}

#[test]
fn a_hostile_query_is_only_a_name_of_nobody() {
    let names = compile(&[(1, Kind::Suffix, "example.com")], &["fake.example.com"]).unwrap();
    let dots = ".".repeat(5_000);
    let labels = "a.".repeat(5_000);
    for name in [dots.as_str(), labels.as_str(), "\\", "\\.", "é.com", "\0", "..com"] {
        assert_eq!(names.find(name), None);
    }
    assert_eq!(names.find(&format!("{labels}example.com")), Some(1));
}

/// Small numbers without a crate: xorshift64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn name(&mut self, labels: usize) -> String {
        let picked: Vec<_> = (0..labels).map(|_| ["a", "b", "ab"][self.roll(3)]).collect();
        picked.join(".")
    }
}

/// The rules as written, one after the other.
fn naive(rules: &[(u32, Kind, String)], denied: &[String], name: &str) -> Option<u32> {
    let is_in = |domain: &str| name == domain || name.ends_with(&format!(".{domain}"));
    if denied.iter().any(|domain| is_in(domain)) {
        return None;
    }
    let of = |wanted: Kind| rules.iter().filter(move |rule| rule.1 == wanted);
    let exact = of(Kind::Exact).find(|rule| rule.2 == name);
    let pattern = of(Kind::Pattern)
        .filter(|rule| Regex::new(&rule.2).unwrap().is_match(name))
        .min_by_key(|rule| (usize::MAX - literal_domain(&rule.2).unwrap().len(), rule.0));
    let suffix = of(Kind::Suffix).filter(|rule| is_in(&rule.2)).max_by_key(|rule| rule.2.len());
    exact.or(pattern).or(suffix).map(|rule| rule.0)
}

#[test]
fn the_walk_agrees_with_trying_every_rule() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut found = 0;
    for _ in 0..300 {
        let mut rules: Vec<(u32, Kind, String)> = Vec::new();
        for signature in 0..dice.roll(12) as u32 {
            let length = 2 + dice.roll(3);
            let name = dice.name(length);
            let (kind, text) = match dice.roll(3) {
                0 => (Kind::Exact, name),
                1 => (Kind::Suffix, name),
                _ => (Kind::Pattern, format!("^a[ab]*\\.{}$", name.replace('.', "\\."))),
            };
            if !rules.iter().any(|rule| rule.1 == kind && rule.2 == text) {
                rules.push((signature, kind, text));
            }
        }
        let denied: Vec<String> = (0..dice.roll(3)).map(|_| dice.name(3)).collect();
        let names = Names::new(&rules, &denied).unwrap();
        for _ in 0..60 {
            let length = 1 + dice.roll(5);
            let name = dice.name(length);
            let expected = naive(&rules, &denied, &name);
            assert_eq!(names.find(&name), expected, "{name} {rules:?} {denied:?}");
            found += usize::from(expected.is_some());
        }
    }
    assert!(found > 1_000, "only {found} names matched anything");
}
