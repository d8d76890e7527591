//! A tenant with three points, one thing changed, what is answered.

use api::backup::{DatabaseName, Evidence, Repository, RestorePoint, Room, Serving};
use types::{Generation, Span, TenantName, Timestamp, settings::Authority};

use super::*;

const HOUR: i64 = 3_600_000_000;

pub(super) fn hour(number: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000 + number * HOUR)
}

pub(super) fn tenant(name: &str) -> TenantName {
    TenantName::new(name).unwrap()
}

/// A proven point out of everybody's reach.
pub(super) fn point(id: &str, line: i64) -> RestorePoint {
    RestorePoint {
        id: id.to_owned(),
        tenant: tenant("acme"),
        line: hour(line),
        size_bytes: 10 << 30,
        evidence: Evidence::Verified { at: hour(line + 1) },
        repository: Repository {
            name: "vault".to_owned(),
            immutable_until: Some(hour(1_000)),
            other_identity: true,
        },
    }
}

/// Hour 24; points of hours 4, 12 and 20.
pub(super) fn ground() -> Ground {
    Ground {
        now: hour(24),
        tenant: tenant("acme"),
        running: None,
        points: Some(vec![point("p4", 4), point("p20", 20), point("p12", 12)]),
        room: Some(Room {
            free_bytes: 100 << 30,
            reserved_bytes: 20 << 30,
            restore_bytes_per_s: 100 << 20,
        }),
        serving: Some(Serving {
            database: DatabaseName("acme".to_owned()),
            generation: Generation::new(6),
            incarnation: "x".to_owned(),
            accepts: true,
            aside: std::collections::BTreeSet::new(),
        }),
        journal: JournalSeen {
            kept_since: Some(hour(0)),
            messages_per_hour: 600,
            by_hand_per_hour: 40,
            replay_per_s: 20,
        },
        promise: Promise {
            rto: Span::from_hours(4),
            rpo: Span::from_minutes(15),
            authority: Authority::TwoPeople,
        },
    }
}

pub(super) fn asked() -> Asked {
    Asked {
        by: "alice".to_owned(),
        reason: "stock is wrong".to_owned(),
    }
}

fn damage(first_sign: i64) -> Damage {
    Damage {
        first_sign: Some(hour(first_sign)),
        margin: Span::from_minutes(0),
        leave_out: Vec::new(),
    }
}

pub(super) fn proceeds<P: std::fmt::Debug>(ruling: Ruling<P>) -> P {
    match ruling {
        Ruling::Proceed(plan) => plan,
        other => panic!("{other:?}"),
    }
}

fn with_points(change: impl FnOnce(&mut Vec<RestorePoint>)) -> Ground {
    let mut ground = ground();
    change(ground.points.as_mut().unwrap());
    ground
}

#[test]
fn the_newest_proven_point_before_the_damage_is_used_and_its_loss_is_stated() {
    let plan = proceeds(decide_corruption(&ground(), &damage(16), &asked()));
    assert_eq!(
        plan.to_string(),
        format!(
            "take acme back to p12 in generation 7: goes back 12h to {}: about 480 transactions made by hand since then are \
             lost, about 7200 messages are delivered again from the journal; the tier allows 15m; about 11m34s in all: \
             restore 1m43s, proof 2m51s, and 7m in which nobody works",
            hour(12)
        )
    );
    assert_eq!((plan.generation, plan.approvals_needed), (Generation::new(7), 2));
    assert_eq!(plan.copy, DatabaseName("acme-g7".to_owned()));
    let passed: Vec<_> = plan
        .considered
        .iter()
        .map(|point| (point.id.as_str(), &point.passed_over))
        .collect();
    assert_eq!(
        passed,
        [("p20", &PassedOver::TooLate), ("p4", &PassedOver::Older)]
    );
}

#[test]
fn deciding_again_over_the_same_ground_decides_the_same_in_whatever_order_points_are_listed() {
    let plan = decide_corruption(&ground(), &damage(16), &asked());
    let turned = with_points(|points| points.reverse());
    assert_eq!(decide_corruption(&turned, &damage(16), &asked()), plan);
}

#[test]
fn a_point_on_the_line_itself_may_hold_the_damage() {
    let plan = proceeds(decide_corruption(&ground(), &damage(12), &asked()));
    assert_eq!(plan.point.id, "p4");
}

