//! Where a stamp keeps things: database, cache, objects.

use std::collections::BTreeMap;

use serde::Serialize;
use types::{ByteSize, CapabilityName, Span};

use super::calendars::Weekday;

/// A stamp's database server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Database {
    /// Who runs PostgreSQL.
    pub engine: Engine,
    /// PostgreSQL major version; 15 to 18, by default 17.
    pub version: u8,
    /// Cores; 2, 4, 8, 16, 32, 48 or 64.
    pub cores: u16,
    /// Memory; by default 4 GiB per core.
    pub memory: ByteSize,
    /// Disk.
    pub storage: ByteSize,
    /// Within the region.
    pub high_availability: HighAvailability,
    /// Further read-only copies for reporting, in the active region.
    pub reporting_replicas: u8,
    /// Connections.
    pub pooling: Pooling,
    /// When PostgreSQL may be restarted for maintenance.
    pub maintenance: MaintenanceWindow,
    /// How eagerly dead rows are removed.
    pub vacuum: VacuumPolicy,
    /// Capabilities whose transactions wait for more than the local disk.
    pub durability: BTreeMap<CapabilityName, Durability>,
    /// Point-in-time recovery reaches back this far; 7 to 35 days on a Flexible Server.
    pub point_in_time: Span,
    /// Statements that take longer are logged.
    pub slow_statement: Span,
}

/// Who runs PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Azure Database for PostgreSQL, Flexible Server.
    FlexibleServer,
    /// CloudNativePG in the stamp's cluster.
    CloudNativePg,
}

impl Engine {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FlexibleServer => "flexible-server",
            Self::CloudNativePg => "cloud-native-pg",
        }
    }
}

/// What a database survives within its region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HighAvailability {
    /// Nothing: a restart is an outage. For environments nobody waits for.
    None,
    /// The loss of a machine.
    SameZone,
    /// The loss of a zone.
    ZoneRedundant,
}

/// Connections to a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pooling {
    /// Connections the server takes.
    pub connections_max: u16,
    /// Whether a session-mode `PgBouncer` stands before it. (Odoo listens for notifications, which transaction mode
    /// breaks.)
    pub pgbouncer: bool,
}

/// A weekly hour for maintenance, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MaintenanceWindow {
    /// The day.
    pub day: Weekday,
    /// The hour it begins, 0 to 23.
    pub hour: u8,
}

/// How eagerly dead rows are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VacuumPolicy {
    /// As PostgreSQL does.
    Standard,
    /// Often and in small steps, for stock moves and queues that change all day.
    WriteHeavy,
}

/// What a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// The disk of the primary.
    Local,
    /// Also that the standby has applied it, which costs the round trip between the regions.
    RemoteApply,
}

/// A stamp's session store. Never the only place of anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cache {
    /// Memory.
    pub memory: ByteSize,
    /// What survives a restart of the cache.
    pub persistence: CachePersistence,
    /// Whether a second copy takes over.
    pub high_availability: bool,
}

/// What survives a restart of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CachePersistence {
    /// Nothing: people log in again.
    None,
    /// What was there at the last snapshot, an hour ago at most.
    Snapshot,
    /// All but the last second.
    AppendOnly,
}

/// A stamp's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Objects {
    /// Odoo's attachments.
    pub attachments: Container,
    /// Reports and exchanged files.
    pub exports: Container,
    /// Backups of the database.
    pub backups: Container,
}

/// One kind of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Container {
    /// Deleted objects and old versions are kept this long.
    pub keep_deleted: Span,
    /// Copied to the other region; always true for backups where there is one.
    pub replicate: bool,
    /// Moved to cheaper storage when older.
    pub cool_after: Option<Span>,
    /// Deleted when older; `None` means never.
    pub delete_after: Option<Span>,
    /// Nobody can change or delete them for this long.
    pub immutable: Option<Immutability>,
}

/// Nobody can change or delete an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Immutability {
    /// For this long, in whole days.
    pub period: Span,
    /// Whether not even an administrator can shorten it.
    pub locked: bool,
}
