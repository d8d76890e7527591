//! The estate after reading: every reference holds, every default is filled in.
//!
//! What the user may leave out is an `Option` only where leaving it out means something; everything else has its
//! default here already, so that nobody downstream needs to know one.

mod access;
mod calendars;
mod cost;
mod data;
mod environments;
mod ingress;
mod integrations;
mod organisation;
mod promises;
mod regions;
mod release;
mod sites;
mod tenancy;
mod watching;
mod workloads;

use std::collections::BTreeMap;

use serde::Serialize;
use types::{
    CalendarName, EnvironmentName, EstateName, PartnerName, RegionName, SecretName, StampName, TenantName,
    TierName,
};

pub use access::{Access, Elevation, Persona, PersonaGrant, Secret};
pub use calendars::{
    BusinessEvent, BusinessEventKind, Calendar, Freeze, ReleaseWindow, Weekday, WeeklyWindow,
};
pub use cost::{Budget, Currency};
pub use data::{
    Cache, CachePersistence, Container, Database, Durability, Engine, HighAvailability, Immutability,
    MaintenanceWindow, Objects, Pooling, VacuumPolicy,
};
pub use environments::{Environment, Stage};
pub use ingress::{FrameOptions, Ingress, IngressPath, RateLimit, TlsVersion, WafMode};
pub use integrations::{
    Authentication, Buffering, Criticality, Direction, EndpointAddress, FileEnd, FileFormat, Files,
    Integration, Language, Partner, PrinterLanguage, Protocol, Retry,
};
pub use organisation::Organisation;
pub use promises::{Capability, Failover, SupportWindow, Tier};
pub use regions::{Posture, Region, RegionRole};
pub use release::{Image, Release};
pub use sites::{Device, DeviceKind, EdgeAgent, Link, LinkKind, Site};
pub use tenancy::{ClusterIsolation, Quota, Stamp, Tenancy, Tenant};
pub use watching::{AlertRoute, Observability, Retention, Waiver};
pub use workloads::{HeavyJobs, Peak, ScalingSignal, WorkloadClass, Workloads};

/// Everything one organisation declares about its ERP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Estate {
    /// Its name.
    pub name: EstateName,
    /// Who it belongs to.
    pub organisation: Organisation,
    /// Where and how it exists: production always, others as declared, in the order of promotion (production last but for
    /// recovery tests).
    pub environments: BTreeMap<EnvironmentName, Environment>,
    /// Active regions first, in the order of the file.
    pub regions: Vec<Region>,
    /// Recovery promises by name.
    pub tiers: BTreeMap<TierName, Tier>,
    /// In the order of the file.
    pub capabilities: Vec<Capability>,
    /// Deployment units by name; each tenant is in one.
    pub stamps: BTreeMap<StampName, Stamp>,
    /// Odoo databases by name; at least one.
    pub tenants: BTreeMap<TenantName, Tenant>,
    /// The public entrance.
    pub ingress: Ingress,
    /// Partner systems by name.
    pub partners: BTreeMap<PartnerName, Partner>,
    /// In the order of the file.
    pub integrations: Vec<Integration>,
    /// In the order of the file.
    pub sites: Vec<Site>,
    /// When the business must not be disturbed.
    pub calendars: BTreeMap<CalendarName, Calendar>,
    /// Who may do what.
    pub access: Access,
    /// Secrets by name; their values are never here.
    pub secrets: BTreeMap<SecretName, Secret>,
    /// How long what is kept.
    pub retention: Retention,
    /// How it is watched, and who hears of it.
    pub observability: Observability,
    /// What it may cost.
    pub budget: Option<Budget>,
    /// What runs: the image and where it comes from.
    pub release: Release,
    /// Exceptions from policies, each with a person, a reason and an end.
    pub waivers: Vec<Waiver>,
}

impl Estate {
    /// The region of that name; names in a checked estate always have one.
    pub fn region(&self, name: &RegionName) -> Option<&Region> {
        self.regions.iter().find(|region| region.name == *name)
    }

    /// The region that stands by for this one.
    pub fn standby_of(&self, active: &RegionName) -> Option<&Region> {
        self.regions
            .iter()
            .find(|region| region.standby_for.as_ref() == Some(active))
    }

    /// The stamp a tenant lives in.
    pub fn stamp_of(&self, tenant: &TenantName) -> Option<(&StampName, &Stamp)> {
        self.stamps.get_key_value(&self.tenants.get(tenant)?.stamp)
    }

    /// The tier a capability is held to.
    pub fn tier_of(&self, capability: &Capability) -> Option<&Tier> {
        self.tiers.get(&capability.tier)
    }
}
