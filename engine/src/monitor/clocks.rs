//! What time it is. Clocks are set, differ between interfaces, and a single packet may have any time, so a packet's
//! time is not believed by itself: it has to agree with those around it.
//!
//! The monitor's time never goes back, and almost always it is the packets' own. What an interface's packets are
//! stamped with is added to the offset of its clock, which is 0 until it is recognised to be set or to differ. Two
//! offsets are kept: a clock that returns is recognised at once.

use crate::capture::SteadyTime;

/// A packet may be this far from the time of those before it.
const NEAR_NS: u64 = 1_000_000_000;
/// A live packet may have waited in its ring for this long.
const MAX_WAIT_NS: i64 = 60_000_000_000;
/// A first packet later than this (2518) is read as if it had this time: all others come after it, and time must not wrap.
const LATEST_START_NS: u64 = 15 << 60;
/// No silence ends later than this, 18 years after it: what is later is wrong.
const LATEST_NS: u64 = 31 << 59;
/// So many packets in a row that are off by the same time show that a clock was set.
const AGREEING: u8 = 2;

/// The clock of one interface. Offsets wrap, so that every time can be reached from every other.
#[derive(Clone, Copy, Debug, Default)]
struct InterfaceClock {
    /// Added to the packets' times.
    offset: u64,
    /// The offset before this one.
    other: Option<u64>,
    /// When the offset was adopted.
    since_ns: u64,
    /// The offset that the latest packet off the time needs.
    wanted: u64,
    /// How many packets in a row needed it.
    agreeing: u8,
}

/// How a packet's time relates to the time of those before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reading {
    /// It agrees, and is this.
    Near(u64),
    /// It is this, later than expected: silence, or a wrong time.
    Ahead(u64),
    /// It is earlier, which no silence explains.
    Behind,
}

/// The clocks of all interfaces, and the time that they agree on.
#[derive(Debug, Default)]
pub struct Clocks {
    now_ns: u64,
    is_started: bool,
    /// The interface of the latest packet that was believed.
    leader: u16,
    interfaces: Vec<InterfaceClock>,
    steady: Option<SteadyTime>,
}

impl Clocks {
    /// The time now.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// The interface of the latest packet that was believed.
    pub fn leader(&self) -> u16 {
        self.leader
    }

    /// There was a packet.
    pub fn is_started(&self) -> bool {
        self.is_started
    }

    /// Advances the time without a packet.
    #[inline]
    pub fn advance(&mut self, time_ns: u64) {
        self.now_ns = self.now_ns.max(time_ns);
    }

    /// The time of a packet, if it agrees with those before it; it advances the time.
    #[inline]
    pub fn read(&mut self, interface: u16, stamp_ns: u64) -> Option<u64> {
        let clock = self.interfaces.get_mut(usize::from(interface))?;
        let time_ns = stamp_ns.wrapping_add(clock.offset);
        if !is_near(time_ns, self.now_ns) {
            return None;
        }
        clock.agreeing = 0;
        self.now_ns = self.now_ns.max(time_ns);
        self.leader = interface;
        Some(time_ns)
    }

    /// Relates the time of a packet to the time now, by either offset of its clock.
    pub fn relate(&self, interface: u16, stamp_ns: u64) -> Reading {
        let clock = self.clock(interface);
        let time_ns = stamp_ns.wrapping_add(clock.offset);
        let by_other = clock.other.map(|other| stamp_ns.wrapping_add(other));
        let near = [Some(time_ns), by_other].into_iter().flatten().find(|one| is_near(*one, self.now_ns));
        match near {
            Some(near_ns) => Reading::Near(near_ns),
            None if !self.is_started => Reading::Ahead(time_ns.min(LATEST_START_NS)),
            None if time_ns <= LATEST_NS && is_after(time_ns, self.now_ns) => Reading::Ahead(time_ns),
            None => Reading::Behind,
        }
    }

    /// Believes the time of a packet, which `relate` found.
    pub fn follow(&mut self, interface: u16, stamp_ns: u64, time_ns: u64) {
        let now_ns = self.now_ns;
        let clock = self.clock_mut(interface);
        clock.agreeing = 0;
        let offset = time_ns.wrapping_sub(stamp_ns);
        if offset != clock.offset {
            (clock.other, clock.offset, clock.since_ns) = (Some(clock.offset), offset, now_ns);
        }
        self.is_started = true;
        self.leader = interface;
        self.advance(time_ns);
    }

