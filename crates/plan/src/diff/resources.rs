//! What a change does to Azure's resources: which are replaced, and which cannot go back.
//!
//! Terraform would say the same, later and one resource at a time; here it is said before anybody has agreed.

use super::{
    Changes,
    Consequence::{Destroys, Interrupts, Irreversible, NeedsMigration, Quiet},
    Severity::{Capacity, Isolation, Promise},
    isolation::own_cluster,
    matched::{Fate, kept, matched},
};
use crate::cloud::{
    Blueprint,
    blueprint::{
        Cluster, DatabaseEngine, DatabasePlan, Environment, FlexibleServer, Placement, Region,
        StorageAccount, StoragePurpose,
    },
};

pub(super) fn compare(old: &Blueprint, new: &Blueprint, changes: &mut Changes) {
    for (was, is) in kept(&old.environments, &new.environments, |one| &one.name) {
        for (before, after) in kept(&was.regions, &is.regions, |one| &one.name) {
            region(is, before, after, changes);
        }
        if was.front_door.name != is.front_door.name {
            changes.add(
                (Isolation, Interrupts),
                format!("the entrance of `{}`", is.name),
                "is another Front Door",
                "all domains are proven and moved again",
            );
        }
    }
    if old.delivery.registry != new.delivery.registry
        || old.delivery.registry_name != new.delivery.registry_name
    {
        changes.add(
            (Isolation, Interrupts),
            "images",
            format!("come from {}", new.delivery.registry),
            "they must be there before anything is deployed",
        );
    }
}

fn region(environment: &Environment, was: &Region, is: &Region, changes: &mut Changes) {
    let place = || Some(format!("{}/{}", environment.name, is.name));
    if was.location != is.location {
        changes.add_at(
            (Isolation, Destroys),
            place(),
            format!("region `{}`", is.name),
            format!("is in {} instead of {}", is.location, was.location),
            "everything is built anew there, and what is here is deleted",
        );
    }
    let zones = |region: &Region| -> Vec<Vec<u8>> {
        let pools = region.clusters.iter().flat_map(|cluster| &cluster.node_pools);
        std::iter::once(region.zones.clone())
            .chain(pools.map(|pool| pool.zones.clone()))
            .collect()
    };
    if zones(was) != zones(is) && (was.zones != is.zones || was.clusters.len() == is.clusters.len()) {
        changes.add_at(
            (Promise, Irreversible),
            place(),
            "nodes",
            format!("are in zones {:?} instead of {:?}", is.zones, was.zones),
            "zones of a pool cannot change: each is replaced by another one, and disks stay in their zones",
        );
    }
    if was.network.addresses != is.network.addresses {
        changes.add_at(
            (Isolation, Destroys),
            place(),
            "the network",
            format!(
                "has {} instead of {}",
                is.network.addresses, was.network.addresses
            ),
            "it is built anew, with everything that stands in it",
        );
    } else if was.network.subnets != is.network.subnets {
        changes.add_at(
            (Capacity, Interrupts),
            place(),
            "the network",
            "is divided in another way",
            "subnets that something stands in cannot change",
        );
    }
    if was.vault != is.vault {
        changes.add_at(
            (Isolation, Destroys),
            place(),
            "the vault",
            format!("is `{}` instead of `{}`", is.vault, was.vault),
            "its secrets must be written again",
        );
    }
    if was.resource_groups != is.resource_groups {
        changes.add_at(
            (Isolation, Destroys),
            place(),
            "resource groups",
            "have other names",
            "everything in them is built anew: names follow those of estate, environment and region",
        );
    }
    for fate in matched(&was.storage, &is.storage, |one| one.purpose) {
        if let Fate::Kept(before, after) = fate {
            account(place(), before, after, changes);
        }
    }
    for fate in matched(&was.clusters, &is.clusters, |one| &one.name) {
        match fate {
            Fate::Added(one) => changes.add_at(
                (Isolation, Quiet),
                place(),
                format!("cluster `{}`", one.name),
                "is new",
                "",
            ),
            Fate::Removed(one) => changes.add_at(
                (Isolation, Interrupts),
                place(),
                format!("cluster `{}`", one.name),
                "ends",
                "what keeps data in it (PostgreSQL, journals) must have moved out",
            ),
            Fate::Kept(before, after) => cluster(place(), before, after, changes),
        }
    }
    for (before, after) in kept(&was.placements, &is.placements, |one| &one.stamp) {
        placement(place(), before, after, changes);
        let (from, to) = (own_cluster(was, &after.stamp), own_cluster(is, &after.stamp));
        if from != to {
            changes.add_at(
                (Isolation, Interrupts),
                place(),
                format!("stamp `{}`", after.stamp),
                format!("runs in cluster `{}`", after.cluster),
                "its journal, and PostgreSQL where it runs inside, move with it",
            );
        }
    }
}

