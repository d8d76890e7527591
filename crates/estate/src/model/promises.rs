//! What is promised about recovery.

use serde::Serialize;
use types::settings::{Authority, Probe};
use types::{CapabilityName, IntegrationName, SiteName, Span, TierName};

/// A recovery promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tier {
    /// It must work again this soon.
    pub rto: Span,
    /// At most this much may be lost.
    pub rpo: Span,
    /// Who may start a failover.
    pub failover: Failover,
    /// When somebody answers; by default always.
    pub support: SupportWindow,
}

/// Who may start a failover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failover {
    /// How many people it takes.
    pub authority: Authority,
    /// These people.
    pub authorised_by: Vec<String>,
}

/// When somebody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SupportWindow {
    /// Day and night.
    Always,
    /// While the warehouses work: 06:00 to 22:00 on weekdays and Saturdays.
    WarehouseHours,
    /// 08:00 to 18:00 on weekdays.
    OfficeHours,
}

impl SupportWindow {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::WarehouseHours => "warehouse-hours",
            Self::OfficeHours => "office-hours",
        }
    }
}

/// A business process that must come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Capability {
    /// Its name.
    pub name: CapabilityName,
    /// Name for people; by default made of the name.
    pub display_name: String,
    /// Its promise; always a key of [`super::Estate::tiers`].
    pub tier: TierName,
    /// The real transaction that proves it.
    pub probe: Option<Probe>,
    /// Integrations it cannot do without.
    pub depends_on: Vec<IntegrationName>,
    /// Capabilities that must work first; never a cycle.
    pub after: Vec<CapabilityName>,
    /// Sites it is done at; empty means that it does not depend on any.
    pub sites: Vec<SiteName>,
    /// Who answers for it.
    pub owner: Option<String>,
}
