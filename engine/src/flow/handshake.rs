//! Round trips of handshakes as seen at the sensor: SYN to SYN-ACK, and a QUIC client's first Initial
//! to the server's first answer. What is measured lies between sensor and server, there and back.
//!
//! A round trip is used to say how far away a server is at most, so one that may be too small is none:
//! the opening was sent again, the clock was set back or is coarse, or two clocks were at work.

use super::interception::Destinations;
use super::record::Flow;
use crate::types::arrival::Arrival;
use crate::types::interception::Interception;

/// An opening that comes again within this time is the mirror port's second copy, or the rest of a
/// flight; later it was sent again (RFC 6298, 2: after a second; RFC 9002, 6.2: hundreds of milliseconds).
const ONE_FLIGHT_NS: u64 = 10_000_000;
/// A packet this much older than the one before, on the same interface: the clock was set back.
const STEP_NS: u64 = 1_000_000;
/// A clock whose every time is a multiple of one of these is too coarse: kernels that tick 100 or 250 times
/// a second, files that keep whole seconds.
const COARSE_TICKS_NS: [u64; 2] = [2_000_000, 5_000_000];
const SECOND_NS: u64 = 1_000_000_000;
/// Interfaces whose latest time is kept; further ones share a place, which costs measurements only.
const INTERFACES: usize = 8;

/// How far a handshake has come, for its round trip.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handshake {
    /// Nothing seen.
    None,
    /// Opened by `side`; `mark` is in the answer.
    Asked {
        /// Time of the opening.
        time_ns: u64,
        /// TCP: the acknowledgement number expected; QUIC: of the client's connection ID.
        mark: u32,
        /// The side that opened.
        side: u8,
        /// Clock that told the time.
        clock: u8,
        /// Times that a clock had been set back.
        era: u8,
    },
    /// The opening was sent again: nobody can tell which one was answered.
    Ambiguous,
    /// Answered, or too late to measure.
    Over,
}

/// Measures round trips, and watches what they are like.
pub struct RoundTrips {
    /// All packets are timed by one clock, whatever their interface.
    one_clock: bool,
    latest_ns: [u64; INTERFACES],
    era: u8,
    tick_ns: u64,
    destinations: Destinations,
}

impl RoundTrips {
    /// `one_clock`: live, the kernel times every interface; a file may be put together from several hosts'.
    pub fn new(one_clock: bool) -> Self {
        Self {
            one_clock,
            latest_ns: [0; INTERFACES],
            era: 0,
            tick_ns: SECOND_NS,
            destinations: Destinations::default(),
        }
    }

    /// Takes note of a packet's time.
    #[inline]
    pub fn see(&mut self, seen: Arrival) {
        let latest_ns = &mut self.latest_ns[usize::from(seen.interface) % INTERFACES];
        if seen.time_ns.saturating_add(STEP_NS) < *latest_ns {
            self.era = self.era.wrapping_add(1);
        }
        *latest_ns = seen.time_ns;
    }

    /// A side opens: it waits for an answer that carries `mark`.
    pub fn ask(&mut self, flow: &mut Flow, side: usize, mark: u32, seen: Arrival) {
        self.refine_tick(seen.time_ns);
        flow.handshake = match flow.handshake {
            Handshake::None => Handshake::Asked {
                time_ns: seen.time_ns,
                mark,
                side: side as u8,
                clock: self.clock_of(seen),
                era: self.era,
            },
            Handshake::Asked { time_ns, mark: same, .. }
                if same == mark && seen.time_ns.saturating_sub(time_ns) <= ONE_FLIGHT_NS =>
            {
                flow.handshake
            }
            Handshake::Over => Handshake::Over,
            Handshake::Asked { .. } | Handshake::Ambiguous => Handshake::Ambiguous,
        };
    }

    /// The other side answers: the round trip is known, unless it must not be measured.
    pub fn answer(&mut self, flow: &mut Flow, side: usize, mark: u32, seen: Arrival) {
        self.refine_tick(seen.time_ns);
        let asked = std::mem::replace(&mut flow.handshake, Handshake::Over);
        let Handshake::Asked { time_ns, mark: wanted, side: asker, clock, era } = asked else { return };
        let is_its_answer = mark == wanted && side != usize::from(asker);
        let is_one_clock = clock == self.clock_of(seen) && era == self.era;
        if !is_its_answer || !is_one_clock || self.is_coarse() {
            return;
        }
        flow.rtt_ns = seen.time_ns.saturating_sub(time_ns);
        if flow.rtt_ns > 0 {
            let (server, port) = flow.ends.end(side);
            self.destinations.add(server, port, flow.ends.is_tcp(), flow.rtt_ns, seen.time_ns);
        }
    }

    /// Judges anew whether something in the middle answers.
    pub fn judge(&mut self, now_ns: u64) {
        self.destinations.judge(now_ns);
    }

    /// Whether something in the middle seems to answer, as judged last.
    pub fn interception(&self) -> Interception {
        self.destinations.interception()
    }

    fn clock_of(&self, seen: Arrival) -> u8 {
        if self.one_clock {
            0
        } else {
            seen.interface as u8
        }
    }

    fn is_coarse(&self) -> bool {
        COARSE_TICKS_NS.iter().any(|tick_ns| self.tick_ns % tick_ns == 0)
    }

    /// The coarsest tick of which all times of handshakes so far are multiples.
    fn refine_tick(&mut self, time_ns: u64) {
        let (mut a, mut b) = (self.tick_ns, time_ns % SECOND_NS);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        self.tick_ns = a;
    }
}
