//! From what was written to what is meant: names become references, gaps become defaults, impossible promises are
//! refused.
//!
//! The checks run on whatever could be read. The [`Estate`] itself is made only when everything could.

mod names;
mod promises;
mod regions;

use std::collections::BTreeMap;

use types::{ByteSize, RegionName};

use crate::{
    code,
    document::{
        CapabilityDocument, EstateDocument, IntegrationDocument, RegionDocument, SiteDocument, SpecDocument,
        TenantDocument, TierDocument, WorkersDocument,
    },
    field::Located,
    model::{
        Capability, Estate, Failover, Integration, Region, RegionRole, Site, Tenant, Tier, Workers, Workloads,
    },
    problems::Problems,
};

/// A message of an ERP integration is some kilobytes; a megabyte leaves room for long orders.
const BODY_DEFAULT: ByteSize = ByteSize::mib(1);
/// Larger messages would stall a lane, and the journal copies each one to two regions.
const BODY_MAX: ByteSize = ByteSize::mib(16);
/// Two deliveries at once keep one Odoo core busy and leave the others to people.
const CONCURRENCY_DEFAULT: u16 = 2;
/// One request at a time is the least that still serves while another one is slow.
const WEB_DEFAULT: Workers = Workers(2);
const INTEGRATION_DEFAULT: Workers = Workers(2);
/// Scheduled jobs share locks; more than one rarely helps.
const SCHEDULER_DEFAULT: Workers = Workers(1);

/// The lists of a document, empty where they could not be read.
pub(crate) struct Lists<'d> {
    regions: &'d [Located<RegionDocument>],
    tiers: &'d [Located<TierDocument>],
    capabilities: &'d [Located<CapabilityDocument>],
    tenants: &'d [Located<TenantDocument>],
    integrations: &'d [Located<IntegrationDocument>],
    sites: &'d [Located<SiteDocument>],
}

fn items<T>(list: Option<&Located<Vec<Located<T>>>>) -> &[Located<T>] {
    list.map_or(&[], |list| list.value.as_slice())
}

/// Checks a document; returns the estate when every part of it could be read.
pub(crate) fn resolve(document: &EstateDocument, problems: &mut Problems<'_>) -> Option<Estate> {
    let spec = &document.spec.as_ref()?.value;
    let lists = Lists {
        regions: items(spec.regions.as_ref()),
        tiers: items(spec.tiers.as_ref()),
        capabilities: items(spec.capabilities.as_ref()),
        tenants: items(spec.tenants.as_ref()),
        integrations: items(spec.integrations.as_ref()),
        sites: items(spec.sites.as_ref()),
    };
    check_not_empty(spec, problems);
    names::check(spec, &lists, problems);
    regions::check(&lists, spec.regions.as_ref().map(|list| list.span), problems);
    promises::check(&lists, problems);
    check_sizes(&lists, problems);
    build(document, &lists)
}

fn check_not_empty(spec: &SpecDocument, problems: &mut Problems<'_>) {
    let empty = [
        spec.tiers
            .as_ref()
            .map(|list| ("tiers", list.value.is_empty(), list.span)),
        spec.capabilities
            .as_ref()
            .map(|list| ("capabilities", list.value.is_empty(), list.span)),
        spec.tenants
            .as_ref()
            .map(|list| ("tenants", list.value.is_empty(), list.span)),
    ];
    for (what, is_empty, span) in empty.into_iter().flatten() {
        if is_empty {
            problems
                .error(code::EMPTY_LIST, span, format!("`{what}` is empty"))
                .help("an estate needs at least one region, tier, capability and tenant")
                .done();
        }
    }
}

fn check_sizes(lists: &Lists<'_>, problems: &mut Problems<'_>) {
    for size in lists
        .integrations
        .iter()
        .filter_map(|one| one.value.body_max.as_ref())
    {
        if size.value > BODY_MAX || size.value.get() == 0 {
            problems
                .error(
                    code::BAD_VALUE,
                    size.span,
                    format!("a message may be at most {BODY_MAX} long, and not 0"),
                )
                .help("send large files by reference: every message is journalled in two regions")
                .done();
        }
    }
}

