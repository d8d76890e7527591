//! At most so many deliveries a second, without a timer per message.
//!
//! The generic cell rate algorithm: one moment says everything, and what was not used is not saved up beyond a burst.

use std::time::Duration;

use super::policy::Moment;

/// A burst lasts as long as this: timers are no finer than some milliseconds.
const BURST: Duration = Duration::from_millis(20);

/// How fast a lane goes.
#[derive(Clone, Debug)]
pub struct Pace {
    interval: Duration,
    tolerance: Duration,
    due: Moment,
}

impl Pace {
    /// At most `rate_max` per second, which must not be 0.
    pub fn new(rate_max: u32) -> Self {
        let interval = Duration::from_secs(1) / rate_max.max(1);
        Self {
            interval,
            tolerance: BURST.saturating_sub(interval),
            due: Moment::ZERO,
        }
    }

    /// When the next one may begin, if not now.
    pub fn wait(&self, now: Moment) -> Option<Moment> {
        let earliest = self.due.saturating_sub(self.tolerance);
        (earliest > now).then_some(earliest)
    }

    /// One begins.
    pub fn begin(&mut self, now: Moment) {
        self.due = self.due.max(now) + self.interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_has_more_than_the_rate_and_a_burst() {
        for rate in [1, 3, 50, 2_000] {
            let mut pace = Pace::new(rate);
            let (mut now, mut begun) = (Moment::ZERO, Vec::new());
            while now < Duration::from_secs(3) {
                match pace.wait(now) {
                    Some(until) => now = until,
                    None => {
                        pace.begin(now);
                        begun.push(now);
                    }
                }
            }
            let most = (rate + rate / 50 + 1) as usize;
            for (at, first) in begun.iter().enumerate() {
                let within = begun[at..]
                    .iter()
                    .take_while(|one| **one < *first + Duration::from_secs(1));
                assert!(within.count() <= most, "{rate} a second");
            }
            assert!(begun.len() >= 3 * rate as usize, "{rate}: the rate is used");
        }
    }

    #[test]
    fn what_was_not_used_is_not_saved_up() {
        let mut pace = Pace::new(10);
        let late = Duration::from_secs(3600);
        pace.begin(late);
        assert_eq!(pace.wait(late), Some(late + Duration::from_millis(100)));
    }
}
