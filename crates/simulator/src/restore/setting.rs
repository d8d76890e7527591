//! Three tenants of a stamp with their histories, by seed.

use std::sync::Arc;

use api::backup::{Agreed, Evidence, Repository, RestorePoint, Room};
use driver::simulated::backup::{History, Kept, Look, Stamp};
use recovery::decide::restore::{Asked, Ground, JournalSeen, Migration, Promise};
use types::{Span, TenantName, Timestamp, settings::Authority};

use super::{Disaster, chance::Seeded, disaster::NOTICED_AFTER_MINUTES, name};
use crate::random::Random;

const NOW: i64 = 1_795_000_000_000_000;
const MINUTE: i64 = 60_000_000;
/// All histories begin so long ago.
const BEGAN_MINUTES_AGO: i64 = 3_000;

/// Where a seed begins.
pub(super) struct Setting {
    pub stamp: Arc<Stamp>,
    pub tenants: Vec<TenantName>,
    /// Whose histories they are, in the same order.
    pub histories: Vec<History>,
    pub promise: Promise,
    /// So many minutes after they came, whoever got in is noticed.
    pub noticed_after: i64,
    /// When the release that runs came.
    pub released_at: Timestamp,
    /// What it did to the schema.
    pub migration: Migration,
    /// Its image.
    pub image: &'static str,
    /// The image before it.
    pub former: &'static str,
    /// Tenants that a recovery may touch.
    touched: Vec<TenantName>,
    /// How everybody was.
    before: Vec<(TenantName, Option<Look>)>,
}

/// So many minutes before now.
pub(super) const fn minutes_ago(minutes: i64) -> Timestamp {
    Timestamp::from_micros(NOW - minutes * MINUTE)
}

// === impl Setting ===

impl Setting {
    pub fn of(disaster: Disaster, seed: u64) -> Self {
        let mut random = Random::new(seed, 1);
        let room = Room {
            free_bytes: random.between(30, 60) << 30,
            reserved_bytes: 10 << 30,
            restore_bytes_per_s: 100 << 20,
        };
        let stamp = Stamp::new(minutes_ago(0), room, Box::new(Seeded::new(Random::new(seed, 2))));
        let tenants: Vec<_> = ["acme", "globex", "initech"]
            .into_iter()
            .filter_map(name)
            .collect();
        let mut histories: Vec<_> = tenants
            .iter()
            .map(|tenant| history(tenant, &mut random))
            .collect();
        let noticed_after = i64::try_from(random.below(NOTICED_AFTER_MINUTES.unsigned_abs())).unwrap_or(0);
        let released_at = minutes_ago(i64::try_from(random.between(5, 2_500)).unwrap_or(5));
        let (migration, image, former) = if disaster == Disaster::BadRelease {
            match random.below(4) {
                0 => (Migration::ImageOnly, "old", "wide"),
                1 => (Migration::Expanded, "new", "wide"),
                2 => (Migration::Contracted, "new", "old"),
                _ => (Migration::Breaking, "new", "old"),
            }
        } else {
            (Migration::ImageOnly, "wide", "old")
        };
        for history in &mut histories {
            image.clone_into(&mut history.image);
            if image == "new" {
                history.schemas = vec![(released_at, 2)];
            }
        }
        for (tenant, history) in tenants.iter().zip(&histories) {
            stamp.settle(tenant, history);
        }
        stamp.knows_image("old", 1..=1);
        stamp.knows_image("wide", 1..=2);
        stamp.knows_image("new", 2..=2);
        people(&stamp, &mut random);
        let two_people = random.percent(60);
        let touched = if disaster.touches_all() {
            tenants.clone()
        } else {
            tenants.first().cloned().into_iter().collect()
        };
        let before = tenants.iter().map(|tenant| (tenant.clone(), stamp.look(tenant)));
        Self {
            before: before.collect(),
            stamp,
            tenants,
            histories,
            promise: Promise {
                rto: Span::from_hours(4),
                rpo: Span::from_hours(1),
                authority: if two_people {
                    Authority::TwoPeople
                } else {
                    Authority::OnePerson
                },
            },
            noticed_after,
            released_at,
            migration,
            image,
            former,
            touched,
        }
    }

    /// What the controller would gather about a tenant.
    pub fn ground(&self, tenant: &TenantName) -> Ground {
        Ground {
            now: self.stamp.wall(),
            tenant: tenant.clone(),
            running: None,
            points: Some(self.stamp.catalogue(tenant)),
            room: Some(self.stamp.room()),
            serving: self.stamp.serving(tenant),
            journal: JournalSeen {
                kept_since: Some(minutes_ago(BEGAN_MINUTES_AGO)),
                messages_per_hour: 2,
                by_hand_per_hour: 2,
                replay_per_s: 10,
            },
            promise: self.promise,
        }
    }

