//! Whether a lane delivers at all, who decided that, and why.
//!
//! The gateway itself opens a breaker when the other side seems to be gone, and tries again after a moment: first with
//! one delivery at a time (probation), then as before. A person opens it by pausing the lane; that lasts until a person
//! resumes it, and messages are stored meanwhile.

use api::gateway::lanes::{Delivery, Hold};
use rand::Rng;

use super::policy::{Backoff, Moment};

/// Whether a lane delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// It does.
    Closed {
        /// Failures since the last success.
        failures: u32,
    },
    /// The other side seems to be gone: nothing is tried until then.
    Open {
        /// What the last failure said.
        why: String,
        /// Since when.
        since: Moment,
        /// Until when.
        until: Moment,
        /// How often it was opened in a row.
        times: u32,
    },
    /// One delivery at a time: it decides.
    Probation {
        /// Why there is doubt.
        why: String,
        /// Since when.
        since: Moment,
        /// How often it was opened in a row.
        times: u32,
    },
    /// A person said so.
    Paused(Hold),
}

impl Breaker {
    /// Delivers.
    pub const fn closed() -> Self {
        Self::Closed { failures: 0 }
    }

    /// Time passes.
    pub fn tick(&mut self, now: Moment) {
        if let Self::Open {
            why,
            since,
            until,
            times,
        } = self
            && *until <= now
        {
            *self = Self::Probation {
                why: std::mem::take(why),
                since: *since,
                times: *times,
            };
        }
    }

    /// The other side answered, whatever it said.
    pub fn answered(&mut self) {
        match self {
            // What was under way when a person paused the lane changes nothing.
            Self::Paused(_) => {}
            Self::Closed { .. } | Self::Open { .. } | Self::Probation { .. } => *self = Self::closed(),
        }
    }

    /// The other side did not answer; says whether the message is to blame, as far as can be told.
    pub fn failed(
        &mut self,
        reason: &str,
        now: Moment,
        failures_max: u32,
        pauses: &Backoff,
        rng: &mut impl Rng,
    ) -> bool {
        let (since, times) = match self {
            Self::Closed { failures } => {
                *failures += 1;
                if *failures < failures_max {
                    return true;
                }
                (now, 1)
            }
            Self::Probation { since, times, .. } => (*since, times.saturating_add(1)),
            // It was under way before.
            Self::Open { .. } | Self::Paused(_) => return false,
        };
        let blamed = matches!(self, Self::Closed { .. });
        *self = Self::Open {
            why: reason.to_owned(),
            since,
            until: now + pauses.pause(times, rng),
            times,
        };
        blamed
    }

    /// As people are told.
    pub fn told(&self, now: Moment) -> Delivery {
        let ms = |span: Moment| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        match self {
            Self::Closed { .. } => Delivery::Closed,
            Self::Open {
                why, since, until, ..
            } => Delivery::Open {
                why: why.clone(),
                since_ms: ms(now.saturating_sub(*since)),
                again_ms: ms(until.saturating_sub(now)),
            },
            Self::Probation { why, since, .. } => Delivery::Probation {
                why: why.clone(),
                since_ms: ms(now.saturating_sub(*since)),
            },
            Self::Paused(hold) => Delivery::Paused(hold.clone()),
        }
    }

    /// A person pauses the lane.
    pub fn pause(&mut self, hold: Hold) {
        *self = Self::Paused(hold);
    }

    /// A person resumes it, with one delivery at first.
    pub fn resume(&mut self, now: Moment) {
        if let Self::Paused(hold) = self {
            *self = Self::Probation {
                why: format!("resumed after it was paused by {}", hold.by),
                since: now,
                times: 0,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rand::{SeedableRng as _, rngs::StdRng};
    use types::Timestamp;

    use super::*;

    const PAUSES: Backoff = Backoff {
        first: Duration::from_millis(100),
        longest: Duration::from_millis(400),
    };

    fn hold() -> Hold {
        Hold {
            by: "an operator".to_owned(),
            why: "the partner moves house".to_owned(),
            since: Timestamp::from_micros(7),
        }
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_by_an_answer_in_probation() {
        let mut rng = StdRng::seed_from_u64(3);
        let mut breaker = Breaker::closed();
        let mut fail = |breaker: &mut Breaker, now| breaker.failed("no answer", now, 3, &PAUSES, &mut rng);
        let at = Duration::from_millis;
        assert!(fail(&mut breaker, at(1)));
        breaker.answered();
        assert!(fail(&mut breaker, at(2)) && fail(&mut breaker, at(3)) && fail(&mut breaker, at(4)));
        let Breaker::Open {
            since,
            until,
            times: 1,
            ref why,
        } = breaker
        else {
            panic!("{breaker:?}")
        };
        assert_eq!((since, why.as_str()), (at(4), "no answer"));
        assert!(until >= at(54) && until <= at(104));
        breaker.tick(at(50));
        assert!(matches!(breaker, Breaker::Open { .. }));
        breaker.tick(until);
        assert!(matches!(breaker, Breaker::Probation { .. }));
        assert!(
            !fail(&mut breaker, until),
            "in probation the other side is to blame"
        );
        assert!(matches!(breaker, Breaker::Open { since, times: 2, .. } if since == at(4)));
        breaker.tick(at(10_000));
        breaker.answered();
        assert_eq!(breaker, Breaker::closed());
    }

    #[test]
    fn only_a_person_ends_what_a_person_began() {
        let mut rng = StdRng::seed_from_u64(3);
        let mut breaker = Breaker::closed();
        breaker.pause(hold());
        breaker.answered();
        breaker.tick(Duration::from_secs(1_000_000));
        assert!(!breaker.failed("no answer", Duration::ZERO, 1, &PAUSES, &mut rng));
        assert_eq!(breaker, Breaker::Paused(hold()));
        breaker.resume(Duration::from_secs(1));
        assert!(matches!(&breaker, Breaker::Probation { why, .. } if why.contains("an operator")));
        let mut open = Breaker::closed();
        open.resume(Duration::ZERO);
        assert_eq!(
            open,
            Breaker::closed(),
            "resuming what is not paused changes nothing"
        );
    }
}
