//! Readings of a monotonic clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Nanoseconds on one machine's monotonic clock; comparable only with readings of the same machine since its boot.
///
/// Read it from a clock that goes on while the machine is suspended (`CLOCK_BOOTTIME`): a grant does not wait either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(u64);

impl Moment {
    /// Long ago.
    pub const ZERO: Self = Self(0);

    /// Wraps a reading.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The reading.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// This much later.
    #[must_use]
    pub fn plus(self, length: Duration) -> Self {
        Self(self.0.saturating_add(nanos(length)))
    }

    /// This much earlier.
    #[must_use]
    pub fn minus(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(length)))
    }

    /// How long after `earlier` this is; zero when it is before.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}
