//! Readings of this machine's clocks.

use std::time::{Duration, SystemTime};

use lease::Moment;
use rustix::time::{ClockId, clock_gettime};
use types::Timestamp;

/// Monotonic time that goes on while the machine is suspended, the same for every process on it.
pub fn now() -> Moment {
    let time = clock_gettime(ClockId::Boottime);
    let (seconds, nanos) = (
        u64::try_from(time.tv_sec).unwrap_or(0),
        u64::try_from(time.tv_nsec).unwrap_or(0),
    );
    Moment::from_nanos(seconds * 1_000_000_000 + nanos)
}

/// How long it is until then; zero when it has passed.
pub fn left_until(moment: Moment) -> Duration {
    moment.since(now())
}

/// Wall clock, for records.
pub fn timestamp() -> Timestamp {
    Timestamp::from_system(SystemTime::now())
}
