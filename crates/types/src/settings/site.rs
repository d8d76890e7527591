//! What a site's agent is told: a region, or the front door above the regions.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{LeaseTiming, ProcessSettings, TlsFiles};
use crate::{EstateName, RegionName, Span};

/// Settings of one site's agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteSettings {
    /// The estate it belongs to.
    pub estate: EstateName,
    /// What kind of site this is.
    pub role: SiteRole,
    /// Everything of this site lives under this directory: `state/`, `logs/`, `run/`.
    pub directory: PathBuf,
    /// Where the agent's own API listens (mutual TLS).
    pub listen: SocketAddr,
    /// The agent's identity.
    pub tls: TlsFiles,
    /// Base URL of the controller, which is also the witness of the lease.
    pub controller: String,
    /// How often an observation is sent to the controller.
    pub heartbeat_every: Span,
    /// What runs here beside the database, in starting order.
    pub processes: Vec<ProcessSettings>,
}

/// What kind of site this is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SiteRole {
    /// A region with its database.
    Region(Box<RegionSettings>),
    /// The one public entrance above all regions.
    FrontDoor(FrontDoorSettings),
}

/// What a region's agent must know beyond its processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionSettings {
    /// This region.
    pub region: RegionName,
    /// The other voters among regions: base URLs of their agents.
    pub peers: BTreeMap<RegionName, String>,
    /// How the right to write is kept.
    pub lease: LeaseTiming,
    /// The region's PostgreSQL.
    pub database: DatabaseSettings,
    /// The region's session store; `None` where the agent does not look after one.
    #[serde(default)]
    pub sessions: Option<SessionStoreSettings>,
}

/// A region's session store: who is logged in. The leading region's accepts writes, the others hold copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionStoreSettings {
    /// Where it listens for programs of its own region.
    pub listen: SocketAddr,
    /// File with its password.
    pub password_file: PathBuf,
    /// File with the name that the command has which changes its role.
    pub role_command_file: PathBuf,
    /// Where the other regions' stores let themselves be copied (TLS).
    pub upstreams: BTreeMap<RegionName, Upstream>,
}

/// Where traffic can be sent. Each route is one rendered file; the agent puts the chosen one in place of `live_file`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontDoorSettings {
    /// The file the ingress watches.
    pub live_file: PathBuf,
    /// Route: everything to one region.
    pub regions: BTreeMap<RegionName, PathBuf>,
    /// Route while the tenant fails over to a region: people get a maintenance page (503, Retry-After), partners'
    /// messages already go to that region's gateway.
    pub failing_over_to: BTreeMap<RegionName, PathBuf>,
    /// Route: the maintenance page for everyone.
    pub maintenance: PathBuf,
    /// Base URLs of the regions' ingresses: where requests go that waited here while writes moved.
    pub ingresses: BTreeMap<RegionName, String>,
    /// The public base URL, with which the agent makes sure that a new route is live.
    pub public_url: String,
    /// Where the agent itself answers plain HTTP requests: with the maintenance page (status 503, `Retry-After` and
    /// `Cache-Control: no-store`), or, while writes move as planned, later with the answer of the region that leads
    /// then. The ingress can do neither.
    pub maintenance_listen: SocketAddr,
    /// The page, HTML.
    pub maintenance_page: PathBuf,
    /// What `Retry-After` says.
    pub maintenance_retry_after: Span,
}

/// A region's PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// Directory of `postgres`, `pg_basebackup`, `pg_rewind`, `pg_controldata`, `pg_waldump`.
    pub bin_dir: PathBuf,
    /// The data directory; may not exist yet.
    pub data_dir: PathBuf,
    /// Rendered `postgresql.conf`, outside the data directory because `pg_rewind` overwrites what lies inside.
    pub config_file: PathBuf,
    /// Rendered `pg_hba.conf`.
    pub hba_file: PathBuf,
    /// Directory of the Unix socket.
    pub socket_dir: PathBuf,
    /// TCP port on the loopback address.
    pub port: u16,
    /// The tenant's database.
    pub tenant_database: String,
    /// Role for the agent's own connections over the Unix socket.
    pub superuser: String,
    /// File with that role's password.
    pub superuser_password_file: PathBuf,
    /// How this region follows another one.
    pub replication: ReplicationSettings,
    /// A cleanly stopped data directory to begin with, copied only at the very first lead of an estate.
    pub seed: PathBuf,
    /// SQL files run once after the seed was started: passwords and keys of this estate. Each names its database.
    pub seed_sql: Vec<SeedSql>,
    /// At most this much may be lost by promoting: a standby further behind is not eligible.
    pub lag_bytes_max: u64,
}

/// One SQL file for a fresh estate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedSql {
    /// Database to run it in.
    pub database: String,
    /// The file; may hold secrets, so only its owner may read it.
    pub file: PathBuf,
}

/// How a region follows another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplicationSettings {
    /// Role with `REPLICATION` (and the functions `pg_rewind` needs).
    pub user: String,
    /// libpq password file for that role.
    pub passfile: PathBuf,
    /// Certificates that prove the upstream is ours.
    pub ca: PathBuf,
    /// Replication slot of this region on whichever region is upstream.
    pub slot: String,
    /// Slots to keep for the others while this region is primary.
    pub downstream_slots: Vec<String>,
    /// Where the other regions' databases are.
    pub upstreams: BTreeMap<RegionName, Upstream>,
}

/// Address of another region's database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}
