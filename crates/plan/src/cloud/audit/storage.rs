//! Storage accounts and backups: what is copied arrives, what is immutable can be, and backups are elsewhere.

use std::collections::BTreeSet;

use estate::Stage;

use super::{At, Findings, Placed, placed};
use crate::cloud::blueprint::{
    Blueprint, ContainerKind, ContainerPlan, Environment, Region, StorageAccount, StoragePurpose,
};

/// Copies that Azure offers.
const REDUNDANCIES: [&str; 4] = ["LRS", "ZRS", "GRS", "GZRS"];

pub(super) fn check(blueprint: &Blueprint, environment: &Environment, findings: &mut Findings) {
    for region in &environment.regions {
        for account in &region.storage {
            one_account(blueprint, environment, region, account, findings);
        }
        for purpose in [StoragePurpose::Objects, StoragePurpose::Backups] {
            let count = region.storage.iter().filter(|one| one.purpose == purpose).count();
            if count != 1 {
                findings.find(
                    At(environment, region),
                    format!("{count} accounts for {purpose:?}"),
                );
            }
        }
    }
    for one in placed(environment) {
        containers(&one, findings);
        backups(blueprint, &one, findings);
    }
}

fn one_account(
    blueprint: &Blueprint,
    environment: &Environment,
    region: &Region,
    account: &StorageAccount,
    findings: &mut Findings,
) {
    let about = format!("{}/{}", At(environment, region), account.name);
    if !REDUNDANCIES.contains(&account.redundancy.as_str()) {
        findings.find(
            &about,
            format!("Azure has no redundancy `{}`", account.redundancy),
        );
    }
    if region.zones.len() > 1 && !account.redundancy.contains('Z') {
        findings.find(&about, "is in one zone of a region that has several");
    }
    if !(1..=365).contains(&account.soft_delete_days) {
        findings.find(&about, "deleted objects can be had back for 1 to 365 days");
    }
    let mut names = BTreeSet::new();
    for container in &account.containers {
        if !names.insert(&container.name) {
            findings.find(&about, format!("two containers are called `{}`", container.name));
        }
        if !environment
            .stamps
            .iter()
            .any(|stamp| stamp.name == container.stamp)
        {
            findings.find(
                &about,
                format!("`{}` is of a stamp that does not exist", container.name),
            );
        }
        if (container.kind == ContainerKind::Backups) != (account.purpose == StoragePurpose::Backups) {
            findings.find(
                &about,
                format!("`{}` mixes backups with what they protect", container.name),
            );
        }
        immutable(&about, environment, account, container, findings);
        if container.replicate {
            replicates(&about, blueprint, environment, account, container, findings);
        }
    }
}

fn immutable(
    about: &str,
    environment: &Environment,
    account: &StorageAccount,
    container: &ContainerPlan,
    findings: &mut Findings,
) {
    let Some(immutable) = container.immutable else {
        return;
    };
    let name = &container.name;
    if !account.versioning {
        findings.find(
            about,
            format!("`{name}` is immutable, and its account keeps no versions"),
        );
    }
    if container
        .delete_after
        .is_some_and(|delete| delete < immutable.period)
    {
        findings.find(about, format!("`{name}` is deleted before it may be"));
    }
    if immutable.locked && environment.stage != Stage::Production {
        findings.find(about, format!("`{name}` is locked, and is no production"));
    }
}

fn replicates(
    about: &str,
    blueprint: &Blueprint,
    environment: &Environment,
    account: &StorageAccount,
    container: &ContainerPlan,
    findings: &mut Findings,
) {
    let name = &container.name;
    if !account.versioning || !account.change_feed {
        findings.find(
            about,
            format!("`{name}` is copied, and its account keeps no versions or no change feed"),
        );
    }
    let target = account.replica_account.as_ref().and_then(|wanted| {
        let regions = environment.regions.iter();
        let mut all = regions.flat_map(|region| region.storage.iter().map(move |one| (region, one)));
        all.find(|(_, one)| one.name == *wanted)
    });
    let Some((region, target)) = target else {
        findings.find(
            about,
            format!("`{name}` is copied to an account that does not exist"),
        );
        return;
    };
    if !target.versioning || !target.containers.iter().any(|one| one.name == *name) {
        findings.find(about, format!("`{name}` cannot arrive in `{}`", target.name));
    }
    if target.name == account.name
        || target
            .containers
            .iter()
            .any(|one| one.name == *name && one.replicate)
    {
        findings.find(about, format!("`{name}` is copied in a circle"));
    }
    let allowed = &blueprint.residency;
    let there = region.geography.as_ref();
    if !allowed.is_empty() && !there.is_some_and(|geography| allowed.contains(geography)) {
        findings.find(about, format!("`{name}` is copied to where data may not be"));
    }
}

fn containers(one: &Placed<'_>, findings: &mut Findings) {
    for name in [
        &one.placement.attachments_container,
        &one.placement.exports_container,
    ] {
        let mut all = one
            .region
            .storage
            .iter()
            .filter(|account| account.purpose == StoragePurpose::Objects);
        if !all.any(|account| account.containers.iter().any(|container| container.name == *name)) {
            findings.find(
                one,
                format!("its container `{name}` is in no account of the region"),
            );
        }
    }
}

/// Backups are in two failure domains, and a full one is made and kept long enough.
fn backups(blueprint: &Blueprint, one: &Placed<'_>, findings: &mut Findings) {
    let backup = &one.placement.database.backup;
    let mut domains = BTreeSet::new();
    for place in &backup.containers {
        let found = place.split_once('/').and_then(|(account, container)| {
            let regions = one.environment.regions.iter();
            regions
                .flat_map(|region| region.storage.iter().map(move |storage| (region, storage)))
                .find(|(_, storage)| {
                    storage.name == account
                        && storage.purpose == StoragePurpose::Backups
                        && storage.containers.iter().any(|one| one.name == container)
                })
        });
        match found {
            Some((region, storage)) => {
                domains.insert(region.name.as_str());
                if storage.redundancy.starts_with('G') {
                    domains.insert("paired region");
                }
            }
            None => findings.find(one, format!("its backups go to `{place}`, which does not exist")),
        }
    }
    if one.placement.backup_identity == one.placement.identity {
        findings.find(one, "whoever has its identity can delete its backups");
    }
    let others = one.environment.regions.len() > 1;
    if domains.is_empty() || (others && domains.len() < 2 && may_go_elsewhere(blueprint, one)) {
        findings.find(one, "its backups burn with it: they are in one failure domain");
    }
    if backup.keep < backup.point_in_time {
        findings.find(
            one,
            "backups are deleted while a point in time that needs them can be asked for",
        );
    }
    if !is_daily(&backup.schedule) {
        findings.find(one, format!("`{}` is no time of the day", backup.schedule));
    }
}

/// Whether data may be in some other region of the environment too.
fn may_go_elsewhere(blueprint: &Blueprint, one: &Placed<'_>) -> bool {
    let allowed = &blueprint.residency;
    let others = one
        .environment
        .regions
        .iter()
        .filter(|region| region.name != one.region.name);
    let mut others = others.filter_map(|region| region.geography.as_ref());
    allowed.is_empty() || others.any(|geography| allowed.contains(geography))
}

fn is_daily(schedule: &str) -> bool {
    let fields: Vec<&str> = schedule.split(' ').collect();
    let [minute, hour, "*", "*", "*"] = fields.as_slice() else {
        return false;
    };
    let below = |text: &str, most: u8| text.parse::<u8>().is_ok_and(|number| number < most);
    below(minute, 60) && below(hour, 24)
}
