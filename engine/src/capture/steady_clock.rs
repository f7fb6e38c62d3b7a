//! Time that is never set. The kernel stamps packets by the system's clock, which an administrator or NTP may set; the
//! monotonic clock shows when that happened.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Clocks that differ by less have been read at different moments.
const STEP_NS: u64 = 100_000_000;
/// Two readings of the clocks that are this far apart show nothing: the thread was interrupted.
const MAX_READING: Duration = Duration::from_millis(10);

/// The time of a live capture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SteadyTime {
    /// Nanoseconds since 1970, as if the system's clock had not been set since the start.
    pub now_ns: u64,
    /// What has to be added to the packets' times to reach it; wraps.
    pub offset: u64,
}

/// The system's clock as it was at the start, carried on by the monotonic clock.
#[derive(Clone, Debug)]
pub struct SteadyClock {
    start: Instant,
    start_ns: u64,
    offset: u64,
}

impl SteadyClock {
    /// Begins with the system's time.
    pub fn start() -> Self {
        Self { start: Instant::now(), start_ns: system_ns(), offset: 0 }
    }

    /// Reads both clocks.
    pub fn read(&mut self) -> SteadyTime {
        let before = self.start.elapsed();
        let system_ns = system_ns();
        let after = self.start.elapsed();
        if after - before > MAX_READING {
            return SteadyTime { now_ns: self.steady_ns(after), offset: self.offset };
        }
        self.compare(after, system_ns)
    }

    /// The time when so much has passed since the start by the monotonic clock, and the system's clock shows this.
    pub fn compare(&mut self, passed: Duration, system_ns: u64) -> SteadyTime {
        let now_ns = self.steady_ns(passed);
        let offset = now_ns.wrapping_sub(system_ns);
        let change = offset.wrapping_sub(self.offset);
        if change.min(change.wrapping_neg()) >= STEP_NS {
            self.offset = offset;
        }
        SteadyTime { now_ns, offset: self.offset }
    }

    fn steady_ns(&self, passed: Duration) -> u64 {
        self.start_ns.saturating_add(passed.as_nanos() as u64)
    }
}

fn system_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;
    const HOUR_NS: u64 = 3600 * SECOND_NS;

    #[test]
    fn a_step_in_either_direction_changes_the_offset_and_not_the_time() {
        for step in [HOUR_NS, HOUR_NS.wrapping_neg(), SECOND_NS / 2] {
            let mut clock = SteadyClock::start();
            let system_ns = clock.start_ns + 5 * SECOND_NS;
            let before = clock.compare(Duration::from_secs(5), system_ns);
            let after = clock.compare(Duration::from_secs(5), system_ns.wrapping_add(step));
            assert_eq!((before.now_ns, before.offset), (system_ns, 0));
            assert_eq!((after.now_ns, after.offset), (system_ns, step.wrapping_neg()));
        }
    }

    #[test]
    fn what_readings_differ_by_is_no_step() {
        let mut clock = SteadyClock::start();
        for late_ns in [0, 90_000_000, 90_000_000u64.wrapping_neg()] {
            let system_ns = clock.start_ns.wrapping_add(late_ns);
            assert_eq!(clock.compare(Duration::ZERO, system_ns).offset, 0);
        }
    }

    #[test]
    fn the_clocks_of_this_machine_agree() {
        let mut clock = SteadyClock::start();
        let time = clock.read();
        assert_eq!(time.offset, 0);
        assert!(time.now_ns >= clock.start_ns);
    }
}
