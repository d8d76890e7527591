//! Whether to move writes to the standby.

#![expect(
    clippy::result_large_err,
    reason = "decided some times a second; a boxed decision reads worse"
)]

use std::time::Duration;

use api::site::{DatabaseState, Role};
use driver::Reign;
use types::{
    Generation, RegionName, Timestamp,
    settings::{Authority, FailoverSettings},
};

use super::{
    Decision, EstimatedLoss, Loss, Move, RegionSight, Snapshot, Unsafe, WaitingOn,
    accept::{ACCEPTING_PEOPLE, accepting, decide_acceptance},
    hearsay::{Hearsay, hearsay},
};

/// What to do about a failover, given one consistent snapshot.
///
/// The order of the questions matters: first whether anything is wrong, then whether we may judge at all, then whether
/// moving would be safe, and people last, so that nobody is asked to authorise what would be refused anyway.
///
/// A saga that gives way does not keep a failover back: whoever proceeds ends it first.
pub fn decide_failover(seen: &Snapshot, settings: &FailoverSettings, now: Timestamp) -> Decision {
    let Some(reign) = &seen.reign else {
        return Decision::Nothing;
    };
    if let Some(running) = seen.running.as_ref().filter(|running| !running.gives_way) {
        let kind = running.kind.clone();
        return wait(WaitingOn::Saga { kind }, None);
    }
    let Some(active) = seen.region(&reign.active) else {
        return Decision::Nothing;
    };
    let loss = match judge(seen, active, settings, now) {
        Ok(loss) => loss,
        Err(Decision::Nothing) => return renew(seen, reign).unwrap_or(Decision::Nothing),
        Err(decision) => return decision,
    };
    if let (Some(last), None) = (seen.last_failover, seen.orders.first()) {
        let hold_off = settings.hold_off.as_duration();
        // A wall clock that was set back must not make it longer.
        if now >= last && now.since(last) < hold_off {
            return wait(WaitingOn::HoldOff { loss }, Some(later(last, hold_off)));
        }
    }
    let (to, estimated_loss, accepted_by) = match choose(seen, reign, settings, now) {
        Ok(standby) => (standby.region.clone(), estimate(seen, now), Vec::new()),
        Err(decision) => {
            // Nobody has to accept a loss where nothing is lost.
            if let Some(stay) = reinstate(seen, reign, active, settings) {
                return stay;
            }
            match accepted(seen, settings, now) {
                Some((to, loss)) => (to, loss, accepting(seen)),
                None => return decision,
            }
        }
    };
    let (have, need) = if estimated_loss.unfit_ms > 0 {
        (accepted_by.len(), ACCEPTING_PEOPLE)
    } else {
        (people(seen), needed(settings.authority))
    };
    if have < need {
        return wait(
            WaitingOn::Authorisation {
                loss,
                have,
                need,
                estimated_loss,
            },
            None,
        );
    }
    Decision::Proceed(Move {
        from: reign.active.clone(),
        to,
        generation: reign.generation.max(seen.promised).next(),
        reason: loss,
        estimated_loss,
        accepted_by,
    })
}

const fn wait(why: WaitingOn, until: Option<Timestamp>) -> Decision {
    Decision::Wait { why, until }
}

fn later(from: Timestamp, by: Duration) -> Timestamp {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(from.as_micros().saturating_add(micros))
}

/// What is wrong with the active region for long enough to act, or the decision that nothing is yet.
fn judge(
    seen: &Snapshot,
    active: &RegionSight,
    settings: &FailoverSettings,
    now: Timestamp,
) -> Result<Loss, Decision> {
    let region_lost_after = settings.region_lost_after.as_duration();
    let silent_for = active.heard_ago.unwrap_or(seen.listening_for);
    // Two missed heartbeats are worth telling; one is not, heartbeats are never exactly on time.
    if silent_for >= region_lost_after {
        if seen.listening_for < region_lost_after {
            let left = region_lost_after.saturating_sub(seen.listening_for);
            return Err(wait(WaitingOn::Listening, Some(later(now, left))));
        }
        let Some(heard) = hearsay(seen, active, settings) else {
            return Ok(Loss::Silent { length: silent_for });
        };
        return judge_by_hearsay(seen, active, settings, (silent_for, heard), now);
    }
    if let Some(order) = seen.orders.first() {
        return Ok(Loss::Ordered {
            by: order.by.clone(),
            reason: order.reason.clone(),
        });
    }
    if active.heard_ago.is_none() {
        let left = region_lost_after.saturating_sub(seen.listening_for);
        return Err(wait(WaitingOn::Listening, Some(later(now, left))));
    }
    // Nobody is unusable as a leader for longer than it has led: before that it was a healthy standby. A wall clock that
    // was set back says nothing about that.
    let reign = seen.reign.as_ref().filter(|reign| reign.since <= now);
    let led_for = reign.map_or(Duration::MAX, |reign| now.since(reign.since));
    if let Some(length) = active.unusable_for.map(|length| length.min(led_for)) {
        let (limit, state) = (settings.database_lost_after.as_duration(), describe(active));
        let loss = Loss::DatabaseUnusable { length, state };
        if length >= limit {
            return Ok(loss);
        }
        let until = later(now, limit.saturating_sub(length));
        return Err(wait(WaitingOn::MoreEvidence(loss), Some(until)));
    }
    if let Some(judged) = judge_reach(seen, active, settings, now) {
        return judged;
    }
    if silent_for * 2 >= region_lost_after {
        let until = later(now, region_lost_after.saturating_sub(silent_for));
        return Err(wait(
            WaitingOn::MoreEvidence(Loss::Silent { length: silent_for }),
            Some(until),
        ));
    }
    Err(Decision::Nothing)
}

