//! What is known about backups, as people write it down, and what an estate promises.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read as _,
    path::Path,
};

use api::backup::{DatabaseName, RestorePoint, Room, Serving};
use estate::Estate;
use recovery::decide::restore::{Ground, JournalSeen, Limits, Promise};
use serde::Deserialize;
use types::{Generation, Span, StampName, TenantName, Timestamp, settings::Authority};

use crate::failure::{Exit, Failure};

/// Ten thousand points are two megabytes.
const SIZE_MAX: u64 = 16 << 20;

/// What is known, and since when.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// When this was written down; losses are counted up to then.
    pub at: Timestamp,
    /// Restore points of all tenants.
    pub points: Vec<RestorePoint>,
    /// Room for copies by stamp.
    pub rooms: BTreeMap<StampName, Room>,
    /// Journal and business of one tenant; the same for all.
    pub journal: JournalSeen,
    /// For a mass restore: who comes first, and who needs whom.
    #[serde(default)]
    pub order: BTreeMap<TenantName, Order>,
    /// For a mass restore: how much may happen at once.
    #[serde(default)]
    pub limits: Option<Limits>,
}

/// Where a tenant stands among others.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Its tier; the most critical one is 0.
    #[serde(default)]
    pub rank: u32,
    /// Tenants that must be back before it.
    #[serde(default)]
    pub needs: Vec<TenantName>,
}

pub fn read(file: &Path) -> Result<Facts, Failure> {
    let unreadable = || {
        Failure::no("PL0437", format!("{} cannot be read", file.display()))
            .hint("docs/reference/recover.md shows one")
    };
    let mut text = String::new();
    let opened = File::open(file).and_then(|file| file.take(SIZE_MAX + 1).read_to_string(&mut text));
    opened.map_err(|error| {
        Failure {
            exit: Exit::Failed,
            ..unreadable()
        }
        .because(&error)
    })?;
    if text.len() as u64 > SIZE_MAX {
        return Err(unreadable().hint("16 MiB are read at most"));
    }
    serde_json::from_str(&text).map_err(|error| unreadable().because(&error))
}

/// What would be gathered about a tenant. Without facts nothing is known of restore points.
pub fn ground(estate: &Estate, name: &TenantName, facts: Option<&Facts>) -> Ground {
    let tenant = estate.tenants.get(name);
    let database = tenant.map_or_else(|| name.to_string(), |tenant| tenant.database.clone());
    let room = facts.and_then(|facts| facts.rooms.get(&tenant?.stamp));
    Ground {
        now: facts.map_or_else(
            || Timestamp::from_system(std::time::SystemTime::now()),
            |facts| facts.at,
        ),
        tenant: name.clone(),
        running: None,
        points: facts.map(|facts| facts.points.clone()),
        room: room.copied(),
        // Nobody counts generations of a tenant yet: the first recovery is the first.
        serving: Some(Serving {
            database: DatabaseName(database),
            generation: Generation::NONE,
            incarnation: String::new(),
            accepts: true,
            aside: BTreeSet::new(),
        }),
        journal: facts.map_or(UNKNOWN, |facts| facts.journal),
        promise: promise(estate),
    }
}

/// Without facts no plan is made, so nothing is counted with this.
const UNKNOWN: JournalSeen = JournalSeen {
    kept_since: None,
    messages_per_hour: 0,
    by_hand_per_hour: 0,
    replay_per_s: 1,
};

/// The strictest of what capabilities are promised: they all stand on the tenant's database.
fn promise(estate: &Estate) -> Promise {
    let tiers = || estate.capabilities.iter().filter_map(|one| estate.tier_of(one));
    let two_people = tiers().any(|tier| tier.failover.authority == Authority::TwoPeople);
    Promise {
        rto: tiers().map(|tier| tier.rto).min().unwrap_or(Span::from_hours(24)),
        rpo: tiers().map(|tier| tier.rpo).min().unwrap_or(Span::from_hours(24)),
        authority: if two_people {
            Authority::TwoPeople
        } else {
            Authority::OnePerson
        },
    }
}

/// Everybody in the same stamp.
pub fn neighbours(estate: &Estate, name: &TenantName) -> Vec<TenantName> {
    let stamp = estate.tenants.get(name).map(|tenant| &tenant.stamp);
    let others = estate
        .tenants
        .iter()
        .filter(|(_, tenant)| Some(&tenant.stamp) == stamp);
    others.map(|(other, _)| other.clone()).collect()
}
