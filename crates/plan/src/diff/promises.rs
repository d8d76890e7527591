//! What is promised: recovery, retention, what partners may rely on.

use std::fmt;

use estate::{Criticality, Durability, Estate};
use types::Span;
use types::settings::Authority;

use super::{
    Changes,
    Consequence::{Destroys, Interrupts, Irreversible, Quiet},
    Severity::Promise,
    matched::{Fate, kept, matched},
};
use crate::cloud::{
    Blueprint,
    blueprint::{CapabilityPlan, Environment, Lane},
};

pub(super) fn compare(old: (&Estate, &Blueprint), new: (&Estate, &Blueprint), changes: &mut Changes) {
    capabilities(old.1, new.1, changes);
    durability(old.0, new.0, changes);
    retention(old.0, new.0, changes);
    for (was, is) in kept(&old.1.environments, &new.1.environments, |one| &one.name) {
        standby(was, is, changes);
        if !is.mute {
            lanes(was, is, changes);
            backups(was, is, changes);
        }
    }
}

fn capabilities(old: &Blueprint, new: &Blueprint, changes: &mut Changes) {
    for fate in matched(&old.capabilities, &new.capabilities, |one| &one.name) {
        match fate {
            Fate::Added(one) => changes.add(
                (Promise, Quiet),
                &one.name,
                format!(
                    "is promised back within {}, with at most {} lost",
                    one.rto, one.rpo
                ),
                "",
            ),
            Fate::Removed(one) => {
                changes.add((Promise, Quiet), &one.name, "is not promised any more", "");
            }
            Fate::Kept(was, is) => capability(was, is, changes),
        }
    }
}

fn capability(was: &CapabilityPlan, is: &CapabilityPlan, changes: &mut Changes) {
    let name = &is.name;
    if was.rto != is.rto {
        changes.add(
            (Promise, Quiet),
            name,
            format!("now promises {} instead of {}", is.rto, was.rto),
            if is.rto < was.rto {
                "drills must show it before anybody relies on it"
            } else {
                ""
            },
        );
    }
    if was.rpo != is.rpo {
        changes.add(
            (Promise, Quiet),
            name,
            format!("may lose {} instead of {}", is.rpo, was.rpo),
            "",
        );
    }
    if was.authority != is.authority {
        changes.add(
            (Promise, Quiet),
            name,
            format!(
                "is failed over by {} instead of {}",
                who(is.authority),
                who(was.authority)
            ),
            "",
        );
    }
    if was.authorised_by != is.authorised_by {
        let people = is.authorised_by.join(", ");
        let what = if people.is_empty() {
            "needs nobody named to be failed over".to_owned()
        } else {
            format!("may be failed over by {people}")
        };
        changes.add((Promise, Quiet), name, what, "");
    }
    if was.support != is.support {
        changes.add(
            (Promise, Quiet),
            name,
            format!(
                "is supported {} instead of {}",
                is.support.as_str(),
                was.support.as_str()
            ),
            "",
        );
    }
    match (was.probe, is.probe) {
        (Some(_), None) => changes.add(
            (Promise, Quiet),
            name,
            "is not proven by transactions any more",
            "its promise becomes a claim",
        ),
        (was, Some(_)) if was != is.probe => {
            changes.add((Promise, Quiet), name, "is proven by another transaction", "")
        }
        (Some(_) | None, _) => {}
    }
    if was.after != is.after || was.order != is.order {
        changes.add(
            (Promise, Quiet),
            name,
            format!("comes back in step {} instead of {}", is.order, was.order),
            "",
        );
    }
    if was.integrations != is.integrations {
        changes.add((Promise, Quiet), name, "depends on other integrations", "");
    }
}

const fn who(authority: Authority) -> &'static str {
    match authority {
        Authority::Automatic => "the controller alone",
        Authority::OnePerson => "one person",
        Authority::TwoPeople => "two people",
    }
}

