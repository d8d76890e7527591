//! Database, cache, objects.

use types::Span;

use crate::{
    defaults,
    document::{CacheDocument, ContainerDocument, DatabaseDocument, ImmutabilityDocument, ObjectsDocument},
    field::{Given, OrNever},
    model::{
        Cache, Container, Database, HighAvailability, Immutability, MaintenanceWindow, Objects, Pooling,
    },
};

/// `zoneless` says whether the stamp's region lacks availability zones.
pub(super) fn database(written: Option<&DatabaseDocument>, zoneless: bool) -> Option<Database> {
    let mut default = defaults::database();
    if zoneless {
        default.high_availability = HighAvailability::SameZone;
    }
    let Some(written) = written else {
        return Some(default);
    };
    let cores = written.cores.get().map_or(default.cores, |number| number.u16());
    let pooling = written.pooling.get();
    let maintenance = match written.maintenance.get() {
        Some(window) => MaintenanceWindow {
            day: window.day.value()?,
            hour: window.hour.get()?.u8(),
        },
        None => default.maintenance,
    };
    let durability = written.durability.get().map(|pairs| {
        let pairs = pairs.0.iter();
        pairs
            .map(|(name, value)| (name.value.clone(), value.value))
            .collect()
    });
    Some(Database {
        engine: written.engine.or(default.engine),
        version: written
            .version
            .get()
            .map_or(default.version, |number| number.u8()),
        cores,
        memory: written.memory.or(defaults::memory(cores)),
        storage: written.storage.or(default.storage),
        high_availability: written.high_availability.or(default.high_availability),
        reporting_replicas: written
            .reporting_replicas
            .get()
            .map_or(default.reporting_replicas, |number| number.u8()),
        pooling: Pooling {
            connections_max: pooling
                .and_then(|pooling| pooling.connections_max.get())
                .map_or(defaults::connections_max(cores), |number| number.u16()),
            pgbouncer: pooling.map_or(default.pooling.pgbouncer, |pooling| {
                pooling.pgbouncer.or(default.pooling.pgbouncer)
            }),
        },
        maintenance,
        vacuum: written.vacuum.or(default.vacuum),
        durability: durability.unwrap_or_default(),
        point_in_time: written.point_in_time.or(default.point_in_time),
        slow_statement: written.slow_statement.or(default.slow_statement),
    })
}

pub(super) fn cache(written: Option<&CacheDocument>) -> Cache {
    let default = defaults::CACHE;
    written.map_or(default, |written| Cache {
        memory: written.memory.or(default.memory),
        persistence: written.persistence.or(default.persistence),
        high_availability: written.high_availability.or(default.high_availability),
    })
}

/// Backups are protected for as long as they are kept, and deleted files for as long as the database can go back to a
/// time in which they were there.
pub(super) fn objects(
    written: Option<&ObjectsDocument>,
    backups: Span,
    point_in_time: Span,
) -> Option<Objects> {
    let mut default = defaults::OBJECTS;
    default.attachments.keep_deleted = default.attachments.keep_deleted.max(point_in_time);
    if let Some(immutable) = &mut default.backups.immutable {
        immutable.period = backups;
    }
    let Some(written) = written else {
        return Some(default);
    };
    Some(Objects {
        attachments: container(written.attachments.get(), default.attachments)?,
        exports: container(written.exports.get(), default.exports)?,
        backups: container(written.backups.get(), default.backups)?,
    })
}

fn container(written: Option<&ContainerDocument>, default: Container) -> Option<Container> {
    let Some(written) = written else {
        return Some(default);
    };
    Some(Container {
        keep_deleted: written.keep_deleted.or(default.keep_deleted),
        replicate: written.replicate.or(default.replicate),
        cool_after: or_never(&written.cool_after, default.cool_after),
        delete_after: or_never(&written.delete_after, default.delete_after),
        immutable: match written.immutable.get() {
            Some(OrNever(Some(immutable))) => Some(immutability(immutable)?),
            Some(OrNever(None)) => None,
            None => default.immutable,
        },
    })
}

fn or_never<T: Copy>(written: &Given<OrNever<T>>, default: Option<T>) -> Option<T> {
    match written.get() {
        Some(OrNever(value)) => *value,
        None => default,
    }
}

fn immutability(written: &ImmutabilityDocument) -> Option<Immutability> {
    Some(Immutability {
        period: written.period.value()?,
        locked: written.locked.or(defaults::LOCKED),
    })
}
