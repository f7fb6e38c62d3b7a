//! Longest prefix match: the address line, cut into pieces that each have one answer.
//!
//! Prefixes nest or are disjoint, so n of them cut the line into at most 2n + 1 pieces. One binary
//! search finds the piece of an address; nothing is walked and nothing is hashed.

use std::net::IpAddr;

use crate::address::Address;

/// All network rules. IPv4 and IPv6 are two lines, so that `::/0` holds no IPv4 address.
#[derive(Debug, Default)]
pub(super) struct Networks {
    v4: Line,
    v6: Line,
}

/// Piece `i` goes from `starts[i]` to just before `starts[i + 1]`.
#[derive(Debug, Default)]
struct Line {
    starts: Vec<u128>,
    signatures: Vec<Option<u32>>,
}

#[derive(Clone, Copy)]
struct Prefix {
    first: u128,
    last: u128,
    signature: u32,
}

impl Networks {
    /// Compiles `address/length` texts; fails with the offending text.
    pub(super) fn new(rules: &[(u32, String)]) -> Result<Self, String> {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (signature, text) in rules {
            let (prefix, is_v4) = parse(*signature, text).map_err(|why| format!("'{text}': {why}"))?;
            if is_v4 {
                v4.push((prefix, text));
            } else {
                v6.push((prefix, text));
            }
        }
        Ok(Self { v4: Line::new(v4)?, v6: Line::new(v6)? })
    }

    /// The signature of the longest prefix that holds the address.
    #[inline]
    pub(super) fn find(&self, address: Address) -> Option<u32> {
        let line = if address.is_v4() { &self.v4 } else { &self.v6 };
        let after = line.starts.partition_point(|start| *start <= address.0);
        line.signatures[..after].last().copied().flatten()
    }
}

impl Line {
    fn new(mut prefixes: Vec<(Prefix, &String)>) -> Result<Self, String> {
        // Outer before inner: by start, then the longer range first.
        prefixes.sort_by_key(|(prefix, _)| (prefix.first, u128::MAX - prefix.last));
        for pair in prefixes.windows(2) {
            if (pair[0].0.first, pair[0].0.last) == (pair[1].0.first, pair[1].0.last) {
                return Err(format!("'{}': network given twice", pair[1].1));
            }
        }
        let mut line = Self::default();
        let mut open: Vec<Prefix> = Vec::new(); // the prefixes around the current point, outermost first
        for (prefix, _) in prefixes {
            line.close(&mut open, prefix.first);
            line.cut(prefix.first, Some(prefix.signature));
            open.push(prefix);
        }
        line.close(&mut open, u128::MAX);
        Ok(line)
    }

    /// Ends the open prefixes that do not reach `point`.
    fn close(&mut self, open: &mut Vec<Prefix>, point: u128) {
        while let Some(&inner) = open.last().filter(|prefix| prefix.last < point) {
            open.pop();
            self.cut(inner.last + 1, open.last().map(|outer| outer.signature));
        }
    }

    fn cut(&mut self, start: u128, signature: Option<u32>) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.signatures.pop();
        }
        self.starts.push(start);
        self.signatures.push(signature);
    }
}

fn parse(signature: u32, text: &str) -> Result<(Prefix, bool), String> {
    let (address, length) = text.split_once('/').ok_or("a network is written address/length")?;
    let address: IpAddr = address.parse().map_err(|_| format!("'{address}' is no address"))?;
    let is_v4 = address.is_ipv4();
    let bits = if is_v4 { 32 } else { 128 };
    if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("'{length}' is no prefix length"));
    }
    let length = length
        .parse::<u32>()
        .ok()
        .filter(|length| *length <= bits)
        .ok_or_else(|| format!("the prefix length is above {bits}"))?;
    let first = Address::from(address);
    if !is_v4 && first.is_v4() {
        return Err("write an IPv4 network as IPv4".into());
    }
    let host = u128::MAX.checked_shr(128 - bits + length).unwrap_or(0);
    if first.0 & host != 0 {
        return Err(format!("bits are set behind /{length}"));
    }
    let last = first.0 | host;
    Ok((Prefix { first: first.0, last, signature }, is_v4))
}

#[cfg(test)]
#[path = "networks_tests.rs"]
mod tests;
