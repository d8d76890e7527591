//! Whether people may accept what the promotion of a standby that is not fit would lose. Pure.
//!
//! A failover to such a standby is refused: what the active region wrote after the standby had stopped following would be
//! lost. Where the active region does not come back, somebody has to be able to say "go on without that", and nobody may
//! say it alone, in no tier and in no emergency, because it cannot be taken back.
//!
//! Only a loss that can be stated can be accepted. What an acceptance does not change:
//!
//! - *one writer*: the saga is the usual one, so the old region is fenced or its lease has certainly ended before the
//!   standby is promoted;
//! - *the last good copy*: nothing is done to the old region's data. When it comes back, its agent keeps a database that
//!   holds much that the other one lacks, until a person removes it.

use std::{collections::BTreeSet, time::Duration};

use types::{RegionName, Timestamp, settings::FailoverSettings};

use super::{
    EstimatedLoss, Ineligible, RegionSight, Snapshot, UnfitStandby, Unsafe,
    failover::{is_there, standby, unfit},
    hearsay::hearsay,
};

/// So many different people have to accept such a loss, whatever the tier says.
pub const ACCEPTING_PEOPLE: usize = 2;

/// Why nobody may accept it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unacceptable {
    /// There is nothing to accept: no region leads, or the standby is fit.
    Nothing,
    /// There is no other region.
    NoStandby,
    /// The region that leads answers, or somebody hears it: it holds what would be lost.
    LeaderAnswers {
        /// Which.
        region: RegionName,
    },
    /// Nobody knows since when the standby lacks what was written.
    Unknown {
        /// Which.
        region: RegionName,
    },
    /// The standby follows another history: what it has is not an older state of what would be lost.
    OtherHistory {
        /// Which.
        region: RegionName,
    },
    /// The standby does not answer, or its database is not whole at the moment.
    NotThere {
        /// Which.
        region: RegionName,
    },
}

/// Which standby could be promoted although it is not fit, and what that loses.
///
/// # Errors
/// [`Unacceptable`], for people.
pub fn decide_acceptance(
    seen: &Snapshot,
    settings: &FailoverSettings,
    now: Timestamp,
) -> Result<(RegionName, EstimatedLoss), Unacceptable> {
    let reign = seen.reign.as_ref().ok_or(Unacceptable::Nothing)?;
    let active = seen.region(&reign.active).ok_or(Unacceptable::Nothing)?;
    let standby = standby(seen, reign).ok_or(Unacceptable::NoStandby)?;
    let why = unfit(seen, reign, standby, now).ok_or(Unacceptable::Nothing)?;
    if !is_gone(seen, active, settings) {
        let region = reign.active.clone();
        return Err(Unacceptable::LeaderAnswers { region });
    }
    let region = standby.region.clone();
    let unfit_for = unfit_for(seen, why)?;
    if !is_there(standby, reign, settings) {
        return Err(Unacceptable::NotThere { region });
    }
    let judged_at = seen.eligibility.as_ref().map_or(now, |known| known.judged_at);
    let loss = EstimatedLoss {
        wal_bytes: 0,
        seen_ms_ago: millis(now.since(judged_at)),
        // Never 0, which would mean that it was fit.
        unfit_ms: millis(unfit_for).max(1),
    };
    Ok((region, loss))
}

/// Who accepts it.
pub(super) fn accepting(seen: &Snapshot) -> Vec<String> {
    let accept = |order: &&super::Order| order.unfit_standby == UnfitStandby::Accepted;
    let names: BTreeSet<_> = seen.orders.iter().filter(accept).map(|order| &order.by).collect();
    names.into_iter().cloned().collect()
}

/// Nothing is heard of it, by anybody.
fn is_gone(seen: &Snapshot, active: &RegionSight, settings: &FailoverSettings) -> bool {
    let silent_for = active.heard_ago.unwrap_or(seen.listening_for);
    silent_for >= settings.region_lost_after.as_duration() && hearsay(seen, active, settings).is_none()
}

/// For how long the leader had gone on without the standby when it was last seen well.
fn unfit_for(seen: &Snapshot, why: Unsafe) -> Result<Duration, Unacceptable> {
    let (region, because) = match why {
        Unsafe::NoStandby => return Err(Unacceptable::NoStandby),
        Unsafe::NeverEligible { region } => return Err(Unacceptable::Unknown { region }),
        Unsafe::NotEligible { region, because } => (region, because),
    };
    match because {
        Ineligible::OtherTimeline => Err(Unacceptable::OtherHistory { region }),
        Ineligible::LeftBehind { for_ms: None } => Err(Unacceptable::Unknown { region }),
        Ineligible::LeftBehind { for_ms: Some(ms) } => Ok(Duration::from_millis(ms)),
        Ineligible::NotConnected
        | Ineligible::NotStreaming { .. }
        | Ineligible::BrokenStream
        | Ineligible::Behind { .. }
        | Ineligible::Unheard => {
            let known = seen.eligibility.as_ref();
            let fit = known.and_then(|known| Some((known, known.fit_at?)));
            let (known, fit_at) = fit.ok_or(Unacceptable::Unknown { region })?;
            let unfit_for = Duration::from_millis(known.unfit_for_ms);
            Ok(known.judged_at.since(fit_at).max(unfit_for))
        }
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

// === impl Unacceptable ===

impl std::fmt::Display for Unacceptable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => f.write_str("there is no loss to accept"),
            Self::NoStandby => f.write_str("there is no standby"),
            Self::LeaderAnswers { region } => write!(
                f,
                "{region} is heard, and its data is the newer one: mend it, or stop it first if it cannot be mended"
            ),
            Self::Unknown { region } => write!(
                f,
                "nobody knows since when {region} has lacked what was written, so the loss cannot be stated"
            ),
            Self::OtherHistory { region } => write!(
                f,
                "{region} followed another timeline: what it has is not an older state of what would be lost"
            ),
            Self::NotThere { region } => write!(
                f,
                "{region} does not answer, or its database is not whole at the moment"
            ),
        }
    }
}
