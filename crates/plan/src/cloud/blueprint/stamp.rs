//! What is the same in every region: tenants, lanes, secrets, who is reached.

use core::net::Ipv4Addr;

use estate::{
    Authentication, Buffering, Criticality, Direction, EndpointAddress, Protocol, Quota, Retry, Tenancy,
};
use ipnet::Ipv4Net;
use serde::Serialize;
use types::settings::IdempotencySource;
use types::{
    ByteSize, CalendarName, CapabilityName, IntegrationName, PartnerName, RegionName, SiteName, Span,
    StampName, TenantName,
};

/// A stamp, wherever it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stamp {
    /// Its name.
    pub name: StampName,
    /// How tenants live in it.
    pub tenancy: Tenancy,
    /// Kubernetes namespace.
    pub namespace: String,
    /// Active region.
    pub home: RegionName,
    /// Region that takes over.
    pub standby: Option<RegionName>,
    /// What one tenant may take.
    pub quota: Quota,
    /// Tenants by name.
    pub tenants: Vec<Tenant>,
    /// Lanes of the gateway, in the order of the estate.
    pub lanes: Vec<Lane>,
    /// Secrets its pods read from the vault.
    pub secrets: Vec<SecretPlan>,
    /// What its pods may reach outside; everything else is denied.
    pub egress: Vec<Egress>,
    /// Sites that work with it.
    pub sites: Vec<SitePlan>,
    /// When heavy jobs may run.
    pub heavy_jobs: Option<estate::HeavyJobs>,
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tenant {
    /// Its name.
    pub name: TenantName,
    /// Name for people.
    pub display_name: String,
    /// Its PostgreSQL database.
    pub database: String,
    /// Its PostgreSQL role, which may not create databases.
    pub role: String,
    /// Host names under which its users reach it, in this environment.
    pub host: String,
    /// IANA time zone.
    pub time_zone: String,
    /// Calendar its releases keep to.
    pub calendar: Option<CalendarName>,
    /// Where its partners with client certificates come in; `None` where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_door: Option<CertificateDoor>,
}

/// A way in past the front door, which would end TLS: straight to the gateway, which asks for a certificate itself and
/// serves nobody without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateDoor {
    /// The host that partners know.
    pub host: String,
    /// Azure's name of what follows the leading region; globally unique.
    pub profile: String,
    /// Label of the public address in each region's own zone of Azure, `LABEL.LOCATION.cloudapp.azure.com`.
    pub label: String,
    /// Addresses that may connect; empty means any, because a partner declared none.
    pub allow: Vec<Ipv4Net>,
}

/// A lane of the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lane {
    /// The integration.
    pub name: IntegrationName,
    /// The tenant it belongs to.
    pub tenant: TenantName,
    /// The partner.
    pub partner: Option<PartnerName>,
    /// The partner's name for people.
    pub partner_name: Option<String>,
    /// Whom to tell in an outage.
    pub partner_contact: Option<String>,
    /// Addresses the partner calls from; empty means any.
    pub partner_addresses: Vec<Ipv4Net>,
    /// Which way messages go.
    pub direction: Direction,
    /// How they travel.
    pub protocol: Protocol,
    /// What the ERP does with a message.
    pub kind: String,
    /// Where the idempotency key is found.
    pub idempotency: IdempotencySource,
    /// Messages with the same value at this JSON pointer are applied in their order.
    pub ordering: Option<String>,
    /// How the partner proves who it is.
    pub authentication: Authentication,
    /// Where outbound messages go.
    pub address: Option<EndpointAddress>,
    /// Larger messages are refused.
    pub body_max: ByteSize,
    /// Deliveries at the same time.
    pub concurrency: u16,
    /// Messages per second that are let through.
    pub rate_max: Option<u32>,
    /// How much of the ERP's time it gets when there is not enough for all.
    pub priority: types::settings::Priority,
    /// Trying again.
    pub retry: Retry,
    /// Outages that must be survived.
    pub buffering: Buffering,
    /// How bad an outage is.
    pub criticality: Criticality,
    /// Payloads are kept this long after they were applied.
    pub keep: Span,
    /// What people are shown of its messages.
    #[serde(skip_serializing_if = "types::settings::PayloadSettings::is_default")]
    pub payloads: types::settings::PayloadSettings,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Capabilities that cannot do without it.
    pub capabilities: Vec<CapabilityName>,
    /// What was agreed on with a partner that speaks EDI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edi: Option<types::settings::EdiSettings>,
    /// Where files lie that are exchanged with the partner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<estate::Files>,
    /// Disk for the directory in which its partner's files are left; `None` where they are not left with us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop_storage: Option<ByteSize>,
    /// What leaves the ERP through it, where that is not EDI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound: Option<types::settings::OutboundSettings>,
    /// The site whose scans it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanner: Option<types::settings::ScannerSettings>,
}

/// A secret that pods read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SecretPlan {
    /// Name of the Kubernetes secret. A lane's has the name that its authentication says. Ours are `redis-url`,
    /// `listener` (Odoo's role for what belongs to no tenant), `database-administrator` on a Flexible Server, and
    /// `database-passwords` and `integration-keys`, which hold one key of the vault for each tenant.
    pub name: String,
    /// Name in the vault: as declared for lanes, ours begin with `STAMP--`.
    pub vault_key: String,
    /// Replaced at least this often.
    pub rotate: Span,
}

/// Something outside that pods may reach.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Egress {
    /// What for, in a few words.
    pub why: String,
    /// Where; a DNS name or an address.
    pub address: EndpointAddress,
    /// Who: the gateway for partners and printers, Odoo for mail.
    pub from: &'static str,
}

/// A site that works with a stamp.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SitePlan {
    /// Its name.
    pub name: SiteName,
    /// Name for people.
    pub display_name: String,
    /// Region nearest to it.
    pub region: RegionName,
    /// IANA time zone.
    pub time_zone: String,
    /// How it is connected.
    pub link: estate::LinkKind,
    /// Private addresses of the site.
    pub addresses: Vec<Ipv4Net>,
    /// Public address of its gateway.
    pub gateway: Option<Ipv4Addr>,
    /// What stands there.
    pub devices: Vec<estate::Device>,
    /// Goes on working this long without a link; `None` without an edge agent.
    pub offline: Option<Span>,
    /// The pack that people work with on paper may become this old.
    pub pack_age: Span,
    /// Tenants whose goods are there and that are in this stamp.
    pub tenants: Vec<TenantName>,
}
