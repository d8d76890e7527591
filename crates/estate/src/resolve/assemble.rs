//! The estate itself, made of a document in which everything could be read.

use std::collections::BTreeMap;

use types::{EnvironmentName, IntegrationName, RegionName, SecretName, StampName, TenantName};

use super::{Lists, items};
use crate::{
    defaults,
    document::{
        CapabilityDocument, EstateDocument, IntegrationDocument, RegionDocument, SiteDocument,
        TenantDocument, TierDocument, WorkersDocument,
    },
    field::Located,
    model::{
        Access, Capability, Device, DeviceKind, Estate, Failover, Integration, Organisation, Partner,
        Posture, Region, RegionRole, Secret, Site, Stamp, Tenancy, Tenant, Tier, Workloads,
    },
};

pub(super) fn build(document: &EstateDocument, lists: &Lists<'_>) -> Option<Estate> {
    // They hold nothing, but without them this is not an estate that we can read.
    document.api_version.as_ref().zip(document.kind.as_ref())?;
    let name = document.metadata.as_ref()?.value.name.as_ref()?.value.clone();
    let organisation = Organisation {
        display_name: name.to_string(),
        domain: defaults::domain(&name),
        time_zone: defaults::TIME_ZONE.to_owned(),
        contact: None,
        cost_centre: None,
        tags: BTreeMap::new(),
        residency: Vec::new(),
    };
    let regions = regions(lists)?;
    let first = regions.first()?.name.clone();
    let tenants: BTreeMap<TenantName, Tenant> = lists
        .tenants
        .iter()
        .map(|one| tenant(&one.value, &organisation))
        .collect::<Option<_>>()?;
    let stamps = lists
        .tenants
        .iter()
        .map(|one| dedicated_stamp(&one.value, &first))
        .collect::<Option<_>>()?;
    let all_tenants: Vec<TenantName> = tenants.keys().cloned().collect();
    let mut secrets = BTreeMap::new();
    let integrations: Vec<Integration> = lists
        .integrations
        .iter()
        .map(|one| integration(&one.value, all_tenants.first()?, &mut secrets))
        .collect::<Option<_>>()?;
    let partners = integrations
        .iter()
        .filter_map(|one| one.partner.clone())
        .map(|name| {
            let partner = Partner {
                display_name: name.to_string(),
                contact: None,
                addresses: Vec::new(),
            };
            (name, partner)
        })
        .collect();
    let sites = lists
        .sites
        .iter()
        .map(|one| site(&one.value, &first, &all_tenants, &organisation))
        .collect::<Option<_>>()?;
    Some(Estate {
        environments: BTreeMap::from([(
            EnvironmentName::new("production").ok()?,
            defaults::production(regions.iter().map(|region| region.name.clone()).collect()),
        )]),
        regions,
        tiers: lists.tiers.iter().map(tier).collect::<Option<_>>()?,
        capabilities: lists.capabilities.iter().map(capability).collect::<Option<_>>()?,
        stamps,
        tenants,
        ingress: defaults::ingress(),
        partners,
        integrations,
        sites,
        calendars: BTreeMap::new(),
        access: Access {
            personas: BTreeMap::new(),
        },
        secrets,
        retention: defaults::RETENTION,
        observability: defaults::observability(None, &organisation.domain),
        budget: None,
        release: defaults::release(&organisation.domain),
        waivers: Vec::new(),
        organisation,
        name,
    })
}

fn value<T: Clone>(field: Option<&Located<T>>) -> Option<T> {
    field.map(|located| located.value.clone())
}

fn regions(lists: &Lists<'_>) -> Option<Vec<Region>> {
    let active = lists.regions.iter().find(|region| {
        let role = region.value.role.as_ref();
        role.is_some_and(|role| role.value == RegionRole::Active)
    });
    let active = active.and_then(|region| value(region.value.name.as_ref()))?;
    let mut regions = lists
        .regions
        .iter()
        .map(|one| region(&one.value, &active))
        .collect::<Option<Vec<_>>>()?;
    regions.sort_by_key(|region| region.role != RegionRole::Active);
    Some(regions)
}

fn region(document: &RegionDocument, active: &RegionName) -> Option<Region> {
    let name = value(document.name.as_ref())?;
    let role = value(document.role.as_ref())?;
    Some(Region {
        location: document
            .location
            .as_ref()
            .map_or_else(|| name.to_string(), |text| text.value.0.clone()),
        standby_for: (role == RegionRole::Standby).then(|| active.clone()),
        role,
        posture: Posture::Hot,
        zones: defaults::ZONES.to_vec(),
        geography: None,
        address_space: None,
        name,
    })
}

