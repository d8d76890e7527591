//! A healthy pair, one thing changed, what is answered.

use std::{sync::Arc, time::Duration};

use api::site::{ComponentObservation, DatabaseObservation, Downstream, Room, Site};
use types::{ComponentName, Lsn, Span, Timestamp, settings::Authority};
use uuid::Uuid;

use super::*;
use crate::decide::decide_failback;

fn running(kind: &str) -> Underway {
    Underway {
        kind: kind.to_owned(),
        gives_way: true,
    }
}

fn region(name: &str) -> RegionName {
    RegionName::new(name).unwrap()
}

fn database(state: DatabaseState) -> DatabaseObservation {
    DatabaseObservation {
        streaming: state == DatabaseState::Standby,
        state,
        timeline: Some(1),
        position: Some(Lsn::new(100)),
        received: None,
        last_replayed_commit: None,
        downstreams: Vec::new(),
        answered_in_ms: Some(1),
        divergence: None,
    }
}

fn sight(name: &str, role: Role, database: DatabaseObservation) -> RegionSight {
    let component = ComponentObservation {
        name: ComponentName::new("odoo-web").unwrap(),
        state: ComponentState::Ready,
        pid: None,
        starts: 1,
        detail: None,
    };
    RegionSight {
        region: region(name),
        heard_ago: Some(Duration::from_millis(100)),
        observation: Some(Arc::new(Observation {
            site: Site::Region(region(name)),
            at: Timestamp::from_micros(0),
            run: Uuid::nil(),
            role,
            generation: Generation::FIRST,
            lease: LeaseState::Held {
                left_ms: 2_000,
                by: vec!["witness".to_owned()],
            },
            database: Some(database),
            leader: None,
            unreached: std::collections::BTreeMap::new(),
            room: None,
            components: vec![component],
        })),
        unusable_for: None,
        unheard_for: Duration::ZERO,
        unreached_for: None,
    }
}

fn healthy() -> Snapshot {
    let mut primary = database(DatabaseState::Primary);
    primary.downstreams = vec![Downstream {
        name: "north".to_owned(),
        state: "streaming".to_owned(),
        replay_lag_bytes: 112,
    }];
    let upstream = region("west");
    Snapshot {
        listening_for: Duration::from_secs(60),
        reign: Some(Reign {
            active: region("west"),
            generation: Generation::FIRST,
            incarnation: "first".to_owned(),
            since: Timestamp::from_micros(0),
        }),
        promised: Generation::FIRST,
        last_failover: None,
        running: None,
        regions: vec![
            sight("west", Role::Active, primary),
            sight(
                "north",
                Role::Standby { upstream },
                database(DatabaseState::Standby),
            ),
        ],
        eligibility: None,
        orders: Vec::new(),
    }
}

const SETTINGS: FailoverSettings = FailoverSettings {
    authority: Authority::Automatic,
    authorised_by: Vec::new(),
    region_lost_after: Span::from_millis(1_500),
    database_lost_after: Span::from_secs(4),
    hold_off: Span::from_secs(10),
    lag_bytes_max: 16 << 20,
};

fn gateway(state: PeerState) -> GatewayStatus {
    serde_json::from_value(serde_json::json!({
        "region": "west", "role": "leading", "generation": 1, "incarnation": null,
        "journal": { "messages": 0, "synced": 0, "bytes": 0, "quarantined": 0 },
        "peer": { "state": state, "synced": 0, "acknowledged_alone": 0, "degraded_since": null },
        "lanes": [], "reconciliation": null,
    }))
    .unwrap()
}

/// Changes one thing; says what the answer is, and which question it comes from.
fn check(
    change: impl FnOnce(&mut Snapshot),
    to: &str,
    journal: PeerState,
    expected: Verdict,
    because: Option<&str>,
) {
    let mut seen = healthy();
    change(&mut seen);
    let planned = decide_switchover(&seen, &region(to), Some(&gateway(journal)), &SETTINGS);
    assert_eq!(planned.verdict(), expected, "{planned:#?}");
    let objections = planned.objections();
    match because {
        Some(because) => assert!(objections[0].starts_with(because), "{objections:?}"),
        None => assert_eq!(objections, Vec::<String>::new()),
    }
}

