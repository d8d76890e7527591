//! The complete plan for Azure and Kubernetes: every name, size, address and number is decided, nothing is rendered.
//!
//! ```text
//!   Blueprint
//!   ├─ capabilities   what must come back, in the order of recovery
//!   ├─ delivery       images, pipelines, windows
//!   └─ environments   in the order of promotion
//!      ├─ stamps      what is the same in every region: tenants, lanes, secrets, who is reached
//!      ├─ front_door  the one public entrance
//!      ├─ watching    alerts, synthetic checks, retention
//!      ├─ access      who may do what
//!      └─ regions
//!         ├─ network, vault, storage, clusters, links, logs
//!         └─ placements   a stamp in this region: sizes, database, cache, containers, gateway
//! ```
//!
//! Types of the estate that need no decision (windows, routes, signals) are used as they are.

mod access;
mod data;
mod delivery;
mod entrance;
mod network;
mod placement;
mod stamp;
mod watching;

use std::collections::BTreeMap;

use estate::{Posture, RegionRole, Stage, WeeklyWindow};
use serde::Serialize;
use types::{EnvironmentName, EstateName, RegionName};

pub use access::{AzureRole, RoleGrant, RoleScope};
pub use data::{
    BackupPlan, CachePlan, CloudNativePg, ContainerKind, ContainerPlan, DatabaseEngine, DatabasePlan,
    FlexibleServer, FlexibleServerUpstream, Pooler, ReplicaSource, StorageAccount, StoragePurpose,
};
pub use delivery::{Delivery, ImagePlan};
pub use entrance::{FrontDoor, Origin, PathPlan, PathPurpose};
pub use network::{
    Cluster, Connection, GatewayKind, Network, NodePool, NodePoolPurpose, PrivateZone, SiteGateway, Subnet,
    SubnetPurpose,
};
pub use placement::{GatewayPlan, Placement, WorkloadKind, WorkloadPlan};
pub use stamp::{CertificateDoor, Egress, Lane, SecretPlan, SitePlan, Stamp, Tenant};
pub use watching::{CapabilityPlan, SyntheticCheck, Watching};

/// The complete plan of one estate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blueprint {
    /// The estate.
    pub estate: EstateName,
    /// Name of its owner for people.
    pub organisation: String,
    /// Mail address of those who run it.
    pub contact: Option<String>,
    /// What every Azure resource is tagged with; environments and regions add theirs.
    pub tags: BTreeMap<String, String>,
    /// Geographies that data may be in, those of an area such as `europe` one by one; empty means anywhere.
    pub residency: Vec<String>,
    /// What must come back, in the order of recovery.
    pub capabilities: Vec<CapabilityPlan>,
    /// Images, pipelines, windows.
    pub delivery: Delivery,
    /// In the order of promotion.
    pub environments: Vec<Environment>,
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Environment {
    /// Its name.
    pub name: EnvironmentName,
    /// What it is for.
    pub stage: Stage,
    /// Domain that its hosts are under: the organisation's in production, `NAME.` before it elsewhere.
    pub domain: String,
    /// Tags on top of the blueprint's.
    pub tags: BTreeMap<String, String>,
    /// When it runs; `None` means always.
    pub runs: Option<WeeklyWindow>,
    /// Whether mail, EDI, labels and payments are held until people release them: always outside of production.
    pub mute: bool,
    /// Per month, in whole units, and the percentages at which somebody hears of it; production's share of the estate's
    /// budget here, the other environments' shares there.
    pub budget: Option<estate::Budget>,
    /// What is the same in every region.
    pub stamps: Vec<Stamp>,
    /// The one public entrance.
    pub front_door: FrontDoor,
    /// Alerts, synthetic checks, retention.
    pub watching: Watching,
    /// Who may do what.
    pub access: Vec<RoleGrant>,
    /// Active regions first.
    pub regions: Vec<Region>,
}

/// One region of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Region {
    /// Its name.
    pub name: RegionName,
    /// Azure location.
    pub location: String,
    /// Geography, where it is known.
    pub geography: Option<String>,
    /// Its role in the beginning.
    pub role: RegionRole,
    /// How ready it is.
    pub posture: Posture,
    /// The other region of its pair.
    pub partner: Option<RegionName>,
    /// Availability zones that are used.
    pub zones: Vec<u8>,
    /// Azure resource groups, one per state: infrastructure, data, platform.
    pub resource_groups: ResourceGroups,
    /// Addresses.
    pub network: Network,
    /// Name of the Key Vault.
    pub vault: String,
    /// Days in which a deleted vault or secret can be had back; 90.
    pub vault_soft_delete_days: u16,
    /// Name of the Log Analytics workspace.
    pub log_workspace: String,
    /// Storage accounts: one for attachments and exports, one for backups under another identity.
    pub storage: Vec<StorageAccount>,
    /// Kubernetes clusters.
    pub clusters: Vec<Cluster>,
    /// How sites get here; `None` where all of them come over the internet.
    pub site_gateways: Vec<SiteGateway>,
    /// Stamps in this region.
    pub placements: Vec<Placement>,
}

/// Resource groups, one per Terraform state, so that a release never touches the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResourceGroups {
    /// Networks, gateways, clusters, vault.
    pub infrastructure: String,
    /// Databases, caches, storage.
    pub data: String,
    /// What a release may touch: identities, monitoring, GitOps.
    pub platform: String,
}
