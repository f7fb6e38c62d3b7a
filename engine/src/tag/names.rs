//! One hash map of domains; a queried name is walked label by label, from the right.
//!
//! Every ancestor of a rule has a node, so the walk ends at the first domain that leads nowhere:
//! a name of nobody costs two look-ups, however long it is.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use regex_lite::Regex;

use super::Kind;

const MAX_NAME: usize = 253; // RFC 1035, 2.3.4, as text without the final dot
const MAX_LABEL: usize = 63;

/// What the rules say about one domain.
#[derive(Debug, Default)]
struct Node {
    denied: bool,
    exact: Option<u32>,
    suffix: Option<u32>,
    patterns: Vec<(u32, Regex)>,
}

/// All name rules.
#[derive(Debug, Default)]
pub(super) struct Names {
    nodes: HashMap<String, Node, RandomState>,
}

impl Names {
    /// Compiles the rules; fails with the offending text.
    pub(super) fn new(rules: &[(u32, Kind, String)], denied: &[String]) -> Result<Self, String> {
        let mut names = Self::default();
        for (signature, kind, text) in rules {
            match kind {
                Kind::Exact => {
                    check_name(text)?;
                    let exact = &mut names.node(text).exact;
                    set_once(exact, *signature, text, "exact name")?;
                }
                Kind::Suffix => {
                    check_name(text)?;
                    let suffix = &mut names.node(text).suffix;
                    set_once(suffix, *signature, text, "suffix")?;
                }
                Kind::Pattern => {
                    let domain = literal_domain(text)?;
                    let regex = Regex::new(text).map_err(|error| format!("'{text}': {error}"))?;
                    names.node(&domain).patterns.push((*signature, regex));
                }
            }
        }
        for domain in denied {
            check_name(domain)?;
            names.node(domain).denied = true;
        }
        Ok(names)
    }

    /// The signature that the name matches: denied > exact > pattern > longest suffix.
    /// Of several patterns the one under the longest literal domain wins, then the first given.
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        let mut pattern = None;
        let mut suffix = None;
        let mut end = name.len();
        loop {
            let start = label_start(name.as_bytes(), end);
            let Some(node) = self.nodes.get(&name[start..]) else {
                break;
            };
            if node.denied {
                return None;
            }
            if start == 0 && node.exact.is_some() {
                return node.exact;
            }
            suffix = node.suffix.or(suffix);
            let mut patterns = node.patterns.iter();
            if let Some((signature, _)) = patterns.find(|(_, regex)| regex.is_match(name)) {
                pattern = Some(*signature);
            }
            if start == 0 {
                break;
            }
            end = start - 1;
        }
        pattern.or(suffix)
    }

    /// The node of a domain, made with all its ancestors.
    fn node(&mut self, domain: &str) -> &mut Node {
        for (dot, _) in domain.match_indices('.') {
            let ancestor = &domain[dot + 1..];
            self.nodes.entry_ref(ancestor).or_default();
        }
        self.nodes.entry_ref(domain).or_default()
    }
}

/// Where the label that ends before `end` begins. A dot that is escaped is part of its label
/// (RFC 1035, 5.1): `x\.example.com` has two labels and is not below example.com.
fn label_start(name: &[u8], end: usize) -> usize {
    let mut dot = end;
    while dot > 0 {
        dot -= 1;
        if name[dot] == b'.' {
            let before = name[..dot].iter().rev();
            let escapes = before.take_while(|byte| **byte == b'\\').count();
            if escapes % 2 == 0 {
                return dot + 1;
            }
        }
    }
    0
}

fn set_once(slot: &mut Option<u32>, signature: u32, text: &str, what: &str) -> Result<(), String> {
    match slot.replace(signature) {
        None => Ok(()),
        Some(_) => Err(format!("'{text}': {what} given twice")),
    }
}

fn check_name(text: &str) -> Result<(), String> {
    if text.is_empty() || text.len() > MAX_NAME {
        return Err(format!("'{text}': a name has 1 to {MAX_NAME} characters"));
    }
    for label in text.split('.') {
        if label.is_empty() || label.len() > MAX_LABEL {
            return Err(format!("'{text}': a label has 1 to {MAX_LABEL} characters"));
        }
        if !label.bytes().all(is_name_byte) {
            return Err(format!("'{text}': a name is made of a-z, 0-9, '-', '_' and dots"));
        }
    }
    Ok(())
}

fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')
}

/// The domain that every name matching the pattern is, or lies below.
fn literal_domain(pattern: &str) -> Result<String, String> {
    let body = pattern
        .strip_prefix('^')
        .and_then(|rest| rest.strip_suffix('$'))
        .ok_or_else(|| format!("'{pattern}': a pattern begins with ^ and ends with $"))?;
    if has_loose_alternative(body) {
        return Err(format!(
            "'{pattern}': alternatives stand in parentheses, so that both anchors hold for each"
        ));
    }
    if body.replace("(?:", "(").contains("(?") {
        return Err(format!("'{pattern}': a pattern sets no flags"));
    }
    let (tail, whole) = literal_tail(body);
    // A label that begins inside the variable part is not a whole label: cut to the boundary.
    let domain = match tail.split_once('.') {
        Some((_, domain)) if !whole => domain,
        _ if whole => tail.as_str(),
        _ => "",
    };
    if !domain.contains('.') {
        return Err(format!("'{pattern}': a pattern ends in a literal domain, as in \\.example\\.com$"));
    }
    check_name(domain).map_err(|_| format!("'{pattern}': '{domain}' is no domain"))?;
    Ok(domain.to_string())
}

/// The literal text at the end of a pattern, and whether that is all of it.
fn literal_tail(body: &str) -> (String, bool) {
    let bytes = body.as_bytes();
    let mut tail = Vec::new();
    let mut at = bytes.len();
    while at > 0 {
        let escaped = at > 1 && bytes[at - 2] == b'\\';
        match bytes[at - 1] {
            // "\\." is a backslash and any character, no dot.
            b'.' if escaped && (at < 3 || bytes[at - 3] != b'\\') => {
                tail.push('.');
                at -= 2;
            }
            byte if is_name_byte(byte) && !escaped => {
                tail.push(char::from(byte));
                at -= 1;
            }
            _ => break,
        }
    }
    (tail.iter().rev().collect(), at == 0)
}

/// True for an alternative outside all parentheses: `^a|b$` is anchored on one side only.
fn has_loose_alternative(body: &str) -> bool {
    let (mut depth, mut in_class, mut escaped) = (0_i32, false, false);
    for byte in body.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'(' if !in_class => depth += 1,
            b')' if !in_class => depth -= 1,
            b'|' if !in_class && depth == 0 => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
