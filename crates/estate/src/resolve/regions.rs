//! Which regions serve, which stand by for them, and what must be said when there are several.

use std::collections::{BTreeMap, BTreeSet};

use types::RegionName;

use super::{assemble::Draft, items};
use crate::{
    SourceSpan, code,
    document::RegionDocument,
    field::{Given, Located},
    locations,
    model::{Posture, RegionRole},
    problems::Problems,
};

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let Some(list) = draft.spec.regions.as_ref() else {
        return;
    };
    if list.value.is_empty() {
        problems
            .error(code::REGION_COUNT, list.span, "an estate needs a region")
            .help("declare one with `role: active`, and one with `role: standby` to survive its loss")
            .done();
        return;
    }
    for region in &list.value {
        check_keys(&region.value, problems);
    }
    check_locations(&list.value, problems);
    // A role that could not be read was reported; it might have been the missing one.
    if list.value.iter().any(|region| region.value.role.get().is_none()) {
        return;
    }
    let active: Vec<&Located<RegionDocument>> = list
        .value
        .iter()
        .filter(|region| region.value.role.get() == Some(&RegionRole::Active))
        .collect();
    if active.is_empty() {
        problems
            .error(code::ACTIVE_REGION, list.span, "no region is active")
            .help("give one region `role: active`: it serves in the beginning")
            .done();
        return;
    }
    check_standbys(&list.value, &active, problems);
    if active.len() > 1 {
        check_said(draft, problems);
    }
}

fn check_keys(region: &RegionDocument, problems: &mut Problems<'_>) {
    if region.role.get() != Some(&RegionRole::Active) {
        return;
    }
    let role = region.role.span();
    let keys = [
        ("standbyFor", region.standby_for.span()),
        // An active region is always ready.
        (
            "posture",
            region
                .posture
                .span()
                .filter(|_| region.posture.get() != Some(&Posture::Hot)),
        ),
    ];
    for (key, span) in keys {
        let Some((span, role)) = span.zip(role) else {
            continue;
        };
        problems
            .error(
                code::STANDBY,
                span,
                format!("`{key}` is for standby regions, and this one is active"),
            )
            .and(role, "said here")
            .help(format!("take `{key}` out, or say `role: standby`"))
            .done();
    }
}

/// Two regions in one place are lost together.
fn check_locations(regions: &[Located<RegionDocument>], problems: &mut Problems<'_>) {
    let mut taken: BTreeMap<&str, SourceSpan> = BTreeMap::new();
    for region in regions {
        let said = region
            .value
            .location
            .as_ref()
            .map(|line| (line.value.0.as_str(), line.span));
        let named = region
            .value
            .name
            .as_ref()
            .map(|name| (name.value.as_str(), name.span));
        let Some((text, span)) = said.or(named.filter(|_| region.value.location.is_absent())) else {
            continue;
        };
        let Some(location) = locations::location(text) else {
            continue;
        };
        if let Some(first) = taken.get(location.name).copied() {
            // The same name twice was reported as such.
            if said.is_some() {
                problems
                    .error(
                        code::STANDBY,
                        span,
                        format!(
                            "two regions are in `{}`, and would be lost together",
                            location.name
                        ),
                    )
                    .and(first, "the other one")
                    .maybe_help(location.pair.map(|pair| format!("Azure pairs it with `{pair}`")))
                    .done();
            }
        } else {
            taken.insert(location.name, span);
        }
    }
}

fn check_standbys(
    regions: &[Located<RegionDocument>],
    active: &[&Located<RegionDocument>],
    problems: &mut Problems<'_>,
) {
    let names = |list: &mut dyn Iterator<Item = &'_ Located<RegionDocument>>| -> BTreeSet<RegionName> {
        list.filter_map(|one| one.value.name.value()).collect()
    };
    let (all, serving) = (names(&mut regions.iter()), names(&mut active.iter().copied()));
    let mut served: BTreeMap<&RegionName, SourceSpan> = BTreeMap::new();
    for region in regions {
        if region.value.role.get() != Some(&RegionRole::Standby) {
            continue;
        }
        let (target, span) = match &region.value.standby_for {
            Given::Read(name) => (&name.value, name.span),
            Given::Broken => continue,
            Given::Absent => match active {
                [only] => match only.value.name.get() {
                    Some(name) => (name, region.span),
                    None => continue,
                },
                _ => {
                    problems
                        .error(
                            code::NOT_SAID,
                            region.span,
                            "several regions are active, and this one does not say which it stands by for",
                        )
                        .help("add `standbyFor` with the name of an active region")
                        .done();
                    continue;
                }
            },
        };
        if all.contains(target) && !serving.contains(target) {
            problems
                .error(
                    code::STANDBY,
                    span,
                    format!("`{target}` is a standby itself: it has nothing to take over"),
                )
                .help("name an active region")
                .done();
        } else if let Some(first) = served.get(target).copied() {
            problems
                .error(
                    code::REGION_COUNT,
                    span,
                    format!("a second region stands by for `{target}`"),
                )
                .and(first, "the first one")
                .help("keep one: a failover must not have to choose")
                .done();
        } else {
            served.insert(target, span);
        }
    }
}

/// What has a default when one region is active must be said when several are.
fn check_said(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    for stamp in items(draft.spec.stamps.as_ref()) {
        if stamp.value.region.is_absent() {
            problems
                .error(
                    code::NOT_SAID,
                    stamp.value.name.span().unwrap_or(stamp.span),
                    "several regions are active, and this stamp does not say which it runs in",
                )
                .help("add `region`")
                .done();
        }
    }
    for tenant in items(draft.spec.tenants.as_ref()) {
        if tenant.value.stamp.is_absent() && !problems.is_full() {
            problems
                .error(
                    code::NOT_SAID,
                    tenant.value.name.span().unwrap_or(tenant.span),
                    "several regions are active, and this tenant does not say where it lives",
                )
                .help("declare a stamp with a `region`, and name it with `stamp`")
                .done();
        }
    }
}