fn durability(old: &Estate, new: &Estate, changes: &mut Changes) {
    for (name, is) in &new.stamps {
        let Some(was) = old.stamps.get(name) else {
            continue;
        };
        for capability in new.capabilities.iter().map(|one| &one.name) {
            let waits = |stamp: &estate::Stamp| {
                stamp.database.durability.get(capability) == Some(&Durability::RemoteApply)
            };
            match (waits(was), waits(is)) {
                (false, true) => changes.add(
                    (Promise, Quiet),
                    capability,
                    format!("waits for the other region in `{name}`"),
                    "each commit takes the round trip longer",
                ),
                (true, false) => changes.add(
                    (Promise, Quiet),
                    capability,
                    format!("does not wait for the other region in `{name}` any more"),
                    "what people type may lose its last moments with a region",
                ),
                (true, true) | (false, false) => {}
            }
        }
    }
}

fn retention(old: &Estate, new: &Estate, changes: &mut Changes) {
    let (was, is) = (old.retention, new.retention);
    for (what, was, is) in [
        ("logs", was.logs, is.logs),
        ("metrics", was.metrics, is.metrics),
        ("applied messages", was.journal, is.journal),
        ("daily backups", was.backups, is.backups),
        ("documents", was.documents, is.documents),
        ("evidence", was.evidence, is.evidence),
        ("audit records", was.audit, is.audit),
    ] {
        if was != is {
            shorter_or_longer(what, was, is, changes);
        }
    }
}

fn shorter_or_longer(about: impl fmt::Display, was: Span, is: Span, changes: &mut Changes) {
    let (consequence, note) = if is < was {
        (Destroys, "what is older is deleted, and does not come back")
    } else {
        (Quiet, "")
    };
    changes.add(
        (Promise, consequence),
        about,
        format!("are kept {is} instead of {was}"),
        note,
    );
}

fn standby(was: &Environment, is: &Environment, changes: &mut Changes) {
    for (old, new) in kept(&was.regions, &is.regions, |one| &one.name) {
        let place = || Some(is.name.to_string());
        if old.posture != new.posture {
            changes.add_at(
                (Promise, Interrupts),
                place(),
                format!("`{}`", new.name),
                format!(
                    "stands by {} instead of {}",
                    new.posture.as_str(),
                    old.posture.as_str()
                ),
                "",
            );
        }
        if old.role != new.role {
            changes.add_at(
                (Promise, Interrupts),
                place(),
                format!("`{}`", new.name),
                "changes its role in the beginning",
                "a switchover moves who leads; this only says who leads first",
            );
        }
        if old.partner != new.partner {
            let partner = new.partner.as_ref().map_or("nobody", |name| name.as_str());
            changes.add_at(
                (Promise, Interrupts),
                place(),
                format!("`{}`", new.name),
                format!("has {partner} as its partner"),
                "databases and journals are copied anew",
            );
        }
    }
}

fn lanes(was: &Environment, is: &Environment, changes: &mut Changes) {
    let of = |environment: &Environment| -> Vec<Lane> {
        let stamps = environment.stamps.iter();
        stamps.flat_map(|stamp| stamp.lanes.clone()).collect()
    };
    let (old, new) = (of(was), of(is));
    for fate in matched(&old, &new, |lane| &lane.name) {
        match fate {
            Fate::Added(lane) => changes.add(
                (Promise, Quiet),
                format!("integration `{}`", lane.name),
                "is new",
                "its secret must be in the vault first",
            ),
            Fate::Removed(lane) => changes.add(
                (Promise, Interrupts),
                format!("integration `{}`", lane.name),
                "ends",
                "its partner is refused from then on; empty its lane before",
            ),
            Fate::Kept(old, new) => lane(old, new, changes),
        }
    }
}