/// The controller hears nothing of the active region, and others do: it lost a link, and the region is no worse for it.
///
/// Moving writes away would take the business down for seconds to cure nothing. What others hear ends with the region:
/// then it is silent. A person may still order the move.
fn judge_by_hearsay(
    seen: &Snapshot,
    active: &RegionSight,
    settings: &FailoverSettings,
    (length, heard): (Duration, Hearsay),
    now: Timestamp,
) -> Result<Loss, Decision> {
    if let Some(order) = seen.orders.first() {
        return Ok(Loss::Ordered {
            by: order.by.clone(),
            reason: order.reason.clone(),
        });
    }
    if let Some(judged) = judge_reach(seen, active, settings, now) {
        return judged;
    }
    let Hearsay { standby, renewed_ago } = heard;
    let why = WaitingOn::HeardByStandby {
        length,
        standby,
        renewed_ago,
    };
    Err(wait(why, None))
}

/// Whether the world reaches the active region; `None` when it does or nobody can tell.
///
/// A front door that reaches neither region has a fault of its own, which no move cures.
fn judge_reach(
    seen: &Snapshot,
    active: &RegionSight,
    settings: &FailoverSettings,
    now: Timestamp,
) -> Option<Result<Loss, Decision>> {
    let length = active.unreached_for?;
    let mut others = seen.regions.iter().filter(|sight| sight.region != active.region);
    if !others.any(|sight| sight.unreached_for.is_none()) {
        return None;
    }
    let (limit, loss) = (
        settings.database_lost_after.as_duration(),
        Loss::Unreached { length },
    );
    if length >= limit {
        return Some(Ok(loss));
    }
    let until = later(now, limit.saturating_sub(length));
    Some(Err(wait(WaitingOn::MoreEvidence(loss), Some(until))))
}

fn describe(sight: &RegionSight) -> String {
    let Some(observation) = &sight.observation else {
        return "unheard".to_owned();
    };
    let database = match observation.database.as_ref().map(|database| &database.state) {
        None | Some(DatabaseState::Absent) => "absent",
        Some(DatabaseState::Stopped) => "stopped",
        Some(DatabaseState::Starting) => "starting",
        Some(DatabaseState::Unresponsive) => "does not answer",
        Some(DatabaseState::Standby) => "read-only",
        Some(DatabaseState::Primary) => "running without a valid lease",
        Some(DatabaseState::Rejoining { .. }) => "rejoining",
    };
    database.to_owned()
}

/// The standby to promote, or the decision why there is none.
fn choose<'a>(
    seen: &'a Snapshot,
    reign: &Reign,
    settings: &FailoverSettings,
    now: Timestamp,
) -> Result<&'a RegionSight, Decision> {
    let Some(standby) = standby(seen, reign) else {
        return Err(Decision::Refuse {
            why: Unsafe::NoStandby,
        });
    };
    if let Some(why) = unfit(seen, reign, standby, now) {
        return Err(Decision::Refuse { why });
    }
    if is_there(standby, reign, settings) {
        Ok(standby)
    } else {
        let region = standby.region.clone();
        Err(wait(WaitingOn::Standby { region }, None))
    }
}

/// The region that does not lead.
pub(super) fn standby<'a>(seen: &'a Snapshot, reign: &Reign) -> Option<&'a RegionSight> {
    seen.regions.iter().find(|sight| sight.region != reign.active)
}

/// Why a standby is not fit to take over, if it is not.
pub(super) fn unfit(seen: &Snapshot, reign: &Reign, standby: &RegionSight, now: Timestamp) -> Option<Unsafe> {
    let region = standby.region.clone();
    let known = seen.eligibility.as_ref().filter(|known| known.standby == region);
    let Some(known) = known else {
        return Some(Unsafe::NeverEligible { region });
    };
    if !known.is_fit() {
        return Some(match known.because.clone() {
            Some(because) => Unsafe::NotEligible { region, because },
            None => Unsafe::NeverEligible { region },
        });
    }
    let leader = seen.region(&reign.active);
    let sight = standby
        .observation
        .as_ref()
        .and_then(|observation| observation.leader)?;
    let because = known.left_behind(&sight, leader, now)?;
    Some(Unsafe::NotEligible { region, because })
}

