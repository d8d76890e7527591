//! The one public entrance of an environment: origins, hosts and the three paths.

use std::collections::BTreeMap;

use estate::{IngressPath, RegionRole};
use types::RegionName;

use super::{
    Notes,
    blueprint::{FrontDoor, Origin, PathPlan, PathPurpose},
    environment::{Planner, Sized},
    names::{self, longest},
};

/// What nobody gets, from anywhere: the database manager, which Odoo itself cannot switch off completely.
const NEVER_SERVED: [&str; 1] = ["/web/database"];

/// Interfaces that act with the rights of whoever holds a key or with an administrator's, and have a path of their own.
const ADMIN: [&str; 4] = ["/json/", "/jsonrpc", "/xmlrpc", "/web/become"];

const INTEGRATION: [&str; 1] = ["/in/"];

impl<'e> Planner<'_, 'e> {
    pub(super) fn front_door(&self, sized: &[Sized<'e>], notes: &mut Notes) -> FrontDoor {
        let ingress = &self.survey.estate.ingress;
        let at = self.name.as_str();
        notes.report.decide_at(
            "entrance",
            at,
            "administrators' screens are on the public path; their interfaces (JSON-2, XML-RPC, JSON-RPC, `/web/become`) are on the admin path",
            "Odoo's screens are one program behind `/odoo` and `/web`, so no path tells an administrator's from anybody else's: Odoo's groups do. `/web/database` is served to nobody",
        );
        if self.is_production() && ingress.admin.allow.is_empty() {
            notes.report.caution_at(
                "entrance",
                at,
                "the admin path is open to every address",
                "the estate names no addresses for it",
            );
        }
        let path = |purpose, prefixes: &[&str], path: &IngressPath| PathPlan {
            purpose,
            prefixes: prefixes.iter().map(|&prefix| prefix.to_owned()).collect(),
            rate: path.rate,
            body_max: path.body_max,
            timeout: path.timeout,
            allow: path.allow.clone(),
        };
        FrontDoor {
            name: names::global(
                self.survey.salt,
                &[self.survey.estate.name.as_str(), self.name.as_str()],
                longest::FRONT_DOOR,
            ),
            resource_group: names::joined(
                &[self.survey.estate.name.as_str(), self.name.as_str(), "global"],
                longest::RESOURCE_GROUP,
            ),
            domains: self.domains(sized),
            waf: ingress.waf,
            tls_min: ingress.tls_min,
            origins: self.origins(),
            hosts_elsewhere: self.hosts_elsewhere(sized),
            paths: vec![
                path(PathPurpose::Public, &["/"], &ingress.public),
                path(PathPurpose::Admin, &ADMIN, &ingress.admin),
                path(PathPurpose::Integration, &INTEGRATION, &ingress.integration),
            ],
            never_served: NEVER_SERVED.map(str::to_owned).to_vec(),
            sticky: ingress.sticky,
            hsts: ingress.hsts,
            frame: ingress.frame,
        }
    }

    /// The environment's wildcard, and each host that it does not cover.
    fn domains(&self, sized: &[Sized<'e>]) -> Vec<String> {
        let covered = |host: &str| {
            host.strip_suffix(self.domain.as_str())
                .and_then(|label| label.strip_suffix('.'))
                .is_some_and(|label| !label.is_empty() && !label.contains('.'))
        };
        let hosts = sized.iter().flat_map(|one| &one.plan.tenants);
        let mut single: Vec<String> = hosts
            .map(|tenant| &tenant.host)
            .filter(|host| !covered(host))
            .cloned()
            .collect();
        single.sort();
        single.dedup();
        let mut domains = vec![format!("*.{}", self.domain)];
        domains.append(&mut single);
        domains
    }

    fn origins(&self) -> Vec<Origin> {
        self.places
            .iter()
            .map(|place| {
                let region = &place.region.name;
                let active = place.role == RegionRole::Active;
                Origin {
                    region: region.clone(),
                    // Not below the private zone: the authority that signs its certificate looks in the public one.
                    host: format!("ingress-{region}.{}", self.domain),
                    priority: if active { 1 } else { 2 },
                    enabled: active,
                    serves_for: match place.partner {
                        Some(partner) if !active => partner.clone(),
                        Some(_) | None => region.clone(),
                    },
                }
            })
            .collect()
    }

    /// Hosts of tenants that live in another active region than the first.
    fn hosts_elsewhere(&self, sized: &[Sized<'e>]) -> BTreeMap<RegionName, Vec<String>> {
        let first = self.places.first().map(|place| &place.region.name);
        let mut elsewhere: BTreeMap<RegionName, Vec<String>> = BTreeMap::new();
        for one in sized.iter().filter(|one| Some(one.home.region) != first) {
            let hosts = one.plan.tenants.iter().map(|tenant| tenant.host.clone());
            elsewhere
                .entry(one.home.region.clone())
                .or_default()
                .extend(hosts);
        }
        elsewhere
    }
}
