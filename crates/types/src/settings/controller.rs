//! What the controller is told.

use std::{net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{DrillCalendar, LeaseTiming, TlsFiles};
use crate::{CapabilityName, EstateName, RegionName, Span, TenantName, TierName};

/// Settings of `plimsolld`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControllerSettings {
    /// The estate it looks after.
    pub estate: EstateName,
    /// The tenant it looks after.
    pub tenant: TenantName,
    /// Where its API listens (mutual TLS).
    pub listen: SocketAddr,
    /// Its identity.
    pub tls: TlsFiles,
    /// The SQLite database.
    pub store: PathBuf,
    /// Base URL of the front door's agent.
    pub front_door: String,
    /// Public base URL of the estate, for people and partners.
    pub public_url: String,
    /// The regions, the one that leads first in the beginning.
    pub regions: Vec<RegionEndpoints>,
    /// What the business cares about.
    pub capabilities: Vec<CapabilitySettings>,
    /// How the right to write is kept; the controller is its witness.
    pub lease: LeaseTiming,
    /// When and by whom a failover is decided.
    pub failover: FailoverSettings,
    /// What is rehearsed when; `None` where nothing is planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drills: Option<DrillCalendar>,
}

/// Where a region's programs answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionEndpoints {
    /// The region.
    pub region: RegionName,
    /// Base URL of its agent.
    pub agent: String,
    /// Base URL of its gateway's control listener.
    pub gateway: String,
}

/// A business capability and its promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapabilitySettings {
    /// Its name.
    pub name: CapabilityName,
    /// Its tier.
    pub tier: TierName,
    /// It must work again this soon.
    pub rto: Span,
    /// At most this much of it may be lost.
    pub rpo: Span,
    /// The real transaction that proves it; `None`: not measured, and reports say so.
    pub probe: Option<Probe>,
}

/// A real transaction that proves a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// An order posted at the gateway, and read back from the ERP through the public address.
    OrderCapture,
    /// A purchase ordered and confirmed, its receipt validated, and read back.
    Receiving,
    /// An order confirmed, its pick list released with the goods reserved, and read back.
    Picking,
    /// A delivery validated, and read back.
    ShipmentConfirmation,
    /// A customer invoice posted, and read back.
    Invoicing,
    /// The web client's login page, through the public address.
    WebLogin,
}

/// When and by whom a failover is decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailoverSettings {
    /// Who may start it.
    pub authority: Authority,
    /// Whose word counts where people must agree; empty: anybody's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorised_by: Vec<String>,
    /// The active region counts as lost after this long without a heartbeat.
    pub region_lost_after: Span,
    /// A database that cannot be used counts as lost after this long, while its agent still answers. Longer than a
    /// local restart takes.
    pub database_lost_after: Span,
    /// Not again within this long after the last failover, so that a flapping link does not move writes to and fro.
    pub hold_off: Span,
    /// A standby further behind than this at the last sighting of the primary is not promoted.
    pub lag_bytes_max: u64,
}

/// Who may start a failover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authority {
    /// The controller alone, from evidence.
    Automatic,
    /// One person says so.
    OnePerson,
    /// Two different people say so.
    TwoPeople,
}
