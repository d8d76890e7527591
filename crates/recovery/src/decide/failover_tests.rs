//! One table: a healthy estate, one thing changed, the decision in the operator's words.

use std::sync::Arc;

use api::site::{DatabaseObservation, LeaderSight, LeaseState, Observation, Site};
use types::{Generation, RegionName, Span};
use uuid::Uuid;

use super::{
    super::{Beginning, Eligibility, Ineligible, Order, UnfitStandby, decide_beginning},
    *,
};

#[path = "accept_tests.rs"]
mod accept;
#[path = "hearsay_tests.rs"]
mod hearsay;
#[path = "sightings_tests.rs"]
mod sightings;
#[path = "underway_tests.rs"]
mod underway;

const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

fn ago(millis: i64) -> Timestamp {
    Timestamp::from_micros(NOW.as_micros() - millis * 1_000)
}

fn region(name: &str) -> RegionName {
    RegionName::new(name).unwrap()
}

fn settings() -> FailoverSettings {
    FailoverSettings {
        authority: Authority::Automatic,
        authorised_by: Vec::new(),
        region_lost_after: Span::from_millis(1_500),
        database_lost_after: Span::from_secs(3),
        hold_off: Span::from_secs(60),
        lag_bytes_max: 1_000,
    }
}

fn observation(name: &str, role: Role, state: DatabaseState) -> Observation {
    Observation {
        site: Site::Region(region(name)),
        at: NOW,
        run: Uuid::nil(),
        lease: LeaseState::None,
        generation: Generation::FIRST,
        database: Some(DatabaseObservation {
            timeline: Some(1),
            position: None,
            received: None,
            streaming: state == DatabaseState::Standby,
            last_replayed_commit: None,
            downstreams: Vec::new(),
            answered_in_ms: Some(1),
            divergence: None,
            state,
        }),
        leader: None,
        unreached: std::collections::BTreeMap::new(),
        room: None,
        components: Vec::new(),
        role,
    }
}

/// The heartbeat of one region, to change it.
fn observed(seen: &mut Snapshot, index: usize) -> &mut Observation {
    Arc::make_mut(seen.regions[index].observation.as_mut().unwrap())
}

fn sight(name: &str, role: Role, state: DatabaseState) -> RegionSight {
    RegionSight {
        region: region(name),
        heard_ago: Some(Duration::from_millis(200)),
        observation: Some(Arc::new(observation(name, role, state))),
        unusable_for: None,
        unheard_for: Duration::ZERO,
        unreached_for: None,
    }
}

fn healthy() -> Snapshot {
    Snapshot {
        listening_for: Duration::from_secs(600),
        reign: Some(Reign {
            active: region("west"),
            generation: Generation::FIRST,
            incarnation: "i".to_owned(),
            since: ago(3_600_000),
        }),
        promised: Generation::FIRST,
        last_failover: None,
        running: None,
        regions: vec![
            sight("west", Role::Active, DatabaseState::Primary),
            sight(
                "north",
                Role::Standby {
                    upstream: region("west"),
                },
                DatabaseState::Standby,
            ),
        ],
        eligibility: Some(Eligibility {
            standby: region("north"),
            fit_at: Some(NOW),
            judged_at: NOW,
            unfit_for_ms: 0,
            said_at: Some(NOW),
            lag_bytes: 96,
            timeline: Some(1),
            because: None,
        }),
        orders: Vec::new(),
    }
}

fn silent(seen: &mut Snapshot) {
    seen.regions[0].heard_ago = Some(Duration::from_millis(1_600));
}

fn order(by: &str) -> Order {
    Order {
        by: by.to_owned(),
        reason: "fire".to_owned(),
        unfit_standby: UnfitStandby::Refused,
    }
}

fn check(change: impl FnOnce(&mut Snapshot, &mut FailoverSettings), expected: &str) {
    let (mut seen, mut settings) = (healthy(), settings());
    change(&mut seen, &mut settings);
    assert_eq!(decide_failover(&seen, &settings, NOW).to_string(), expected);
}

