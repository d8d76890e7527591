//! One voter: grants terms to a holder, promises generations to candidates.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use types::{Generation, RegionName, settings::LeaseTiming};

use crate::Moment;

/// What a voter must never forget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ballot {
    /// Nothing older is ever granted.
    pub promised: Generation,
    /// To whom; `None` only before anybody asked.
    pub candidate: Option<RegionName>,
}

/// A voter's answer to a holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenewAnswer {
    /// Granted for a term.
    Granted {
        /// To be made durable *before* the answer is given, then told to [`Voter::saved`].
        save: Option<Ballot>,
    },
    /// That generation, or a newer one, was promised to somebody else.
    Refused {
        /// The newest promise.
        promised: Generation,
    },
}

/// A voter's answer to a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromiseAnswer {
    /// Promised.
    Promised {
        /// For at most this long somebody else may still hold a grant of this voter.
        older_grant_ends_in: Duration,
        /// To be made durable *before* the answer is given, then told to [`Voter::saved`].
        save: Option<Ballot>,
    },
    /// That generation, or a newer one, was promised to somebody else.
    Refused {
        /// What was promised.
        ballot: Ballot,
    },
}

/// One voter.
#[derive(Clone, Debug)]
pub struct Voter {
    timing: LeaseTiming,
    ballot: Ballot,
    /// The ballot has changed and nobody has said yet that it is durable.
    unsaved: bool,
    /// When the last grant of any generation below the promised one ends.
    older_grants_end: Moment,
    /// When the last grant of the promised generation ends.
    grant_ends: Moment,
}

impl Voter {
    /// A voter which has just been started, with what it remembers.
    ///
    /// Grants are not remembered, so a full term (and a margin, for what was on its way) is assumed to run.
    /// A voter that never promised anything cannot have granted anything, because every first grant of a generation
    /// is a durable promise.
    pub fn started(ballot: Ballot, timing: LeaseTiming, now: Moment) -> Self {
        let assumed = if ballot.promised == Generation::NONE {
            Moment::ZERO
        } else {
            now.plus(timing.ttl.as_duration())
                .plus(timing.margin.as_duration())
        };
        Self {
            timing,
            ballot,
            unsaved: false,
            older_grants_end: assumed,
            grant_ends: assumed,
        }
    }

    /// What it has promised.
    pub const fn ballot(&self) -> &Ballot {
        &self.ballot
    }

    /// The ballot is durable now.
    ///
    /// Until this is called, every answer carries the ballot again: a disk that failed once must not turn a later
    /// answer into a promise that a restart forgets.
    pub fn saved(&mut self, ballot: &Ballot) {
        if *ballot == self.ballot {
            self.unsaved = false;
        }
    }

    /// The holder asks for another term.
    ///
    /// A generation that this voter has not heard of yet is granted and counts as promised: its holder could not hold
    /// it without the promises of a majority, which this voter was not part of.
    pub fn renew(&mut self, now: Moment, holder: &RegionName, generation: Generation) -> RenewAnswer {
        if !self.accepts(holder, generation) {
            return RenewAnswer::Refused {
                promised: self.ballot.promised,
            };
        }
        self.advance(holder, generation);
        self.grant_ends = self.grant_ends.max(now.plus(self.timing.ttl.as_duration()));
        RenewAnswer::Granted { save: self.to_save() }
    }

    /// A candidate asks that nothing older than its generation be granted any more. Idempotent.
    pub fn promise(&mut self, now: Moment, generation: Generation, candidate: &RegionName) -> PromiseAnswer {
        if !self.accepts(candidate, generation) {
            return PromiseAnswer::Refused {
                ballot: self.ballot.clone(),
            };
        }
        self.advance(candidate, generation);
        PromiseAnswer::Promised {
            older_grant_ends_in: self.older_grants_end.since(now),
            save: self.to_save(),
        }
    }

    fn accepts(&self, who: &RegionName, generation: Generation) -> bool {
        generation > self.ballot.promised
            || (generation == self.ballot.promised && self.ballot.candidate.as_ref() == Some(who))
    }

