//! Who shares what with whom, who may do what, and what is reached from where.

use std::collections::BTreeMap;

use estate::{LinkKind, Tenancy};
use types::TenantName;

use super::{
    Changes,
    Consequence::{Destroys, Interrupts, NeedsMigration, Quiet},
    Severity::Isolation,
    matched::{Fate, kept, matched},
};
use crate::cloud::{
    Blueprint,
    blueprint::{Environment, FrontDoor, Region, SitePlan, Stamp, Tenant},
};

pub(super) fn compare(old: &Blueprint, new: &Blueprint, changes: &mut Changes) {
    if old.residency != new.residency {
        let where_to = if new.residency.is_empty() {
            "anywhere".to_owned()
        } else {
            new.residency.join(", ")
        };
        changes.add((Isolation, Quiet), "data", format!("may be in {where_to}"), "");
    }
    for fate in matched(&old.environments, &new.environments, |one| &one.name) {
        match fate {
            Fate::Added(one) => changes.add(
                (Isolation, Quiet),
                format!("environment `{}`", one.name),
                "is new",
                "",
            ),
            Fate::Removed(one) => changes.add(
                (Isolation, Destroys),
                format!("environment `{}`", one.name),
                "ends",
                "its databases and files are deleted with it",
            ),
            Fate::Kept(was, is) => environment(was, is, changes),
        }
    }
}

fn environment(was: &Environment, is: &Environment, changes: &mut Changes) {
    regions(was, is, changes);
    stamps(was, is, changes);
    tenants(was, is, changes);
    if !is.mute {
        sites(was, is, changes);
    }
    entrance(&is.name, &was.front_door, &is.front_door, changes);
    access(was, is, changes);
}

fn regions(was: &Environment, is: &Environment, changes: &mut Changes) {
    for fate in matched(&was.regions, &is.regions, |one| &one.name) {
        let place = Some(is.name.to_string());
        match fate {
            Fate::Added(one) => changes.add_at((Isolation, Quiet), place, format!("region `{}`", one.name), "is new", ""),
            Fate::Removed(one) => changes.add_at(
                (Isolation, Destroys),
                place,
                format!("region `{}`", one.name),
                "ends",
                "what is there, backups included, is deleted: move who leads, and prove a restore elsewhere, before",
            ),
            Fate::Kept(..) => {}
        }
    }
}

fn stamps(was: &Environment, is: &Environment, changes: &mut Changes) {
    for fate in matched(&was.stamps, &is.stamps, |one| &one.name) {
        let place = Some(is.name.to_string());
        match fate {
            Fate::Added(one) => changes.add_at(
                (Isolation, Quiet),
                place,
                format!("stamp `{}`", one.name),
                format!("is new ({})", one.tenancy.as_str()),
                "",
            ),
            Fate::Removed(one) => changes.add_at(
                (Isolation, Destroys),
                place,
                format!("stamp `{}`", one.name),
                "ends",
                "its database server, files and journal are deleted with it",
            ),
            Fate::Kept(was, is) => stamp(place, was, is, changes),
        }
    }
}

fn stamp(place: Option<String>, was: &Stamp, is: &Stamp, changes: &mut Changes) {
    let about = format!("stamp `{}`", is.name);
    if was.tenancy != is.tenancy {
        // Only a cache is shared or not; processes and servers stay.
        changes.add_at(
            (Isolation, Interrupts),
            place.clone(),
            &about,
            format!(
                "becomes {} instead of {}",
                is.tenancy.as_str(),
                was.tenancy.as_str()
            ),
            tenancy_note(was.tenancy, is.tenancy),
        );
    }
    if was.home != is.home {
        changes.add_at(
            (Isolation, NeedsMigration),
            place.clone(),
            &about,
            format!("lives in `{}` instead of `{}`", is.home, was.home),
            "a new server there is empty: switch over, or restore",
        );
    }
    if was.quota != is.quota {
        changes.add_at(
            (Isolation, Quiet),
            place.clone(),
            &about,
            "lets one tenant take more or less than before",
            "",
        );
    }
    if was.egress != is.egress {
        changes.add_at(
            (Isolation, Quiet),
            place,
            &about,
            "may reach other addresses outside",
            "",
        );
    }
}

