//! The region that writes: keeps its right alive and knows when it ends.

use std::collections::BTreeMap;

use types::{Generation, settings::LeaseTiming};

use crate::{Moment, VoterName, others_needed};

/// A leading region's right to write, right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may write until then.
    Valid {
        /// When it must have stopped, unless it is granted more before.
        until: Moment,
    },
    /// It may not write; a new grant in the same generation would change that.
    Expired,
    /// It may not write, and somebody was promised a newer generation.
    Deposed {
        /// That generation.
        by: Generation,
    },
}

/// Keeps one generation's right to write alive.
#[derive(Clone, Debug)]
pub struct Holder {
    timing: LeaseTiming,
    generation: Generation,
    others: usize,
    /// When the last request was sent that each other voter has granted.
    granted: BTreeMap<VoterName, Moment>,
    last_round: Option<Moment>,
    newer: Option<Generation>,
}

impl Holder {
    /// A holder without any grant yet, among `others` further voters.
    pub const fn new(generation: Generation, others: usize, timing: LeaseTiming) -> Self {
        Self {
            timing,
            generation,
            others,
            granted: BTreeMap::new(),
            last_round: None,
            newer: None,
        }
    }

    /// The generation it writes in.
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// When the next round of requests is due.
    pub fn next_round(&self) -> Moment {
        self.last_round.map_or(Moment::ZERO, |last| {
            last.plus(self.timing.renew_every.as_duration())
        })
    }

    /// A round is sent now.
    ///
    /// Only after the region's own voter has granted it: without its own vote there is no majority.
    pub const fn round_begun(&mut self, now: Moment) {
        self.last_round = Some(now);
    }

    /// `voter` granted the request that was sent at `sent`.
    pub fn granted(&mut self, voter: VoterName, sent: Moment) {
        let known = self.granted.entry(voter).or_insert(sent);
        // Answers may overtake each other.
        *known = (*known).max(sent);
    }

    /// A voter refused because it promised `promised`.
    pub fn refused(&mut self, promised: Generation) {
        if promised > self.generation {
            self.newer = self.newer.max(Some(promised));
        }
    }

    /// When it must have stopped writing; `None` while it never had a majority.
    pub fn valid_until(&self) -> Option<Moment> {
        let mut sent: Vec<Moment> = self.granted.values().copied().collect();
        sent.sort_unstable_by(|a, b| b.cmp(a));
        // The region's own vote is as fresh as the newest round, so the slowest needed one of the others decides.
        let decisive = match others_needed(self.others) {
            0 => self.last_round?,
            needed => *sent.get(needed - 1)?,
        };
        Some(
            decisive
                .plus(self.timing.ttl.as_duration())
                .minus(self.timing.margin.as_duration()),
        )
    }

    /// Whether it may write.
    ///
    /// A refusal alone does not end a valid term: the other voter may go on granting, and then no candidate has a
    /// majority.
    pub fn standing(&self, now: Moment) -> Standing {
        match (self.valid_until(), self.newer) {
            (Some(until), _) if now < until => Standing::Valid { until },
            (_, Some(by)) => Standing::Deposed { by },
            (_, None) => Standing::Expired,
        }
    }

    /// The voters whose grants still run.
    pub fn granters(&self, now: Moment) -> Vec<VoterName> {
        let length = self
            .timing
            .ttl
            .as_duration()
            .saturating_sub(self.timing.margin.as_duration());
        self.granted
            .iter()
            .filter(|(_, sent)| now < sent.plus(length))
            .map(|(voter, _)| voter.clone())
            .collect()
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

    fn peer() -> VoterName {
        VoterName::Region(RegionName::new("b").unwrap())
    }

    #[test]
    fn the_freshest_grant_decides_and_is_counted_from_its_sending() {
        let mut holder = Holder::new(Generation::FIRST, 2, TIMING);
        assert_eq!(holder.standing(at(0)), Standing::Expired);
        holder.round_begun(at(100));
        holder.granted(VoterName::Witness, at(100));
        holder.granted(peer(), at(600));
        holder.granted(VoterName::Witness, at(50));
        assert_eq!(holder.standing(at(3_199)), Standing::Valid { until: at(3_200) });
        assert_eq!(holder.standing(at(3_200)), Standing::Expired);
        assert_eq!(holder.granters(at(2_699)), vec![peer(), VoterName::Witness]);
        assert_eq!(holder.granters(at(2_700)), vec![peer()]);
    }

    #[test]
    fn a_refusal_ends_nothing_before_the_term_does() {
        let mut holder = Holder::new(Generation::FIRST, 2, TIMING);
        holder.granted(peer(), at(0));
        holder.refused(Generation::new(2));
        assert_eq!(holder.standing(at(2_599)), Standing::Valid { until: at(2_600) });
        assert_eq!(
            holder.standing(at(2_600)),
            Standing::Deposed {
                by: Generation::new(2)
            }
        );
    }

    #[test]
    fn rounds_follow_each_other_at_a_fixed_pace() {
        let mut holder = Holder::new(Generation::FIRST, 2, TIMING);
        assert_eq!(holder.next_round(), Moment::ZERO);
        holder.round_begun(at(100));
        assert_eq!(holder.next_round(), at(600));
    }
}