fn account(place: Option<String>, was: &StorageAccount, is: &StorageAccount, changes: &mut Changes) {
    let about = match is.purpose {
        StoragePurpose::Objects => "the store of objects",
        StoragePurpose::Backups => "the store of backups",
    };
    if was.name != is.name {
        changes.add_at(
            (Isolation, Destroys),
            place.clone(),
            about,
            format!("is `{}` instead of `{}`", is.name, was.name),
            "the new account is empty; names follow those of organisation, estate, environment and region",
        );
    }
    if was.redundancy != is.redundancy {
        changes.add_at(
            (Promise, Irreversible),
            place.clone(),
            about,
            format!("keeps copies as {} instead of {}", is.redundancy, was.redundancy),
            "Azure converts it in days where it does at all, and never back within a month",
        );
    }
    for fate in matched(&was.containers, &is.containers, |one| &one.name) {
        match fate {
            Fate::Removed(one) => changes.add_at(
                (Isolation, Destroys),
                place.clone(),
                format!("`{}`", one.name),
                "is deleted with all objects in it",
                "",
            ),
            Fate::Kept(before, after) => {
                let about = format!("`{}`", after.name);
                if before.replicate != after.replicate {
                    let what = if after.replicate {
                        "is copied to the other region"
                    } else {
                        "is not copied to the other region any more"
                    };
                    changes.add_at((Promise, Quiet), place.clone(), &about, what, "");
                }
                if before.delete_after != after.delete_after {
                    let what = after.delete_after.map_or_else(
                        || "is never deleted".to_owned(),
                        |span| format!("is deleted after {span}"),
                    );
                    let grave = after.delete_after.is_some()
                        && before
                            .delete_after
                            .is_none_or(|was| after.delete_after < Some(was));
                    changes.add_at(
                        (Promise, if grave { Destroys } else { Quiet }),
                        place.clone(),
                        &about,
                        what,
                        "",
                    );
                }
            }
            Fate::Added(_) => {}
        }
    }
}

