//! Whether a region that is told to lead is lost before it does, so that its move is taken back at once.
//!
//! Until a region leads, everybody waits: people at the front door, the old region with everything it has. What it may
//! take is long, because replaying takes long; a region that is gone replays nothing.
//!
//! Giving up is safe whatever is decided here: the old region leads on in a newer generation, behind the lease. It is
//! wrong where the new region leads already and only its answer is lost, because what it has written would be lost too. So
//! nobody may have heard of it since it was told to lead: not the controller, nor either of the voters whose grant it
//! would need beside its own.

use std::time::Duration;

use api::site::{DatabaseState, Role};
use types::{Generation, RegionName, Span, Timestamp, settings::FailoverSettings};

use super::{RegionSight, Snapshot};

/// A grant that is older than the promotion by less than this counts as one of it: two clocks are compared by what has
/// passed on each.
const SLACK: Duration = Duration::from_secs(1);

/// A move that waits for its new region to lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promoting {
    /// Away from this region.
    pub from: RegionName,
    /// To this one.
    pub to: RegionName,
    /// In this generation.
    pub generation: Generation,
    /// Since when, by the controller's clock.
    pub since: Timestamp,
}

/// What to do about a region that is told to lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Candidacy {
    /// It is waited for.
    Wait {
        /// Why.
        why: Patience,
    },
    /// It is given up, and the move is taken back.
    GiveUp {
        /// For how long nobody has heard of it.
        silent_for: Duration,
    },
}

/// Why a region that is told to lead is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// It is heard.
    Heard,
    /// The controller has not listened for as long as the region has been told to lead.
    Listening,
    /// A voter has granted it a term since, or cannot say that it has not: it may lead, and have written.
    MayLead,
    /// Nobody else is there to go back to.
    NobodyElse,
}

/// Whether the region that is told to lead is waited for; `granted` is the newest generation in which this controller's
/// witness has granted it a term.
pub fn decide_candidate(
    seen: &Snapshot,
    promoting: &Promoting,
    granted: Option<Generation>,
    settings: &FailoverSettings,
    now: Timestamp,
) -> Candidacy {
    match judge(seen, promoting, granted, settings, now) {
        Ok(silent_for) => Candidacy::GiveUp { silent_for },
        Err(why) => Candidacy::Wait { why },
    }
}

fn judge(
    seen: &Snapshot,
    promoting: &Promoting,
    granted: Option<Generation>,
    settings: &FailoverSettings,
    now: Timestamp,
) -> Result<Duration, Patience> {
    let lost_after = settings.region_lost_after.as_duration();
    let told_for = now.since(promoting.since);
    if seen.listening_for < told_for.max(lost_after) {
        return Err(Patience::Listening);
    }
    let heard_ago = seen.region(&promoting.to).and_then(|sight| sight.heard_ago);
    let silent_for = heard_ago.unwrap_or(seen.listening_for);
    if silent_for < lost_after {
        return Err(Patience::Heard);
    }
    if granted.is_some_and(|granted| granted >= promoting.generation) {
        return Err(Patience::MayLead);
    }
    let back = seen
        .region(&promoting.from)
        .filter(|_| promoting.from != promoting.to);
    let back = back.filter(|sight| sight.heard_ago.is_some_and(|ago| ago < lost_after));
    let back = back.ok_or(Patience::NobodyElse)?;
    if !can_lead_again(back) {
        return Err(Patience::NobodyElse);
    }
    if may_have_granted(back, told_for) {
        return Err(Patience::MayLead);
    }
    Ok(silent_for)
}

fn can_lead_again(sight: &RegionSight) -> bool {
    sight.observation.as_ref().is_some_and(|observation| {
        let has_data = observation.database.as_ref().is_some_and(|database| {
            !matches!(
                database.state,
                DatabaseState::Absent | DatabaseState::Rejoining { .. }
            )
        });
        // One that waits was started since it was fenced, and has forgotten whom it granted a term before.
        observation.role == Role::Fenced && has_data
    })
}

/// Whether that region's voter may have granted the other one a term since that was told to lead.
fn may_have_granted(sight: &RegionSight, told_for: Duration) -> bool {
    let Some(observation) = &sight.observation else {
        return true;
    };
    let Some(known) = observation.leader else {
        return true;
    };
    // A clock that was set back says nothing.
    known
        .renewed_at
        .is_some_and(|at| at > observation.at || observation.at.since(at) <= told_for + SLACK)
}

// === impl Display ===

impl std::fmt::Display for Candidacy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Wait { why } => write!(f, "wait: {why}"),
            Self::GiveUp { silent_for } => write!(
                f,
                "nothing was heard from it for {}, and neither voter has granted it a term",
                Span::from_millis(u64::try_from(silent_for.as_millis()).unwrap_or(u64::MAX))
            ),
        }
    }
}

impl std::fmt::Display for Patience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Heard => "it is heard",
            Self::Listening => "the controller has not listened for long enough",
            Self::MayLead => "it may lead already",
            Self::NobodyElse => "no other region could lead instead",
        })
    }
}

#[cfg(test)]
#[path = "candidate_tests.rs"]
mod tests;
