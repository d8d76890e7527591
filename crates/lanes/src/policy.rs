//! What a lane may do and how patient it is, from its settings.

use std::time::Duration;

use rand::Rng;
use types::settings::IntegrationSettings;

use super::batch;

/// Time since the scheduler began; the caller has the clock.
pub type Moment = Duration;

/// Failures in a row after which the other side counts as gone.
const FAILURES_MAX: u32 = 5;
/// First pause of an open breaker.
const OPEN_FIRST: Duration = Duration::from_millis(100);
/// Longest pause of an open breaker: short on purpose, because after an outage it becomes part of the recovery time.
const OPEN_LONGEST: Duration = Duration::from_secs(1);

/// Waiting between tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Ceiling of the first pause.
    pub first: Duration,
    /// Ceiling of all pauses.
    pub longest: Duration,
}

impl Backoff {
    /// The pause after that many failures: between half the ceiling and the ceiling, so that what failed together does
    /// not come back together, and never at once.
    pub fn pause(&self, failures: u32, rng: &mut impl Rng) -> Duration {
        let doubled = self
            .first
            .saturating_mul(1_u32 << failures.saturating_sub(1).min(30));
        let ceiling = doubled.clamp(Duration::from_micros(2), self.longest);
        rng.random_range(ceiling / 2..=ceiling)
    }
}

/// What one lane may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Deliveries at the same time.
    pub concurrency: usize,
    /// Deliveries per second.
    pub rate_max: Option<u32>,
    /// Waiting between tries of one message.
    pub backoff: Backoff,
    /// A message that still fails so long after its first failure is given up; the estate makes sure that this is no
    /// shorter than the outage that must be survived.
    pub give_up: Duration,
    /// Failures in a row after which the breaker opens.
    pub failures_max: u32,
    /// Pauses of an open breaker.
    pub open: Backoff,
    /// Whether messages have keys that order them.
    pub ordered: bool,
    /// A call with several messages may take so long.
    pub call_longest: Duration,
}

impl Policy {
    /// As the settings say, where calls of the ERP have this time-out.
    pub fn of(settings: &IntegrationSettings, timeout: Duration) -> Self {
        let lane = &settings.lane;
        Self {
            concurrency: usize::from(settings.concurrency.max(1)),
            rate_max: lane.rate_max,
            backoff: Backoff {
                first: lane.retry.first.as_duration(),
                longest: lane.retry.longest.as_duration(),
            },
            give_up: lane.retry.give_up.as_duration(),
            failures_max: FAILURES_MAX,
            open: Backoff {
                first: OPEN_FIRST,
                longest: OPEN_LONGEST,
            },
            ordered: lane.ordering.is_some(),
            call_longest: batch::call_longest(timeout),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::StdRng};

    use super::*;

    #[test]
    fn pauses_grow_with_jitter_and_stay_below_the_ceiling() {
        let backoff = Backoff {
            first: Duration::from_millis(100),
            longest: Duration::from_secs(5),
        };
        let mut rng = StdRng::seed_from_u64(1);
        for (failures, least, most) in [(1, 50, 100), (2, 100, 200), (4, 400, 800), (7, 2_500, 5_000)] {
            for _ in 0..100 {
                let pause = backoff.pause(failures, &mut rng).as_millis();
                assert!((least..=most).contains(&pause), "{failures}: {pause} ms");
            }
        }
        assert!(backoff.pause(u32::MAX, &mut rng) <= backoff.longest);
    }
}