fn cluster(place: Option<String>, was: &Cluster, is: &Cluster, changes: &mut Changes) {
    let about = format!("cluster `{}`", is.name);
    if was.kubernetes_version != is.kubernetes_version {
        changes.add_at(
            (Capacity, Irreversible),
            place.clone(),
            &about,
            format!(
                "is upgraded to Kubernetes {} from {}",
                is.kubernetes_version, was.kubernetes_version
            ),
            "one node after the other restarts",
        );
    }
    if was.pod_addresses != is.pod_addresses || was.service_addresses != is.service_addresses {
        changes.add_at(
            (Capacity, Destroys),
            place.clone(),
            &about,
            "has other addresses inside",
            "it is built anew, with the journals and databases in it",
        );
    }
    // The same pool of several clusters is one line with its clusters.
    let place = Some(is.name.clone());
    for fate in matched(&was.node_pools, &is.node_pools, |one| &one.name) {
        match fate {
            Fate::Added(pool) => changes.add_at(
                (Capacity, Quiet),
                place.clone(),
                format!("pool `{}`", pool.name),
                "is new",
                "",
            ),
            Fate::Removed(pool) => changes.add_at(
                (Capacity, Interrupts),
                place.clone(),
                format!("pool `{}`", pool.name),
                "ends",
                "what runs there must fit elsewhere",
            ),
            Fate::Kept(was, is) => {
                let about = format!("pool `{}`", is.name);
                if was.vm_size != is.vm_size {
                    changes.add_at(
                        (Capacity, Interrupts),
                        place.clone(),
                        &about,
                        format!("has machines {} instead of {}", is.vm_size, was.vm_size),
                        "a new pool is made, and pods move to it",
                    );
                }
                if (was.nodes_min, was.nodes_max) != (is.nodes_min, is.nodes_max) {
                    changes.add_at(
                        (Capacity, Quiet),
                        place.clone(),
                        &about,
                        format!(
                            "has {} to {} nodes instead of {} to {}",
                            is.nodes_min, is.nodes_max, was.nodes_min, was.nodes_max
                        ),
                        "",
                    );
                }
            }
        }
    }
}

fn placement(place: Option<String>, was: &Placement, is: &Placement, changes: &mut Changes) {
    let about = format!("the database of `{}`", is.stamp);
    database(&place, &about, &was.database, &is.database, changes);
    match (&was.database.engine, &is.database.engine) {
        (DatabaseEngine::FlexibleServer(before), DatabaseEngine::FlexibleServer(after)) => {
            server(&place, &about, before, after, changes);
        }
        (DatabaseEngine::CloudNativePg(before), DatabaseEngine::CloudNativePg(after)) => {
            if before.name != after.name {
                changes.add_at(
                    (Isolation, Destroys),
                    place.clone(),
                    &about,
                    format!("is `{}` instead of `{}`", after.name, before.name),
                    "the new cluster is empty",
                );
            }
            if (before.instances, before.synchronous) != (after.instances, after.synchronous) {
                changes.add_at(
                    (Promise, Quiet),
                    place.clone(),
                    &about,
                    format!(
                        "has {} instances, {} of which wait for each commit",
                        after.instances, after.synchronous
                    ),
                    "",
                );
            }
        }
        (DatabaseEngine::RestoredWhenNeeded, DatabaseEngine::RestoredWhenNeeded) => {}
        (DatabaseEngine::RestoredWhenNeeded, _) => {
            changes.add_at(
                (Promise, Quiet),
                place.clone(),
                &about,
                "runs as a replica instead of being restored when it is needed",
                "it is copied from the primary first",
            );
        }
        (_, DatabaseEngine::RestoredWhenNeeded) => {
            changes.add_at(
                (Promise, Destroys),
                place.clone(),
                &about,
                "is restored when it is needed instead of running as a replica",
                "the replica is deleted",
            );
        }
        (DatabaseEngine::FlexibleServer(_), DatabaseEngine::CloudNativePg(_))
        | (DatabaseEngine::CloudNativePg(_), DatabaseEngine::FlexibleServer(_)) => {
            changes.add_at(
                (Isolation, NeedsMigration),
                place.clone(),
                &about,
                "is run by another engine",
                "the new one is empty: move by replication or restore, then delete the old one",
            );
        }
    }
    if let (Some(before), Some(after)) = (&was.cache, &is.cache)
        && before.name != after.name
    {
        changes.add_at(
            (Isolation, Interrupts),
            place,
            format!("the session store of `{}`", is.stamp),
            "is another one",
            "people log in again",
        );
    }
}

