//! What is watched, how often, and who hears of it.

use estate::AlertRoute;
use serde::Serialize;
use types::settings::{Authority, Probe};
use types::{CapabilityName, IntegrationName, SiteName, Span, TierName};

/// How an environment is watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Watching {
    /// Metrics are read this often.
    pub scrape_every: Span,
    /// Metrics are kept this long.
    pub metrics_keep: Span,
    /// Logs are kept this long.
    pub logs_keep: Span,
    /// Audit logs are kept this long.
    pub audit_keep: Span,
    /// Whoever is woken; outside of production nobody is, these go to `ticket`.
    pub page: AlertRoute,
    /// Whoever works through a queue.
    pub ticket: AlertRoute,
    /// Whether pages wake people.
    pub pages: bool,
    /// Real transactions through the public address.
    pub synthetic: Vec<SyntheticCheck>,
}

/// A real transaction that is made again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SyntheticCheck {
    /// What it proves.
    pub capability: CapabilityName,
    /// The transaction.
    pub probe: Probe,
    /// Base URL.
    pub url: String,
    /// How often.
    pub every: Span,
}

/// A capability, with all that recovery and watching need to know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CapabilityPlan {
    /// Its name.
    pub name: CapabilityName,
    /// Name for people.
    pub display_name: String,
    /// Place in the order of recovery, from 1; capabilities of the same number come back together.
    pub order: u16,
    /// Its tier.
    pub tier: TierName,
    /// It must work again this soon.
    pub rto: Span,
    /// At most this much may be lost.
    pub rpo: Span,
    /// Who may start a failover.
    pub authority: Authority,
    /// These people.
    pub authorised_by: Vec<String>,
    /// When somebody answers.
    pub support: estate::SupportWindow,
    /// The transaction that proves it.
    pub probe: Option<Probe>,
    /// Integrations it cannot do without.
    pub integrations: Vec<IntegrationName>,
    /// Capabilities that must work first.
    pub after: Vec<CapabilityName>,
    /// Sites it is done at.
    pub sites: Vec<SiteName>,
    /// Who answers for it.
    pub owner: Option<String>,
}
