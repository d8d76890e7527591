//! The breaker of what leaves: the same as that of deliveries to the ERP ([`crate::lanes`]), for the other side that letters
//! of a lane go to.
//!
//! It counts what says that the other side is not there: no connection, no answer, an answer of 429 or 5xx, a directory
//! that cannot be written. An answer that concerns one letter closes it. While it is open nothing is tried; then one
//! letter decides, the one that has failed least, so that a letter which always fails is not what decides for all.
//! A person's pause is not kept here: it holds both directions of a lane, and the lane's desk has it.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use api::gateway::lanes::Delivery;
use lanes::{Backoff, Breaker};

use crate::lock;

/// Failures in a row after which the other side counts as gone.
const FAILURES_MAX: u32 = 5;
/// Longest pause: a partner that is back is noticed within this time, however patient single letters are.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// What may be tried now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    /// Everything that is due.
    All,
    /// One letter: it decides.
    One,
    /// Nothing.
    Nothing,
}

/// One lane's.
pub struct Guard {
    began: Instant,
    breaker: Mutex<Breaker>,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            breaker: Mutex::new(Breaker::closed()),
        }
    }
}

impl Guard {
    /// Another term begins: it finds out for itself.
    pub fn begin_anew(&self) {
        *lock(&self.breaker) = Breaker::closed();
    }

    /// What may be tried now.
    pub fn may_try(&self) -> Try {
        let mut breaker = lock(&self.breaker);
        breaker.tick(self.began.elapsed());
        match *breaker {
            Breaker::Closed { .. } => Try::All,
            Breaker::Probation { .. } => Try::One,
            Breaker::Open { .. } | Breaker::Paused(_) => Try::Nothing,
        }
    }

    /// The other side answered, whatever it said; says whether there was doubt about it.
    pub fn answered(&self) -> bool {
        let mut breaker = lock(&self.breaker);
        let doubt = !matches!(*breaker, Breaker::Closed { .. });
        breaker.answered();
        doubt
    }

    /// The other side is not there; says why, when nothing is tried from now on and it was before.
    pub fn failed(&self, why: &str, patience: &Backoff) -> bool {
        let pauses = Backoff {
            first: patience.first,
            longest: patience.longest.min(PAUSE_MAX),
        };
        let now = self.began.elapsed();
        let mut breaker = lock(&self.breaker);
        let closed = matches!(*breaker, Breaker::Closed { .. });
        breaker.failed(why, now, FAILURES_MAX, &pauses, &mut rand::rng());
        closed && matches!(*breaker, Breaker::Open { .. })
    }

    /// As people are told.
    pub fn told(&self) -> Delivery {
        lock(&self.breaker).told(self.began.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Backoff = Backoff {
        first: Duration::from_secs(3_600),
        longest: Duration::from_secs(7_200),
    };

    #[test]
    fn failures_in_a_row_open_it_and_an_answer_closes_it() {
        let guard = Guard::default();
        for _ in 0..4 {
            assert!(!guard.failed("nobody is there", &PATIENCE));
        }
        assert!(!guard.answered(), "four are not five");
        for number in 1..=5 {
            assert_eq!(guard.may_try(), Try::All);
            assert_eq!(guard.failed("nobody is there", &PATIENCE), number == 5);
        }
        assert_eq!(guard.may_try(), Try::Nothing);
        let Delivery::Open { why, again_ms, .. } = guard.told() else {
            panic!("{:?}", guard.told())
        };
        assert_eq!(why, "nobody is there");
        assert!(
            again_ms <= 60_000,
            "it is noticed soon when the other side is back"
        );
        assert!(guard.answered());
        assert_eq!((guard.may_try(), guard.told()), (Try::All, Delivery::Closed));
    }
}
