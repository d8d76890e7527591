//! Whether writes may be moved as planned, given what was heard. Pure.
//!
//! A planned move is asked for by people, so the answer is every question with what was found, not only the first no:
//! whoever plans a window wants to see all of it. It loses nothing by construction, because the new leader must have
//! received the last record of the old one; what it may cost is time, and that is what most questions are about.

use api::{
    gateway::{GatewayStatus, PeerState},
    site::{ComponentState, DatabaseState, LeaseState, Observation, Role},
};
use driver::Reign;
use serde::{Deserialize, Serialize};
use types::{Generation, RegionName, settings::FailoverSettings};

use super::{RegionSight, Snapshot, Underway, shortages};

/// A standby that is further behind would make people wait while it catches up: a second at 16 MiB/s.
pub const LAG_BYTES_MAX: u64 = 16 << 20;

/// What an answer means for the move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Not now; waiting may help.
    Wait,
    /// Waiting does not help.
    Refuse,
}

/// One question with what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was asked.
    pub question: String,
    /// What was found.
    pub found: String,
    /// What that means.
    pub verdict: Verdict,
}

/// Which way a planned move would go, with the answers to every question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Away from this region; `None` when nobody leads.
    pub from: Option<RegionName>,
    /// To this region.
    pub to: RegionName,
    /// At least in this generation.
    pub generation: Generation,
    /// The identity of the database, which a move without loss does not change.
    pub incarnation: String,
    /// Every question.
    pub checks: Vec<Check>,
}

impl Planned {
    /// The worst of the answers.
    pub fn verdict(&self) -> Verdict {
        let worst = self.checks.iter().map(|check| check.verdict).max();
        worst.unwrap_or(Verdict::Refuse)
    }

    /// What speaks against it, in words.
    pub fn objections(&self) -> Vec<String> {
        let bad = self.checks.iter().filter(|check| check.verdict != Verdict::Good);
        bad.map(|check| format!("{}: {}", check.question, check.found))
            .collect()
    }
}

/// The other region, where a move goes that names none.
pub fn other_region(seen: &Snapshot) -> Option<RegionName> {
    let reign = seen.reign.as_ref()?;
    let other = seen.regions.iter().find(|sight| sight.region != reign.active)?;
    Some(other.region.clone())
}

/// Asks every question about a planned move to `to`. `gateway` is the active region's.
pub fn decide_switchover(
    seen: &Snapshot,
    to: &RegionName,
    gateway: Option<&GatewayStatus>,
    settings: &FailoverSettings,
) -> Planned {
    let reign = seen.reign.as_ref();
    let mut planned = Planned {
        from: reign.map(|reign| reign.active.clone()),
        to: to.clone(),
        generation: reign.map_or(Generation::FIRST, |reign| {
            reign.generation.max(seen.promised).next()
        }),
        incarnation: reign.map_or_else(String::new, |reign| reign.incarnation.clone()),
        checks: Vec::new(),
    };
    planned.checks = match reign {
        Some(reign) => questions(seen, reign, to, gateway, settings),
        None => vec![check("some region leads", Verdict::Refuse, "no region leads yet")],
    };
    planned
}

fn check(question: &str, verdict: Verdict, found: impl Into<String>) -> Check {
    Check {
        question: question.to_owned(),
        found: found.into(),
        verdict,
    }
}

fn questions(
    seen: &Snapshot,
    reign: &Reign,
    to: &RegionName,
    gateway: Option<&GatewayStatus>,
    settings: &FailoverSettings,
) -> Vec<Check> {
    let mut checks = vec![destination(seen, reign, to), nothing_runs(seen)];
    let recent = |sight: &&RegionSight| {
        let limit = settings.region_lost_after.as_duration();
        sight.heard_ago.is_some_and(|ago| ago < limit)
    };
    let sight = |region| seen.region(region).filter(recent);
    let seen_of = |region| sight(region).and_then(|sight| sight.observation.as_ref());
    checks.push(match seen_of(&reign.active) {
        Some(active) => leads(active, reign),
        None => check(
            "the active region is well",
            Verdict::Refuse,
            "nothing is heard from it; that is a failover, not a planned move",
        ),
    });
    match (seen_of(to), seen_of(&reign.active)) {
        (Some(standby), Some(active)) => checks.extend(pair(active, standby, reign, to)),
        _ => checks.push(check(
            "the standby streams",
            Verdict::Wait,
            "nothing is heard from it",
        )),
    }
    checks.push(journal(gateway));
    checks
}

fn destination(seen: &Snapshot, reign: &Reign, to: &RegionName) -> Check {
    let question = "the destination is another region of the estate";
    if *to == reign.active {
        check(question, Verdict::Refuse, format!("{to} leads already"))
    } else if seen.region(to).is_none() {
        check(question, Verdict::Refuse, format!("there is no region {to}"))
    } else {
        check(question, Verdict::Good, format!("{} → {to}", reign.active))
    }
}