const LOST: &str = "nothing was heard from the active region for 1s600ms";
const PROCEED: &str = "fail over from west to north in generation 2: nothing was heard from the active region for 1s600ms; loses about 96 bytes of write-ahead log, as seen 0s before";

#[test]
fn a_healthy_estate_needs_nothing() {
    check(|_, _| {}, "nothing to do");
    check(|seen, _| seen.reign = None, "nothing to do");
}

#[test]
fn a_silent_region_is_failed_over_once_it_was_silent_for_long_enough() {
    check(|seen, _| silent(seen), PROCEED);
    check(
        |seen, _| seen.regions[0].heard_ago = Some(Duration::from_millis(900)),
        "wait: nothing was heard from the active region for 900ms, which is not long enough to act, until 2026-11-18T11:06:40.600Z",
    );
}

/// The standby last streamed, and the leader last renewed with it, this many seconds before now.
fn standby_knows(seen: &mut Snapshot, streamed: Option<i64>, renewed: i64) {
    let before = |seconds: i64| Timestamp::from_micros(NOW.as_micros() - seconds * 1_000_000);
    let standby = observed(seen, 1);
    standby.leader = Some(LeaderSight {
        streamed_at: streamed.map(before),
        renewed_at: Some(before(renewed)),
        served_at: None,
    });
}

#[test]
fn a_standby_that_was_left_behind_while_nobody_watched_is_not_promoted() {
    // The controller was away for ten minutes; its last judgement is as old as that.
    let away = |seen: &mut Snapshot| {
        silent(seen);
        seen.regions[0].heard_ago = None;
        let known = seen.eligibility.as_mut().unwrap();
        known.judged_at = Timestamp::from_micros(NOW.as_micros() - 600_000_000);
        known.fit_at = Some(known.judged_at);
    };
    let refused = |seen: Option<i64>, expected: &str| {
        check(
            |snapshot, _| {
                away(snapshot);
                standby_knows(snapshot, seen, 2);
            },
            expected,
        );
    };
    refused(
        Some(300),
        "refuse: the standby north is not fit to take over: its stream ended 4m58s before the leader's last sign of life, and the controller was away",
    );
    refused(
        None,
        "refuse: the standby north is not fit to take over: it does not know when it last streamed, and the leader lived while the controller was away",
    );
    // It streamed to the end: nothing was missed.
    let mut seen = healthy();
    away(&mut seen);
    standby_knows(&mut seen, Some(2), 2);
    assert!(matches!(
        decide_failover(&seen, &settings(), NOW),
        Decision::Proceed(_)
    ));
    // The controller heard the leader to its end: what it judged itself counts, a frozen primary's stream may end first.
    check(
        |seen, _| {
            silent(seen);
            standby_knows(seen, Some(30), 2);
        },
        PROCEED,
    );
}

#[test]
fn a_controller_that_has_just_started_listens_first() {
    let deaf = |seen: &mut Snapshot, heard| {
        seen.listening_for = Duration::from_millis(500);
        seen.regions[0].heard_ago = heard;
    };
    let expected = "wait: the controller has just started and listens first, until 2026-11-18T11:06:41.000Z";
    check(|seen, _| deaf(seen, None), expected);
    check(|seen, _| deaf(seen, Some(Duration::from_secs(9))), expected);
    let never_heard = |seen: &mut Snapshot, _: &mut FailoverSettings| {
        seen.listening_for = Duration::from_millis(1_600);
        seen.regions[0].heard_ago = None;
    };
    check(never_heard, PROCEED);
}

