//! Virtual time: the real time of the simulated world, which none of its clocks shows exactly.

use std::time::Duration;

use lease::Moment;
use types::Timestamp;

/// Microseconds since the simulated world began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct At(pub u64);

/// Milliseconds as microseconds.
pub const fn ms(millis: u64) -> u64 {
    millis * 1_000
}

/// Wall clock of the beginning, so that records look like records.
const EPOCH_MICROS: i64 = 1_795_000_000_000_000;

// === impl At ===

impl At {
    /// So many microseconds later.
    #[must_use]
    pub const fn plus(self, micros: u64) -> Self {
        Self(self.0 + micros)
    }

    /// Microseconds since `earlier`; zero when it is later.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>4}.{:03} s", self.0 / 1_000_000, self.0 / 1_000 % 1_000)
    }
}

/// The clocks of one machine. The monotonic one runs at its own rate; the wall clock can jump.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Parts per million faster than real time.
    ppm: i64,
    /// Where the present rate began: real time, and what the clock showed, in nanoseconds.
    since: (At, u64),
    wall_offset: i64,
}

// === impl Clock ===

impl Clock {
    /// A clock that has been running since the machine was booted.
    pub const fn new(ppm: i64, booted_before_ms: u64) -> Self {
        Self {
            ppm,
            since: (At(0), booted_before_ms * 1_000_000),
            wall_offset: 0,
        }
    }

    /// Its reading.
    pub fn moment(&self, now: At) -> Moment {
        let (at, shown) = self.since;
        Moment::from_nanos(shown + scaled(now.since(at), self.ppm))
    }

    /// The reading of the monotonic clock as a length since the machine's boot.
    pub fn uptime(&self, now: At) -> Duration {
        Duration::from_nanos(self.moment(now).as_nanos())
    }

    /// The wall clock: right at the beginning, and moved by jumps.
    pub const fn wall(&self, now: At) -> Timestamp {
        Timestamp::from_micros(EPOCH_MICROS + now.0 as i64 + self.wall_offset)
    }

    /// Real microseconds until it shows `moment`, rounded up.
    pub fn until(&self, moment: Moment, now: At) -> u64 {
        let left = moment.since(self.moment(now)).as_nanos();
        let rate = u128::try_from(1_000_000 + self.ppm).unwrap_or(1_000_000);
        u64::try_from((left * 1_000).div_ceil(rate)).unwrap_or(u64::MAX)
    }

    /// From now on it runs at another rate.
    pub fn drift(&mut self, ppm: i64, now: At) {
        self.since = (now, self.moment(now).as_nanos());
        self.ppm = ppm;
    }

    /// The wall clock is set.
    pub const fn jump(&mut self, micros: i64) {
        self.wall_offset += micros;
    }
}

/// Nanoseconds that a clock counts in so many real microseconds.
fn scaled(micros: u64, ppm: i64) -> u64 {
    let rate = u64::try_from(1_000_000 + ppm).unwrap_or(1_000_000);
    // At most some minutes, so this does not overflow.
    micros * rate / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_reaches_its_deadline_early_and_never_before() {
        for ppm in [-40_000, 0, 40_000] {
            let clock = Clock::new(ppm, 77);
            let (now, deadline) = (At(123), clock.moment(At(123)).plus(Duration::from_secs(3)));
            let left = clock.until(deadline, now);
            assert!(clock.moment(now.plus(left)) >= deadline, "{ppm}");
            assert!(clock.moment(now.plus(left - 1)) < deadline, "{ppm}");
        }
    }
}
