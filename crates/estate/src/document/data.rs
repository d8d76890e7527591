//! Where a stamp keeps things.

use types::{ByteSize, CapabilityName, Span};

use crate::{
    field::{OrNever, Pairs, Whole},
    model::{CachePersistence, Durability, Engine, HighAvailability, VacuumPolicy, Weekday},
};

use super::mapping::mapping;

mapping! {
    /// A stamp's database server.
    DatabaseDocument "a database" {
        /// Who runs PostgreSQL; by default `flexible-server`.
        Optional "engine" engine: Engine,
        /// PostgreSQL major version; by default 17.
        Optional "version" version: Whole<15, 18>,
        /// Cores: 2, 4, 8, 16, 32, 48 or 64; by default 2.
        Optional "cores" cores: Whole<1, 64>,
        /// Memory, 4 or 8 GiB per core; by default 4 GiB per core.
        Optional "memory" memory: ByteSize,
        /// Disk; by default 128GiB. It can grow and never shrink.
        Optional "storage" storage: ByteSize,
        /// What it survives within the region; by default `zone-redundant`, `same-zone` where there are no zones.
        Optional "highAvailability" high_availability: HighAvailability,
        /// Further read-only copies for reporting; by default 0.
        Optional "reportingReplicas" reporting_replicas: Whole<0, 5>,
        /// Connections.
        Optional "pooling" pooling: PoolingDocument,
        /// When PostgreSQL may be restarted for maintenance; by default Sundays at 02:00 UTC.
        Optional "maintenance" maintenance: MaintenanceDocument,
        /// How eagerly dead rows are removed; by default `write-heavy`.
        Optional "vacuum" vacuum: VacuumPolicy,
        /// Capabilities whose transactions wait for more than the local disk; by default none.
        Optional "durability" durability: Pairs<CapabilityName, Durability>,
        /// Point-in-time recovery reaches back this far, 7 to 35 days; by default 14d.
        Optional "pointInTime" point_in_time: Span,
        /// Statements that take longer are logged; by default 1s.
        Optional "slowStatement" slow_statement: Span,
    }

    /// Connections to a database.
    PoolingDocument "pooling" {
        /// Connections the server takes; by default 200, more where the server is larger.
        Optional "connectionsMax" connections_max: Whole<25, 5_000>,
        /// Whether a session-mode PgBouncer stands before it; by default not.
        Optional "pgbouncer" pgbouncer: bool,
    }

    /// A weekly hour for maintenance, in UTC.
    MaintenanceDocument "a maintenance hour" {
        /// The day.
        Required "day" day: Weekday,
        /// The hour it begins, 0 to 23.
        Required "hour" hour: Whole<0, 23>,
    }

    /// A stamp's session store; never the only place of anything.
    CacheDocument "a cache" {
        /// Memory; by default 1GiB.
        Optional "memory" memory: ByteSize,
        /// What survives a restart of the cache; by default `append-only`.
        Optional "persistence" persistence: CachePersistence,
        /// Whether a second copy takes over; by default it does.
        Optional "highAvailability" high_availability: bool,
    }

    /// A stamp's files.
    ObjectsDocument "objects" {
        /// Odoo's attachments; by default kept for ever, deleted ones for 30 days, copied to the standby region.
        Optional "attachments" attachments: ContainerDocument,
        /// Reports and exchanged files; by default deleted after a year, not copied.
        Optional "exports" exports: ContainerDocument,
        /// Backups of the database; by default copied, and immutable for 35 days.
        Optional "backups" backups: ContainerDocument,
    }

    /// One kind of objects.
    ContainerDocument "a container" {
        /// Deleted objects and old versions are kept this long.
        Optional "keepDeleted" keep_deleted: Span,
        /// Copied to the other region; backups always are where there is one.
        Optional "replicate" replicate: bool,
        /// Moved to cheaper storage when older, or `never`.
        Optional "coolAfter" cool_after: OrNever<Span>,
        /// Deleted when older, or `never`.
        Optional "deleteAfter" delete_after: OrNever<Span>,
        /// Nobody can change or delete them for a time, or `never`.
        Optional "immutable" immutable: OrNever<ImmutabilityDocument>,
    }

    /// Nobody can change or delete an object.
    ImmutabilityDocument "immutability" {
        /// For this long, in whole days.
        Required "period" period: Span,
        /// Whether not even an administrator can shorten it, which cannot be undone; by default not.
        Optional "locked" locked: bool,
    }
}
