//! Databases, caches and objects, each sized and named.

use std::collections::BTreeMap;

use estate::{CachePersistence, HighAvailability, Immutability, MaintenanceWindow};
use serde::Serialize;
use types::{ByteSize, RegionName, Span, StampName};

/// A stamp's database in one region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DatabasePlan {
    /// PostgreSQL major version.
    pub version: u8,
    /// Cores.
    pub cores: u16,
    /// Memory.
    pub memory: ByteSize,
    /// Disk.
    pub storage: ByteSize,
    /// Connections.
    pub connections_max: u16,
    /// Server parameters, rendered as they are: durability, vacuum, logging, timeouts.
    pub parameters: BTreeMap<String, String>,
    /// Who runs it, and as what.
    pub engine: DatabaseEngine,
    /// A session-mode pooler before it.
    pub pooler: Option<Pooler>,
    /// What Odoo connects to: DNS name. On CloudNativePG a service of the cluster, `CLUSTER-rw` or `CLUSTER-pooler`.
    pub host: String,
    /// TCP port that goes with it: 5432, or 6432 where a Flexible Server's own pooler answers.
    pub port: u16,
    /// Read-only copies for reporting (only where the stamp is active).
    pub reporting_hosts: Vec<String>,
    /// Backups.
    pub backup: BackupPlan,
}

/// Who runs PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseEngine {
    /// Azure Database for PostgreSQL, Flexible Server.
    FlexibleServer(FlexibleServer),
    /// CloudNativePG.
    CloudNativePg(CloudNativePg),
    /// A cold standby: nothing runs; the database is restored here from backups when it is needed.
    RestoredWhenNeeded,
}

/// A Flexible Server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlexibleServer {
    /// Its name; globally unique.
    pub name: String,
    /// Such as `GP_Standard_D4ds_v5`.
    pub sku: String,
    /// In MiB, one of the sizes that Azure has.
    pub storage_mib: u32,
    /// Within the region. (Replicas have none until they are promoted.)
    pub high_availability: HighAvailability,
    /// Its zone.
    pub zone: u8,
    /// Zone of the copy, for zone redundancy.
    pub standby_zone: Option<u8>,
    /// The server it replicates; `None` for the primary.
    pub upstream: Option<FlexibleServerUpstream>,
    /// Read replicas in the same region, by name.
    pub reporting_replicas: Vec<String>,
    /// Name of the virtual endpoint that follows the primary; belongs to the primary's state.
    pub virtual_endpoint: Option<String>,
    /// Days of point-in-time recovery.
    pub backup_days: u8,
    /// Whether Azure keeps backups in the paired region too; can only be chosen at creation.
    pub geo_backup: bool,
    /// When Azure may restart it.
    pub maintenance: MaintenanceWindow,
}

/// The server that a replica follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlexibleServerUpstream {
    /// Its region.
    pub region: RegionName,
    /// Its name.
    pub name: String,
    /// Its resource group.
    pub resource_group: String,
}

/// A CloudNativePG cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CloudNativePg {
    /// Its name in the stamp's namespace.
    pub name: String,
    /// Instances; 3 where a tier asks for synchronous replication within the region.
    pub instances: u8,
    /// Instances that must have a commit before it is acknowledged; 0 for asynchronous.
    pub synchronous: u8,
    /// Replica clusters of other regions that must have applied a commit that asks for it (`remote_apply`). They come
    /// before the instances in the list of synchronous copies, in their order (`method: first`), and then
    /// `synchronous` counts them too. The replica cluster connects under this name (`application_name`).
    pub synchronous_remote: Vec<String>,
    /// Whether a failover inside the region needs a quorum that has every acknowledged commit.
    pub failover_quorum: bool,
    /// Seconds of a polite shutdown. 0 closes the window in which two primaries accept writes.
    pub smart_shutdown_seconds: u32,
    /// Disk for the write-ahead log.
    pub wal_storage: ByteSize,
    /// Image of PostgreSQL, by digest where known.
    pub image: String,
    /// What it follows; `None` for the primary cluster.
    pub source: Option<ReplicaSource>,
}

/// What a replica cluster follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplicaSource {
    /// The region of the primary cluster.
    pub region: RegionName,
    /// Its name.
    pub cluster: String,
    /// Its DNS name through the peered networks.
    pub host: String,
}

/// A session-mode pooler: a `Pooler` beside a CloudNativePG cluster, a Flexible Server's own, which
/// [`DatabasePlan::parameters`] switch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pooler {
    /// Instances.
    pub instances: u8,
    /// Clients at most.
    pub clients_max: u16,
    /// Connections to the server.
    pub connections_max: u16,
}

/// Backups of a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackupPlan {
    /// Containers that hold them, as `ACCOUNT/CONTAINER`, each in another failure domain: this region's backup account,
    /// and its partner's.
    pub containers: Vec<String>,
    /// When a full backup begins, as five cron fields in UTC, away from the business's peaks.
    pub schedule: String,
    /// Point-in-time recovery reaches back this far.
    pub point_in_time: Span,
    /// Daily backups are kept this long.
    pub keep: Span,
}

/// A stamp's cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CachePlan {
    /// Name of the Managed Redis; shared and hybrid stamps of a region share one.
    pub name: String,
    /// Such as `Balanced_B3`.
    pub sku: String,
    /// What survives a restart.
    pub persistence: CachePersistence,
    /// Whether a second copy takes over.
    pub high_availability: bool,
    /// What it is used for, stated so that nobody keeps anything else there.
    pub uses: Vec<String>,
    /// Its DNS name.
    pub host: String,
}

/// A storage account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StorageAccount {
    /// 3 to 24 lowercase letters and digits; globally unique.
    pub name: String,
    /// What it is for.
    pub purpose: StoragePurpose,
    /// Copies within the region: `ZRS` where the region has zones, else `LRS`; `GZRS` or `GRS` for backups that no other
    /// region of ours can hold.
    pub redundancy: String,
    /// Containers in it.
    pub containers: Vec<ContainerPlan>,
    /// The partner's account that replicated containers are copied to.
    pub replica_account: Option<String>,
    /// Longest of its containers' `keep_deleted`, in days.
    pub soft_delete_days: u16,
    /// Whether old versions are kept. Immutability and replication need it.
    pub versioning: bool,
    /// Whether a change feed is kept. Replication needs it.
    pub change_feed: bool,
}

/// What a storage account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoragePurpose {
    /// Attachments and exports.
    Objects,
    /// Backups, under another identity than what they protect.
    Backups,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContainerPlan {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub kind: ContainerKind,
    /// The stamp it belongs to.
    pub stamp: StampName,
    /// Whether it is copied to the partner's account.
    pub replicate: bool,
    /// Moved to cheaper storage when older.
    pub cool_after: Option<Span>,
    /// Deleted when older.
    pub delete_after: Option<Span>,
    /// Nobody can change or delete objects for this long; version-level.
    pub immutable: Option<Immutability>,
}

/// What is in a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContainerKind {
    /// Odoo's attachments.
    Attachments,
    /// Reports and exchanged files.
    Exports,
    /// Backups of the database.
    Backups,
}
