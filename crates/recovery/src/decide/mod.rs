//! Decisions about a failover. Pure: no clock, no I/O, the same snapshot always gives the same decision.
//!
//! ```text
//!   heartbeats ──► Sightings ──► Snapshot ──► decide_failover ──► Nothing | Wait | Refuse | Proceed
//! ```

mod accept;
mod beginning;
mod candidate;
mod eligibility;
mod failback;
mod failover;
mod hearsay;
mod old_end;
mod rehearse;
pub mod restore;
mod room;
mod sightings;
mod switchover;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use types::{Generation, RegionName, Span, Timestamp};

pub use accept::{ACCEPTING_PEOPLE, Unacceptable, decide_acceptance};
pub use beginning::{Beginning, decide_beginning};
pub use candidate::{Candidacy, Patience, Promoting, decide_candidate};
pub use eligibility::{ELIGIBLE_GRACE, Eligibility, Ineligible};
pub use failback::decide_failback;
pub use failover::decide_failover;
pub use old_end::{OldWriter, decide_old_end};
pub use rehearse::{Due, Never, NotNow, Overdue, Rehearsal, Schedule, Standing, decide_due, plan_rehearsals};
pub use room::{Shortage, shortages};
pub use sightings::{Order, RegionSight, Sightings, Snapshot, Underway, UnfitStandby};
pub use switchover::{Check, LAG_BYTES_MAX, Planned, Verdict, decide_switchover, other_region};

/// What to do about a failover right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing is wrong.
    Nothing,
    /// Something is wrong or asked for, and it is not time to act.
    Wait {
        /// For what.
        why: WaitingOn,
        /// When it will be time, if the passing of time alone decides that.
        until: Option<Timestamp>,
    },
    /// Acting would do harm, and waiting alone does not help.
    Refuse {
        /// Why.
        why: Unsafe,
    },
    /// Move writes.
    Proceed(Move),
}

/// Which writes to move where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Away from this region.
    pub from: RegionName,
    /// To this region; the same as `from` when the region goes on in a newer generation because nobody took over.
    pub to: RegionName,
    /// At least in this generation.
    pub generation: Generation,
    /// Why.
    pub reason: Loss,
    /// What promoting may lose, stated before it happens.
    pub estimated_loss: EstimatedLoss,
    /// Who accepted that the standby is not fit; empty where it is.
    pub accepted_by: Vec<String>,
}

/// What is wrong with the active region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing was heard from it.
    Silent {
        /// For how long.
        length: Duration,
    },
    /// It may be well, and neither people nor partners reach it: the front door hears nothing of its ingress, and does
    /// hear the standby's.
    Unreached {
        /// For how long.
        length: Duration,
    },
    /// Its agent answers, its database cannot be used.
    DatabaseUnusable {
        /// For how long.
        length: Duration,
        /// What the agent says about it.
        state: String,
    },
    /// Somebody ordered it.
    Ordered {
        /// Who.
        by: String,
        /// Their reason.
        reason: String,
    },
    /// It was fenced for a newer generation, and nobody else can take over.
    FencedForNothing,
    /// It leads well, and a newer generation was promised for a failover that came to nothing.
    Overtaken,
}

/// For what a failover waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitingOn {
    /// A saga that runs.
    Saga {
        /// Its kind.
        kind: String,
    },
    /// The controller has just started: it may have been deaf while everybody else was fine.
    Listening,
    /// It has not been wrong for long enough.
    MoreEvidence(Loss),
    /// The last failover is too recent.
    HoldOff {
        /// What is wrong.
        loss: Loss,
    },
    /// The standby does not answer, or its database is not a standby right now.
    Standby {
        /// Which.
        region: RegionName,
    },
    /// Nothing: the controller hears nothing of the active region, and the standby does. The link to the controller is
    /// cut, in one direction or both; the region leads and serves.
    HeardByStandby {
        /// For how long the controller has heard nothing.
        length: Duration,
        /// Who hears it.
        standby: RegionName,
        /// How long ago it last asked the standby for its lease.
        renewed_ago: Duration,
    },
    /// People.
    Authorisation {
        /// What is wrong.
        loss: Loss,
        /// How many have said so.
        have: usize,
        /// How many must.
        need: usize,
        /// What promoting may lose.
        estimated_loss: EstimatedLoss,
    },
}

