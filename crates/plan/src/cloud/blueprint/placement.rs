//! A stamp in one region.

use estate::{Peak, ScalingSignal};
use serde::Serialize;
use types::{ByteSize, RegionName, Span, StampName};

use super::data::{CachePlan, DatabasePlan};

/// A stamp in one region: sizes and neighbours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Placement {
    /// The stamp; always in [`super::Environment::stamps`].
    pub stamp: StampName,
    /// The cluster it runs in; always in [`super::Region::clusters`].
    pub cluster: String,
    /// Whether it leads here in the beginning.
    pub leads: bool,
    /// Name of its workload identity.
    pub identity: String,
    /// Name of the identity that alone may write backups.
    pub backup_identity: String,
    /// Odoo, by class of work; empty in a cold standby.
    pub workloads: Vec<WorkloadPlan>,
    /// Its database.
    pub database: DatabasePlan,
    /// Its session store; `None` in a cold standby.
    pub cache: Option<CachePlan>,
    /// Container of attachments.
    pub attachments_container: String,
    /// Container of exports.
    pub exports_container: String,
    /// The integration gateway; `None` only in a cold standby.
    pub gateway: Option<GatewayPlan>,
}

/// A class of work that Odoo does in processes of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkloadKind {
    /// People in browsers.
    Web,
    /// Their websockets.
    Live,
    /// Messages of the gateway.
    Integration,
    /// Background jobs that may be late.
    Worker,
    /// Scheduled jobs: one replica, only where the stamp leads.
    Scheduler,
}

impl WorkloadKind {
    /// All of them, in starting order: what recovery waits for comes first.
    pub const ALL: [Self; 5] = [
        Self::Integration,
        Self::Web,
        Self::Live,
        Self::Worker,
        Self::Scheduler,
    ];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Live => "live",
            Self::Integration => "integration",
            Self::Worker => "worker",
            Self::Scheduler => "scheduler",
        }
    }
}

/// One class of work of a stamp in one region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkloadPlan {
    /// The class.
    pub kind: WorkloadKind,
    /// Odoo worker processes in one replica.
    pub workers: u16,
    /// Replicas at least; 0 where it is started by a failover (schedulers and workers of a standby).
    pub replicas_min: u16,
    /// Replicas at most; the same as the minimum where it does not scale.
    pub replicas_max: u16,
    /// Replicas at least once it leads: what a failover scales to.
    pub replicas_leading: u16,
    /// What makes it scale.
    pub signals: Vec<ScalingSignal>,
    /// Known peaks.
    pub peaks: Vec<Peak>,
    /// Memory that is requested, and the limit.
    pub memory: ByteSize,
    /// Cores that are requested, in thousandths; the limit is twice that.
    pub cpu_millis: u32,
    /// Database connections of one replica at most.
    pub database_connections_max: u16,
    /// Where it runs.
    pub node_pool: super::NodePoolPurpose,
    /// A request that takes longer is killed; a stopping replica gets this long.
    pub request_time_max: Span,
}

/// The integration gateway of a stamp in one region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GatewayPlan {
    /// The region that holds the second copy of the journal.
    pub peer: Option<RegionName>,
    /// DNS name of the peer through the peered networks.
    pub peer_host: Option<String>,
    /// Disk for the journal: buffering of all lanes, and retention.
    pub journal_storage: ByteSize,
    /// Memory.
    pub memory: ByteSize,
    /// Cores, in thousandths.
    pub cpu_millis: u32,
}
