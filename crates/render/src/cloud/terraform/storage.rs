//! A region's storage accounts, and what joins them with the partner's.
//!
//! Whatever writes backups reaches the partner's account through an endpoint in its own network: it must work while
//! everything else of the partner is down.

use std::collections::BTreeMap;

use plan::cloud::blueprint::{
    ContainerKind, ContainerPlan, PrivateZone, Region, StorageAccount, StoragePurpose,
};

use super::{
    data::{endpoint, endpoint_of, workspace},
    here::{self, Here},
    ids::{self, Kind},
    infrastructure::{placed, watched},
    stack::{Secrecy, Stack, Variable},
};
use crate::hcl::{Body, Expression};

/// Azure takes ten prefixes in one rule.
const CONTAINERS_PER_RULE: usize = 10;

pub(super) fn modules(here: Here<'_>, stack: &mut Stack) {
    for account in &here.region.storage {
        self::account(here, account, stack);
    }
    for other in here.earlier() {
        backup_endpoints(here, other, stack);
    }
}

/// Endpoints by which either region's backups reach the other's account.
fn backup_endpoints(here: Here<'_>, other: &Region, stack: &mut Stack) {
    let own = here::account(here.region, StoragePurpose::Backups);
    let theirs = here::account(other, StoragePurpose::Backups);
    if let Some(theirs) = theirs.filter(|account| writes_to(here.region, account)) {
        let group = stack.group(&here::of_region("data", other), &other.resource_groups.data);
        let inputs = placed(here, &theirs.name)
            .gap()
            .set(
                "resource_id",
                ids::resource(group, Kind::StorageAccount, &theirs.name),
            )
            .set("subresource", "blob")
            .set("private_endpoint", endpoint(here, PrivateZone::Blob))
            .set("tags", Expression::local("tags"));
        stack.module(
            &here::of_region("backups_from_here_to", other),
            "private-endpoint",
            inputs,
        );
    }
    if let Some(own) = own.filter(|account| writes_to(other, account)) {
        let group = stack.group(
            &here::of_region("infrastructure", other),
            &other.resource_groups.infrastructure,
        );
        let inputs = Body::new()
            .set("name", &own.name)
            .set("resource_group_name", &other.resource_groups.data)
            .set("location", &other.location)
            .gap()
            .set("resource_id", Expression::output(label(own), "id"))
            .set("subresource", "blob")
            .set("private_endpoint", endpoint_of(other, group, PrivateZone::Blob))
            .set("tags", Expression::local("tags"));
        stack.module(
            &here::of_region("backups_to_here_from", other),
            "private-endpoint",
            inputs,
        );
    }
}

/// Whether a region's databases are backed up to an account.
fn writes_to(region: &Region, account: &StorageAccount) -> bool {
    let mut places = region
        .placements
        .iter()
        .flat_map(|placement| &placement.database.backup.containers);
    places.any(|place| {
        place
            .split_once('/')
            .is_some_and(|(name, _)| name == account.name)
    })
}

const fn label(account: &StorageAccount) -> &'static str {
    match account.purpose {
        StoragePurpose::Objects => "storage_objects",
        StoragePurpose::Backups => "storage_backups",
    }
}

fn account(here: Here<'_>, account: &StorageAccount, stack: &mut Stack) {
    let mut inputs = placed(here, &account.name)
        .gap()
        .set("redundancy", &account.redundancy)
        .set("versioning", account.versioning)
        .set("change_feed", account.change_feed)
        .set("soft_delete_days", account.soft_delete_days)
        .set("private_endpoint", endpoint(here, PrivateZone::Blob))
        .gap()
        .set(
            "containers",
            Expression::map(account.containers.iter().map(container)),
        )
        .set("lifecycle_rules", Expression::map(rules(account)));
    if let Some(immutability) = immutability(account, stack) {
        inputs = inputs.set("immutability", immutability);
    }
    if let Some(replication) = replication(here, account, stack) {
        inputs = inputs.set("replication", replication);
    }
    stack.module(label(account), "storage", watched(inputs.gap(), workspace(here)));
}

fn container(container: &ContainerPlan) -> (String, Expression) {
    let kind = match container.kind {
        ContainerKind::Attachments => "attachments",
        ContainerKind::Exports => "exports",
        ContainerKind::Backups => "backups",
    };
    let metadata = Expression::map([("kind", kind), ("stamp", container.stamp.as_str())]);
    (container.name.clone(), Expression::map([("metadata", metadata)]))
}

/// Containers that age alike share rules.
fn rules(account: &StorageAccount) -> Vec<(String, Expression)> {
    let mut alike: BTreeMap<(Option<u64>, Option<u64>), Vec<&str>> = BTreeMap::new();
    for container in &account.containers {
        let ages = (
            container.cool_after.map(here::days),
            container.delete_after.map(here::days),
        );
        if ages != (None, None) {
            alike.entry(ages).or_default().push(&container.name);
        }
    }
    let mut rules = Vec::new();
    for ((cool, delete), containers) in alike {
        for (part, containers) in containers.chunks(CONTAINERS_PER_RULE).enumerate() {
            let mut name = String::from("age");
            for (word, days) in [("cool", cool), ("delete", delete)] {
                if let Some(days) = days {
                    name.push_str(&format!("-{word}-{days}"));
                }
            }
            name.push_str(&format!("-{}", part + 1));
            let mut rule = vec![("containers", Expression::list(containers.iter().copied()))];
            rule.extend(cool.map(|days| ("cool_after_days", days.into())));
            rule.extend(delete.map(|days| ("delete_after_days", days.into())));
            rules.push((name, Expression::map(rule)));
        }
    }
    rules
}

/// One policy for the account, as long as its most careful container asks. Azure makes policies unlocked, so locking
/// is a second apply, by a variable.
fn immutability(account: &StorageAccount, stack: &mut Stack) -> Option<Expression> {
    let asked: Vec<_> = account
        .containers
        .iter()
        .filter_map(|container| container.immutable)
        .collect();
    let days = asked.iter().map(|immutable| here::days(immutable.period)).max()?;
    let locked = if asked.iter().any(|immutable| immutable.locked) {
        stack.variable(Variable {
            name: "lock_immutability",
            kind: "bool",
            description: "Azure makes policies unlocked. Apply with false, look, then apply with true: from then on nobody can shorten them.",
            default: None,
            example: true.into(),
            secrecy: Secrecy::Open,
        })
    } else {
        false.into()
    };
    Some(Expression::map([("days", days.into()), ("locked", locked)]))
}

/// Copies of what the partner's account has. A container that is being copied to cannot be written, so after a failover
/// the copying ends.
fn replication(here: Here<'_>, account: &StorageAccount, stack: &mut Stack) -> Option<Expression> {
    let partner = here.joins()?;
    let source = here::account(partner, account.purpose)?;
    if source.replica_account.as_ref() != Some(&account.name) {
        return None;
    }
    let pairs: Vec<(&String, &String)> = source
        .containers
        .iter()
        .filter(|container| container.replicate)
        .filter_map(|there| {
            let same = |here: &&ContainerPlan| here.stamp == there.stamp && here.kind == there.kind;
            Some((&there.name, &account.containers.iter().find(same)?.name))
        })
        .collect();
    if pairs.is_empty() {
        return None;
    }
    let group = stack.group(&here::of_region("data", partner), &partner.resource_groups.data);
    Some(Expression::map([
        (
            "source_account_id",
            ids::resource(group, Kind::StorageAccount, &source.name),
        ),
        ("containers", Expression::map(pairs)),
    ]))
}