/// Whether a standby can be promoted at this moment: it answers, and its database follows.
pub(super) fn is_there(standby: &RegionSight, reign: &Reign, settings: &FailoverSettings) -> bool {
    // Half of the time after which it would be lost itself: when the controller alone is cut off, it hears neither, and
    // for a heartbeat's length the one that it heard first would look lost and the other would not.
    let answers = standby
        .heard_ago
        .is_some_and(|ago| ago * 2 < settings.region_lost_after.as_duration());
    let follows = standby.observation.as_ref().is_some_and(|observation| {
        matches!(&observation.role, Role::Standby { upstream } if *upstream == reign.active)
            && observation
                .database
                .as_ref()
                .is_some_and(|database| database.state == DatabaseState::Standby)
    });
    // A failover that was unwound may have left the candidate half-way: it leads unheard, or led and stopped itself. It
    // took all that from the copy which was fit, nobody else can have led since, and its own agent says so when it is
    // not able to.
    let half_way = standby.observation.as_ref().is_some_and(|observation| {
        matches!(observation.role, Role::Active | Role::Fenced | Role::Waiting)
            && observation.generation > reign.generation
            && observation.database.as_ref().is_some_and(|database| {
                !matches!(
                    database.state,
                    DatabaseState::Absent | DatabaseState::Rejoining { .. }
                )
            })
    });
    answers && (follows || half_way)
}

/// Puts the active region itself back to work when it was fenced for a failover that came to nothing.
fn reinstate(
    seen: &Snapshot,
    reign: &Reign,
    active: &RegionSight,
    settings: &FailoverSettings,
) -> Option<Decision> {
    let answers = active.heard_ago? < settings.region_lost_after.as_duration();
    let observation = active.observation.as_ref()?;
    let idle = matches!(observation.role, Role::Fenced | Role::Waiting);
    let overtaken = seen.promised.max(observation.generation) > reign.generation;
    // Without data there is nothing to lead with: it would refuse, and be asked again for ever.
    let has_data = observation.database.as_ref().is_some_and(|database| {
        !matches!(
            database.state,
            DatabaseState::Absent | DatabaseState::Rejoining { .. }
        )
    });
    let newest = seen.promised.max(observation.generation);
    (answers && idle && overtaken && has_data).then(|| stay(reign, newest, Loss::FencedForNothing))
}

/// Gives a region that leads well a newer generation, when one was promised for a failover that came to nothing: the
/// witness grants the present one nothing any more, and a gateway that has heard of the newer one does not lead in it.
fn renew(seen: &Snapshot, reign: &Reign) -> Option<Decision> {
    (seen.promised > reign.generation).then(|| stay(reign, seen.promised, Loss::Overtaken))
}

/// The region that leads goes on, in the generation after `newest`.
fn stay(reign: &Reign, newest: Generation, reason: Loss) -> Decision {
    Decision::Proceed(Move {
        from: reign.active.clone(),
        to: reign.active.clone(),
        generation: newest.next(),
        reason,
        estimated_loss: EstimatedLoss::default(),
        accepted_by: Vec::new(),
    })
}

/// A standby that is not fit, and what its promotion loses, where somebody accepts that and it can be accepted.
fn accepted(
    seen: &Snapshot,
    settings: &FailoverSettings,
    now: Timestamp,
) -> Option<(RegionName, EstimatedLoss)> {
    if accepting(seen).is_empty() {
        return None;
    }
    decide_acceptance(seen, settings, now).ok()
}

fn estimate(seen: &Snapshot, now: Timestamp) -> EstimatedLoss {
    seen.eligibility
        .as_ref()
        .map_or_else(EstimatedLoss::default, |known| EstimatedLoss {
            wal_bytes: known.lag_bytes,
            seen_ms_ago: u64::try_from(now.since(known.judged_at).as_millis()).unwrap_or(u64::MAX),
            unfit_ms: 0,
        })
}

/// How many different people have said so.
fn people(seen: &Snapshot) -> usize {
    let names: std::collections::BTreeSet<_> = seen.orders.iter().map(|order| order.by.as_str()).collect();
    names.len()
}

const fn needed(authority: Authority) -> usize {
    match authority {
        Authority::Automatic => 0,
        Authority::OnePerson => 1,
        Authority::TwoPeople => 2,
    }
}

#[cfg(test)]
#[path = "failover_tests.rs"]
mod tests;
