//! Who may write, and whether a recovery is going on.

use super::super::model::{Alert, Case, Layer, RuleFile, Severity, series};
use super::super::watched::Watched;
use crate::cloud::runbooks::{Page, Scenario};

/// Agents report every few hundred milliseconds; a minute of silence is no hiccup.
const REGION_SILENT_SECONDS: u32 = 60;

pub(super) fn rules(watched: &Watched) -> RuleFile {
    let mut alerts = vec![
        region_lost(watched),
        recovery_waits(watched),
        recovery_stuck(watched),
        controller_gone(watched),
    ];
    if let Some(stamp) = watched.stamps.first() {
        alerts.extend([
            two_primaries(watched, &stamp.name),
            nobody_leads(watched, &stamp.name),
        ]);
    }
    if watched.regions.len() > 1 {
        alerts.extend([voter_missing(watched), partner_unseen(watched)]);
    }
    RuleFile {
        name: "regions",
        about: "Who may write, and whether a recovery is going on.",
        needs: &["plan", "database"],
        records: Vec::new(),
        alerts,
    }
}

fn region_lost(watched: &Watched) -> Alert {
    let region = watched.a_region();
    let heartbeat = series(
        "plimsoll_region_last_heartbeat_timestamp_seconds",
        [("region", region)],
    );
    Alert::new("RegionLost", watched.worst(), Layer::Recovery, Page::Scenario(Scenario::RegionLoss))
        .when(
            format!("time() - max by (region) (plimsoll_region_last_heartbeat_timestamp_seconds) > {REGION_SILENT_SECONDS}"),
            0,
        )
        .says(
            "Region {{ $labels.region }} is silent",
            "The controller has not heard of the region for a minute. Alarms about its parts are held back: this is the one to work on.",
        )
        .fires(Case::at(10, "the last heartbeat was long ago").always(&heartbeat, 120), [("region", region)])
        .silent(Case::at(10, "heartbeats arrive").growing(&heartbeat, 60))
}

fn two_primaries(watched: &Watched, stamp: &str) -> Alert {
    let of = |region: &str| {
        series(
            "cnpg_pg_replication_in_recovery",
            [("stamp", stamp), ("region", region)],
        )
    };
    let two = |case: Case, other: u8| case.always(of("one"), 0).always(of("other"), other);
    Alert::new("TwoPrimaries", watched.at_most(Severity::Page), Layer::Recovery, Page::Section(Scenario::Partition, "two-primaries"))
        .when("sum by (stamp) (plimsoll:database:primary) > 1", 1)
        .says(
            "Two databases of {{ $labels.stamp }} accept writes",
            "What is posted in one is missing in the other, and grows every second. Stop one of them now, before anything else.",
        )
        .fires(two(Case::at(5, "both accept writes"), 0), [("stamp", stamp)])
        .silent(two(Case::at(5, "one follows"), 1))
}

fn nobody_leads(watched: &Watched, stamp: &str) -> Alert {
    let of = series(
        "cnpg_pg_replication_in_recovery",
        [("stamp", stamp), ("region", "one")],
    );
    Alert::new("NobodyLeads", watched.worst(), Layer::Recovery, Page::Scenario(Scenario::RegionLoss))
        .when(
            "sum by (stamp) (plimsoll:plan:stamp) unless on (stamp) (sum by (stamp) (plimsoll:database:primary) > 0)",
            2,
        )
        .says(
            "No database of {{ $labels.stamp }} accepts writes",
            "Nothing can be posted. A failover that has just begun looks like this for a few seconds; this has lasted two minutes.",
        )
        .fires(Case::at(10, "only a standby is left").always(&of, 1), [("stamp", stamp)])
        .silent(Case::at(10, "one accepts writes").always(&of, 0))
}

fn voter_missing(watched: &Watched) -> Alert {
    let voters = series(
        "plimsoll_lease_voters_reachable",
        [("region", watched.a_region())],
    );
    Alert::new("VoterMissing", Severity::Ticket, Layer::Recovery, Page::Section(Scenario::ControlPlaneLoss, "a-voter-is-missing"))
        .when("min by (region) (plimsoll_lease_voters_reachable) < 3", 5)
        .says(
            "One of the three voters is missing",
            "Two are enough to go on; with one more gone the active region stops itself, because it could not know that it still leads.",
        )
        .fires(Case::at(10, "two are left").always(&voters, 2), [("region", watched.a_region())])
        .silent(Case::at(10, "all three vote").always(&voters, 3))
}

fn recovery_waits(watched: &Watched) -> Alert {
    let waiting = series("plimsoll_saga_waiting_for_approval", [("saga", "failover")]);
    Alert::new("RecoveryWaitsForPeople", watched.worst(), Layer::Recovery, Page::Section(Scenario::RegionLoss, "who-may-say-so"))
        .when("max by (saga) (plimsoll_saga_waiting_for_approval) > 0", 0)
        .says(
            "A {{ $labels.saga }} waits for somebody to approve it",
            "Plimsoll has stopped at a step that people must authorise. The clock of every capability runs until they do.",
        )
        .fires(Case::at(3, "it waits").always(&waiting, 1), [("saga", "failover")])
        .silent(Case::at(3, "nothing waits").always(&waiting, 0))
}

fn recovery_stuck(watched: &Watched) -> Alert {
    let started = series("plimsoll_saga_started_timestamp_seconds", [("saga", "failover")]);
    Alert::new(
        "RecoveryStuck",
        watched.worst(),
        Layer::Recovery,
        Page::Section(Scenario::RegionLoss, "when-it-does-not-go-on"),
    )
    .when(
        "time() - max by (saga) (plimsoll_saga_started_timestamp_seconds) > 600",
        0,
    )
    .says(
        "A {{ $labels.saga }} has been running for ten minutes",
        "It repeats a step that does not succeed. The series ends when the saga does, so this one has not.",
    )
    .fires(
        Case::at(20, "begun long ago").always(&started, 0),
        [("saga", "failover")],
    )
    .silent(Case::at(20, "begun a minute ago").always(&started, 1_140))
}

fn controller_gone(watched: &Watched) -> Alert {
    let severity = if watched.strictest.automatic {
        watched.worst()
    } else {
        Severity::Ticket
    };
    Alert::new("ControllerGone", severity, Layer::Recovery, Page::Scenario(Scenario::ControlPlaneLoss))
        .when("absent(plimsoll_controller_generation)", 5)
        .says(
            "The controller is gone",
            "Nothing that is healthy stops because of it. But nobody would notice the loss of a region, and nobody would act on it.",
        )
        .fires(Case::at(10, "no controller"), [])
        .silent(Case::at(10, "it reports its generation").always("plimsoll_controller_generation", 7))
}

fn partner_unseen(watched: &Watched) -> Alert {
    let partner = series(
        "up",
        [("job", "partner-prometheus"), ("region", watched.a_region())],
    );
    Alert::new("RegionsDoNotSeeEachOther", Severity::Ticket, Layer::Recovery, Page::Scenario(Scenario::Partition))
        .when("max by (region) (up{job=\"partner-prometheus\"}) == 0", 5)
        .says(
            "{{ $labels.region }} does not see its partner's monitoring",
            "Either the link between the regions is down, or the other region's monitoring is. Replication and the copy of the journal use the same link.",
        )
        .fires(Case::at(10, "no answer").always(&partner, 0), [("region", watched.a_region())])
        .silent(Case::at(10, "it answers").always(&partner, 1))
}
