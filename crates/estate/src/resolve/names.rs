//! Every name once, every reference to something that exists, everything declared used.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use super::{Lists, items};
use crate::{
    SourceSpan, code,
    document::SpecDocument,
    field::{Given, Located},
    problems::{Problems, did_you_mean, list},
};

pub(crate) fn check(spec: &SpecDocument, lists: &Lists<'_>, problems: &mut Problems<'_>) {
    let regions = unique(
        "region",
        lists.regions.iter().map(|one| one.value.name.as_ref()),
        problems,
    );
    let tiers = unique(
        "tier",
        lists.tiers.iter().map(|one| one.value.name.as_ref()),
        problems,
    );
    unique(
        "capability",
        lists.capabilities.iter().map(|one| one.value.name.as_ref()),
        problems,
    );
    unique(
        "tenant",
        lists.tenants.iter().map(|one| one.value.name.as_ref()),
        problems,
    );
    let integrations = unique(
        "integration",
        lists.integrations.iter().map(|one| one.value.name.as_ref()),
        problems,
    );
    unique(
        "site",
        lists.sites.iter().map(|one| one.value.name.as_ref()),
        problems,
    );
    check_databases(lists, problems);

    // What could not be read may well hold the name that somebody refers to. Left-out integrations hold none.
    let regions = spec.regions.as_ref().map(|_| &regions);
    let tiers = spec.tiers.as_ref().map(|_| &tiers);
    let integrations = (!matches!(spec.integrations, Given::Broken)).then_some(&integrations);

    let mut used = BTreeSet::new();
    for capability in lists.capabilities {
        refer("tier", capability.value.tier.as_ref(), tiers, &mut used, problems);
        let mut depends_on = BTreeSet::new();
        for one in items(capability.value.depends_on.as_ref()) {
            refer("integration", Some(one), integrations, &mut depends_on, problems);
        }
    }
    for site in lists.sites {
        refer(
            "region",
            site.value.region.as_ref(),
            regions,
            &mut BTreeSet::new(),
            problems,
        );
    }
    if let Some(tiers) = tiers {
        check_used(lists, tiers, &used, problems);
    }
}

fn check_used(lists: &Lists<'_>, tiers: &Known, used: &BTreeSet<String>, problems: &mut Problems<'_>) {
    // A capability whose tier we could not make out might have meant any of them.
    let unclear = lists.capabilities.iter().any(|capability| {
        let tier = capability.value.tier.as_ref();
        tier.is_none_or(|tier| !tiers.contains_key(tier.value.as_str()))
    });
    if unclear {
        return;
    }
    for (name, span) in tiers.iter().filter(|(name, _)| !used.contains(*name)) {
        problems
            .warning(
                code::UNUSED,
                *span,
                format!("no capability is held to the tier `{name}`"),
            )
            .help("give it to a capability, or take it out")
            .done();
    }
}

/// Two tenants in one database would see each other's data.
fn check_databases(lists: &Lists<'_>, problems: &mut Problems<'_>) {
    let mut taken: BTreeMap<String, SourceSpan> = BTreeMap::new();
    for tenant in lists.tenants {
        let tenant = &tenant.value;
        let chosen = tenant
            .database
            .as_ref()
            .map(|one| (one.value.0.clone(), one.span));
        let default = tenant.name.as_ref().map(|one| (one.value.to_string(), one.span));
        let Some((database, span)) = chosen.clone().or(default) else {
            continue;
        };
        match taken.get(&database) {
            // Two tenants of one name were reported as such.
            Some(first) if chosen.is_some() => {
                let first = *first;
                problems
                    .error(
                        code::DUPLICATE_NAME,
                        span,
                        format!("two tenants share the database `{database}`"),
                    )
                    .and(first, "the other tenant")
                    .done();
            }
            Some(_) => {}
            None => {
                taken.insert(database, span);
            }
        }
    }
}

type Known = BTreeMap<String, SourceSpan>;

fn unique<'d, T: Display + 'd>(
    what: &str,
    names: impl Iterator<Item = Option<&'d Located<T>>>,
    problems: &mut Problems<'_>,
) -> Known {
    let mut known = Known::new();
    for name in names.flatten() {
        let text = name.value.to_string();
        if let Some(first) = known.get(&text).copied() {
            problems
                .error(
                    code::DUPLICATE_NAME,
                    name.span,
                    format!("two {} are called `{text}`", plural(what)),
                )
                .and(first, "the first one")
                .done();
        } else {
            known.insert(text, name.span);
        }
    }
    known
}

fn refer<T: Display>(
    what: &str,
    name: Option<&Located<T>>,
    known: Option<&Known>,
    used: &mut BTreeSet<String>,
    problems: &mut Problems<'_>,
) {
    let (Some(name), Some(known)) = (name, known) else {
        return;
    };
    let text = name.value.to_string();
    if !known.contains_key(&text) && !problems.is_full() {
        let names: Vec<&str> = known.keys().map(String::as_str).take(8).collect();
        let help = did_you_mean(&text, known.keys().map(String::as_str))
            .unwrap_or_else(|| format!("declared are {}", list(&names)));
        problems
            .error(
                code::UNKNOWN_REFERENCE,
                name.span,
                format!("there is no {what} `{text}`"),
            )
            .help(help)
            .done();
    }
    used.insert(text);
}

fn plural(what: &str) -> String {
    what.strip_suffix('y')
        .map_or_else(|| format!("{what}s"), |stem| format!("{stem}ies"))
}