/// Why a failover is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsafe {
    /// There is no other region.
    NoStandby,
    /// The standby was never seen fit to take over.
    NeverEligible {
        /// Which.
        region: RegionName,
    },
    /// The standby was not fit to take over when the active region was last seen well.
    NotEligible {
        /// Which.
        region: RegionName,
        /// What was wrong with it.
        because: Ineligible,
    },
}

/// What promoting may lose: what the active region had written and the standby had not replayed when last seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstimatedLoss {
    /// Bytes of write-ahead log.
    pub wal_bytes: u64,
    /// Age of that sighting when it was used, milliseconds: what was written since then is not in the number.
    pub seen_ms_ago: u64,
    /// For how long the standby had not been fit then, milliseconds: everything written in that time is lost as well. 0
    /// where it was fit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unfit_ms: u64,
}

/// By reference, because serde asks so.
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

// === impl Display ===

fn span(length: Duration) -> Span {
    Span::from_millis(u64::try_from(length.as_millis()).unwrap_or(u64::MAX))
}

impl std::fmt::Display for Decision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing to do"),
            Self::Wait { why, until: None } => write!(f, "wait: {why}"),
            Self::Wait {
                why,
                until: Some(until),
            } => write!(f, "wait: {why}, until {until}"),
            Self::Refuse { why } => write!(f, "refuse: {why}"),
            Self::Proceed(to) if to.from == to.to => {
                write!(
                    f,
                    "put {} back to work in generation {}: {}",
                    to.to, to.generation, to.reason
                )
            }
            Self::Proceed(to) => write!(
                f,
                "fail over from {} to {} in generation {}: {}; {}",
                to.from, to.to, to.generation, to.reason, to.estimated_loss
            ),
        }
    }
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Silent { length } => write!(
                f,
                "nothing was heard from the active region for {}",
                span(*length)
            ),
            Self::Unreached { length } => write!(
                f,
                "the front door has not reached the active region for {}",
                span(*length)
            ),
            Self::DatabaseUnusable { length, state } => {
                write!(
                    f,
                    "the active database cannot be used for {} ({state})",
                    span(*length)
                )
            }
            Self::Ordered { by, reason } if reason.is_empty() => write!(f, "ordered by {by}"),
            Self::Ordered { by, reason } => write!(f, "ordered by {by}: {reason}"),
            Self::FencedForNothing => {
                f.write_str("the active region is fenced and nobody else can take over")
            }
            Self::Overtaken => f.write_str(
                "a newer generation was promised for a failover that came to nothing, so that the lease and the \
                 gateways hold the present one for old",
            ),
        }
    }
}

impl std::fmt::Display for WaitingOn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Saga { kind } => write!(f, "a {kind} is running"),
            Self::Listening => f.write_str("the controller has just started and listens first"),
            Self::MoreEvidence(loss) => write!(f, "{loss}, which is not long enough to act"),
            Self::HoldOff { loss } => write!(f, "{loss}, but the last failover is too recent"),
            Self::Standby { region } => write!(f, "the standby {region} cannot take over right now"),
            Self::HeardByStandby {
                length,
                standby,
                renewed_ago,
            } => write!(
                f,
                "nothing was heard from the active region for {}, but {standby} granted it its lease {} ago and it serves",
                span(*length),
                span(*renewed_ago)
            ),
            Self::Authorisation {
                loss,
                have,
                need,
                estimated_loss,
            } => {
                write!(
                    f,
                    "{loss}; {have} of {need} authorisations given; {estimated_loss}"
                )
            }
        }
    }
}

impl std::fmt::Display for Unsafe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoStandby => f.write_str("there is no standby"),
            Self::NeverEligible { region } => {
                write!(f, "the standby {region} was never seen fit to take over")
            }
            Self::NotEligible { region, because } => {
                write!(f, "the standby {region} is not fit to take over: {because}")
            }
        }
    }
}

impl std::fmt::Display for EstimatedLoss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.unfit_ms > 0 {
            return write!(
                f,
                "loses everything that was written in the {} before the active region was last seen well, {} ago, and \
                 since then",
                Span::from_millis(self.unfit_ms),
                Span::from_millis(self.seen_ms_ago)
            );
        }
        write!(
            f,
            "loses about {} bytes of write-ahead log, as seen {} before",
            self.wal_bytes,
            Span::from_millis(self.seen_ms_ago)
        )
    }
}
