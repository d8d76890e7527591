//! The estate after reading: every reference holds, every default is filled in.

use std::collections::BTreeMap;

use serde::Serialize;
use types::settings::{Authority, IdempotencySource, Probe};
use types::{
    ByteSize, CapabilityName, EstateName, IntegrationName, PartnerName, RegionName, SiteName, Span,
    TenantName, TierName,
};

/// Everything one organisation declares about its ERP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Estate {
    /// Its name.
    pub name: EstateName,
    /// The active region first.
    pub regions: Vec<Region>,
    /// Recovery promises by name.
    pub tiers: BTreeMap<TierName, Tier>,
    /// In the order of the file.
    pub capabilities: Vec<Capability>,
    /// Odoo databases by name; at least one.
    pub tenants: BTreeMap<TenantName, Tenant>,
    /// In the order of the file.
    pub integrations: Vec<Integration>,
    /// In the order of the file.
    pub sites: Vec<Site>,
}

/// An Azure region, or its local stand-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Region {
    /// Its name.
    pub name: RegionName,
    /// Azure location.
    pub location: String,
    /// Its role in the beginning.
    pub role: RegionRole,
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

/// A recovery promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tier {
    /// It must work again this soon.
    pub rto: Span,
    /// At most this much may be lost.
    pub rpo: Span,
    /// Who may start a failover.
    pub failover: Failover,
}

/// Who may start a failover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failover {
    /// How many people it takes.
    pub authority: Authority,
    /// These people.
    pub authorised_by: Vec<String>,
}

/// A business process that must come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Capability {
    /// Its name.
    pub name: CapabilityName,
    /// Its promise; always a key of [`Estate::tiers`].
    pub tier: TierName,
    /// The real transaction that proves it.
    pub probe: Option<Probe>,
    /// Integrations it cannot do without.
    pub depends_on: Vec<IntegrationName>,
}

/// One Odoo database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tenant {
    /// Its PostgreSQL database.
    pub database: String,
    /// How many processes each class of work has.
    pub workloads: Workloads,
}

/// How many processes each class of work has, per region. `live` is always one event-driven process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Workloads {
    /// People in browsers.
    pub web: Workers,
    /// Messages of the gateway.
    pub integration: Workers,
    /// Scheduled jobs.
    pub scheduler: Workers,
}

/// A number of processes, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Workers(pub u16);

/// One stream of messages between a partner and the ERP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Integration {
    /// Its name.
    pub name: IntegrationName,
    /// The partner.
    pub partner: Option<PartnerName>,
    /// What the ERP does with a message.
    pub kind: String,
    /// Where the idempotency key is found.
    pub idempotency: IdempotencySource,
    /// Larger messages are refused.
    pub body_max: ByteSize,
    /// Deliveries at the same time.
    pub concurrency: u16,
}

/// A place where people work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Site {
    /// Its name.
    pub name: SiteName,
    /// Region nearest to it.
    pub region: RegionName,
    /// What stands there.
    pub devices: Vec<String>,
}
