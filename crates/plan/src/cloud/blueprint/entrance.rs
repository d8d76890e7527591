//! The one public entrance of an environment.

use std::collections::BTreeMap;

use estate::{FrameOptions, RateLimit, TlsVersion, WafMode};
use ipnet::Ipv4Net;
use serde::Serialize;
use types::{ByteSize, RegionName, Span};

/// Azure Front Door, and what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FrontDoor {
    /// Its name; globally unique.
    pub name: String,
    /// Resource group of what no region owns.
    pub resource_group: String,
    /// Wildcard and single domains it answers for.
    pub domains: Vec<String>,
    /// What the firewall does.
    pub waf: WafMode,
    /// Oldest TLS version.
    pub tls_min: TlsVersion,
    /// One per region that serves or may serve.
    pub origins: Vec<Origin>,
    /// Hosts of tenants that live in another active region than the first; all others go to the first and its standby.
    pub hosts_elsewhere: BTreeMap<RegionName, Vec<String>>,
    /// People, administrators, partners: never the same limits.
    pub paths: Vec<PathPlan>,
    /// URL prefixes that nobody gets, from anywhere.
    pub never_served: Vec<String>,
    /// Whether a person stays with one process.
    pub sticky: bool,
    /// `Strict-Transport-Security`.
    pub hsts: Span,
    /// Who may embed pages.
    pub frame: FrameOptions,
}

/// A region behind the front door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The region.
    pub region: RegionName,
    /// Name of its ingress: in its certificate, and known to Front Door alone, which comes by Private Link.
    pub host: String,
    /// 1 is tried first; a standby has 2 and is disabled until a failover.
    pub priority: u8,
    /// Whether it serves in the beginning.
    pub enabled: bool,
    /// The active region whose tenants it serves: itself, or the one that it stands by for.
    pub serves_for: RegionName,
}

/// One of the three paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PathPlan {
    /// Whose path.
    pub purpose: PathPurpose,
    /// URL prefixes.
    pub prefixes: Vec<String>,
    /// Per client address.
    pub rate: RateLimit,
    /// Larger requests are refused.
    pub body_max: ByteSize,
    /// A backend begins to answer within this time.
    pub timeout: Span,
    /// Only from these; empty means from everywhere.
    pub allow: Vec<Ipv4Net>,
}

/// Whose path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PathPurpose {
    /// People.
    Public,
    /// Administrators.
    Admin,
    /// Partners.
    Integration,
}

impl PathPurpose {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Admin => "admin",
            Self::Integration => "integration",
        }
    }
}
