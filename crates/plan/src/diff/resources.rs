//! What a change does to Azure's resources: which are replaced, and which cannot go back.
//!
//! Terraform would say the same, later and one resource at a time; here it is said before anybody has agreed.

mod databases;

use super::{
    Changes,
    Consequence::{Destroys, Interrupts, Irreversible, Quiet},
    Severity::{Capacity, Isolation, Promise},
    isolation::own_cluster,
    matched::{Fate, kept, matched},
};
use crate::cloud::{
    Blueprint,
    blueprint::{Cluster, Environment, Region, StorageAccount, StoragePurpose},
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
        databases::placement(place(), before, after, changes);
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
