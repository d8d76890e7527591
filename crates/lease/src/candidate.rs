//! The region that shall lead: collects promises and waits until older grants have certainly run out.

use std::{collections::BTreeMap, time::Duration};

use types::{Generation, settings::LeaseTiming};

use crate::{Moment, VoterName, others_needed};

/// What a candidate may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Candidacy {
    /// It may take its first term and then write.
    Proceed,
    /// Not yet.
    Wait {
        /// On what.
        why: WaitingOn,
    },
    /// It cannot lead in this generation: that one or a newer one was promised to somebody else.
    Refuse {
        /// The newest promise heard of.
        promised: Generation,
    },
}

/// What a candidate waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitingOn {
    /// Promises of a majority.
    Promises,
    /// Grants of an older generation to run out.
    OlderGrants {
        /// When that is certain.
        until: Moment,
    },
}

/// Collects promises for one generation.
#[derive(Clone, Debug)]
pub struct Candidate {
    timing: LeaseTiming,
    others: usize,
    /// When the older grants of the region's own voter have certainly run out.
    own: Option<Moment>,
    /// The same for each other voter that promised.
    promised: BTreeMap<VoterName, Moment>,
    refused: Option<Generation>,
    old_side_stopped: bool,
}

impl Candidate {
    /// A candidate without any promise yet, among `others` further voters.
    pub const fn new(others: usize, timing: LeaseTiming) -> Self {
        Self {
            timing,
            others,
            own: None,
            promised: BTreeMap::new(),
            refused: None,
            old_side_stopped: false,
        }
    }

    /// The region's own voter promised, and the answer came at `received`.
    pub fn promised_by_own(&mut self, received: Moment, older_grant_ends_in: Duration) {
        self.own = Some(self.certain_end(self.own, received, older_grant_ends_in));
    }

    /// Another voter promised, and the answer came at `received`.
    pub fn promised(&mut self, voter: VoterName, received: Moment, older_grant_ends_in: Duration) {
        let known = self.promised.get(&voter).copied();
        let ends = self.certain_end(known, received, older_grant_ends_in);
        self.promised.insert(voter, ends);
    }

    /// A voter refused.
    pub fn refused(&mut self, promised: Generation) {
        self.refused = self.refused.max(Some(promised));
    }

    /// The old side has proven that it is stopped and will not write in an older generation again: its grants do not
    /// matter any more.
    pub const fn old_side_stopped(&mut self) {
        self.old_side_stopped = true;
    }

    /// Whether it may go on.
    ///
    /// Of the other voters' promises the quickest ones are enough: a grant of a voter outside this majority does not
    /// make a majority for the old holder without one inside it.
    pub fn decide(&self, now: Moment) -> Candidacy {
        if let Some(promised) = self.refused {
            return Candidacy::Refuse { promised };
        }
        let needed = others_needed(self.others);
        let mut ends: Vec<Moment> = self.promised.values().copied().collect();
        ends.sort_unstable();
        let (Some(own), true) = (self.own, ends.len() >= needed) else {
            return Candidacy::Wait {
                why: WaitingOn::Promises,
            };
        };
        let until = ends.into_iter().take(needed).fold(own, Moment::max);
        if self.old_side_stopped || now >= until {
            Candidacy::Proceed
        } else {
            Candidacy::Wait {
                why: WaitingOn::OlderGrants { until },
            }
        }
    }

    fn certain_end(&self, known: Option<Moment>, received: Moment, ends_in: Duration) -> Moment {
        let ends = if ends_in.is_zero() {
            // Nothing runs, so no clock has to be allowed for.
            received
        } else {
            received.plus(ends_in).plus(self.timing.margin.as_duration())
        };
        // Promised once, no older grant is given any more: the earliest bound that was ever stated stays true.
        known.map_or(ends, |known| known.min(ends))
    }
}

#[cfg(test)]
mod tests {
    use types::{RegionName, Span};

    use super::*;

    const TIMING: LeaseTiming = LeaseTiming {
        ttl: Span::from_millis(3_000),
        renew_every: Span::from_millis(500),
        margin: Span::from_millis(400),
    };

    fn at(millis: u64) -> Moment {
        Moment::from_nanos(millis * 1_000_000)
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn it_waits_for_promises_then_for_older_grants() {
        let mut candidate = Candidate::new(2, TIMING);
        let promises = Candidacy::Wait {
            why: WaitingOn::Promises,
        };
        assert_eq!(candidate.decide(at(0)), promises);
        candidate.promised(VoterName::Witness, at(10), ms(1_000));
        assert_eq!(
            candidate.decide(at(9_000)),
            promises,
            "its own promise is missing"
        );
        candidate.promised_by_own(at(5), ms(500));
        let older = Candidacy::Wait {
            why: WaitingOn::OlderGrants { until: at(1_410) },
        };
        assert_eq!(candidate.decide(at(1_409)), older);
        assert_eq!(candidate.decide(at(1_410)), Candidacy::Proceed);
    }

    #[test]
    fn the_quickest_majority_is_enough() {
        let mut candidate = Candidate::new(2, TIMING);
        candidate.promised_by_own(at(0), ms(0));
        candidate.promised(VoterName::Witness, at(0), ms(3_000));
        candidate.promised(
            VoterName::Region(RegionName::new("a").unwrap()),
            at(0),
            Duration::ZERO,
        );
        assert_eq!(candidate.decide(at(0)), Candidacy::Proceed);
    }

    #[test]
    fn proof_that_the_old_side_stopped_replaces_the_wait_but_not_the_promises() {
        let mut candidate = Candidate::new(2, TIMING);
        candidate.old_side_stopped();
        candidate.promised_by_own(at(0), ms(3_000));
        assert_eq!(
            candidate.decide(at(0)),
            Candidacy::Wait {
                why: WaitingOn::Promises
            }
        );
        candidate.promised(VoterName::Witness, at(0), ms(3_000));
        assert_eq!(candidate.decide(at(0)), Candidacy::Proceed);
    }

    #[test]
    fn a_refusal_is_final() {
        let mut candidate = Candidate::new(2, TIMING);
        candidate.promised_by_own(at(0), ms(0));
        candidate.promised(VoterName::Witness, at(0), ms(0));
        candidate.refused(Generation::new(7));
        assert_eq!(
            candidate.decide(at(0)),
            Candidacy::Refuse {
                promised: Generation::new(7)
            }
        );
    }
}
