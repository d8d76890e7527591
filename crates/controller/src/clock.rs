//! The clocks of this machine.

use std::time::SystemTime;

use lease::Moment;
use rustix::time::{ClockId, clock_gettime};
use types::Timestamp;

/// The wall clock.
#[derive(Clone, Copy, Debug)]
pub struct WallClock;

impl driver::Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_system(SystemTime::now())
    }
}

/// A reading of the clock that goes on while the machine sleeps: grants do not wait either.
pub fn moment() -> Moment {
    let time = clock_gettime(ClockId::Boottime);
    let (seconds, nanos) = (
        u64::try_from(time.tv_sec).unwrap_or(0),
        u64::try_from(time.tv_nsec).unwrap_or(0),
    );
    Moment::from_nanos(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
}
