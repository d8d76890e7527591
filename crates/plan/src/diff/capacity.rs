//! How much of everything there is: processes, journals, caches.

use super::{
    Changes,
    Consequence::{Destroys, Interrupts, Quiet},
    Severity::{Capacity, Promise},
    matched::kept,
};
use crate::cloud::{
    Blueprint,
    blueprint::{Environment, Placement, WorkloadPlan},
};

pub(super) fn compare(old: &Blueprint, new: &Blueprint, changes: &mut Changes) {
    for (was, is) in kept(&old.environments, &new.environments, |one| &one.name) {
        if was.runs != is.runs {
            let what = if is.runs.is_some() {
                "runs at other times, and not always"
            } else {
                "runs always"
            };
            changes.add(
                (Capacity, Interrupts),
                format!("environment `{}`", is.name),
                what,
                "",
            );
        }
        for (before, after) in kept(&was.regions, &is.regions, |one| &one.name) {
            let place = Some(format!("{}/{}", is.name, after.name));
            for (was, is) in kept(&before.placements, &after.placements, |one| &one.stamp) {
                placement(&place, was, is, changes);
            }
            for (was, is) in kept(&before.site_gateways, &after.site_gateways, |one| one.kind) {
                if was.sku != is.sku {
                    changes.add_at(
                        (Capacity, Interrupts),
                        place.clone(),
                        format!("gateway `{}`", is.name),
                        format!("is {} instead of {}", is.sku, was.sku),
                        "sites lose their link for minutes",
                    );
                }
            }
        }
        watching(was, is, changes);
    }
}

fn placement(place: &Option<String>, was: &Placement, is: &Placement, changes: &mut Changes) {
    for (before, after) in kept(&was.workloads, &is.workloads, |one| one.kind) {
        workload(
            place,
            &format!("{} of `{}`", after.kind.as_str(), is.stamp),
            before,
            after,
            changes,
        );
    }
    if let (Some(before), Some(after)) = (&was.cache, &is.cache)
        && before != after
        && before.name == after.name
    {
        changes.add_at(
            (Capacity, Interrupts),
            place.clone(),
            format!("the session store of `{}`", is.stamp),
            format!(
                "is {} instead of {}, or keeps more or less",
                after.sku, before.sku
            ),
            "people may have to log in again",
        );
    }
    if let (Some(before), Some(after)) = (&was.gateway, &is.gateway) {
        let about = format!("the gateway of `{}`", is.stamp);
        if before.journal_storage < after.journal_storage {
            changes.add_at(
                (Capacity, Quiet),
                place.clone(),
                &about,
                format!(
                    "has a journal of {} instead of {}",
                    after.journal_storage, before.journal_storage
                ),
                "",
            );
        } else if before.journal_storage > after.journal_storage {
            changes.add_at(
                (Capacity, Destroys),
                place.clone(),
                &about,
                format!(
                    "has a journal of {} instead of {}",
                    after.journal_storage, before.journal_storage
                ),
                "disks do not shrink: keep the larger one, or empty and replace it",
            );
        }
        if before.peer != after.peer {
            let peer = after.peer.as_ref().map_or("nowhere", |name| name.as_str());
            changes.add_at(
                (Promise, Interrupts),
                place.clone(),
                &about,
                format!("copies its journal to {peer}"),
                "the copy is made anew",
            );
        }
    }
    if was.database.pooler != is.database.pooler {
        changes.add_at(
            (Capacity, Interrupts),
            place.clone(),
            format!("the pooler of `{}`", is.stamp),
            "comes, goes or has another size",
            "connections are made anew",
        );
    }
}

fn workload(
    place: &Option<String>,
    about: &str,
    was: &WorkloadPlan,
    is: &WorkloadPlan,
    changes: &mut Changes,
) {
    if (was.replicas_min, was.replicas_max) != (is.replicas_min, is.replicas_max) {
        changes.add_at(
            (Capacity, Quiet),
            place.clone(),
            about,
            format!(
                "has {} to {} replicas instead of {} to {}",
                is.replicas_min, is.replicas_max, was.replicas_min, was.replicas_max
            ),
            "",
        );
    }
    if was.replicas_leading != is.replicas_leading {
        changes.add_at(
            (Capacity, Quiet),
            place.clone(),
            about,
            format!(
                "has {} replicas at least where it leads, instead of {}",
                is.replicas_leading, was.replicas_leading
            ),
            "",
        );
    }
    if (was.workers, was.memory, was.cpu_millis) != (is.workers, is.memory, is.cpu_millis) {
        changes.add_at(
            (Capacity, Quiet),
            place.clone(),
            about,
            format!(
                "has {} workers in a replica instead of {}, or other machines' shares",
                is.workers, was.workers
            ),
            "replicas are replaced one after the other",
        );
    }
    if was.signals != is.signals || was.peaks != is.peaks {
        changes.add_at(
            (Capacity, Quiet),
            place.clone(),
            about,
            "scales on other signals or at other times",
            "",
        );
    }
    if was.request_time_max != is.request_time_max {
        changes.add_at(
            (Capacity, Quiet),
            place.clone(),
            about,
            format!(
                "may take {} for a request instead of {}",
                is.request_time_max, was.request_time_max
            ),
            "",
        );
    }
}

fn watching(was: &Environment, is: &Environment, changes: &mut Changes) {
    let about = format!("environment `{}`", is.name);
    let (old, new) = (&was.watching, &is.watching);
    if old.page != new.page || old.pages != new.pages || old.ticket != new.ticket {
        changes.add((Promise, Quiet), &about, "tells other people of alarms", "");
    }
    let every =
        |watching: &crate::cloud::blueprint::Watching| watching.synthetic.first().map(|check| check.every);
    if every(old) != every(new) {
        changes.add(
            (Promise, Quiet),
            &about,
            "proves its capabilities more or less often",
            "",
        );
    }
    if was.front_door.paths != is.front_door.paths {
        for (old, new) in kept(&was.front_door.paths, &is.front_door.paths, |path| path.purpose) {
            if (old.rate, old.body_max, old.timeout) != (new.rate, new.body_max, new.timeout) {
                changes.add(
                    (Capacity, Quiet),
                    format!("the entrance of `{}`", is.name),
                    format!("has other limits on the {} path", new.purpose.as_str()),
                    "",
                );
            }
        }
    }
}
