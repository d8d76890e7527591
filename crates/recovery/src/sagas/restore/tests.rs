//! The sagas over the simulated stamp, whose violations must stay empty whatever fails.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use api::backup::{Agreed, DatabaseName, Evidence, Measure, Repository, RestorePoint, Room};
use driver::{
    backup::RestorePorts,
    simulated::backup::{Calm, History, Kept, Look, Stamp},
};
use saga::{
    Definition, InvalidDefinition,
    testing::{self, Subject},
};
use serde_json::Value;
use types::{Generation, Span, TenantName, Timestamp, settings::Authority};

use super::corruption;
use crate::decide::restore::{
    Asked, Damage, Ground, JournalSeen, Promise, RestorePlan, Ruling, decide_corruption,
};

const HOUR: i64 = 3_600_000_000;
const NOW: i64 = 1_795_000_000_000_000;

pub(super) fn tenant(name: &str) -> TenantName {
    TenantName::new(name).unwrap()
}

/// So many hours before the saga begins.
pub(super) const fn hours_ago(hours: i64) -> Timestamp {
    Timestamp::from_micros(NOW - hours * HOUR)
}

fn kept(name: &TenantName, hours: i64, holds: bool) -> Kept {
    Kept {
        point: RestorePoint {
            id: format!("{name}-{hours}h"),
            tenant: name.clone(),
            line: hours_ago(hours),
            size_bytes: 1 << 30,
            evidence: Evidence::Verified {
                at: hours_ago(hours - 1),
            },
            repository: Repository {
                name: "vault".to_owned(),
                immutable_until: Some(hours_ago(-700)),
                other_identity: true,
            },
        },
        holds,
        tampered: false,
    }
}

/// Damaged five hours ago, broken into six hours ago; points every two hours.
pub(super) fn history(name: &TenantName) -> History {
    History {
        messages: (0..20).map(|number| hours_ago(20 - number)).collect(),
        points: [2, 4, 8, 10, 12].map(|hours| kept(name, hours, true)).to_vec(),
        damaged_at: Some(hours_ago(5)),
        broken_into_at: Some(hours_ago(6)),
        image: "new".to_owned(),
        schemas: vec![(hours_ago(7), 2)],
    }
}

pub(super) fn stamp() -> Arc<Stamp> {
    let room = Room {
        free_bytes: 100 << 30,
        reserved_bytes: 10 << 30,
        restore_bytes_per_s: 100 << 20,
    };
    let stamp = Stamp::new(hours_ago(0), room, Box::new(Calm));
    stamp.settle(&tenant("acme"), &history(&tenant("acme")));
    stamp.settle(&tenant("globex"), &history(&tenant("globex")));
    stamp.knows_image("old", 1..=1);
    stamp.knows_image("wide", 1..=2);
    stamp.knows_image("new", 1..=2);
    for (after, by, role) in [
        (1, "alice", "recovery-authority"),
        (2, "bob", "recovery-authority"),
        (4, "carol", "finance"),
    ] {
        let agreed = Agreed {
            by: by.to_owned(),
            role: role.to_owned(),
        };
        stamp.agrees(after, agreed);
    }
    stamp
}

