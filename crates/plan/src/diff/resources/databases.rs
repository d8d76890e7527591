//! What a change does to a stamp's database.

use super::super::{
    Changes,
    Consequence::{Destroys, Interrupts, Irreversible, NeedsMigration, Quiet},
    Severity::{Capacity, Isolation, Promise},
};
use crate::cloud::blueprint::{DatabaseEngine, DatabasePlan, FlexibleServer, Placement};

pub(super) fn placement(place: Option<String>, was: &Placement, is: &Placement, changes: &mut Changes) {
    let about = format!("the database of `{}`", is.stamp);
    database(&place, &about, &was.database, &is.database, changes);
    match (&was.database.engine, &is.database.engine) {
        (DatabaseEngine::FlexibleServer(before), DatabaseEngine::FlexibleServer(after)) => {
            server(&place, &about, before, after, changes);
        }
        (DatabaseEngine::CloudNativePg(before), DatabaseEngine::CloudNativePg(after)) => {
            if before.name != after.name {
                changes.add_at(
                    (Isolation, Destroys),
                    place.clone(),
                    &about,
                    format!("is `{}` instead of `{}`", after.name, before.name),
                    "the new cluster is empty",
                );
            }
            if (before.instances, before.synchronous) != (after.instances, after.synchronous) {
                changes.add_at(
                    (Promise, Quiet),
                    place.clone(),
                    &about,
                    format!(
                        "has {} instances, {} of which wait for each commit",
                        after.instances, after.synchronous
                    ),
                    "",
                );
            }
        }
        (DatabaseEngine::RestoredWhenNeeded, DatabaseEngine::RestoredWhenNeeded) => {}
        (DatabaseEngine::RestoredWhenNeeded, _) => {
            changes.add_at(
                (Promise, Quiet),
                place.clone(),
                &about,
                "runs as a replica instead of being restored when it is needed",
                "it is copied from the primary first",
            );
        }
        (_, DatabaseEngine::RestoredWhenNeeded) => {
            changes.add_at(
                (Promise, Destroys),
                place.clone(),
                &about,
                "is restored when it is needed instead of running as a replica",
                "the replica is deleted",
            );
        }
        (DatabaseEngine::FlexibleServer(_), DatabaseEngine::CloudNativePg(_))
        | (DatabaseEngine::CloudNativePg(_), DatabaseEngine::FlexibleServer(_)) => {
            changes.add_at(
                (Isolation, NeedsMigration),
                place.clone(),
                &about,
                "is run by another engine",
                "the new one is empty: move by replication or restore, then delete the old one",
            );
        }
    }
    if let (Some(before), Some(after)) = (&was.cache, &is.cache)
        && before.name != after.name
    {
        changes.add_at(
            (Isolation, Interrupts),
            place,
            format!("the session store of `{}`", is.stamp),
            "is another one",
            "people log in again",
        );
    }
}

fn database(
    place: &Option<String>,
    about: &str,
    was: &DatabasePlan,
    is: &DatabasePlan,
    changes: &mut Changes,
) {
    if was.version < is.version {
        changes.add_at(
            (Capacity, Irreversible),
            place.clone(),
            about,
            format!("is upgraded to PostgreSQL {} from {}", is.version, was.version),
            "rehearse it on a copy; replicas are built anew",
        );
    } else if was.version > is.version {
        changes.add_at(
            (Capacity, Destroys),
            place.clone(),
            about,
            format!("goes back to PostgreSQL {} from {}", is.version, was.version),
            "that needs a new, empty server",
        );
    }
    if was.storage > is.storage {
        changes.add_at(
            (Capacity, Destroys),
            place.clone(),
            about,
            format!("has {} of disk instead of {}", is.storage, was.storage),
            "disks do not shrink: that needs a new, empty server",
        );
    } else if was.storage < is.storage {
        changes.add_at(
            (Capacity, Irreversible),
            place.clone(),
            about,
            format!("has {} of disk instead of {}", is.storage, was.storage),
            "it cannot shrink again",
        );
    }
    if (was.cores, was.memory) != (is.cores, is.memory) {
        changes.add_at(
            (Capacity, Interrupts),
            place.clone(),
            about,
            format!(
                "has {} cores and {} instead of {} and {}",
                is.cores, is.memory, was.cores, was.memory
            ),
            "it restarts",
        );
    }
    if was.host != is.host || was.port != is.port {
        changes.add_at(
            (Capacity, Interrupts),
            place.clone(),
            about,
            format!("is reached at {}:{}", is.host, is.port),
            "",
        );
    }
    let changed: Vec<&str> = is
        .parameters
        .iter()
        .filter(|(name, value)| was.parameters.get(*name) != Some(value))
        .map(|(name, _)| name.as_str())
        .chain(
            was.parameters
                .keys()
                .filter(|name| !is.parameters.contains_key(*name))
                .map(String::as_str),
        )
        .collect();
    if !changed.is_empty() {
        let restarts = ["max_connections", "shared_buffers", "hot_standby_feedback"];
        let grave = changed.iter().any(|name| restarts.contains(name));
        changes.add_at(
            (Capacity, if grave { Interrupts } else { Quiet }),
            place.clone(),
            about,
            format!("has other parameters: {}", changed.join(", ")),
            if grave { "it restarts" } else { "" },
        );
    }
}

fn server(
    place: &Option<String>,
    about: &str,
    was: &FlexibleServer,
    is: &FlexibleServer,
    changes: &mut Changes,
) {
    if was.name != is.name {
        changes.add_at((Isolation, Destroys), place.clone(), about, format!("is `{}` instead of `{}`", is.name, was.name), "the new server is empty; names follow those of organisation, estate, environment, region and stamp");
    }
    if was.geo_backup != is.geo_backup {
        changes.add_at(
            (Promise, Destroys),
            place.clone(),
            about,
            if is.geo_backup {
                "has Azure's backups in the paired region too"
            } else {
                "has no backups by Azure in the paired region any more"
            },
            "that can only be chosen at creation: the server is replaced by an empty one",
        );
    }
    if was.upstream != is.upstream {
        changes.add_at(
            (Promise, Destroys),
            place.clone(),
            about,
            "follows another server, or none",
            "a replica is built anew",
        );
    }
    if was.high_availability != is.high_availability {
        changes.add_at(
            (Promise, Interrupts),
            place.clone(),
            about,
            "survives other failures within its region",
            "",
        );
    }
    if was.zone != is.zone {
        changes.add_at(
            (Capacity, Interrupts),
            place.clone(),
            about,
            format!("is in zone {} instead of {}", is.zone, was.zone),
            "a zone is chosen at creation: fail over to the copy there, or leave it",
        );
    }
    if was.virtual_endpoint != is.virtual_endpoint {
        changes.add_at(
            (Isolation, Interrupts),
            place.clone(),
            about,
            "is reached under another name that follows the primary",
            "processes restart with it",
        );
    }
    if was.maintenance != is.maintenance {
        changes.add_at(
            (Promise, Quiet),
            place.clone(),
            about,
            format!(
                "is maintained on {} at {}:00 UTC",
                is.maintenance.day.as_str(),
                is.maintenance.hour
            ),
            "",
        );
    }
}