    /// Does not believe the time of a packet: it arrived now. True if others before it were off by the same, so that
    /// the clock of its interface was set, or differs.
    pub fn distrust(&mut self, interface: u16, stamp_ns: u64) -> bool {
        let now_ns = self.now_ns;
        let clock = self.clock_mut(interface);
        let wanted = now_ns.wrapping_sub(stamp_ns);
        let difference = apart(wanted, clock.wanted).unsigned_abs();
        let agrees = clock.agreeing > 0 && difference <= NEAR_NS;
        clock.agreeing = if agrees { clock.agreeing + 1 } else { 1 };
        clock.wanted = wanted;
        let is_set = clock.agreeing >= AGREEING;
        if is_set {
            (clock.other, clock.offset, clock.since_ns) = (Some(clock.offset), wanted, now_ns);
            clock.agreeing = 0;
        }
        is_set
    }

    /// The time of a packet that does not agree with those before it, by a steady clock; the outer None if there is
    /// none, the inner one if the packet's time is wrong.
    pub fn read_steady(&mut self, interface: u16, stamp_ns: u64) -> Option<Option<u64>> {
        let steady = self.steady?;
        let clock = *self.clock_mut(interface);
        let by_offsets = [Some(clock.offset), clock.other].into_iter().flatten();
        let may_be = by_offsets.map(|offset| apart(stamp_ns.wrapping_add(offset), steady.now_ns));
        let nearest = may_be.filter(|ahead| (-MAX_WAIT_NS..=NEAR_NS as i64).contains(ahead)).max();
        let time_ns = nearest.map(|ahead| steady.now_ns.wrapping_add_signed(ahead));
        self.is_started = true;
        self.advance(time_ns.unwrap_or(steady.now_ns));
        Some(time_ns)
    }

    /// Reads the steady clock of a live capture. True if the clock of the packets was set since the latest reading.
    pub fn set_steady(&mut self, steady: SteadyTime) -> bool {
        let before = self.steady.replace(steady);
        let is_set = before.is_some_and(|before| before.offset != steady.offset);
        if is_set || before.is_none() {
            let now_ns = self.now_ns;
            for clock in &mut self.interfaces {
                (clock.other, clock.offset, clock.since_ns) = (Some(clock.offset), steady.offset, now_ns);
            }
        }
        is_set
    }

    /// What turns a time that is kept into the one that the packets have; wraps. `last_ns` is when the latest of them
    /// arrived.
    pub fn shift(&self, interface: u16, last_ns: u64) -> u64 {
        let clock = self.clock(interface);
        let before = clock.other.filter(|_| last_ns < clock.since_ns && self.steady.is_none());
        before.unwrap_or(clock.offset).wrapping_neg()
    }

    fn clock(&self, interface: u16) -> InterfaceClock {
        self.interfaces.get(usize::from(interface)).copied().unwrap_or(self.new_clock())
    }

    fn clock_mut(&mut self, interface: u16) -> &mut InterfaceClock {
        let (number, new) = (usize::from(interface), self.new_clock());
        if number >= self.interfaces.len() {
            self.interfaces.resize(number + 1, new);
        }
        &mut self.interfaces[number]
    }

    fn new_clock(&self) -> InterfaceClock {
        let offset = self.steady.map_or(0, |steady| steady.offset);
        InterfaceClock { offset, ..InterfaceClock::default() }
    }
}

/// Nanoseconds from one time or offset to another, negative if it is smaller. More than 292 years wrap.
fn apart(time_ns: u64, from_ns: u64) -> i64 {
    time_ns.wrapping_sub(from_ns) as i64
}

/// A time is earlier than another by more than two agreeing ones.
pub fn is_before(time_ns: u64, other_ns: u64) -> bool {
    time_ns < other_ns && !is_near(time_ns, other_ns)
}

/// A time is later than another, by not more than 292 years.
fn is_after(time_ns: u64, other_ns: u64) -> bool {
    time_ns > other_ns && apart(time_ns, other_ns) > 0
}

#[inline]
fn is_near(time_ns: u64, now_ns: u64) -> bool {
    time_ns.abs_diff(now_ns) <= NEAR_NS
}