pub(super) fn ground(stamp: &Stamp, name: &TenantName) -> Ground {
    Ground {
        now: stamp.wall(),
        tenant: name.clone(),
        running: None,
        points: Some(stamp.catalogue(name)),
        room: Some(stamp.room()),
        serving: stamp.serving(name),
        journal: JournalSeen {
            kept_since: Some(hours_ago(20)),
            messages_per_hour: 1,
            by_hand_per_hour: 1,
            replay_per_s: 10,
        },
        promise: Promise {
            rto: Span::from_hours(4),
            rpo: Span::from_hours(1),
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

pub(super) fn proceeds<P: std::fmt::Debug>(ruling: Ruling<P>) -> P {
    match ruling {
        Ruling::Proceed(plan) => plan,
        other => panic!("{other:?}"),
    }
}

/// A saga over the stamp, and how its tenant must be afterwards.
pub(super) struct Case {
    pub definition: fn() -> Result<Definition<RestorePorts>, InvalidDefinition>,
    pub params: fn(&Stamp) -> Value,
    /// How acme is when the saga is done, in what the sagas differ.
    pub done: fn(&Look),
    /// The same when it came to nothing.
    pub unwound: fn(&Look),
    /// Whose look is looked at.
    whom: &'static str,
    /// Only the image moves, to this one.
    image: Option<&'static str>,
    /// A point that says it is verified and does not hold.
    lies: Option<&'static str>,
    stamp: Mutex<Option<Arc<Stamp>>>,
}

impl Case {
    pub(super) fn new(
        definition: fn() -> Result<Definition<RestorePorts>, InvalidDefinition>,
        params: fn(&Stamp) -> Value,
        done: fn(&Look),
        unwound: fn(&Look),
    ) -> Self {
        Self::of("acme", definition, params, done, unwound)
    }

    pub(super) fn of(
        whom: &'static str,
        definition: fn() -> Result<Definition<RestorePorts>, InvalidDefinition>,
        params: fn(&Stamp) -> Value,
        done: fn(&Look),
        unwound: fn(&Look),
    ) -> Self {
        Self {
            definition,
            params,
            done,
            unwound,
            whom,
            image: None,
            lies: None,
            stamp: Mutex::default(),
        }
    }

    pub(super) fn with_image(self, image: &'static str) -> Self {
        Self {
            image: Some(image),
            ..self
        }
    }

    pub(super) fn with_lying_point(self, point: &'static str) -> Self {
        Self {
            lies: Some(point),
            ..self
        }
    }

    pub(super) fn stamp(&self) -> Arc<Stamp> {
        Arc::clone(self.stamp.lock().unwrap().as_ref().unwrap())
    }

    /// What holds in every case, and how its tenant is.
    fn look(&self, what: &str) -> Look {
        let stamp = self.stamp();
        stamp.arrive();
        assert_eq!(stamp.violations(), Vec::<String>::new(), "{what}");
        let look = stamp.look(&tenant(self.whom)).unwrap();
        assert_eq!(look.points, 5, "{what}: restore points are never removed");
        look
    }
}

impl Subject for Case {
    type Context = RestorePorts;

    fn definition(&self) -> Arc<Definition<RestorePorts>> {
        Arc::new((self.definition)().unwrap())
    }

    fn fresh(&self) -> Arc<RestorePorts> {
        let stamp = stamp();
        if let Some(lies) = self.lies {
            let name = tenant("globex");
            let mut history = history(&name);
            let points = history.points.iter_mut();
            for kept in points.filter(|kept| kept.point.id == lies) {
                kept.holds = false;
            }
            stamp.settle(&name, &history);
        }
        *self.stamp.lock().unwrap() = Some(Arc::clone(&stamp));
        Arc::new(stamp.ports())
    }

    fn params(&self) -> Value {
        (self.params)(&stamp())
    }

    fn assert_done(&self, _: &RestorePorts) {
        let look = self.look("done");
        assert!(look.accepts, "{look:?}");
        if self.whom == "acme" {
            assert_eq!((look.lacking, look.twice), (0, 0), "{look:?}");
            assert!(!look.damaged, "{look:?}");
        } else {
            assert_eq!(look.image, self.image.unwrap_or("new"), "{look:?}");
        }
        (self.done)(&look);
    }

    fn assert_unwound(&self, _: &RestorePorts, failed: &str) {
        let look = self.look(failed);
        let own = DatabaseName(self.whom.to_owned());
        assert_eq!(look.serving, own, "{failed}: {look:?}");
        assert_eq!(look.image, "new", "{failed}: {look:?}");
        assert_eq!(
            (look.aside.len(), look.copies.len()),
            (0, 0),
            "{failed}: {look:?}"
        );
        (self.unwound)(&look);
    }

    fn never_unwinds(&self) -> Vec<&'static str> {
        let definition = (self.definition)().unwrap();
        let names: Vec<_> = definition.steps().collect();
        let last = names.iter().position(|step| step.no_return);
        let from = last.map_or(names.len(), |last| last + 1);
        names[from..].iter().map(|step| step.name).collect()
    }
}

/// Taken back and open: what somebody has to decide about is held, everything else sends.
fn taken_back(look: &Look) {
    assert_eq!(look.serving, DatabaseName("acme-g2".to_owned()));
    assert_eq!(look.aside, BTreeSet::from([DatabaseName("acme".to_owned())]));
    assert_eq!(look.generation, Generation::new(2));
    assert_eq!(look.incarnation, "acme-g2-acme-8h");
    assert_eq!(
        look.sending,
        BTreeSet::from(["edi".to_owned()]),
        "labels of lost work are phantoms"
    );
}

/// As it was before: damaged, and everybody works.
fn as_before(look: &Look) {
    assert!(look.accepts && look.damaged, "{look:?}");
    assert_eq!((look.lacking, look.twice), (0, 0), "{look:?}");
    assert_eq!(look.sending.len(), 2, "{look:?}");
    assert_eq!(look.contained, BTreeSet::<Measure>::new());
}

pub(super) fn damage() -> Damage {
    Damage {
        first_sign: Some(hours_ago(5)),
        margin: Span::from_minutes(30),
        leave_out: Vec::new(),
    }
}

fn back_from_corruption(stamp: &Stamp) -> RestorePlan {
    proceeds(decide_corruption(
        &ground(stamp, &tenant("acme")),
        &damage(),
        &asked(),
    ))
}

#[tokio::test(start_paused = true)]
async fn a_recovery_from_corruption_keeps_every_promise() {
    let params = |stamp: &Stamp| serde_json::json!(back_from_corruption(stamp));
    testing::every_promise(&Case::new(corruption::definition, params, taken_back, as_before)).await;
}

#[tokio::test(start_paused = true)]
async fn the_message_that_did_the_damage_is_not_applied_again_and_its_effects_are_phantoms() {
    let params = |stamp: &Stamp| {
        let leave_out = vec!["m15".to_owned()];
        serde_json::json!(RestorePlan {
            leave_out,
            ..back_from_corruption(stamp)
        })
    };
    let done = |look: &Look| assert_eq!(look.sending, BTreeSet::new(), "{look:?}");
    testing::succeeds(&Case::new(corruption::definition, params, done, as_before)).await;
}
