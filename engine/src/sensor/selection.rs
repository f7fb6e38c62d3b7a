//! Which interfaces are captured: those with a given name, and those whose name matches a pattern.

use crate::capture::interface::Interface;

/// Every interface but loopback.
const ANY: &str = "any";

/// Names and patterns, in the order in which they were given.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    names: Vec<String>,
    patterns: Vec<String>,
}

impl Selection {
    /// From words such as `eth1`, `ens*` and `any`.
    pub fn new(words: &[String]) -> Self {
        let (patterns, names) = words.iter().cloned().partition(|word| is_pattern(word));
        Self { names, patterns }
    }

    /// The names that were given.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The patterns that were given.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// True if a pattern selects the interface. None selects loopback, or an interface whose packets netmon cannot
    /// read.
    pub fn selects(&self, interface: &Interface) -> bool {
        self.patterns.iter().any(|pattern| pattern_selects(pattern, interface))
    }
}

/// True if this pattern selects the interface.
pub fn pattern_selects(pattern: &str, interface: &Interface) -> bool {
    let is_match = pattern == ANY || matches(pattern.as_bytes(), interface.name.as_bytes());
    is_match && !interface.is_loopback() && interface.link().is_ok()
}

fn is_pattern(word: &str) -> bool {
    word == ANY || word.contains(['*', '?', '['])
}

/// True if `name` matches a pattern of the shell: `*`, `?`, `[a-c]`, `[!0]`.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut next) = (0, 0); // in the pattern, in the name
    let mut star = None; // the last `*`, and what it is followed by in the name
    while next < name.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, next));
            at += 1;
        } else if let Some(length) = step(&pattern[at..], name[next]) {
            at += length;
            next += 1;
        } else if let Some((place, from)) = star {
            // The star takes one more character.
            star = Some((place, from + 1));
            (at, next) = (place + 1, from + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

/// The length of the pattern's first element, if it matches the character.
fn step(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [b'?', ..] => Some(1),
        [b'[', class @ ..] => match class_length(class) {
            Some(length) => is_in_class(&class[..length], byte).then_some(length + 2),
            None => (byte == b'[').then_some(1), // without an end, it is a character
        },
        [first, ..] => (*first == byte).then_some(1),
        [] => None,
    }
}

/// The length of a class up to its `]`, which as the first character is one of the class.
fn class_length(class: &[u8]) -> Option<usize> {
    let first = usize::from(class.first() == Some(&b'!'));
    let rest = class.get(first + 1..)?;
    rest.iter().position(|&byte| byte == b']').map(|length| first + 1 + length)
}

fn is_in_class(class: &[u8], byte: u8) -> bool {
    let (is_negated, mut rest) = match class {
        [b'!', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut is_found = false;
    while let [first, others @ ..] = rest {
        let (last, left) = match others {
            [b'-', last, left @ ..] => (last, left),
            left => (first, left),
        };
        is_found |= (first..=last).contains(&&byte);
        rest = left;
    }
    is_found != is_negated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(pattern: &str, name: &str) -> bool {
        matches(pattern.as_bytes(), name.as_bytes())
    }

    fn ethernet(name: &str) -> Interface {
        Interface { name: name.into(), hardware: libc::ARPHRD_ETHER, ..Interface::default() }
    }

    #[test]
    fn a_pattern_is_that_of_the_shell() {
        for (pattern, yes, no) in [
            ("ens*", vec!["ens", "ens5", "ens5f0"], vec!["en", "eth0", "xens5"]),
            ("*", vec!["", "eth0"], vec![]),
            ("eth?", vec!["eth0", "eth9"], vec!["eth", "eth10"]),
            ("e*0", vec!["eth0", "e0", "eth100"], vec!["eth01"]),
            ("*a*b*", vec!["ab", "xaxbx", "aab"], vec!["ba", "a"]),
            ("eth[0-2]", vec!["eth0", "eth2"], vec!["eth3", "eth", "eth-"]),
            ("eth[!0-2]", vec!["eth3"], vec!["eth0", "eth"]),
            ("m[13]", vec!["m1", "m3"], vec!["m2", "m13"]),
            ("m[]]", vec!["m]"], vec!["m"]),
            ("m[a-]", vec!["ma", "m-"], vec!["mb"]),
            ("m[z-a]", vec![], vec!["mz", "ma", "mm"]),
            ("m[1", vec!["m[1"], vec!["m1"]),
            ("eth1.*", vec!["eth1.10"], vec!["eth10"]),
        ] {
            assert!(yes.iter().all(|name| is_match(pattern, name)), "{pattern} {yes:?}");
            assert!(no.iter().all(|name| !is_match(pattern, name)), "{pattern} {no:?}");
        }
    }

    #[test]
    fn many_stars_do_not_take_long() {
        assert!(!is_match(&"*a".repeat(60), &"a".repeat(59)));
    }

    #[test]
    fn words_are_names_or_patterns() {
        let words = ["eth1", "ens*", "any", "m?"].map(String::from);
        let selection = Selection::new(&words);
        assert_eq!((selection.names(), selection.patterns()), (&words[..1], &words[1..]));
        assert!(Selection::new(&words[..1]).patterns().is_empty());
    }

    #[test]
    fn patterns_select_neither_loopback_nor_what_cannot_be_read() {
        let selection = Selection::new(&["any".into()]);
        assert!(selection.selects(&ethernet("eth0")) && selection.selects(&ethernet("any-name")));
        assert!(!selection.selects(&Interface { hardware: libc::ARPHRD_LOOPBACK, ..ethernet("lo") }));
        assert!(!selection.selects(&Interface { hardware: 776, ..ethernet("sit0") }));
        let star = Selection::new(&["l*".into()]);
        assert!(!star.selects(&Interface { hardware: libc::ARPHRD_LOOPBACK, ..ethernet("lo") }));
    }
}