fn lane(was: &Lane, is: &Lane, changes: &mut Changes) {
    let about = format!("integration `{}`", is.name);
    if was.buffering.outage != is.buffering.outage {
        changes.add(
            (Promise, Quiet),
            &about,
            format!(
                "survives an outage of {} instead of {}",
                is.buffering.outage, was.buffering.outage
            ),
            "",
        );
    }
    if was.criticality != is.criticality {
        let what = match is.criticality {
            Criticality::Critical => "wakes somebody when it fails",
            Criticality::Important => "is looked at the same day when it fails",
            Criticality::Deferrable => "is looked at some day when it fails",
        };
        changes.add((Promise, Quiet), &about, what, "");
    }
    if was.keep != is.keep {
        changes.add(
            (Promise, Quiet),
            &about,
            format!("keeps messages {} instead of {}", is.keep, was.keep),
            "",
        );
    }
    if was.retry != is.retry {
        changes.add(
            (Promise, Quiet),
            &about,
            format!(
                "gives up after {} instead of {}",
                is.retry.give_up, was.retry.give_up
            ),
            "",
        );
    }
    if was.address != is.address || was.protocol != is.protocol || was.direction != is.direction {
        changes.add(
            (Promise, Interrupts),
            &about,
            "is reached elsewhere or in another way",
            "agree with the partner on the moment",
        );
    }
    if was.outbound != is.outbound {
        changes.add(
            (Promise, Interrupts),
            &about,
            "sends other messages, or sends them in another way",
            "agree with the partner on the moment",
        );
    }
    if was.authentication != is.authentication {
        changes.add(
            (Promise, Interrupts),
            &about,
            "proves itself in another way",
            "agree with the partner on the moment",
        );
    }
    if was.idempotency != is.idempotency || was.ordering != is.ordering {
        changes.add(
            (Promise, Interrupts),
            &about,
            "recognises repeated messages or their order in another way",
            "empty its lane before, or a repeated message counts as new",
        );
    }
    if was.body_max != is.body_max {
        changes.add(
            (Promise, Quiet),
            &about,
            format!(
                "takes messages of up to {} instead of {}",
                is.body_max, was.body_max
            ),
            "",
        );
    }
}

fn backups(was: &Environment, is: &Environment, changes: &mut Changes) {
    for (old, new) in kept(&was.regions, &is.regions, |one| &one.name) {
        for (before, after) in kept(&old.placements, &new.placements, |one| &one.stamp) {
            let about = format!("stamp `{}`", after.stamp);
            let (was, is) = (&before.database.backup, &after.database.backup);
            if was.point_in_time != is.point_in_time {
                changes.add(
                    (Promise, Quiet),
                    &about,
                    format!(
                        "can be restored to any moment of {} instead of {}",
                        is.point_in_time, was.point_in_time
                    ),
                    "",
                );
            }
            if was.schedule != is.schedule {
                changes.add(
                    (Promise, Quiet),
                    &about,
                    format!(
                        "is backed up at `{}` instead of `{}`, UTC",
                        is.schedule, was.schedule
                    ),
                    "",
                );
            }
        }
        for (was, is) in kept(&old.storage, &new.storage, |one| one.purpose) {
            for (before, after) in kept(&was.containers, &is.containers, |one| &one.name) {
                let locked = |one: &crate::cloud::blueprint::ContainerPlan| {
                    one.immutable.is_some_and(|immutable| immutable.locked)
                };
                let about = format!("`{}`", after.name);
                let at = Some(new.name.to_string());
                if !locked(before) && locked(after) {
                    changes.add_at(
                        (Promise, Irreversible),
                        at,
                        about,
                        "is locked",
                        "nobody can delete or shorten it again, and it is paid for to the end",
                    );
                } else if locked(before) && before.immutable != after.immutable {
                    changes.add_at(
                        (Promise, Irreversible),
                        at,
                        about,
                        "is locked already, and Azure will refuse what makes it shorter",
                        "",
                    );
                } else if before.immutable != after.immutable {
                    changes.add_at(
                        (Promise, Quiet),
                        at,
                        about,
                        "cannot be changed for another time than before",
                        "",
                    );
                }
            }
        }
    }
}
