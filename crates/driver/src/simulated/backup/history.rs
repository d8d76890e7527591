//! What happened to a tenant before the simulation begins.

use std::collections::{BTreeMap, BTreeSet};

use api::backup::{DatabaseName, RestorePoint};
use types::{Generation, TenantName, Timestamp};

use super::model::{Database, LANES, Message, Stored, Tenant, Told};

/// A restore point as it really is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What the catalogue says.
    pub point: RestorePoint,
    /// It can be restored and holds every finding.
    pub holds: bool,
    /// Whoever broke in has changed it.
    pub tampered: bool,
}

/// What happened to a tenant before the simulation begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// When messages arrived, oldest first; each time somebody did something by hand as well.
    pub messages: Vec<Timestamp>,
    /// Restore points.
    pub points: Vec<Kept>,
    /// Since then everything written is damaged.
    pub damaged_at: Option<Timestamp>,
    /// Since then somebody is in.
    pub broken_into_at: Option<Timestamp>,
    /// The image that runs.
    pub image: String,
    /// Schemas of the database, and since when: a migration makes a new one.
    pub schemas: Vec<(Timestamp, u32)>,
}

impl History {
    fn schema_at(&self, at: Timestamp) -> u32 {
        let until_then = self.schemas.iter().filter(|(since, _)| *since <= at);
        until_then.map(|(_, schema)| *schema).next_back().unwrap_or(1)
    }

    /// The database as it was at that time, with the marks that it had by then.
    fn database_at(&self, at: Timestamp, name: &str) -> Database {
        let mut database = Database {
            origin: None,
            applied: BTreeMap::new(),
            by_hand: BTreeSet::new(),
            damaged: self.damaged_at.is_some_and(|since| since <= at),
            broken_into: self.broken_into_at.is_some_and(|since| since <= at),
            schema: self.schema_at(at),
            accepts: false,
            mute: true,
            old_secrets: true,
            incarnation: "first".to_owned(),
        };
        for (number, _) in self.messages.iter().enumerate().filter(|(_, when)| **when <= at) {
            database.applied.insert(format!("m{number}"), 1);
            database.by_hand.insert(format!("{name}-h{number}"));
        }
        database
    }
}

impl Tenant {
    /// A tenant that serves after this history.
    pub(super) fn of(name: &TenantName, history: &History, now: Timestamp) -> Self {
        let serving = DatabaseName(name.to_string());
        let current = Database {
            accepts: true,
            mute: false,
            ..history.database_at(now, &serving.0)
        };
        let points = history.points.iter().map(|kept| {
            let mut content = history.database_at(kept.point.line, &serving.0);
            content.broken_into |= kept.tampered;
            content.origin = Some(kept.point.id.clone());
            Stored {
                point: kept.point.clone(),
                holds: kept.holds,
                content,
            }
        });
        let messages = history.messages.iter().enumerate();
        let sent = current.applied.keys().chain(&current.by_hand);
        Self {
            name: name.clone(),
            points: points.collect(),
            journal: messages
                .map(|(number, _)| Message {
                    id: format!("m{number}"),
                    left_out: false,
                })
                .collect(),
            sent: sent.cloned().collect(),
            served: BTreeSet::from([serving.clone()]),
            databases: BTreeMap::from([(serving.clone(), current)]),
            serving,
            generation: Generation::FIRST,
            told: Told::default(),
            people: true,
            held: LANES.map(|lane| (lane, None)).into(),
            contained: BTreeSet::new(),
            image: history.image.clone(),
            restoring: 0,
        }
    }
}