fn build(document: &EstateDocument, lists: &Lists<'_>) -> Option<Estate> {
    // They hold nothing, but without them this is not an estate that we can read.
    document.api_version.as_ref().zip(document.kind.as_ref())?;
    let mut regions = lists.regions.iter().map(region).collect::<Option<Vec<_>>>()?;
    regions.sort_by_key(|region| region.role != RegionRole::Active);
    let first = regions.first()?.name.clone();
    Some(Estate {
        name: document.metadata.as_ref()?.value.name.as_ref()?.value.clone(),
        tiers: lists.tiers.iter().map(tier).collect::<Option<BTreeMap<_, _>>>()?,
        capabilities: lists.capabilities.iter().map(capability).collect::<Option<_>>()?,
        tenants: lists
            .tenants
            .iter()
            .map(tenant)
            .collect::<Option<BTreeMap<_, _>>>()?,
        integrations: lists
            .integrations
            .iter()
            .map(integration)
            .collect::<Option<_>>()?,
        sites: lists
            .sites
            .iter()
            .map(|one| site(one, &first))
            .collect::<Option<_>>()?,
        regions,
    })
}

fn value<T: Clone>(field: Option<&Located<T>>) -> Option<T> {
    field.map(|located| located.value.clone())
}

fn region(document: &Located<RegionDocument>) -> Option<Region> {
    let document = &document.value;
    let name = value(document.name.as_ref())?;
    Some(Region {
        location: document
            .location
            .as_ref()
            .map_or_else(|| name.to_string(), |text| text.value.0.clone()),
        role: value(document.role.as_ref())?,
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
    };
    Some((value(document.name.as_ref())?, tier))
}

fn capability(document: &Located<CapabilityDocument>) -> Option<Capability> {
    let document = &document.value;
    Some(Capability {
        name: value(document.name.as_ref())?,
        tier: value(document.tier.as_ref())?,
        probe: value(document.probe.as_ref()),
        depends_on: items(document.depends_on.as_ref())
            .iter()
            .map(|one| one.value.clone())
            .collect(),
    })
}

fn tenant(document: &Located<TenantDocument>) -> Option<(types::TenantName, Tenant)> {
    let document = &document.value;
    let name = value(document.name.as_ref())?;
    let workloads = document.workloads.as_ref().map(|located| &located.value);
    let workers = |chosen: Option<&Located<WorkersDocument>>, default: Workers| {
        chosen
            .and_then(|located| value(located.value.workers.as_ref()))
            .map_or(default, Workers)
    };
    let tenant = Tenant {
        database: document
            .database
            .as_ref()
            .map_or_else(|| name.to_string(), |located| located.value.0.clone()),
        workloads: Workloads {
            web: workers(workloads.and_then(|all| all.web.as_ref()), WEB_DEFAULT),
            integration: workers(
                workloads.and_then(|all| all.integration.as_ref()),
                INTEGRATION_DEFAULT,
            ),
            scheduler: workers(
                workloads.and_then(|all| all.scheduler.as_ref()),
                SCHEDULER_DEFAULT,
            ),
        },
    };
    Some((name, tenant))
}

fn integration(document: &Located<IntegrationDocument>) -> Option<Integration> {
    let document = &document.value;
    Some(Integration {
        name: value(document.name.as_ref())?,
        partner: value(document.partner.as_ref()),
        kind: document.kind.as_ref()?.value.0.clone(),
        idempotency: value(document.idempotency.as_ref())?,
        body_max: value(document.body_max.as_ref()).unwrap_or(BODY_DEFAULT),
        concurrency: value(document.concurrency.as_ref()).unwrap_or(CONCURRENCY_DEFAULT),
    })
}

fn site(document: &Located<SiteDocument>, nearest: &RegionName) -> Option<Site> {
    let document = &document.value;
    Some(Site {
        name: value(document.name.as_ref())?,
        region: value(document.region.as_ref()).unwrap_or_else(|| nearest.clone()),
        devices: items(document.devices.as_ref())
            .iter()
            .map(|one| one.value.0.clone())
            .collect(),
    })
}