const fn tenancy_note(was: Tenancy, is: Tenancy) -> &'static str {
    match (was, is) {
        (Tenancy::Shared, Tenancy::Dedicated | Tenancy::Hybrid) => "every tenant but one must move out",
        (Tenancy::Dedicated | Tenancy::Hybrid, Tenancy::Shared) => "others may move in: the tenant must know",
        (Tenancy::Shared, Tenancy::Shared)
        | (Tenancy::Dedicated | Tenancy::Hybrid, Tenancy::Dedicated | Tenancy::Hybrid) => {
            "people log in again, because the session store changes"
        }
    }
}

/// A tenant with the stamp it lives in.
type Resident<'e> = (&'e Stamp, &'e Tenant);

fn tenants(was: &Environment, is: &Environment, changes: &mut Changes) {
    let old = residents(was);
    let new = residents(is);
    let place = || Some(is.name.to_string());
    for (name, (stamp, tenant)) in &new {
        let about = format!("tenant `{name}`");
        let Some((old_stamp, old_tenant)) = old.get(name) else {
            changes.add_at(
                (Isolation, Quiet),
                place(),
                about,
                format!("moves into {} `{}`", stamp.tenancy.as_str(), stamp.name),
                "",
            );
            continue;
        };
        if old_stamp.name != stamp.name {
            changes.add_at(
                (Isolation, NeedsMigration),
                place(),
                &about,
                format!(
                    "moves from {} stamp `{}` to {} `{}`",
                    old_stamp.tenancy.as_str(),
                    old_stamp.name,
                    stamp.tenancy.as_str(),
                    stamp.name
                ),
                "its database, files and what waits in its lanes go with it",
            );
        }
        if old_tenant.database != tenant.database || old_tenant.role != tenant.role {
            changes.add_at(
                (Isolation, NeedsMigration),
                place(),
                &about,
                "has its database under another name",
                "an empty one is made unless it is renamed first",
            );
        }
        if old_tenant.host != tenant.host {
            changes.add_at(
                (Isolation, Interrupts),
                place(),
                &about,
                format!("is reached as {} instead of {}", tenant.host, old_tenant.host),
                "people's bookmarks and partners' addresses change",
            );
        }
    }
    for (name, (stamp, _)) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
        changes.add_at(
            (Isolation, Destroys),
            place(),
            format!("tenant `{name}`"),
            format!("leaves `{}`", stamp.name),
            "nobody serves its database any more; export what the law asks for before",
        );
    }
}

fn residents(environment: &Environment) -> BTreeMap<&TenantName, Resident<'_>> {
    let stamps = environment.stamps.iter();
    stamps
        .flat_map(|stamp| {
            stamp
                .tenants
                .iter()
                .map(move |tenant| (&tenant.name, (stamp, tenant)))
        })
        .collect()
}

fn sites(was: &Environment, is: &Environment, changes: &mut Changes) {
    let (old, new) = (all_sites(was), all_sites(is));
    for (name, site) in &new {
        let about = format!("site `{name}`");
        let Some(before) = old.get(name) else {
            changes.add(
                (Isolation, Quiet),
                about,
                format!("is new, connected by {}", link(site.link)),
                "",
            );
            continue;
        };
        if before.link != site.link {
            changes.add(
                (Isolation, Interrupts),
                &about,
                format!("gets {} instead of {}", link(site.link), link(before.link)),
                "build the new link before the old one goes",
            );
        } else if before.addresses != site.addresses || before.gateway != site.gateway {
            changes.add(
                (Isolation, Interrupts),
                &about,
                "is reached at other addresses",
                "",
            );
        }
        match (before.offline, site.offline) {
            (None, Some(span)) => changes.add(
                (Isolation, Quiet),
                &about,
                format!("goes on working for {span} without a link"),
                "its edge agent must be installed",
            ),
            (Some(_), None) => changes.add(
                (Isolation, Interrupts),
                &about,
                "stops working when its link is down",
                "",
            ),
            (was, is) if was != is => changes.add(
                (Isolation, Quiet),
                &about,
                "goes on working for another time without a link",
                "",
            ),
            (Some(_) | None, _) => {}
        }
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        changes.add(
            (Isolation, Interrupts),
            format!("site `{name}`"),
            "is not connected any more",
            "",
        );
    }
}

