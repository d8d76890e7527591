//! What heartbeats, and their absence, tell.

use super::{super::super::Sightings, *};

fn streaming_primary() -> Observation {
    let mut primary = observation("west", Role::Active, DatabaseState::Primary);
    primary.database.as_mut().unwrap().downstreams = vec![api::site::Downstream {
        name: "north".to_owned(),
        state: "streaming".to_owned(),
        replay_lag_bytes: 96,
    }];
    primary
}

#[test]
fn a_controller_that_stood_still_hears_how_long_the_leader_went_on_without_its_standby() {
    let (at, reign) = (Duration::from_millis, healthy().reign.unwrap());
    let fit_after = |alone_ms: i64| {
        let mut sightings = Sightings::new(vec![region("west"), region("north")], None, at(0));
        let mut hear = |observation| sightings.hear(observation, Some(&reign), &settings(), at(20_000), NOW);
        let role = Role::Standby {
            upstream: region("west"),
        };
        hear(observation("north", role, DatabaseState::Standby));
        // All of it comes in one moment.
        hear(streaming_primary());
        let mut alone = observation("west", Role::Active, DatabaseState::Primary);
        for part in 1..=3 {
            alone.at = Timestamp::from_micros(NOW.as_micros() + alone_ms * 1_000 * part / 3);
            hear(alone.clone());
        }
        sightings.eligibility().unwrap().is_fit()
    };
    assert!(fit_after(1_800));
    assert!(!fit_after(2_700));
}

#[test]
fn heartbeats_of_a_dying_primary_do_not_overwrite_what_was_known_of_its_standby() {
    let (at, reign) = (Duration::from_millis, healthy().reign.unwrap());
    let mut sightings = Sightings::new(vec![region("west"), region("north")], None, at(0));
    let mut hear = |observation, ms| sightings.hear(observation, Some(&reign), &settings(), at(ms), NOW);
    let standby = observation(
        "north",
        Role::Standby {
            upstream: region("west"),
        },
        DatabaseState::Standby,
    );
    hear(standby, 90);
    hear(streaming_primary(), 100);
    hear(observation("west", Role::Active, DatabaseState::Stopped), 500);
    let mut broken = observation(
        "north",
        Role::Standby {
            upstream: region("west"),
        },
        DatabaseState::Standby,
    );
    broken.database.as_mut().unwrap().streaming = false;
    hear(broken, 600);
    assert_eq!(sightings.eligibility(), healthy().eligibility.as_ref());
    let west = &sightings.regions(at(900))[0];
    assert_eq!(
        (west.heard_ago, west.unusable_for),
        (Some(at(400)), Some(at(800)))
    );
}

#[test]
fn silence_is_no_evidence_that_a_database_was_unusable() {
    let at = Duration::from_millis;
    let wall = |ms: i64| Timestamp::from_micros(NOW.as_micros() + ms * 1_000);
    let (names, reign) = (vec![region("west"), region("north")], healthy().reign.unwrap());
    let starting = || observation("west", Role::Active, DatabaseState::Starting);
    // The controller was cut off for 20 s, in which the leader may have served.
    let mut sightings = Sightings::new(names.clone(), healthy().eligibility, at(0));
    let mut hear = |observation, ms: u64| {
        let wall = wall(i64::try_from(ms).unwrap());
        sightings.hear(observation, Some(&reign), &settings(), at(ms), wall);
    };
    hear(observation("west", Role::Active, DatabaseState::Primary), 100);
    hear(starting(), 20_100);
    hear(starting(), 20_600);
    let west = &sightings.regions(at(20_900))[0];
    assert_eq!(
        (west.unusable_for, west.unheard_for),
        (Some(at(200)), at(20_000)),
        "a quarter, because it starts"
    );
    // A controller that was away knows nothing since its last judgement.
    let mut sightings = Sightings::new(names, healthy().eligibility, at(0));
    sightings.hear(starting(), Some(&reign), &settings(), at(100), wall(600_000));
    let west = &sightings.regions(at(100))[0];
    assert!(west.unheard_for >= at(600_000), "{west:?}");
}

#[test]
fn a_controller_that_was_deaf_to_both_regions_listens_anew_before_it_calls_one_of_them_lost() {
    let (at, reign) = (Duration::from_millis, healthy().reign.unwrap());
    let mut sightings = Sightings::new(vec![region("west"), region("north")], None, at(0));
    let role = Role::Standby {
        upstream: region("west"),
    };
    let standby = observation("north", role, DatabaseState::Standby);
    let mut hear = |observation, ms| sightings.hear(observation, Some(&reign), &settings(), at(ms), NOW);
    hear(streaming_primary(), 20_000);
    hear(standby.clone(), 20_100);
    // Cut off for ten seconds; the standby's heartbeat comes first.
    hear(standby, 30_100);
    let decide = |ms| {
        let seen = Snapshot {
            listening_for: sightings.listening_for(at(ms)),
            regions: sightings.regions(at(ms)),
            ..healthy()
        };
        decide_failover(&seen, &settings(), NOW)
    };
    let listening = decide(30_200);
    assert!(
        matches!(
            listening,
            Decision::Wait {
                why: WaitingOn::Listening,
                ..
            }
        ),
        "{listening}"
    );
}