#[test]
fn a_margin_moves_the_line_back() {
    let damage = Damage {
        margin: Span::from_hours(5),
        ..damage(16)
    };
    let plan = proceeds(decide_corruption(&ground(), &damage, &asked()));
    assert_eq!(plan.point.id, "p4");
}

#[test]
fn a_claimed_point_is_never_used_but_named_where_proving_it_would_lose_less() {
    let seen = with_points(|points| points[2].evidence = Evidence::Claimed);
    let plan = proceeds(decide_corruption(&seen, &damage(16), &asked()));
    assert_eq!(plan.point.id, "p4");
    assert_eq!(plan.worth_proving().map(|point| point.id.as_str()), Some("p12"));
    assert!(
        plan.to_string()
            .ends_with("p12 would lose less, once it is proven"),
        "{plan}"
    );
}

#[test]
fn a_proof_from_a_time_that_cannot_be_is_no_proof() {
    for at in [hour(11), hour(25)] {
        let seen = with_points(|points| points[2].evidence = Evidence::Verified { at });
        let plan = proceeds(decide_corruption(&seen, &damage(16), &asked()));
        assert_eq!(plan.point.id, "p4", "{at}");
    }
}

#[test]
fn without_a_point_it_is_refused_with_a_reason_for_each() {
    let seen = with_points(|points| {
        points[0].evidence = Evidence::Claimed;
        points[2].evidence = Evidence::Refuted {
            why: "an index is broken".to_owned(),
        };
    });
    let Ruling::Refuse { why } = decide_corruption(&seen, &damage(16), &asked()) else {
        panic!()
    };
    assert_eq!(why.code(), "PL0432");
    let told = why.to_string();
    for part in [
        "it may hold the damage",
        "nobody has restored it",
        "an index is broken",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn points_of_other_tenants_are_not_looked_at() {
    let seen = with_points(|points| {
        for point in points {
            point.tenant = tenant("globex");
        }
    });
    let Ruling::Refuse {
        why: Barrier::NoPoint { considered, .. },
    } = decide_corruption(&seen, &damage(16), &asked())
    else {
        panic!()
    };
    assert_eq!(considered, []);
}

#[test]
fn what_is_missing_is_said_before_anything_is_weighed() {
    type Change = fn(&mut Ground);
    let cases: [(Change, &str); 5] = [
        (
            |seen| seen.points = None,
            "refuse: nothing here can list, restore or prove backups yet: the driver for backups is not there",
        ),
        (
            |seen| seen.running = Some("failover".to_owned()),
            "wait: a failover is running",
        ),
        (
            |seen| seen.serving = None,
            "wait: nothing is heard of the database of acme",
        ),
        (
            |seen| seen.room = None,
            "wait: nothing is heard of the room for a copy in the stamp of acme",
        ),
        (
            |seen| {
                if let Some(room) = &mut seen.room {
                    room.free_bytes = 31 << 30;
                }
            },
            "refuse: a copy needs 12.0 GiB beside what serves, and 11.0 GiB may be used",
        ),
    ];
    for (change, expected) in cases {
        let mut seen = ground();
        change(&mut seen);
        assert_eq!(
            decide_corruption(&seen, &damage(16), &asked()).to_string(),
            expected
        );
    }
    let nobody_said = Damage {
        first_sign: None,
        ..damage(0)
    };
    let ruling = decide_corruption(&ground(), &nobody_said, &asked());
    assert_eq!(
        ruling.to_string(),
        "refuse: nobody has said when the damage began"
    );
    let ruling = decide_corruption(&ground(), &damage(25), &asked());
    assert!(
        matches!(
            ruling,
            Ruling::Refuse {
                why: Barrier::LineInFuture { .. }
            }
        ),
        "{ruling}"
    );
}

#[test]
fn what_the_journal_no_longer_has_counts_as_lost() {
    let mut seen = ground();
    seen.journal.kept_since = Some(hour(22));
    let loss = proceeds(decide_corruption(&seen, &damage(16), &asked())).loss;
    assert_eq!((loss.replayed, loss.beyond_journal), (1_200, 6_000));
    seen.journal.kept_since = None;
    let loss = proceeds(decide_corruption(&seen, &damage(16), &asked())).loss;
    assert_eq!((loss.replayed, loss.beyond_journal), (0, 7_200));
}
