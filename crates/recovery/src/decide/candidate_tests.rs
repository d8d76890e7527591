//! One table: a switchover whose new region has just died, one thing changed, what is done in the operator's words.

use std::sync::Arc;

use api::site::{DatabaseObservation, LeaderSight, LeaseState, Observation, Site};
use types::settings::Authority;
use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);
const THREE: Generation = Generation::new(3);

fn ago(millis: i64) -> Timestamp {
    Timestamp::from_micros(NOW.as_micros() - millis * 1_000)
}

fn region(name: &str) -> RegionName {
    RegionName::new(name).unwrap()
}

fn sight(name: &str, role: Role, heard_ago_ms: u64) -> RegionSight {
    let database = DatabaseObservation {
        state: DatabaseState::Stopped,
        timeline: Some(1),
        position: None,
        received: None,
        streaming: false,
        last_replayed_commit: None,
        downstreams: Vec::new(),
        answered_in_ms: None,
        divergence: None,
    };
    RegionSight {
        region: region(name),
        heard_ago: Some(Duration::from_millis(heard_ago_ms)),
        observation: Some(Arc::new(Observation {
            site: Site::Region(region(name)),
            at: NOW,
            run: Uuid::nil(),
            role,
            generation: THREE,
            lease: LeaseState::None,
            database: Some(database),
            leader: Some(LeaderSight::default()),
            unreached: std::collections::BTreeMap::new(),
            room: None,
            components: Vec::new(),
        })),
        unusable_for: None,
        unheard_for: Duration::ZERO,
        unreached_for: None,
    }
}

struct Case {
    seen: Snapshot,
    promoting: Promoting,
    granted: Option<Generation>,
}

impl Case {
    fn old(&mut self) -> &mut Observation {
        Arc::make_mut(self.seen.regions[0].observation.as_mut().unwrap())
    }
}

fn check(change: impl FnOnce(&mut Case), expected: &str) {
    let standby = Role::Standby {
        upstream: region("west"),
    };
    let mut case = Case {
        seen: Snapshot {
            listening_for: Duration::from_secs(600),
            reign: None,
            promised: THREE,
            last_failover: None,
            running: None,
            regions: vec![sight("west", Role::Fenced, 200), sight("north", standby, 1_600)],
            eligibility: None,
            orders: Vec::new(),
        },
        promoting: Promoting {
            from: region("west"),
            to: region("north"),
            generation: THREE,
            since: ago(2_000),
        },
        // It granted it terms in an earlier reign.
        granted: Some(Generation::new(2)),
    };
    change(&mut case);
    let settings = FailoverSettings {
        authority: Authority::Automatic,
        authorised_by: Vec::new(),
        region_lost_after: Span::from_millis(1_500),
        database_lost_after: Span::from_secs(3),
        hold_off: Span::from_secs(60),
        lag_bytes_max: 1_000,
    };
    let found = decide_candidate(&case.seen, &case.promoting, case.granted, &settings, NOW);
    assert_eq!(found.to_string(), expected);
}

const GIVEN_UP: &str = "nothing was heard from it for 1s600ms, and neither voter has granted it a term";

#[test]
fn a_region_that_died_before_it_led_is_given_up() {
    check(|_| {}, GIVEN_UP);
    check(|case| case.granted = None, GIVEN_UP);
    let long_ago = |case: &mut Case| case.old().leader.as_mut().unwrap().renewed_at = Some(ago(3_100));
    check(long_ago, GIVEN_UP);
}

#[test]
fn a_region_that_is_heard_may_take_its_time() {
    let heard = |case: &mut Case| case.seen.regions[1].heard_ago = Some(Duration::from_millis(1_400));
    check(heard, "wait: it is heard");
}

#[test]
fn a_region_that_may_lead_is_waited_for() {
    let told = "wait: it may lead already";
    check(|case| case.granted = Some(THREE), told);
    let renewed =
        |at: Timestamp| move |case: &mut Case| case.old().leader.as_mut().unwrap().renewed_at = Some(at);
    check(renewed(ago(1_000)), told);
    check(renewed(ago(2_900)), told);
    check(renewed(ago(-5_000)), told);
    check(|case| case.old().leader = None, told);
}

#[test]
fn nobody_is_given_up_for_nobody() {
    let told = "wait: no other region could lead instead";
    check(|case| case.promoting.to = region("west"), "wait: it is heard");
    check(|case| case.promoting.from = region("north"), told);
    check(
        |case| case.seen.regions[0].heard_ago = Some(Duration::from_millis(1_500)),
        told,
    );
    check(|case| case.old().role = Role::Waiting, told);
    check(|case| case.old().role = Role::Active, told);
    check(
        |case| case.old().database.as_mut().unwrap().state = DatabaseState::Absent,
        told,
    );
}

#[test]
fn a_controller_that_has_not_listened_all_the_time_does_not_judge() {
    let told = "wait: the controller has not listened for long enough";
    check(
        |case| case.seen.listening_for = Duration::from_millis(1_900),
        told,
    );
    let begun = |case: &mut Case| {
        case.promoting.since = ago(100);
        case.seen.listening_for = Duration::from_millis(1_400);
    };
    check(begun, told);
}