#[test]
fn a_database_that_cannot_be_used_is_failed_over_after_its_own_time() {
    let broken = |seen: &mut Snapshot, length| {
        seen.regions[0] = sight("west", Role::Active, DatabaseState::Unresponsive);
        seen.regions[0].unusable_for = Some(Duration::from_secs(length));
    };
    check(
        |seen, _| broken(seen, 3),
        "fail over from west to north in generation 2: the active database cannot be used for 3s (does not answer); loses about 96 bytes of write-ahead log, as seen 0s before",
    );
    check(
        |seen, _| broken(seen, 1),
        "wait: the active database cannot be used for 1s (does not answer), which is not long enough to act, until 2026-11-18T11:06:42.000Z",
    );
    // Its last heartbeat is from when it was a standby: that time does not count against it.
    check(
        |seen, _| {
            broken(seen, 24);
            seen.reign.as_mut().unwrap().since = ago(100);
        },
        "wait: the active database cannot be used for 100ms (does not answer), which is not long enough to act, until 2026-11-18T11:06:42.900Z",
    );
}

#[test]
fn a_standby_that_was_not_fit_is_never_promoted() {
    let unfit = |seen: &mut Snapshot, fit_at, because| {
        silent(seen);
        seen.eligibility = Some(Eligibility {
            fit_at,
            because: Some(because),
            ..seen.eligibility.clone().unwrap()
        });
    };
    let long_ago = Some(Timestamp::from_micros(NOW.as_micros() - 3_000_000));
    check(
        |seen, _| {
            unfit(
                seen,
                long_ago,
                Ineligible::Behind {
                    lag_bytes: 5_000,
                    max: 1_000,
                },
            )
        },
        "refuse: the standby north is not fit to take over: it was 5000 bytes behind, 1000 are allowed",
    );
    check(
        |seen, _| unfit(seen, None, Ineligible::NotConnected),
        "refuse: the standby north is not fit to take over: it was not connected to the active database",
    );
    let never = |seen: &mut Snapshot, _: &mut FailoverSettings| {
        silent(seen);
        seen.eligibility = None;
    };
    check(never, "refuse: the standby north was never seen fit to take over");
}

#[test]
fn a_stream_that_broke_in_the_moment_of_the_loss_does_not_forbid_the_failover() {
    let race = |seen: &mut Snapshot, _: &mut FailoverSettings| {
        silent(seen);
        let fit_at = Some(Timestamp::from_micros(NOW.as_micros() - 400_000));
        seen.eligibility = Some(Eligibility {
            fit_at,
            because: Some(Ineligible::BrokenStream),
            ..seen.eligibility.clone().unwrap()
        });
    };
    check(race, PROCEED);
}

#[test]
fn a_controller_that_is_cut_off_from_both_regions_does_not_take_the_first_silence_for_a_loss() {
    // The active region's last heartbeat came just before the cut, the standby's a moment earlier or later.
    let cut_off = |standby_ago: u64| {
        move |seen: &mut Snapshot, _: &mut FailoverSettings| {
            silent(seen);
            seen.regions[1].heard_ago = Some(Duration::from_millis(standby_ago));
        }
    };
    let waiting = "wait: the standby north cannot take over right now";
    check(cut_off(1_200), waiting);
    check(cut_off(1_499), waiting);
    check(cut_off(750), waiting);
    // A late heartbeat of a standby that is there.
    check(cut_off(700), PROCEED);
}

#[test]
fn a_standby_that_is_not_there_is_waited_for() {
    let expected = "wait: the standby north cannot take over right now";
    let gone = |seen: &mut Snapshot, _: &mut FailoverSettings| {
        silent(seen);
        seen.regions[1].heard_ago = Some(Duration::from_secs(5));
    };
    check(gone, expected);
    let rejoining = |seen: &mut Snapshot, _: &mut FailoverSettings| {
        silent(seen);
        let state = DatabaseState::Rejoining {
            by: "rewind".to_owned(),
        };
        seen.regions[1] = sight(
            "north",
            Role::Standby {
                upstream: region("west"),
            },
            state,
        );
    };
    check(rejoining, expected);
    let alone = |seen: &mut Snapshot, _: &mut FailoverSettings| {
        silent(seen);
        seen.regions.truncate(1);
    };
    check(alone, "refuse: there is no standby");
}