fn database(
    place: &Option<String>,
    about: &str,
    was: &DatabasePlan,
    is: &DatabasePlan,
    changes: &mut Changes,
) {
    if was.version < is.version {
        changes.add_at(
            (Capacity, Irreversible),
            place.clone(),
            about,
            format!("is upgraded to PostgreSQL {} from {}", is.version, was.version),
            "rehearse it on a copy; replicas are built anew",
        );
    } else if was.version > is.version {
        changes.add_at(
            (Capacity, Destroys),
            place.clone(),
            about,
            format!("goes back to PostgreSQL {} from {}", is.version, was.version),
            "that needs a new, empty server",
        );
    }
    if was.storage > is.storage {
        changes.add_at(
            (Capacity, Destroys),
            place.clone(),
            about,
            format!("has {} of disk instead of {}", is.storage, was.storage),
            "disks do not shrink: that needs a new, empty server",
        );
    } else if was.storage < is.storage {
        changes.add_at(
            (Capacity, Irreversible),
            place.clone(),
            about,
            format!("has {} of disk instead of {}", is.storage, was.storage),
            "it cannot shrink again",
        );
    }
    if (was.cores, was.memory) != (is.cores, is.memory) {
        changes.add_at(
            (Capacity, Interrupts),
            place.clone(),
            about,
            format!(
                "has {} cores and {} instead of {} and {}",
                is.cores, is.memory, was.cores, was.memory
            ),
            "it restarts",
        );
    }
    if was.host != is.host || was.port != is.port {
        changes.add_at(
            (Capacity, Interrupts),
            place.clone(),
            about,
            format!("is reached at {}:{}", is.host, is.port),
            "",
        );
    }
    let changed: Vec<&str> = is
        .parameters
        .iter()
        .filter(|(name, value)| was.parameters.get(*name) != Some(value))
        .map(|(name, _)| name.as_str())
        .chain(
            was.parameters
                .keys()
                .filter(|name| !is.parameters.contains_key(*name))
                .map(String::as_str),
        )
        .collect();
    if !changed.is_empty() {
        let restarts = ["max_connections", "shared_buffers", "hot_standby_feedback"];
        let grave = changed.iter().any(|name| restarts.contains(name));
        changes.add_at(
            (Capacity, if grave { Interrupts } else { Quiet }),
            place.clone(),
            about,
            format!("has other parameters: {}", changed.join(", ")),
            if grave { "it restarts" } else { "" },
        );
    }
}

fn server(
    place: &Option<String>,
    about: &str,
    was: &FlexibleServer,
    is: &FlexibleServer,
    changes: &mut Changes,
) {
    if was.name != is.name {
        changes.add_at((Isolation, Destroys), place.clone(), about, format!("is `{}` instead of `{}`", is.name, was.name), "the new server is empty; names follow those of organisation, estate, environment, region and stamp");
    }
    if was.geo_backup != is.geo_backup {
        changes.add_at(
            (Promise, Destroys),
            place.clone(),
            about,
            if is.geo_backup {
                "has Azure's backups in the paired region too"
            } else {
                "has no backups by Azure in the paired region any more"
            },
            "that can only be chosen at creation: the server is replaced by an empty one",
        );
    }
    if was.upstream != is.upstream {
        changes.add_at(
            (Promise, Destroys),
            place.clone(),
            about,
            "follows another server, or none",
            "a replica is built anew",
        );
    }
    if was.high_availability != is.high_availability {
        changes.add_at(
            (Promise, Interrupts),
            place.clone(),
            about,
            "survives other failures within its region",
            "",
        );
    }
    if was.zone != is.zone {
        changes.add_at(
            (Capacity, Interrupts),
            place.clone(),
            about,
            format!("is in zone {} instead of {}", is.zone, was.zone),
            "a zone is chosen at creation: fail over to the copy there, or leave it",
        );
    }
    if was.virtual_endpoint != is.virtual_endpoint {
        changes.add_at(
            (Isolation, Interrupts),
            place.clone(),
            about,
            "is reached under another name that follows the primary",
            "processes restart with it",
        );
    }
    if was.maintenance != is.maintenance {
        changes.add_at(
            (Promise, Quiet),
            place.clone(),
            about,
            format!(
                "is maintained on {} at {}:00 UTC",
                is.maintenance.day.as_str(),
                is.maintenance.hour
            ),
            "",
        );
    }
}
