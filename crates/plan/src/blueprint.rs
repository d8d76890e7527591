//! The complete, immutable plan for one machine.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use serde::Serialize;
use types::{
    ByteSize, RegionName, Span, TenantName,
    settings::{ControllerSettings, GatewaySettings, SiteSettings, TlsFiles},
};

/// Everything that `render` needs to know, and all of it decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blueprint {
    /// The tenant that runs here.
    pub tenant: TenantName,
    /// The controller.
    pub controller: ControllerSettings,
    /// The regions, the one that leads first in the beginning.
    pub regions: Vec<RegionBlueprint>,
    /// The one public entrance.
    pub front_door: FrontDoorBlueprint,
    /// Where sites may listen for each other beside the loopback address.
    pub addresses: BTreeSet<Ipv4Addr>,
}

/// One region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegionBlueprint {
    /// Its name.
    pub region: RegionName,
    /// Whether it leads in the beginning.
    pub leads_first: bool,
    /// Its agent.
    pub site: SiteSettings,
    /// Its gateway.
    pub gateway: GatewaySettings,
    /// Its database.
    pub postgres: Postgres,
    /// Its Odoo processes.
    pub odoo: Vec<OdooProcess>,
    /// Its session store.
    pub redis: Redis,
    /// Its ingress.
    pub ingress: Ingress,
}

/// The one public entrance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FrontDoorBlueprint {
    /// Its agent.
    pub site: SiteSettings,
    /// Where the public arrives.
    pub listen: SocketAddr,
    /// What it proves itself with.
    pub tls: TlsFiles,
    /// Base URLs of the regions' ingresses.
    pub ingresses: BTreeMap<RegionName, String>,
    /// Base URL of the maintenance page.
    pub maintenance_url: String,
    /// Directory that holds the live route and nothing else.
    pub routes_dir: PathBuf,
    /// A region that does not begin to answer within this time does not answer.
    pub response_timeout: Span,
    /// Partners may prove themselves by client certificates: the front door asks for one, and tells of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partner_certificates: bool,
}

/// A PostgreSQL server, which may lead or follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Postgres {
    /// Shown in process titles and logs.
    pub cluster_name: String,
    /// The data directory.
    pub data_dir: PathBuf,
    /// The `pg_hba.conf`.
    pub hba_file: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Directory of its Unix socket.
    pub socket_dir: PathBuf,
    /// What it proves itself with.
    pub tls: TlsFiles,
    /// Connections of all kinds. A standby needs at least as many as the primary it follows.
    pub connections_max: u16,
    /// Memory.
    pub memory: PostgresMemory,
    /// The write-ahead log.
    pub wal: PostgresWal,
    /// Whom it follows while it is a standby; `None` in an estate of one region.
    pub upstream: Option<ReplicationLink>,
    /// A silent partner of a connection counts as gone after this long.
    pub silence_max: Span,
    /// Statements that take longer are logged.
    pub slow_statement: Span,
    /// Who may connect, in order.
    pub hba: Vec<HbaRule>,
}

/// Memory of one PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PostgresMemory {
    /// `shared_buffers`
    pub shared_buffers: ByteSize,
    /// `effective_cache_size`
    pub effective_cache_size: ByteSize,
    /// `work_mem`
    pub work_mem: ByteSize,
    /// `maintenance_work_mem`
    pub maintenance_work_mem: ByteSize,
}

/// Write-ahead log of one PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PostgresWal {
    /// Kept for standbys and for `pg_rewind`, needed or not.
    pub keep: ByteSize,
    /// At most this much is kept for a standby that does not come back.
    pub slot_keep_max: ByteSize,
    /// A checkpoint begins when this much was written.
    pub size_max: ByteSize,
    /// Kept for reuse.
    pub size_min: ByteSize,
    /// Replication connections at the same time.
    pub senders_max: u16,
    /// Replication slots.
    pub slots_max: u16,
}

