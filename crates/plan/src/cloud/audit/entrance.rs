//! The public entrance: every host has a way to where its tenant lives, and to nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use estate::{RegionRole, Stage};

use super::Findings;
use crate::cloud::blueprint::{Blueprint, Environment, FrontDoor, PathPurpose};

pub(super) fn check(blueprint: &Blueprint, environment: &Environment, findings: &mut Findings) {
    let about = format!("{}/entrance", environment.name);
    origins(&about, environment, findings);
    hosts(&about, environment, findings);
    paths(&about, &environment.front_door, findings);
    synthetic(blueprint, environment, findings);
}

fn origins(about: &str, environment: &Environment, findings: &mut Findings) {
    let door = &environment.front_door;
    let mut hosts = BTreeSet::new();
    for region in &environment.regions {
        let all: Vec<_> = door
            .origins
            .iter()
            .filter(|origin| origin.region == region.name)
            .collect();
        let [origin] = all.as_slice() else {
            findings.find(about, format!("`{}` has {} origins", region.name, all.len()));
            continue;
        };
        if !hosts.insert(&origin.host) {
            findings.find(about, format!("two regions answer as `{}`", origin.host));
        }
        match region.role {
            RegionRole::Active => {
                if !origin.enabled || origin.priority != 1 || origin.serves_for != region.name {
                    findings.find(
                        about,
                        format!(
                            "the active region `{}` does not serve its tenants first",
                            region.name
                        ),
                    );
                }
            }
            RegionRole::Standby => {
                if origin.enabled || origin.priority < 2 {
                    findings.find(
                        about,
                        format!(
                            "the standby `{}` would be sent people before it leads",
                            region.name
                        ),
                    );
                }
                if Some(&origin.serves_for) != region.partner.as_ref() {
                    findings.find(
                        about,
                        format!(
                            "the standby `{}` stands by for another region than its own",
                            region.name
                        ),
                    );
                }
            }
        }
    }
    for origin in &door.origins {
        if !environment
            .regions
            .iter()
            .any(|region| region.name == origin.region)
        {
            findings.find(
                about,
                format!(
                    "an origin is in `{}`, which is not in this environment",
                    origin.region
                ),
            );
        }
    }
}

fn hosts(about: &str, environment: &Environment, findings: &mut Findings) {
    let door = &environment.front_door;
    let wildcards: Vec<&str> = door
        .domains
        .iter()
        .filter_map(|domain| domain.strip_prefix("*."))
        .collect();
    let first = environment
        .regions
        .iter()
        .find(|region| region.role == RegionRole::Active);
    let mut elsewhere: BTreeMap<&str, &types::RegionName> = BTreeMap::new();
    for (region, hosts) in &door.hosts_elsewhere {
        for host in hosts {
            if elsewhere.insert(host, region).is_some() {
                findings.find(about, format!("`{host}` is sent to two regions"));
            }
        }
    }
    let singles: BTreeSet<&str> = door.domains.iter().map(String::as_str).collect();
    for stamp in &environment.stamps {
        for tenant in &stamp.tenants {
            let host = tenant.host.as_str();
            let by_wildcard = host
                .split_once('.')
                .is_some_and(|(_, rest)| wildcards.contains(&rest));
            if !by_wildcard && !singles.contains(host) {
                findings.find(about, format!("nobody answers for `{host}`"));
            }
            let sent = elsewhere.remove(host).or(first.map(|region| &region.name));
            if sent != Some(&stamp.home) {
                findings.find(
                    about,
                    format!("`{host}` is not sent to `{}`, where its tenant lives", stamp.home),
                );
            }
        }
    }
    if let Some((host, _)) = elsewhere.first_key_value() {
        findings.find(about, format!("`{host}` belongs to no tenant"));
    }
}

fn paths(about: &str, door: &FrontDoor, findings: &mut Findings) {
    let mut prefixes = BTreeSet::new();
    for purpose in [PathPurpose::Public, PathPurpose::Admin, PathPurpose::Integration] {
        let all: Vec<_> = door.paths.iter().filter(|path| path.purpose == purpose).collect();
        let [path] = all.as_slice() else {
            findings.find(about, format!("{} paths for {}", all.len(), purpose.as_str()));
            continue;
        };
        if path.prefixes.is_empty() {
            findings.find(about, format!("the {} path has no prefix", purpose.as_str()));
        }
        for prefix in &path.prefixes {
            if !prefix.starts_with('/') || !prefixes.insert(prefix) {
                findings.find(about, format!("`{prefix}` is no prefix, or of two paths"));
            }
        }
        if path.rate.average == 0 || path.rate.burst < path.rate.average || path.timeout.as_millis() == 0 {
            findings.find(
                about,
                format!("the {} path lets nothing through", purpose.as_str()),
            );
        }
    }
    if !door.never_served.iter().any(|prefix| prefix == "/web/database") {
        findings.find(about, "the database manager is served");
    }
}

fn synthetic(blueprint: &Blueprint, environment: &Environment, findings: &mut Findings) {
    let watching = &environment.watching;
    if watching.pages && environment.stage != Stage::Production {
        findings.find(&environment.name, "wakes people, and is no production");
    }
    let hosts: BTreeSet<&str> = environment
        .stamps
        .iter()
        .flat_map(|stamp| &stamp.tenants)
        .map(|tenant| tenant.host.as_str())
        .collect();
    for check in &watching.synthetic {
        let host = check.url.strip_prefix("https://");
        if !host.is_some_and(|host| hosts.contains(host)) {
            findings.find(
                &environment.name,
                format!("`{}` proves nothing: no tenant answers there", check.url),
            );
        }
        if !blueprint
            .capabilities
            .iter()
            .any(|one| one.name == check.capability)
        {
            findings.find(
                &environment.name,
                format!("`{}` is proven and does not exist", check.capability),
            );
        }
    }
    if environment.stage == Stage::Production && !hosts.is_empty() {
        for capability in blueprint.capabilities.iter().filter(|one| one.probe.is_some()) {
            if !watching
                .synthetic
                .iter()
                .any(|check| check.capability == capability.name)
            {
                findings.find(
                    &capability.name,
                    "has a probe, and nothing proves it in production",
                );
            }
        }
    }
}