    /// Somebody restores a point somewhere apart, looks at it, and says what it is. Damage by the business does not show,
    /// and neither does somebody who hides.
    pub fn prove_apart(&self, tenant: &TenantName, point: &str) {
        let histories = self.tenants.iter().zip(&self.histories);
        let kept = histories
            .filter(|(name, _)| *name == tenant)
            .flat_map(|(_, history)| &history.points)
            .find(|kept| kept.point.id == point);
        let evidence = match kept {
            Some(kept) if kept.holds => Evidence::Verified {
                at: self.stamp.wall(),
            },
            _ => Evidence::Refuted {
                why: "it did not start".to_owned(),
            },
        };
        self.stamp.mark(tenant, point, &evidence);
    }

    /// Neighbours that are not as they were.
    pub fn moved_neighbours(&self) -> Vec<String> {
        let others = self
            .before
            .iter()
            .filter(|(tenant, _)| !self.touched.contains(tenant));
        let moved = others.filter(|(tenant, before)| {
            let key = |look: &Look| {
                let Look {
                    serving,
                    accepts,
                    incarnation,
                    generation,
                    sending,
                    ..
                } = look.clone();
                (serving, accepts, incarnation, generation, sending, look.lacking)
            };
            self.stamp.look(tenant).as_ref().map(key) != before.as_ref().map(key)
        });
        moved
            .map(|(tenant, _)| format!("{tenant} was not to be touched, and is not as it was"))
            .collect()
    }
}

pub(super) fn asked() -> Asked {
    Asked {
        by: "alice".to_owned(),
        reason: "rehearsed by seed".to_owned(),
    }
}

/// Who agrees when, if at all; the one who declares does too, for nothing.
fn people(stamp: &Stamp, random: &mut Random) {
    let mut agree = |by: &str, role: &str, chance: u64| {
        if random.percent(chance) {
            let after = u32::try_from(random.between(1, 6)).unwrap_or(1);
            let (by, role) = (by.to_owned(), role.to_owned());
            stamp.agrees(after, Agreed { by, role });
        }
    };
    agree("alice", "platform-operator", 50);
    agree("bob", "recovery-authority", 97);
    agree("carol", "recovery-authority", 50);
    agree("carol", "finance", 97);
}

fn history(tenant: &TenantName, random: &mut Random) -> History {
    let every = i64::try_from(random.between(60, 240)).unwrap_or(60);
    let messages = (0..BEGAN_MINUTES_AGO / every)
        .map(|number| minutes_ago(BEGAN_MINUTES_AGO - number * every))
        .collect();
    let broken_into = i64::try_from(random.between(100, 2_000)).unwrap_or(100);
    let points = (0..random.between(1, 7)).map(|number| point(tenant, number, broken_into, random));
    let points: Vec<_> = points.collect();
    History {
        messages,
        points,
        damaged_at: Some(minutes_ago(
            i64::try_from(random.between(10, 2_500)).unwrap_or(10),
        )),
        broken_into_at: Some(minutes_ago(broken_into)),
        image: "wide".to_owned(),
        schemas: Vec::new(),
    }
}

fn point(tenant: &TenantName, number: u64, broken_into: i64, random: &mut Random) -> Kept {
    let age = i64::try_from(random.between(10, 2_900)).unwrap_or(10);
    let holds = random.percent(75);
    let evidence = match random.below(10) {
        0 => Evidence::Refuted {
            why: "its log has a gap".to_owned(),
        },
        1..=3 => Evidence::Claimed,
        // Verified, true or not; sometimes with a proof that is older than it.
        4 => Evidence::Verified {
            at: minutes_ago(age + 5),
        },
        _ => Evidence::Verified {
            at: minutes_ago(age - 5),
        },
    };
    let (locked, apart) = (random.percent(70), random.percent(70));
    Kept {
        point: RestorePoint {
            id: format!("{tenant}-p{number}"),
            tenant: tenant.clone(),
            line: minutes_ago(age),
            size_bytes: random.between(1, 8) << 30,
            evidence,
            repository: Repository {
                name: "vault".to_owned(),
                immutable_until: locked.then(|| minutes_ago(-10_000)),
                other_identity: apart,
            },
        },
        holds,
        // What whoever broke in could reach, they may have changed, however old it is.
        tampered: !(locked && apart) && broken_into > 0 && random.percent(60),
    }
}
