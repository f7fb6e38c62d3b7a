//! First payload bytes that give a protocol away, by transport and port.

use std::collections::HashMap;

/// First payload bytes of one side, on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Magic {
    /// The signature that they mean.
    pub signature: u32,
    /// TCP; else UDP.
    pub is_tcp: bool,
    /// The server's port.
    pub port: u16,
    /// What the payload begins with.
    pub prefix: Vec<u8>,
    /// The payload's exact length, where it counts.
    pub length: Option<u32>,
}

/// All of them, by transport and port.
#[derive(Debug, Default)]
pub(super) struct Payloads {
    by_port: HashMap<(bool, u16), Vec<Magic>>,
}

impl Payloads {
    /// The longer prefix wins, then the one with a length.
    pub(super) fn new(magic: &[Magic]) -> Self {
        let mut by_port: HashMap<_, Vec<Magic>> = HashMap::new();
        for one in magic {
            by_port.entry((one.is_tcp, one.port)).or_default().push(one.clone());
        }
        for one_port in by_port.values_mut() {
            one_port.sort_by_key(|one| std::cmp::Reverse((one.prefix.len(), one.length.is_some())));
        }
        Self { by_port }
    }

    /// The signature of the payload that begins with `bytes` and is `length` bytes long.
    pub(super) fn find(&self, is_tcp: bool, ports: [u16; 2], bytes: &[u8], length: u32) -> Option<u32> {
        if self.by_port.is_empty() {
            return None;
        }
        let known = ports.iter().filter_map(|port| self.by_port.get(&(is_tcp, *port))).flatten();
        let fits = |one: &&Magic| bytes.starts_with(&one.prefix) && one.length.is_none_or(|l| l == length);
        known.into_iter().find(fits).map(|one| one.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn magic(signature: u32, is_tcp: bool, port: u16, prefix: &[u8], length: Option<u32>) -> Magic {
        Magic { signature, is_tcp, port, prefix: prefix.to_vec(), length }
    }

    #[test]
    fn transport_port_prefix_and_length_all_count() {
        let known =
            Payloads::new(&[magic(1, true, 443, b"KE\0\0", None), magic(2, true, 443, b"PI", Some(2))]);
        assert_eq!(known.find(true, [50_000, 443], b"KE\0\0more", 8), Some(1));
        assert_eq!(known.find(true, [443, 50_000], b"PI", 2), Some(2));
        assert_eq!(known.find(true, [50_000, 443], b"PING", 4), None);
        assert_eq!(known.find(true, [50_000, 443], b"KE\0", 3), None);
        assert_eq!(known.find(true, [50_000, 80], b"KE\0\0", 4), None);
        assert_eq!(known.find(false, [50_000, 443], b"KE\0\0", 4), None);
        assert_eq!(Payloads::default().find(true, [1, 2], b"", 0), None);
    }

    #[test]
    fn the_longer_prefix_wins() {
        let known = Payloads::new(&[
            magic(1, false, 9, b"K", None),
            magic(2, false, 9, b"KE", None),
            magic(3, false, 9, b"KE", Some(4)),
        ]);
        assert_eq!(known.find(false, [9, 1], b"KEEP", 4), Some(3));
        assert_eq!(known.find(false, [9, 1], b"KE", 2), Some(2));
        assert_eq!(known.find(false, [9, 1], b"KX", 2), Some(1));
    }
}
