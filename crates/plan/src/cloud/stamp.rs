//! What of a stamp is the same in every region: tenants, lanes, secrets, who is reached, sites.

use std::collections::{BTreeMap, BTreeSet};

use estate::{Engine, Integration, Site};
use types::{Span, StampName, TenantName};

use super::{
    Notes, Problem,
    blueprint::{Egress, Lane, SecretPlan, SitePlan, Stamp, Tenant},
    environment::{Home, Planner},
    gateway::drop_storage,
    names::{self, longest},
    placement::{Sizes, namespace},
};

/// Odoo's API keys live three months at most, and whatever is ours follows.
const ROTATE: Span = Span::from_days(90);

impl<'e> Planner<'_, 'e> {
    pub(super) fn stamp(
        &self,
        name: &'e StampName,
        stamp: &'e estate::Stamp,
        home: Home<'e>,
        sizes: &Sizes,
        notes: &mut Notes,
    ) -> Stamp {
        let tenants = self.survey.tenants(name);
        let integrations = self.survey.integrations(name);
        let lanes: Vec<Lane> = integrations.iter().map(|one| self.lane(one)).collect();
        if tenants.len() > usize::from(stamp.tenants_max.max(1)) {
            notes.report.caution_at(
                "stamps",
                name.as_str(),
                "has more tenants than it should take",
                "as the estate says: recovery of all of them takes longer than their promises allow",
            );
        }
        Stamp {
            name: name.clone(),
            tenancy: stamp.tenancy,
            namespace: namespace(name),
            home: home.region.clone(),
            standby: home.standby.cloned(),
            quota: sizes.database.quota,
            tenants: tenants
                .iter()
                .map(|(name, tenant)| self.tenant(name, tenant, integrations))
                .collect(),
            secrets: self.secrets(name, stamp.database.engine, tenants, integrations, notes),
            egress: self.egress(integrations),
            lanes,
            sites: self
                .survey
                .sites(name)
                .iter()
                .map(|(site, tenants)| site_plan(site, tenants.clone()))
                .collect(),
            heavy_jobs: stamp.workloads.heavy_jobs.clone(),
        }
    }

    fn tenant(&self, name: &TenantName, tenant: &estate::Tenant, integrations: &[&Integration]) -> Tenant {
        Tenant {
            name: name.clone(),
            display_name: tenant.display_name.clone(),
            database: tenant.database.clone(),
            role: role(name),
            host: self.host(name, tenant),
            time_zone: tenant.time_zone.clone(),
            calendar: tenant.calendar.clone(),
            certificate_door: self.certificate_door(name, integrations),
        }
    }

    /// Production has the declared host; elsewhere the tenant's name under the environment's domain, which is never
    /// production's.
    pub(super) fn host(&self, name: &TenantName, tenant: &estate::Tenant) -> String {
        if self.is_production() {
            tenant.host.clone()
        } else {
            format!("{name}.{}", self.domain)
        }
    }

    fn lane(&self, one: &Integration) -> Lane {
        let partner = one
            .partner
            .as_ref()
            .and_then(|name| self.survey.estate.partners.get(name));
        Lane {
            name: one.name.clone(),
            tenant: one.tenant.clone(),
            partner: one.partner.clone(),
            partner_name: partner.map(|partner| partner.display_name.clone()),
            partner_contact: partner.and_then(|partner| partner.contact.clone()),
            partner_addresses: partner.map_or_else(Vec::new, |partner| partner.addresses.clone()),
            direction: one.direction,
            protocol: one.protocol,
            kind: one.kind.clone(),
            idempotency: one.idempotency.clone(),
            ordering: one.ordering.clone(),
            authentication: one.authentication.clone(),
            address: one.address.clone(),
            body_max: one.body_max,
            edi: one.edi.clone(),
            files: one.files.clone(),
            drop_storage: drop_storage(one),
            outbound: one.outbound.clone(),
            scanner: one.scanner.clone(),
            concurrency: one.concurrency,
            rate_max: one.rate_max,
            priority: one.priority,
            retry: one.retry,
            buffering: one.buffering,
            criticality: one.criticality,
            keep: one.keep,
            payloads: one.payloads.clone(),
            owner: one.owner.clone(),
            capabilities: self.survey.dependants(&one.name).to_vec(),
        }
    }

    /// What pods read from the vault: the password of each tenant's role, the gateway's key for each ERP, what belongs to
    /// no tenant, and the lanes' own, under the names that the lanes know them by.
    fn secrets(
        &self,
        stamp: &StampName,
        engine: Engine,
        tenants: &[(&'e TenantName, &'e estate::Tenant)],
        integrations: &[&'e Integration],
        notes: &mut Notes,
    ) -> Vec<SecretPlan> {
        let own = |name: &str, key: &[&str]| SecretPlan {
            name: name.to_owned(),
            // Two hyphens never stand in a name, so that the keys of one stamp can be told from those of every other.
            vault_key: format!("{stamp}--{}", key.join("--")),
            rotate: ROTATE,
        };
        let mut secrets = vec![own("redis-url", &["redis-url"]), own("listener", &["listener"])];
        if engine == Engine::FlexibleServer {
            secrets.push(own("database-administrator", &["database-administrator"]));
        }
        for (tenant, _) in tenants {
            secrets.push(own("database-passwords", &[tenant.as_str(), "database"]));
            secrets.push(own("integration-keys", &[tenant.as_str(), "integration"]));
        }
        let needed: BTreeSet<_> = integrations
            .iter()
            .filter_map(|one| one.authentication.secret())
            .collect();
        for name in needed {
            let declared = self.survey.estate.secrets.get(name);
            secrets.push(SecretPlan {
                name: name.to_string(),
                vault_key: declared.map_or_else(|| name.to_string(), |secret| secret.vault_key.clone()),
                rotate: declared.map_or(ROTATE, |secret| secret.rotate),
            });
        }
        for secret in &secrets {
            if secret.vault_key.len() > longest::SECRET {
                notes.problems.push(Problem::NameTooLong {
                    what: "a secret in the vault",
                    name: secret.vault_key.clone(),
                    longest: longest::SECRET,
                });
            }
        }
        secrets.sort();
        secrets
    }

    /// Partners and printers, in production only: what is held elsewhere must not be reachable either.
    fn egress(&self, integrations: &[&'e Integration]) -> Vec<Egress> {
        if !self.is_production() {
            return Vec::new();
        }
        let mut by_address: BTreeMap<&estate::EndpointAddress, Vec<&str>> = BTreeMap::new();
        for one in integrations {
            if let Some(address) = &one.address {
                by_address.entry(address).or_default().push(one.name.as_str());
            }
        }
        by_address
            .into_iter()
            .map(|(address, lanes)| Egress {
                why: format!("lanes {}", lanes.join(", ")),
                address: address.clone(),
                from: "gateway",
            })
            .collect()
    }
}

fn site_plan(site: &Site, tenants: Vec<TenantName>) -> SitePlan {
    SitePlan {
        name: site.name.clone(),
        display_name: site.display_name.clone(),
        region: site.region.clone(),
        time_zone: site.time_zone.clone(),
        link: site.link.kind,
        addresses: site.link.addresses.clone(),
        gateway: site.link.gateway,
        devices: site.devices.clone(),
        offline: site.edge.map(|edge| edge.offline),
        pack_age: site.pack_age,
        tenants,
    }
}

/// PostgreSQL's identifiers have no hyphens unless they are quoted; two names never become one, because a hyphen and an
/// underscore cannot both be in a tenant's.
fn role(tenant: &TenantName) -> String {
    names::joined(&["odoo", tenant.as_str()], longest::ROLE).replace('-', "_")
}
