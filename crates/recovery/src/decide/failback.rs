//! Whether a region that was lost can become a standby again, given what was heard. Pure.

use api::site::{DatabaseState, Observation, Role};
use types::{RegionName, settings::FailoverSettings};

use super::{Check, RegionSight, Snapshot, Underway, Verdict};

/// Asks every question about bringing `region` back as a standby.
pub fn decide_failback(seen: &Snapshot, region: &RegionName, settings: &FailoverSettings) -> Vec<Check> {
    let Some(reign) = &seen.reign else {
        return vec![check("some region leads", Verdict::Refuse, "no region leads yet")];
    };
    if *region == reign.active {
        return vec![check(
            "the region is not the one that leads",
            Verdict::Refuse,
            format!("{region} leads; bring the other one back"),
        )];
    }
    if seen.region(region).is_none() {
        return vec![check(
            "it is a region of the estate",
            Verdict::Refuse,
            format!("there is no region {region}"),
        )];
    }
    let recent = |sight: &&RegionSight| {
        let limit = settings.region_lost_after.as_duration();
        sight.heard_ago.is_some_and(|ago| ago < limit)
    };
    let observed = |name| {
        let sight = seen.region(name).filter(recent);
        sight.and_then(|sight| sight.observation.as_ref())
    };
    let running = match &seen.running {
        Some(Underway { kind, .. }) => check(
            "no other recovery runs",
            Verdict::Wait,
            format!("a {kind} is running"),
        ),
        None => check("no other recovery runs", Verdict::Good, "none"),
    };
    vec![
        running,
        match observed(&reign.active) {
            Some(active) => leads(active),
            None => check(
                "the region that leads is well",
                Verdict::Refuse,
                "nothing is heard from it; that is a failover first",
            ),
        },
        match observed(region) {
            Some(back) => came_back(back),
            None => check(
                "the region has come back",
                Verdict::Wait,
                "nothing is heard from its agent; start it",
            ),
        },
    ]
}

fn check(question: &str, verdict: Verdict, found: impl Into<String>) -> Check {
    Check {
        question: question.to_owned(),
        found: found.into(),
        verdict,
    }
}

fn leads(active: &Observation) -> Check {
    let question = "the region that leads is well";
    let primary = active
        .database
        .as_ref()
        .is_some_and(|database| database.state == DatabaseState::Primary);
    if active.role == Role::Active && primary {
        check(question, Verdict::Good, "it accepts writes")
    } else {
        check(question, Verdict::Refuse, "its database does not accept writes")
    }
}

fn came_back(back: &Observation) -> Check {
    let question = "the region has come back";
    let database = back.database.as_ref();
    let found = match database.map(|database| &database.state) {
        Some(DatabaseState::Standby) if database.is_some_and(|seen| seen.streaming) => {
            "yes, and it streams already".to_owned()
        }
        Some(DatabaseState::Rejoining { by }) => format!("yes, its data is being made fit by {by}"),
        Some(DatabaseState::Absent) | None => "yes, without data: it is copied anew".to_owned(),
        Some(
            DatabaseState::Stopped
            | DatabaseState::Starting
            | DatabaseState::Unresponsive
            | DatabaseState::Standby
            | DatabaseState::Primary,
        ) => "yes; its agent compares both histories before anything starts".to_owned(),
    };
    check(question, Verdict::Good, found)
}
