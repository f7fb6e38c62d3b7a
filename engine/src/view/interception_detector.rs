//! Detects a middlebox that answers in the servers' names. A proxy, firewall or accelerator that completes
//! handshakes for a server makes every destination look equally near, and then a round trip says nothing about
//! where the server is.
//!
//! The sign is that round trips to *unrelated* destinations are alike. Real destinations lie at different
//! distances: even a sensor in a data centre, beside the caches of many networks, sees some that are farther.
//! So the detector works on the last hour, for each kind of service (one may be intercepted, another not):
//!
//! - It keeps the smallest round trip to each network (/24, /48) of public addresses, in a table of fixed size.
//! - Networks of one block (/16, /32) belong together: the block counts with its farthest network.
//! - With `ENOUGH_BLOCKS` blocks, interception is *suspected* if at most one in `OTHERS` is farther than the
//!   nearest by more than `ALIKE_NS` or a quarter, and otherwise *unlikely*. With fewer blocks it is unknown.
//! - A suspicion holds for an hour, so that it does not come and go with a few late answers.
//!
//! A site whose destinations are all equally near cannot be distinguished from an intercepted one: interception
//! is suspected.

use crate::address::Address;
use crate::types::interception::Interception;

/// Number of unrelated destinations needed for a judgement.
const ENOUGH_BLOCKS: usize = 16;
/// One block in this many may differ, because it bypasses the middlebox or was answered late.
const OTHERS: usize = 8;
/// Round trips to one proxy differ by up to this much, even if it is busy.
const ALIKE_NS: u64 = 2_000_000;
/// Older measurements are ignored, and a suspicion ends after this time.
const REMEMBERED_NS: u64 = 3_600 * 1_000_000_000;
/// Number of networks kept for each kind of service, in sets: a new network replaces the oldest of its set.
const NETWORKS: usize = 256;
const SET: usize = 8;

#[derive(Clone, Copy, Default)]
struct Network {
    prefix: u128,
    rtt_ns: u64, // 0: unused
    since_ns: u64,
}

/// Smallest round trips to networks, by kind of service: HTTPS, other TCP, QUIC.
pub struct InterceptionDetector {
    networks: [Vec<Network>; 3],
    interception: Interception,
    suspected_ns: Option<u64>,
}

impl Default for InterceptionDetector {
    fn default() -> Self {
        let empty = || vec![Network::default(); NETWORKS];
        Self {
            networks: [empty(), empty(), empty()],
            interception: Interception::default(),
            suspected_ns: None,
        }
    }
}

impl InterceptionDetector {
    /// Adds a round trip to a server.
    pub fn add(&mut self, server: Address, port: u16, is_tcp: bool, rtt_ns: u64, now_ns: u64) {
        if !server.is_public() {
            return;
        }
        let kind = match (is_tcp, port) {
            (true, 443) => 0,
            (true, _) => 1,
            (false, _) => 2,
        };
        let prefix = server.0 & (u128::MAX << if server.is_v4() { 8 } else { 80 });
        let first = set_of(prefix) * SET;
        let Some(set) = self.networks[kind].get_mut(first..first + SET) else { return };
        let known = set.iter().position(|network| network.prefix == prefix);
        let oldest = || set.iter().enumerate().min_by_key(|(_, network)| network.since_ns).map(|(at, _)| at);
        let Some(network) = known.or_else(oldest).and_then(|at| set.get_mut(at)) else { return };
        if network.prefix == prefix && is_recent(network, now_ns) {
            network.rtt_ns = network.rtt_ns.min(rtt_ns);
        } else {
            *network = Network { prefix, rtt_ns, since_ns: now_ns };
        }
    }

    /// Evaluates the round trips of the last hour.
    pub fn evaluate(&mut self, now_ns: u64) {
        let kinds = self.networks.iter().map(|networks| evaluate(networks, now_ns));
        self.interception = kinds.max().unwrap_or_default();
        if self.interception == Interception::Suspected {
            self.suspected_ns = Some(now_ns);
        } else if self.suspected_ns.is_some_and(|at_ns| now_ns.saturating_sub(at_ns) < REMEMBERED_NS) {
            self.interception = Interception::Suspected;
        }
    }

    /// The result of the last evaluation.
    pub fn interception(&self) -> Interception {
        self.interception
    }
}

fn is_recent(network: &Network, now_ns: u64) -> bool {
    network.rtt_ns > 0 && now_ns.saturating_sub(network.since_ns) < REMEMBERED_NS
}

/// The set of a network: neighbours are in different ones (multiplicative hashing, Knuth 6.4).
fn set_of(prefix: u128) -> usize {
    let folded = (prefix >> 64) as u64 ^ prefix as u64;
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 59) as usize % (NETWORKS / SET)
}

fn evaluate(networks: &[Network], now_ns: u64) -> Interception {
    let mut farthest = [(0u128, 0u64); NETWORKS];
    let mut count = 0;
    let recent = networks.iter().filter(|network| is_recent(network, now_ns));
    for (entry, network) in farthest.iter_mut().zip(recent) {
        *entry = (block_of(network.prefix), network.rtt_ns);
        count += 1;
    }
    let farthest = &mut farthest[..count];
    let Some(nearest_ns) = farthest.iter().map(|(_, rtt_ns)| *rtt_ns).min() else {
        return Interception::Unknown;
    };
    farthest.sort_unstable(); // the farthest network of a block is its last
    let alike_ns = nearest_ns.saturating_add(ALIKE_NS.max(nearest_ns / 4));
    let (mut blocks, mut others) = (0, 0);
    for (at, (block, rtt_ns)) in farthest.iter().enumerate() {
        if farthest.get(at + 1).is_none_or(|(next, _)| next != block) {
            blocks += 1;
            others += usize::from(*rtt_ns > alike_ns);
        }
    }
    match blocks {
        _ if blocks < ENOUGH_BLOCKS => Interception::Unknown,
        _ if others * OTHERS > blocks => Interception::Unlikely,
        _ => Interception::Suspected,
    }
}

fn block_of(prefix: u128) -> u128 {
    prefix & (u128::MAX << if Address(prefix).is_v4() { 16 } else { 96 })
}

#[cfg(test)]
#[path = "interception_detector_tests.rs"]
mod tests;
