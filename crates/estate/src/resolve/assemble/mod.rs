//! From documents to models: gaps become defaults. Nothing is complained about here.
//!
//! Each item becomes a model by itself, so that the checks see all items that could be read, and not none because of
//! one. An item lacks a model only where something of it is broken or missing, and that was or will be reported.

mod data;
mod integrations;
mod places;
mod promises;
mod running;
mod tenancy;
mod workloads;

use std::collections::BTreeMap;

use types::{
    CalendarName, EnvironmentName, EstateName, PartnerName, RegionName, SecretName, Span, StampName,
    TenantName, TierName,
};

use super::items;
use crate::{
    SourceSpan,
    document::{
        CalendarDocument, CapabilityDocument, EnvironmentDocument, EstateDocument, IntegrationDocument,
        PartnerDocument, RegionDocument, SecretDocument, SiteDocument, SpecDocument, StampDocument,
        TenantDocument, TierDocument,
    },
    field::{Given, Line, List, Located},
    model::{
        Access, Budget, Calendar, Capability, Environment, Estate, Ingress, Integration, Observability,
        Organisation, Partner, Region, RegionRole, Release, Retention, Secret, Site, Stamp, Tenant, Tier,
        Waiver,
    },
};

/// One thing: as it was written, and what is meant.
pub(crate) struct Item<'d, D, M> {
    pub(crate) written: &'d D,
    pub(crate) span: SourceSpan,
    pub(crate) model: M,
}

/// A list of things, and whether all of them could be made sense of.
pub(crate) struct Items<'d, D, M> {
    pub(crate) list: Vec<Item<'d, D, M>>,
    complete: bool,
}

impl<'d, D, M> Items<'d, D, M> {
    fn of(written: &'d [Located<D>], mut make: impl FnMut(&'d D) -> Option<M>) -> Self {
        let mut list = Vec::with_capacity(written.len());
        for one in written {
            list.extend(make(&one.value).map(|model| Item {
                written: &one.value,
                span: one.span,
                model,
            }));
        }
        Self {
            complete: list.len() == written.len(),
            list,
        }
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Item<'d, D, M>> {
        self.list.iter()
    }

    pub(crate) fn models(&self) -> impl Iterator<Item = &M> {
        self.list.iter().map(|one| &one.model)
    }

    fn into_models<C: FromIterator<M>>(self) -> Option<C> {
        self.complete
            .then(|| self.list.into_iter().map(|one| one.model).collect())
    }
}

/// A stamp is written, or made for a tenant that names none.
pub(crate) struct StampItem<'d> {
    pub(crate) name: StampName,
    pub(crate) stamp: Stamp,
    /// Where the stamp, or the tenant that has it, was written.
    pub(crate) span: SourceSpan,
    pub(crate) written: Option<&'d StampDocument>,
}

/// Everything that could be made sense of.
pub(crate) struct Draft<'d> {
    pub(crate) spec: &'d SpecDocument,
    pub(crate) name: EstateName,
    /// Where the estate's name was written.
    pub(crate) name_span: Option<SourceSpan>,
    pub(crate) organisation: Organisation,
    pub(crate) environments: Items<'d, EnvironmentDocument, (EnvironmentName, Environment)>,
    pub(crate) regions: Items<'d, RegionDocument, Region>,
    pub(crate) tiers: Items<'d, TierDocument, (TierName, Tier)>,
    pub(crate) capabilities: Items<'d, CapabilityDocument, Capability>,
    pub(crate) stamps: Vec<StampItem<'d>>,
    stamps_complete: bool,
    pub(crate) tenants: Items<'d, TenantDocument, (TenantName, Tenant)>,
    pub(crate) ingress: Ingress,
    pub(crate) partners: Items<'d, PartnerDocument, (PartnerName, Partner)>,
    pub(crate) integrations: Items<'d, IntegrationDocument, Integration>,
    pub(crate) sites: Items<'d, SiteDocument, Site>,
    pub(crate) calendars: Items<'d, CalendarDocument, (CalendarName, Calendar)>,
    pub(crate) access: Option<Access>,
    pub(crate) secrets: Items<'d, SecretDocument, (SecretName, Secret)>,
    pub(crate) retention: Retention,
    pub(crate) observability: Observability,
    pub(crate) budget: Option<Budget>,
    pub(crate) release: Release,
    pub(crate) waivers: Option<Vec<Waiver>>,
}

/// What defaults depend on.
pub(super) struct Context<'c> {
    organisation: &'c Organisation,
    regions: &'c [(RegionName, RegionRole)],
    /// Whether a region's location has zones.
    zoneless: &'c dyn Fn(&RegionName) -> bool,
    tenants: &'c [TenantName],
    calendars: &'c [CalendarName],
    /// How long backups are kept.
    backups: Span,
}

impl Context<'_> {
    /// The only active region.
    fn only_active(&self) -> Option<RegionName> {
        let mut active = self.active();
        let first = active.next()?;
        active.next().is_none().then(|| first.clone())
    }

    fn active(&self) -> impl Iterator<Item = &RegionName> {
        self.regions
            .iter()
            .filter(|(_, role)| *role == RegionRole::Active)
            .map(|(name, _)| name)
    }
}