/// How a standby reaches its primary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplicationLink {
    /// The region that it follows.
    pub region: RegionName,
    /// Where that listens.
    pub address: SocketAddr,
    /// The role.
    pub user: String,
    /// libpq password file.
    pub passfile: PathBuf,
    /// Certificates that prove the upstream is ours.
    pub ca: PathBuf,
    /// Name of this standby at the primary.
    pub application_name: String,
    /// Its slot at the primary.
    pub slot: String,
    /// How long to try to connect.
    pub connect_timeout: Span,
}

/// One line of `pg_hba.conf`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum HbaRule {
    /// Over the Unix socket, with a password.
    Socket {
        /// Databases; empty for all.
        databases: Vec<String>,
        /// The role.
        role: String,
    },
    /// Over TLS from one address, with a password.
    Tls {
        /// Where it comes from.
        from: IpAddr,
        /// Databases, `replication` included.
        databases: Vec<String>,
        /// The role.
        role: String,
    },
}

/// A class of work that Odoo does in processes of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// People in browsers.
    Web,
    /// Messages of the gateway.
    Integration,
    /// Websockets.
    Live,
    /// Scheduled jobs.
    Scheduler,
}

impl Workload {
    /// All of them, in starting order: what recovery waits for comes first.
    pub const ALL: [Self; 4] = [Self::Integration, Self::Web, Self::Live, Self::Scheduler];

    /// Its name, as the launcher wants it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Integration => "integration",
            Self::Live => "live",
            Self::Scheduler => "scheduler",
        }
    }
}

/// Configuration of one Odoo master process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OdooProcess {
    /// What it does.
    pub workload: Workload,
    /// The tenant's database.
    pub database: String,
    /// Directory of PostgreSQL's Unix socket.
    pub database_socket_dir: PathBuf,
    /// Port that names the socket.
    pub database_port: u16,
    /// Odoo's role.
    pub database_role: String,
    /// Connections per process.
    pub database_connections_max: u16,
    /// Where it listens; `None` for the scheduler.
    pub listen: Option<SocketAddr>,
    /// Worker processes that answer requests.
    pub workers: u16,
    /// Worker processes that run scheduled jobs.
    pub cron_workers: u16,
    /// Directories of addons, in order.
    pub addons_path: Vec<PathBuf>,
    /// Directory for what Odoo keeps on disk.
    pub data_dir: PathBuf,
    /// A request that takes longer is killed.
    pub request_time_max: Span,
    /// A request that computes longer is killed.
    pub request_cpu_max: Span,
    /// A scheduled job that takes longer is killed.
    pub job_time_max: Span,
    /// A worker that holds more is replaced after its request.
    pub memory_soft: ByteSize,
    /// A worker never gets more.
    pub memory_hard: ByteSize,
}

/// A Redis for sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Redis {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its directory.
    pub directory: PathBuf,
    /// Where the other regions copy it from, over TLS.
    pub copy_listen: SocketAddr,
    /// What it proves itself with to the other regions, and they to it.
    pub tls: TlsFiles,
    /// File with its password and the secret names of commands.
    pub secret_file: PathBuf,
    /// Sessions that end soonest are dropped beyond this.
    pub memory_max: ByteSize,
}

/// A region's ingress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ingress {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where the front door speaks from; its word on who the client is counts.
    pub front_door: IpAddr,
    /// What it proves itself with.
    pub tls: TlsFiles,
    /// Its dynamic configuration.
    pub dynamic_file: PathBuf,
    /// Base URL of the gateway's ingest.
    pub gateway_url: String,
    /// Base URL of Odoo for people.
    pub web_url: String,
    /// Base URL of Odoo for other programs.
    pub integration_url: String,
    /// Base URL of Odoo's websockets.
    pub live_url: String,
    /// The gateway answers within this time, or not at all.
    pub gateway_timeout: Span,
    /// Odoo begins to answer within this time, or not at all.
    pub odoo_timeout: Span,
    /// Partners may prove themselves by client certificates: the ingress hands on what the front door tells, and takes
    /// requests from programs of the estate alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partner_certificates: bool,
}
