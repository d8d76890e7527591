//! The three-party lease: who may write, decided by a majority of voters.
//!
//! Voters are the agents of the two regions and a witness in a third place (the controller). Any two of them decide.
//! This crate is the rules alone: no I/O, and no clock but the readings that are passed in, so that a simulation can
//! try thousands of schedules of delays, losses, restarts and drifting clocks.
//!
//! ```text
//!   Holder ── renew(generation) ──► Voter     grants for `ttl`, unless a newer generation was promised
//!   Candidate ── promise(generation) ──► Voter     never again grants anything older; tells how long the
//!                                                  last older grant may still be in use
//! ```
//!
//! **Why it is safe.** A holder needs its own vote and one other; a candidate needs its own promise and one other. Any
//! two majorities of three share a voter, and that voter either refuses the holder or has told the candidate how long
//! to wait. The holder counts a grant from the moment it *sent* the request and stops `margin` early; the candidate
//! counts the rest from the moment it *received* the answer and waits `margin` longer. So clocks may drift apart by up
//! to `margin` per `ttl` before two holders could overlap.
//! A leading region asks its own voter too, in every round: a promise that its own voter gives away is then as good a
//! reason to stop as anybody else's, and tells the candidate about grants which only third parties gave.
//!
//! **Why a voter may be restarted.** Promises are durable before they are given. Grants are not: a voter that was
//! started anew assumes that it granted a full term just before.

mod candidate;
mod holder;
mod moment;
mod voter;

#[cfg(test)]
mod simulation;

pub use candidate::{Candidacy, Candidate, WaitingOn};
pub use holder::{Holder, Standing};
pub use moment::Moment;
pub use voter::{Ballot, PromiseAnswer, RenewAnswer, Voter};

use types::RegionName;

/// Who votes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VoterName {
    /// The agent of a region.
    Region(RegionName),
    /// The controller.
    Witness,
}

impl std::fmt::Display for VoterName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Region(region) => f.pad(region.as_str()),
            Self::Witness => f.pad("witness"),
        }
    }
}

/// How many of `others` a region needs beside itself for a majority of all voters.
const fn others_needed(others: usize) -> usize {
    // All voters are `others + 1`; a majority is that halved, plus one; one of them is the region itself.
    others.div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_is_more_than_half_of_all_voters() {
        for (others, needed) in [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2)] {
            assert_eq!(others_needed(others), needed, "{others} others");
        }
    }
}