fn nothing_runs(seen: &Snapshot) -> Check {
    let question = "no other recovery runs";
    match &seen.running {
        Some(Underway { kind, .. }) => check(question, Verdict::Wait, format!("a {kind} is running")),
        None => check(question, Verdict::Good, "none"),
    }
}

fn leads(active: &Observation, reign: &Reign) -> Check {
    let question = "the active region is well";
    let database = active.database.as_ref();
    let primary =
        database.is_some_and(|seen| seen.state == DatabaseState::Primary && seen.answered_in_ms.is_some());
    let holds = matches!(active.lease, LeaseState::Held { .. });
    if active.role == Role::Active && active.generation >= reign.generation && primary && holds {
        check(
            question,
            Verdict::Good,
            format!("{} leads in generation {}", reign.active, reign.generation),
        )
    } else {
        check(
            question,
            Verdict::Refuse,
            "its database does not lead or its lease is not held; that is a failover, not a planned move",
        )
    }
}

/// What concerns both databases: the standby streams the same history and is close, and its workloads are warm.
fn pair(active: &Observation, standby: &Observation, reign: &Reign, to: &RegionName) -> Vec<Check> {
    let mut checks = Vec::new();
    let (primary, copy) = (active.database.as_ref(), standby.database.as_ref());
    let downstream = primary.and_then(|seen| seen.downstreams.iter().find(|known| known.name == to.as_str()));
    let follows = standby.role
        == (Role::Standby {
            upstream: reign.active.clone(),
        });
    let streams = follows
        && copy.is_some_and(|seen| seen.streaming)
        && downstream.is_some_and(|known| known.state == "streaming");
    let same = match (
        primary.and_then(|seen| seen.timeline),
        copy.and_then(|seen| seen.timeline),
    ) {
        (Some(here), Some(there)) => here == there,
        _ => false,
    };
    checks.push(if streams && same {
        check("the standby streams", Verdict::Good, "yes, on the same timeline")
    } else if streams {
        check(
            "the standby streams",
            Verdict::Wait,
            "it follows another timeline",
        )
    } else {
        check("the standby streams", Verdict::Wait, "it does not stream")
    });
    let lag = downstream.map_or(u64::MAX, |known| known.replay_lag_bytes);
    let verdict = if lag <= LAG_BYTES_MAX {
        Verdict::Good
    } else {
        Verdict::Wait
    };
    let found = match downstream {
        Some(_) => format!("{lag} bytes behind, {LAG_BYTES_MAX} are allowed"),
        None => "unknown".to_owned(),
    };
    checks.push(check("the standby is close", verdict, found));
    checks.push(warm(standby));
    checks.push(room(active, standby));
    checks
}

/// Every workload of the standby region is warm.
fn warm(standby: &Observation) -> Check {
    let cold: Vec<_> = standby
        .components
        .iter()
        .filter(|component| {
            matches!(
                component.state,
                ComponentState::Failed
                    | ComponentState::Unhealthy
                    | ComponentState::Starting
                    | ComponentState::Waiting
            )
        })
        .map(|component| component.name.as_str())
        .collect();
    let question = "the standby's workloads are warm";
    if cold.is_empty() {
        let ready = standby
            .components
            .iter()
            .filter(|component| component.state == ComponentState::Ready);
        check(question, Verdict::Good, format!("{} serve", ready.count()))
    } else {
        check(question, Verdict::Wait, format!("not ready: {}", cold.join(", ")))
    }
}

fn room(active: &Observation, standby: &Observation) -> Check {
    let question = "the standby's machine has the room";
    let Some(room) = &standby.room else {
        return check(question, Verdict::Good, "it does not tell");
    };
    let lacks: Vec<String> = shortages(room, active.room.as_ref())
        .iter()
        .map(ToString::to_string)
        .collect();
    if !lacks.is_empty() {
        return check(question, Verdict::Wait, lacks.join("; "));
    }
    let found = format!(
        "{} GiB of disk and {} GiB of memory are free, {} processors",
        room.disk_free_bytes >> 30,
        room.memory_free_bytes >> 30,
        room.cpus
    );
    check(question, Verdict::Good, found)
}

fn journal(gateway: Option<&GatewayStatus>) -> Check {
    let question = "both copies of the journal are in step";
    match gateway.map(|gateway| gateway.peer.state) {
        Some(PeerState::InSync) => check(question, Verdict::Good, "yes"),
        Some(PeerState::None) => check(
            question,
            Verdict::Refuse,
            "messages are kept in one region only; they would be left behind",
        ),
        Some(PeerState::CatchingUp) => check(question, Verdict::Wait, "the second copy is catching up"),
        Some(PeerState::Gone) => check(question, Verdict::Wait, "the second copy is gone"),
        None => check(question, Verdict::Wait, "the active gateway does not answer"),
    }
}

#[cfg(test)]
#[path = "switchover_tests.rs"]
mod tests;
