//! Where the ERP can run.

use ipnet::Ipv4Net;
use serde::Serialize;
use types::RegionName;

/// An Azure region, or its local stand-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Region {
    /// Its name.
    pub name: RegionName,
    /// Azure location.
    pub location: String,
    /// Its role in the beginning.
    pub role: RegionRole,
    /// The active region it takes over from; set exactly for standby regions.
    pub standby_for: Option<RegionName>,
    /// How ready a standby is; active regions are [`Posture::Hot`].
    pub posture: Posture,
    /// Availability zones that are used, ascending, from 1 to 3; by default all three, empty where the location has none.
    pub zones: Vec<u8>,
    /// Geography for residency, such as `europe`; by default known from the location, `None` if we don't know it.
    pub geography: Option<String>,
    /// Private addresses of the region, at least a /16 wide up to /20; by default chosen by the planner.
    pub address_space: Option<Ipv4Net>,
}

/// A region's role in the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegionRole {
    /// Serves.
    Active,
    /// Follows.
    Standby,
}

/// How ready a standby region is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Posture {
    /// Backups, network and vault only; the rest is built when needed. RTO of hours.
    Cold,
    /// A database replica, a gateway and the smallest useful set of processes; scaled up in a failover. RTO of minutes.
    Warm,
    /// As large as the active region. RTO of seconds where failover is automatic.
    Hot,
}

impl Posture {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Warm => "warm",
            Self::Hot => "hot",
        }
    }
}