/// Makes sense of a document as far as possible; `None` when there is nothing to go by.
pub(super) fn draft(document: &EstateDocument) -> Option<Draft<'_>> {
    let spec = document.spec.get()?;
    let name = document.metadata.get().and_then(|metadata| metadata.name.value());
    // A broken name was reported; the checks of everything else go on under this one.
    let name = name.or_else(|| EstateName::new("unnamed").ok())?;
    let organisation = running::organisation(spec.organisation.get(), &name);
    let written = items(spec.regions.as_ref());
    let roles: Vec<(RegionName, RegionRole)> = written
        .iter()
        .filter_map(|one| Some((one.value.name.value()?, one.value.role.value()?)))
        .collect();
    let tenants: Vec<TenantName> = items(spec.tenants.as_ref())
        .iter()
        .filter_map(|one| one.value.name.value())
        .collect();
    let calendars: Vec<CalendarName> = items(spec.calendars.as_ref())
        .iter()
        .filter_map(|one| one.value.name.value())
        .collect();
    let zoneless = places::zoneless(written);
    let retention = running::retention(spec.retention.get());
    let context = Context {
        organisation: &organisation,
        regions: &roles,
        zoneless: &|region| zoneless.contains(region),
        tenants: &tenants,
        calendars: &calendars,
        backups: retention.backups,
    };
    let integrations = Items::of(items(spec.integrations.as_ref()), |one| {
        integrations::integration(one, &context)
    });
    let (stamps, stamps_complete) = tenancy::stamps(spec, &context);
    Some(Draft {
        environments: Items::of(items(spec.environments.as_ref()), |one| {
            places::environment(one, &context)
        }),
        regions: Items::of(written, |one| places::region(one, &context)),
        tiers: Items::of(items(spec.tiers.as_ref()), promises::tier),
        capabilities: Items::of(items(spec.capabilities.as_ref()), promises::capability),
        stamps,
        stamps_complete,
        tenants: Items::of(items(spec.tenants.as_ref()), |one| tenancy::tenant(one, &context)),
        ingress: running::ingress(spec.ingress.get(), integrations.models()),
        partners: Items::of(items(spec.partners.as_ref()), integrations::partner),
        integrations,
        sites: Items::of(items(spec.sites.as_ref()), |one| places::site(one, &context)),
        calendars: Items::of(items(spec.calendars.as_ref()), |one| {
            running::calendar(one, &organisation)
        }),
        access: running::access(spec.access.get()),
        secrets: Items::of(items(spec.secrets.as_ref()), integrations::secret),
        retention,
        observability: running::observability(spec.observability.get(), &organisation),
        budget: spec.budget.get().and_then(running::budget),
        release: running::release(spec.release.get(), &organisation),
        waivers: items(spec.waivers.as_ref())
            .iter()
            .map(|one| running::waiver(&one.value))
            .collect(),
        name_span: document.metadata.get().and_then(|metadata| metadata.name.span()),
        spec,
        name,
        organisation,
    })
}

impl Draft<'_> {
    /// The estate, when everything could be made sense of.
    pub(super) fn finish(self) -> Option<Estate> {
        let integrations: Vec<Integration> = self.integrations.into_models()?;
        let mut partners: BTreeMap<PartnerName, Partner> = self.partners.into_models()?;
        integrations::complete_partners(&mut partners, &integrations);
        let mut secrets: BTreeMap<SecretName, Secret> = self.secrets.into_models()?;
        integrations::complete_secrets(&mut secrets, &integrations);
        let mut regions: Vec<Region> = self.regions.into_models()?;
        regions.sort_by_key(|region| region.role != RegionRole::Active);
        let mut environments: BTreeMap<EnvironmentName, Environment> = self.environments.into_models()?;
        places::complete_environments(&mut environments, &regions)?;
        if !self.stamps_complete {
            return None;
        }
        Some(Estate {
            name: self.name,
            organisation: self.organisation,
            environments,
            regions,
            tiers: self.tiers.into_models()?,
            capabilities: self.capabilities.into_models()?,
            stamps: self.stamps.into_iter().map(|one| (one.name, one.stamp)).collect(),
            tenants: self.tenants.into_models()?,
            ingress: self.ingress,
            partners,
            integrations,
            sites: self.sites.into_models()?,
            calendars: self.calendars.into_models()?,
            access: self.access?,
            secrets,
            retention: self.retention,
            observability: self.observability,
            budget: self.budget,
            release: self.release,
            waivers: self.waivers?,
        })
    }
}

/// Values of a list, where there is one.
fn values<T: Clone>(list: &Given<List<T>>) -> Vec<T> {
    items(list.as_ref()).iter().map(|one| one.value.clone()).collect()
}

/// Texts of a list, where there is one.
fn lines(list: &Given<List<Line>>) -> Vec<String> {
    items(list.as_ref())
        .iter()
        .map(|one| one.value.0.clone())
        .collect()
}

/// A text, where there is one.
fn line(text: &Given<Line>) -> Option<String> {
    text.get().map(|line| line.0.clone())
}
