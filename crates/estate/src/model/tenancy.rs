//! Stamps and the tenants in them.

use serde::Serialize;
use types::{ByteSize, CalendarName, RegionName, Span, StampName};

use super::{
    data::{Cache, Database, Objects},
    workloads::Workloads,
};

/// A deployment unit: one tenant of its own, or many that share it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stamp {
    /// How tenants live in it.
    pub tenancy: Tenancy,
    /// The active region it runs in. Its standby is the region's.
    pub region: RegionName,
    /// Whether it has a cluster of its own.
    pub cluster: ClusterIsolation,
    /// Processes by class of work; a shared stamp's are shared by its tenants.
    pub workloads: Workloads,
    /// Its database server.
    pub database: Database,
    /// Its session store.
    pub cache: Cache,
    /// Its files.
    pub objects: Objects,
    /// What one tenant may take; in a dedicated stamp, what the stamp may take.
    pub quota: Quota,
    /// Shared stamps take no more tenants than this; 1 for dedicated ones.
    pub tenants_max: u16,
}

/// How tenants live in a stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tenancy {
    /// Many tenants share processes, database server and cache; each has its own database and role.
    Shared,
    /// One tenant has everything for itself.
    Dedicated,
    /// One tenant has its own processes and database server, and shares ingress, cache and monitoring.
    Hybrid,
}

impl Tenancy {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Dedicated => "dedicated",
            Self::Hybrid => "hybrid",
        }
    }
}

/// Whether a stamp has a cluster of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterIsolation {
    /// In the region's common cluster, in a namespace of its own.
    Namespace,
    /// In an AKS cluster of its own.
    Cluster,
}

/// Limits against noisy neighbours, per tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Quota {
    /// Connections of the tenant's database role.
    pub database_connections_max: u16,
    /// Size of the tenant's database; alerts at 80 %, growth is refused by people, not by PostgreSQL.
    pub database_size_max: ByteSize,
    /// Size of the tenant's files.
    pub objects_size_max: ByteSize,
    /// Requests per second of all its users, at the ingress.
    pub requests_per_second_max: u32,
    /// A statement of the tenant's role that takes longer is cancelled.
    pub statement_time_max: Span,
    /// Messages per second of all its integrations.
    pub messages_per_second_max: u32,
}

/// One Odoo database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tenant {
    /// Name for people; by default the tenant's name.
    pub display_name: String,
    /// Its PostgreSQL database.
    pub database: String,
    /// Where it lives; always a key of [`super::Estate::stamps`].
    pub stamp: StampName,
    /// Host name under which its users reach it; by default `NAME.` and the organisation's domain.
    pub host: String,
    /// IANA time zone of its business; by default the organisation's.
    pub time_zone: String,
    /// Calendar its releases keep to.
    pub calendar: Option<CalendarName>,
}
