//! What all environments of an estate share, worked out once.

use std::collections::BTreeMap;

use estate::{Estate, Integration, Site, Tenant};
use types::settings::Authority;
use types::{CapabilityName, IntegrationName, Span, StampName, TenantName};

use super::{
    Notes,
    blueprint::CapabilityPlan,
    quiet_hours::{QuietHours, Schedule},
};

/// An estate, and what is asked of it again and again.
pub(super) struct Survey<'e> {
    pub(super) estate: &'e Estate,
    /// Tells this organisation's names from everybody else's.
    pub(super) salt: &'e str,
    /// Geographies that data may be in, those of areas one by one; empty means anywhere.
    pub(super) residency: Vec<String>,
    tenants: BTreeMap<&'e StampName, Vec<(&'e TenantName, &'e Tenant)>>,
    integrations: BTreeMap<&'e StampName, Vec<&'e Integration>>,
    dependants: BTreeMap<&'e IntegrationName, Vec<CapabilityName>>,
    backups: BTreeMap<&'e StampName, Schedule>,
    sites: BTreeMap<&'e StampName, Vec<(&'e Site, Vec<TenantName>)>>,
    /// Whether some capability may lose nothing, or is recovered without asking anyone.
    pub(super) strict: bool,
    /// The shortest promise of recovery.
    pub(super) rto_min: Option<Span>,
}

impl<'e> Survey<'e> {
    pub(super) fn new(estate: &'e Estate, capabilities: &[CapabilityPlan], notes: &mut Notes) -> Self {
        let mut tenants: BTreeMap<&StampName, Vec<_>> = BTreeMap::new();
        for (name, tenant) in &estate.tenants {
            tenants.entry(&tenant.stamp).or_default().push((name, tenant));
        }
        let mut integrations: BTreeMap<&StampName, Vec<&Integration>> = BTreeMap::new();
        for integration in &estate.integrations {
            if let Some(tenant) = estate.tenants.get(&integration.tenant) {
                integrations.entry(&tenant.stamp).or_default().push(integration);
            }
        }
        let mut dependants: BTreeMap<&IntegrationName, Vec<CapabilityName>> = BTreeMap::new();
        for capability in &estate.capabilities {
            for integration in &capability.depends_on {
                dependants
                    .entry(integration)
                    .or_default()
                    .push(capability.name.clone());
            }
        }
        let mut survey = Self {
            estate,
            salt: &estate.organisation.domain,
            residency: residency(estate),
            tenants,
            integrations,
            dependants,
            backups: BTreeMap::new(),
            sites: sites(estate),
            strict: capabilities
                .iter()
                .any(|one| one.rpo.as_millis() == 0 || one.authority == Authority::Automatic),
            rto_min: capabilities.iter().map(|one| one.rto).min(),
        };
        survey.plan_backups(notes);
        survey
    }

    fn plan_backups(&mut self, notes: &mut Notes) {
        let mut hours = QuietHours::new(self.estate);
        for (name, stamp) in &self.estate.stamps {
            let tenants = self.tenants(name).iter().map(|(_, tenant)| *tenant);
            let schedule = hours.schedule(name, stamp, tenants);
            if schedule.collides {
                notes.report.caution_at(
                    "backups",
                    name.as_str(),
                    "the full backup runs during a business event",
                    "every hour of the day has one in some calendar of its tenants",
                );
            }
            self.backups.insert(name, schedule);
        }
        notes.report.decide(
            "backups",
            "each stamp's full backup begins at its quietest hour",
            "business events count most, then maintenance, releases and working hours, in summer and in winter",
        );
    }

    /// Tenants of a stamp, by name.
    pub(super) fn tenants(&self, stamp: &StampName) -> &[(&'e TenantName, &'e Tenant)] {
        self.tenants.get(stamp).map_or(&[], Vec::as_slice)
    }

    /// Integrations of a stamp's tenants, in the order of the estate.
    pub(super) fn integrations(&self, stamp: &StampName) -> &[&'e Integration] {
        self.integrations.get(stamp).map_or(&[], Vec::as_slice)
    }

    /// Capabilities that cannot do without an integration.
    pub(super) fn dependants(&self, integration: &IntegrationName) -> &[CapabilityName] {
        self.dependants.get(integration).map_or(&[], Vec::as_slice)
    }

    /// Sites that have goods of a stamp's tenants, and whose.
    pub(super) fn sites(&self, stamp: &StampName) -> &[(&'e Site, Vec<TenantName>)] {
        self.sites.get(stamp).map_or(&[], Vec::as_slice)
    }

    /// When a stamp's full backup begins.
    pub(super) fn backup_schedule(&self, stamp: &StampName) -> &str {
        self.backups
            .get(stamp)
            .map_or("0 1 * * *", |one| one.cron.as_str())
    }
}

/// Each site's tenants, by the stamp they live in.
fn sites(estate: &Estate) -> BTreeMap<&StampName, Vec<(&Site, Vec<TenantName>)>> {
    let mut sites: BTreeMap<&StampName, Vec<(&Site, Vec<TenantName>)>> = BTreeMap::new();
    for site in &estate.sites {
        let mut by_stamp: BTreeMap<&StampName, Vec<TenantName>> = BTreeMap::new();
        for name in &site.tenants {
            if let Some(tenant) = estate.tenants.get(name) {
                by_stamp.entry(&tenant.stamp).or_default().push(name.clone());
            }
        }
        for (stamp, tenants) in by_stamp {
            sites.entry(stamp).or_default().push((site, tenants));
        }
    }
    sites
}

fn residency(estate: &Estate) -> Vec<String> {
    let asked = estate.organisation.residency.iter();
    let mut all: Vec<String> = asked.flat_map(|name| estate::geographies_in(name)).collect();
    all.sort();
    all.dedup();
    all
}