#[test]
fn the_hold_off_keeps_writes_from_flapping_unless_somebody_orders_it() {
    let recent = |seen: &mut Snapshot| {
        silent(seen);
        seen.last_failover = Some(Timestamp::from_micros(NOW.as_micros() - 59_000_000));
    };
    check(
        |seen, _| recent(seen),
        &format!("wait: {LOST}, but the last failover is too recent, until 2026-11-18T11:06:41.000Z"),
    );
    let ordered = |seen: &mut Snapshot, _: &mut FailoverSettings| {
        recent(seen);
        seen.orders = vec![order("ada")];
    };
    check(ordered, PROCEED);
    let over = |seen: &mut Snapshot, _: &mut FailoverSettings| {
        silent(seen);
        seen.last_failover = Some(Timestamp::from_micros(NOW.as_micros() - 60_000_000));
    };
    check(over, PROCEED);
}

#[test]
fn people_are_asked_when_the_tier_says_so_and_two_means_two() {
    let asked = |authority, by: &[&str], expected: &str| {
        let change = |seen: &mut Snapshot, settings: &mut FailoverSettings| {
            silent(seen);
            settings.authority = authority;
            seen.orders = by.iter().map(|by| order(by)).collect();
        };
        check(change, expected);
    };
    let waits = |have, need| {
        format!(
            "wait: {LOST}; {have} of {need} authorisations given; loses about 96 bytes of write-ahead log, as seen 0s before"
        )
    };
    asked(Authority::OnePerson, &[], &waits(0, 1));
    asked(Authority::OnePerson, &["ada"], PROCEED);
    asked(Authority::TwoPeople, &["ada", "ada"], &waits(1, 2));
    asked(Authority::TwoPeople, &["ada", "bob"], PROCEED);
}

#[test]
fn an_estate_is_begun_only_where_every_other_region_is_heard_and_empty() {
    let check = |state: DatabaseState, heard: Option<Duration>, expected: Beginning| {
        let mut seen = healthy();
        seen.reign = None;
        seen.regions[0] = sight("west", Role::Waiting, DatabaseState::Absent);
        seen.regions[1] = sight("north", Role::Waiting, state);
        seen.regions[1].heard_ago = heard;
        assert_eq!(decide_beginning(&seen), expected);
    };
    let now = Some(Duration::ZERO);
    let proceed = Beginning::Proceed {
        active: region("west"),
        standbys: vec![region("north")],
    };
    check(DatabaseState::Absent, now, proceed);
    check(DatabaseState::Absent, None, Beginning::Wait);
    let refuse = || Beginning::Refuse {
        region: region("north"),
    };
    check(DatabaseState::Stopped, now, refuse());
    check(DatabaseState::Primary, now, refuse());
    assert_eq!(decide_beginning(&healthy()), Beginning::Nothing);
}

#[test]
fn a_clock_that_was_set_back_does_not_lengthen_the_hold_off() {
    let change = |seen: &mut Snapshot, _: &mut FailoverSettings| {
        silent(seen);
        seen.last_failover = Some(later(NOW, Duration::from_secs(3_600)));
    };
    check(change, PROCEED);
}

#[test]
fn a_leader_that_is_heard_again_after_a_silence_may_have_left_its_standby_behind() {
    let heard_again = |seen: &mut Snapshot| {
        seen.regions[0].unusable_for = Some(Duration::from_secs(4));
        seen.regions[0].unheard_for = Duration::from_secs(20);
        let known = seen.eligibility.as_mut().unwrap();
        known.judged_at = ago(24_000);
        known.fit_at = Some(known.judged_at);
    };
    check(
        |seen, _| {
            heard_again(seen);
            standby_knows(seen, Some(21), 5);
        },
        "refuse: the standby north is not fit to take over: its stream ended 16s before the leader's last sign of life, and the controller was away",
    );
    // It streamed to the end.
    let mut seen = healthy();
    heard_again(&mut seen);
    standby_knows(&mut seen, Some(5), 5);
    let decision = decide_failover(&seen, &settings(), NOW);
    assert!(matches!(decision, Decision::Proceed(_)));
}