    fn advance(&mut self, who: &RegionName, generation: Generation) {
        if generation == self.ballot.promised {
            return;
        }
        self.ballot = Ballot {
            promised: generation,
            candidate: Some(who.clone()),
        };
        self.unsaved = true;
        self.older_grants_end = self.older_grants_end.max(self.grant_ends);
        self.grant_ends = Moment::ZERO;
    }

    fn to_save(&self) -> Option<Ballot> {
        self.unsaved.then(|| self.ballot.clone())
    }
}

#[cfg(test)]
mod tests {
    use types::Span;

    use super::*;

    const TIMING: LeaseTiming = LeaseTiming {
        ttl: Span::from_millis(3_000),
        renew_every: Span::from_millis(500),
        margin: Span::from_millis(400),
    };

    fn region(name: &str) -> RegionName {
        RegionName::new(name).unwrap()
    }

    fn at(millis: u64) -> Moment {
        Moment::from_nanos(millis * 1_000_000)
    }

    fn ballot(generation: u64, candidate: &str) -> Ballot {
        Ballot {
            promised: Generation::new(generation),
            candidate: Some(region(candidate)),
        }
    }

    fn promised(older_ms: u64, save: Option<Ballot>) -> PromiseAnswer {
        PromiseAnswer::Promised {
            older_grant_ends_in: Duration::from_millis(older_ms),
            save,
        }
    }

    #[test]
    fn a_fresh_voter_promises_at_once_and_says_what_to_save() {
        let mut voter = Voter::started(Ballot::default(), TIMING, at(10));
        let first = voter.promise(at(10), Generation::FIRST, &region("a"));
        assert_eq!(first, promised(0, Some(ballot(1, "a"))));
        let again = voter.promise(at(11), Generation::FIRST, &region("a"));
        assert_eq!(
            again,
            promised(0, Some(ballot(1, "a"))),
            "not saved yet, so it asks again"
        );
        voter.saved(&ballot(1, "a"));
        assert_eq!(
            voter.promise(at(12), Generation::FIRST, &region("a")),
            promised(0, None)
        );
    }

    #[test]
    fn a_promise_tells_how_long_the_older_grant_runs() {
        let mut voter = Voter::started(Ballot::default(), TIMING, at(0));
        voter.renew(at(1_000), &region("a"), Generation::FIRST);
        let answer = voter.promise(at(1_500), Generation::new(2), &region("b"));
        assert_eq!(answer, promised(2_500, Some(ballot(2, "b"))));
        assert_eq!(
            voter.renew(at(1_600), &region("a"), Generation::FIRST),
            RenewAnswer::Refused {
                promised: Generation::new(2)
            }
        );
    }

    #[test]
    fn its_own_grants_are_not_older_ones() {
        let mut voter = Voter::started(Ballot::default(), TIMING, at(0));
        voter.renew(at(1_000), &region("a"), Generation::FIRST);
        voter.renew(at(1_200), &region("b"), Generation::new(2));
        let answer = voter.promise(at(1_300), Generation::new(2), &region("b"));
        assert_eq!(
            answer,
            promised(2_700, Some(ballot(2, "b"))),
            "the grant to a, not the one to b"
        );
    }

    #[test]
    fn one_generation_has_one_candidate() {
        let mut voter = Voter::started(ballot(2, "b"), TIMING, at(0));
        let refused = PromiseAnswer::Refused {
            ballot: ballot(2, "b"),
        };
        assert_eq!(voter.promise(at(0), Generation::new(2), &region("a")), refused);
        assert_eq!(voter.promise(at(0), Generation::FIRST, &region("a")), refused);
        assert_eq!(
            voter.renew(at(0), &region("a"), Generation::new(2)),
            RenewAnswer::Refused {
                promised: Generation::new(2)
            }
        );
    }

    #[test]
    fn a_restarted_voter_assumes_a_full_term_and_a_margin() {
        let mut voter = Voter::started(ballot(1, "a"), TIMING, at(5_000));
        assert_eq!(
            voter.promise(at(5_100), Generation::new(2), &region("b")),
            promised(3_300, Some(ballot(2, "b")))
        );
    }
}
