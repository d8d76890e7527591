//! Names for people, owners, tags: what nobody's work depends on.

use std::collections::BTreeMap;

use estate::Estate;

use super::{Changes, Consequence::Quiet, Severity::Cosmetic};

pub(super) fn compare(old: &Estate, new: &Estate, changes: &mut Changes) {
    let (was, is) = (&old.organisation, &new.organisation);
    if was.display_name != is.display_name {
        changes.add(
            (Cosmetic, Quiet),
            "the organisation",
            format!("is called {}", is.display_name),
            "",
        );
    }
    if was.contact != is.contact {
        changes.add(
            (Cosmetic, Quiet),
            "the organisation",
            "is reached by another mail address",
            "",
        );
    }
    if was.tags != is.tags || was.cost_centre != is.cost_centre {
        changes.add((Cosmetic, Quiet), "resources", "have other tags", "");
    }
    let before: BTreeMap<_, _> = old.capabilities.iter().map(|one| (&one.name, one)).collect();
    for one in &new.capabilities {
        if let Some(was) = before.get(&one.name)
            && (&was.display_name, &was.owner) != (&one.display_name, &one.owner)
        {
            changes.add(
                (Cosmetic, Quiet),
                &one.name,
                "has another name for people, or another owner",
                "",
            );
        }
    }
    for (name, one) in &new.tenants {
        if let Some(was) = old.tenants.get(name) {
            if was.display_name != one.display_name {
                changes.add(
                    (Cosmetic, Quiet),
                    format!("tenant `{name}`"),
                    format!("is called {}", one.display_name),
                    "",
                );
            }
            if was.calendar != one.calendar || was.time_zone != one.time_zone {
                changes.add(
                    (Cosmetic, Quiet),
                    format!("tenant `{name}`"),
                    "keeps to another calendar or time",
                    "",
                );
            }
        }
    }
    for (name, one) in &new.partners {
        if let Some(was) = old.partners.get(name)
            && (&was.display_name, &was.contact, was.language)
                != (&one.display_name, &one.contact, one.language)
        {
            changes.add(
                (Cosmetic, Quiet),
                format!("partner `{name}`"),
                "has another name, contact or language",
                "",
            );
        }
    }
    if old.calendars != new.calendars {
        changes.add(
            (Cosmetic, Quiet),
            "calendars",
            "have other windows, freezes or events",
            "releases keep to the new ones",
        );
    }
    let release = |estate: &Estate| (estate.release.odoo.clone(), estate.release.platform.clone());
    if release(old) != release(new) {
        changes.add(
            (Cosmetic, Quiet),
            "images",
            "have other versions or scans",
            "a release deploys them in its window",
        );
    }
    if old.waivers != new.waivers {
        changes.add(
            (Cosmetic, Quiet),
            "waivers",
            "are granted, changed or have ended",
            "",
        );
    }
}