fn tier(document: &Located<TierDocument>) -> Option<(types::TierName, Tier)> {
    let document = &document.value;
    let failover = &document.failover.as_ref()?.value;
    let people = items(failover.authorised_by.as_ref());
    let tier = Tier {
        rto: value(document.rto.as_ref())?,
        rpo: value(document.rpo.as_ref())?,
        failover: Failover {
            authority: value(failover.authority.as_ref())?,
            authorised_by: people.iter().map(|person| person.value.0.clone()).collect(),
        },
        support: defaults::SUPPORT,
    };
    Some((value(document.name.as_ref())?, tier))
}

fn capability(document: &Located<CapabilityDocument>) -> Option<Capability> {
    let document = &document.value;
    let name = value(document.name.as_ref())?;
    Some(Capability {
        display_name: defaults::display_name(name.as_str()),
        name,
        tier: value(document.tier.as_ref())?,
        probe: value(document.probe.as_ref()),
        depends_on: items(document.depends_on.as_ref())
            .iter()
            .map(|one| one.value.clone())
            .collect(),
        after: Vec::new(),
        sites: Vec::new(),
        owner: None,
    })
}

/// The stamp a tenant has to itself when nobody said where it lives.
fn own_stamp(tenant: &TenantName) -> Option<StampName> {
    StampName::new(tenant.as_str()).ok()
}

fn dedicated_stamp(document: &TenantDocument, region: &RegionName) -> Option<(StampName, Stamp)> {
    let mut workloads: Workloads = defaults::workloads();
    let written = document.workloads.as_ref().map(|located| &located.value);
    let workers = |chosen: Option<&Located<WorkersDocument>>, target: &mut u16| {
        if let Some(workers) = chosen.and_then(|located| value(located.value.workers.as_ref())) {
            *target = workers;
        }
    };
    workers(
        written.and_then(|all| all.web.as_ref()),
        &mut workloads.web.workers,
    );
    workers(
        written.and_then(|all| all.integration.as_ref()),
        &mut workloads.integration.workers,
    );
    workers(
        written.and_then(|all| all.scheduler.as_ref()),
        &mut workloads.scheduler.workers,
    );
    let stamp = Stamp {
        tenancy: Tenancy::Dedicated,
        region: region.clone(),
        cluster: defaults::CLUSTER,
        workloads,
        database: defaults::database(),
        cache: defaults::CACHE,
        objects: defaults::OBJECTS,
        quota: defaults::QUOTA_DEDICATED,
        tenants_max: 1,
    };
    Some((own_stamp(&document.name.as_ref()?.value)?, stamp))
}

fn tenant(document: &TenantDocument, organisation: &Organisation) -> Option<(TenantName, Tenant)> {
    let name = value(document.name.as_ref())?;
    let tenant = Tenant {
        display_name: name.to_string(),
        database: document
            .database
            .as_ref()
            .map_or_else(|| name.to_string(), |located| located.value.0.clone()),
        stamp: own_stamp(&name)?,
        host: defaults::host(&name, &organisation.domain),
        time_zone: organisation.time_zone.clone(),
        calendar: None,
    };
    Some((name, tenant))
}

fn integration(
    document: &IntegrationDocument,
    tenant: &TenantName,
    secrets: &mut BTreeMap<SecretName, Secret>,
) -> Option<Integration> {
    let name: IntegrationName = value(document.name.as_ref())?;
    let (authentication, secret) = defaults::authentication(&name)?;
    secrets.insert(secret.clone(), defaults::secret(&secret));
    Some(Integration {
        name,
        tenant: tenant.clone(),
        partner: value(document.partner.as_ref()),
        direction: defaults::DIRECTION,
        protocol: defaults::PROTOCOL,
        kind: document.kind.as_ref()?.value.0.clone(),
        idempotency: value(document.idempotency.as_ref())?,
        ordering: None,
        authentication,
        address: None,
        body_max: value(document.body_max.as_ref()).unwrap_or(defaults::BODY_MAX),
        concurrency: value(document.concurrency.as_ref()).unwrap_or(defaults::CONCURRENCY),
        rate_max: None,
        retry: defaults::RETRY,
        buffering: defaults::BUFFERING,
        criticality: defaults::CRITICALITY,
        keep: defaults::KEEP,
        owner: None,
    })
}

fn site(
    document: &SiteDocument,
    nearest: &RegionName,
    tenants: &[TenantName],
    organisation: &Organisation,
) -> Option<Site> {
    let name = value(document.name.as_ref())?;
    Some(Site {
        display_name: defaults::display_name(name.as_str()),
        region: value(document.region.as_ref()).unwrap_or_else(|| nearest.clone()),
        tenants: tenants.to_vec(),
        time_zone: organisation.time_zone.clone(),
        link: defaults::link(),
        devices: items(document.devices.as_ref())
            .iter()
            .map(|one| device(&one.value.0))
            .collect(),
        edge: None,
        name,
    })
}

fn device(label: &str) -> Device {
    Device {
        kind: DeviceKind::guess(label),
        label: label.to_owned(),
    }
}