#[test]
fn a_standby_without_room_is_waited_for() {
    let room = Room {
        disk_bytes: 64 << 30,
        disk_free_bytes: 8 << 30,
        memory_bytes: 8 << 30,
        memory_free_bytes: 4 << 30,
        cpus: 2,
    };
    let both = |seen: &mut Snapshot, standby: Room| {
        observed(seen, 0).room = Some(room);
        observed(seen, 1).room = Some(standby);
    };
    check(
        |seen| both(seen, room),
        "north",
        PeerState::InSync,
        Verdict::Good,
        None,
    );
    let full = Room {
        disk_free_bytes: 100 << 20,
        ..room
    };
    check(
        |seen| both(seen, full),
        "north",
        PeerState::InSync,
        Verdict::Wait,
        Some("the standby's machine has the room: 100 MiB of disk are free, 1024 should be"),
    );
}

fn observed(seen: &mut Snapshot, index: usize) -> &mut Observation {
    Arc::make_mut(seen.regions[index].observation.as_mut().unwrap())
}

#[test]
fn a_healthy_pair_may_be_switched() {
    check(|_| {}, "north", PeerState::InSync, Verdict::Good, None);
    let planned = decide_switchover(&healthy(), &region("north"), None, &SETTINGS);
    assert_eq!(planned.generation, Generation::new(2));
    assert_eq!(
        planned.incarnation, "first",
        "nothing is lost, so it is the same database"
    );
}

#[test]
fn what_passes_is_waited_for() {
    let wait = |change: fn(&mut Snapshot), because| {
        check(change, "north", PeerState::InSync, Verdict::Wait, Some(because));
    };
    wait(
        |seen| seen.running = Some(running("failback")),
        "no other recovery runs",
    );
    wait(
        |seen| seen.regions[1].heard_ago = Some(Duration::from_secs(5)),
        "the standby streams",
    );
    wait(
        |seen| observed(seen, 1).database.as_mut().unwrap().streaming = false,
        "the standby streams",
    );
    wait(
        |seen| observed(seen, 1).database.as_mut().unwrap().timeline = Some(2),
        "the standby streams",
    );
    wait(
        |seen| {
            observed(seen, 0).database.as_mut().unwrap().downstreams[0].replay_lag_bytes = LAG_BYTES_MAX + 1;
        },
        "the standby is close",
    );
    wait(
        |seen| observed(seen, 1).components[0].state = ComponentState::Starting,
        "the standby's workloads are warm",
    );
    for journal in [PeerState::CatchingUp, PeerState::Gone] {
        let because = Some("both copies of the journal");
        check(|_| {}, "north", journal, Verdict::Wait, because);
    }
}

#[test]
fn what_a_planned_move_cannot_mend_is_refused() {
    let refuse = |change: fn(&mut Snapshot), to, because| {
        check(change, to, PeerState::InSync, Verdict::Refuse, Some(because));
    };
    refuse(|_| {}, "west", "the destination");
    refuse(|_| {}, "east", "the destination");
    refuse(|seen| seen.reign = None, "north", "some region leads");
    refuse(
        |seen| seen.regions[0].heard_ago = Some(Duration::from_secs(5)),
        "north",
        "the active region is well",
    );
    refuse(
        |seen| observed(seen, 0).lease = LeaseState::Expired,
        "north",
        "the active region is well",
    );
    let because = Some("both copies of the journal");
    check(|_| {}, "north", PeerState::None, Verdict::Refuse, because);
}

#[test]
fn a_region_can_come_back_when_it_is_heard_and_another_one_leads() {
    let worst = |change: fn(&mut Snapshot), name: &str| {
        let mut seen = healthy();
        change(&mut seen);
        let checks = decide_failback(&seen, &region(name), &SETTINGS);
        checks.iter().map(|check| check.verdict).max().unwrap()
    };
    assert_eq!(worst(|_| {}, "north"), Verdict::Good);
    assert_eq!(
        worst(|seen| seen.regions[1].heard_ago = None, "north"),
        Verdict::Wait
    );
    assert_eq!(
        worst(|seen| seen.running = Some(running("failover")), "north"),
        Verdict::Wait
    );
    assert_eq!(
        worst(|seen| seen.regions[0].heard_ago = None, "north"),
        Verdict::Refuse
    );
    assert_eq!(worst(|_| {}, "west"), Verdict::Refuse);
    assert_eq!(worst(|_| {}, "east"), Verdict::Refuse);
    assert_eq!(worst(|seen| seen.reign = None, "north"), Verdict::Refuse);
}