fn all_sites(environment: &Environment) -> BTreeMap<&str, &SitePlan> {
    let stamps = environment.stamps.iter();
    stamps
        .flat_map(|stamp| stamp.sites.iter().map(|site| (site.name.as_str(), site)))
        .collect()
}

const fn link(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Internet => "the internet",
        LinkKind::Vpn => "a VPN",
        LinkKind::ExpressRoute => "a private circuit",
    }
}

fn entrance(name: &types::EnvironmentName, was: &FrontDoor, is: &FrontDoor, changes: &mut Changes) {
    let about = format!("the entrance of `{name}`");
    for (old, new) in kept(&was.paths, &is.paths, |path| path.purpose) {
        if old.allow != new.allow {
            let what = if new.allow.is_empty() {
                "lets in every address"
            } else {
                "lets in other addresses"
            };
            changes.add(
                (Isolation, Quiet),
                &about,
                format!("{what} on the {} path", new.purpose.as_str()),
                "",
            );
        }
        if old.prefixes != new.prefixes {
            changes.add(
                (Isolation, Interrupts),
                &about,
                format!("has other prefixes on the {} path", new.purpose.as_str()),
                "",
            );
        }
    }
    if was.never_served != is.never_served {
        changes.add(
            (Isolation, Interrupts),
            &about,
            format!("never serves {}", is.never_served.join(", ")),
            "",
        );
    }
    if was.waf != is.waf || was.tls_min != is.tls_min {
        changes.add(
            (Isolation, Interrupts),
            &about,
            "asks more or less of clients (TLS, firewall)",
            "old handhelds may not get in any more",
        );
    }
}

fn access(was: &Environment, is: &Environment, changes: &mut Changes) {
    let describe = |environment: &Environment| -> BTreeMap<String, Vec<String>> {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for grant in &environment.access {
            let right = format!(
                "{} {:?} {:?} {}",
                grant.role.as_str(),
                grant.scope,
                grant.elevation,
                grant.group
            );
            all.entry(grant.persona.as_str().to_owned())
                .or_default()
                .push(right);
        }
        all
    };
    let (old, new) = (describe(was), describe(is));
    let place = || Some(is.name.to_string());
    for persona in old
        .keys()
        .chain(new.keys().filter(|name| !old.contains_key(*name)))
    {
        match (old.get(persona), new.get(persona)) {
            (Some(was), Some(is)) if was == is => {}
            (Some(_), Some(_)) => changes.add_at(
                (Isolation, Quiet),
                place(),
                persona,
                "has other rights, or gets them in another way",
                "",
            ),
            (None, Some(_)) => {
                changes.add_at((Isolation, Quiet), place(), persona, "gets rights in Azure", "")
            }
            (Some(_), None) => changes.add_at(
                (Isolation, Quiet),
                place(),
                persona,
                "has no rights in Azure any more",
                "",
            ),
            (None, None) => {}
        }
    }
}

/// Whether a region's clusters are shared in another way, by stamp.
pub(super) fn own_cluster<'r>(region: &'r Region, stamp: &types::StampName) -> Option<&'r str> {
    let placement = region.placements.iter().find(|one| one.stamp == *stamp)?;
    Some(placement.cluster.as_str())
}
