//! Links that pass in one direction only, and what others hear.

use super::{super::super::Sightings, *};

/// The standby says that the leader asked for its lease, and said that it serves, this long before its heartbeat.
fn standby_hears(seen: &mut Snapshot, renewed_ms: i64, served_ms: i64) {
    let standby = observed(seen, 1);
    standby.leader = Some(LeaderSight {
        streamed_at: Some(NOW),
        renewed_at: Some(ago(renewed_ms)),
        served_at: Some(ago(served_ms)),
    });
}

const HEARD: &str = "wait: nothing was heard from the active region for 1s600ms, but north granted it its lease 500ms ago and it serves";

#[test]
fn a_region_that_the_standby_hears_is_not_failed_over_for_the_controllers_deafness() {
    check(
        |seen, _| {
            silent(seen);
            standby_hears(seen, 300, 300);
        },
        HEARD,
    );
    // For as long as it lasts.
    check(
        |seen, _| {
            silent(seen);
            seen.regions[0].heard_ago = Some(Duration::from_secs(3_600));
            standby_hears(seen, 300, 300);
        },
        "wait: nothing was heard from the active region for 1h, but north granted it its lease 500ms ago and it serves",
    );
}

#[test]
fn what_the_standby_heard_ends_with_the_region() {
    // Not asked since it fell silent: it is gone, or cut off from both.
    check(
        |seen, _| {
            silent(seen);
            standby_hears(seen, 1_400, 1_400);
        },
        PROCEED,
    );
    // Neither is anything known when nobody asked ever, or the standby's clock was set back since.
    check(
        |seen, _| {
            silent(seen);
            standby_hears(seen, -60_000, -60_000);
        },
        PROCEED,
    );
}

#[test]
fn a_leader_whose_database_is_stuck_is_silent_although_its_agent_asks_for_the_lease() {
    check(
        |seen, _| {
            silent(seen);
            standby_hears(seen, 300, 2_700);
        },
        HEARD,
    );
    check(
        |seen, _| {
            silent(seen);
            standby_hears(seen, 300, 2_800);
        },
        PROCEED,
    );
}

#[test]
fn a_standby_that_is_old_news_or_has_promised_a_newer_generation_hears_nobody() {
    check(
        |seen, _| {
            silent(seen);
            standby_hears(seen, 0, 0);
            observed(seen, 1).generation = Generation::new(2);
        },
        PROCEED,
    );
    let mut seen = healthy();
    silent(&mut seen);
    standby_hears(&mut seen, 0, 0);
    seen.regions[1].heard_ago = Some(Duration::from_millis(1_500));
    let decision = decide_failover(&seen, &settings(), NOW).to_string();
    assert_eq!(decision, "wait: the standby north cannot take over right now");
}

#[test]
fn a_person_may_order_away_from_a_region_that_only_the_standby_hears() {
    check(
        |seen, _| {
            silent(seen);
            standby_hears(seen, 300, 300);
            seen.orders = vec![order("ada")];
        },
        "fail over from west to north in generation 2: ordered by ada: fire; loses about 96 bytes of write-ahead log, as seen 0s before",
    );
}

#[test]
fn a_region_that_the_world_does_not_reach_is_failed_over_however_well_it_is() {
    let unreached = |seen: &mut Snapshot, millis| {
        seen.regions[0].unreached_for = Some(Duration::from_millis(millis));
    };
    check(
        |seen, _| unreached(seen, 1_000),
        "wait: the front door has not reached the active region for 1s, which is not long enough to act, until 2026-11-18T11:06:42.000Z",
    );
    let moved = "fail over from west to north in generation 2: the front door has not reached the active region for 3s; loses about 96 bytes of write-ahead log, as seen 0s before";
    check(|seen, _| unreached(seen, 3_000), moved);
    // Heard by the standby alone: who serves nobody is not spared for that.
    check(
        |seen, _| {
            silent(seen);
            standby_hears(seen, 300, 300);
            unreached(seen, 3_000);
        },
        moved,
    );
    // A front door that reaches nobody was cut off itself.
    check(
        |seen, _| {
            unreached(seen, 60_000);
            seen.regions[1].unreached_for = Some(Duration::from_secs(60));
        },
        "nothing to do",
    );
}

#[test]
fn a_link_that_flaps_moves_writes_once_at_most() {
    // Silent for two seconds, heard for one, again and again; the standby hears none of it while it is silent.
    let mut moves = 0;
    let mut seen = healthy();
    for tick in 0..600_u64 {
        let now = Timestamp::from_micros(NOW.as_micros() + i64::try_from(tick).unwrap() * 100_000);
        let phase = tick % 30 * 100;
        let reign = seen.reign.clone().unwrap();
        let leads_west = reign.active == region("west");
        // The flapping region is west, whoever leads.
        let heard = if phase < 2_000 { phase } else { 0 };
        seen.regions[0].heard_ago = Some(Duration::from_millis(heard));
        if let Decision::Proceed(go) = decide_failover(&seen, &settings(), now) {
            moves += 1;
            assert!(leads_west);
            seen.reign = Some(Reign {
                active: go.to.clone(),
                generation: go.generation,
                since: now,
                ..reign
            });
            seen.last_failover = Some(now);
            seen.regions = vec![
                sight(
                    "west",
                    Role::Standby {
                        upstream: region("north"),
                    },
                    DatabaseState::Standby,
                ),
                sight("north", Role::Active, DatabaseState::Primary),
            ];
        }
    }
    assert_eq!(moves, 1);
}

#[test]
fn the_front_doors_word_counts_while_it_is_fresh() {
    let at = Duration::from_millis;
    let mut sightings = Sightings::new(vec![region("west"), region("north")], None, at(0));
    let mut door = observation("west", Role::Routing(None), DatabaseState::Absent);
    door.site = Site::FrontDoor;
    door.unreached.insert(region("west"), 700);
    sightings.hear(door, None, &settings(), at(1_000), NOW);
    let unreached = |now| {
        let seen = sightings.regions(at(now));
        (seen[0].unreached_for, seen[1].unreached_for)
    };
    assert_eq!(unreached(2_499), (Some(at(700)), None));
    assert_eq!(unreached(2_500), (None, None));
}
