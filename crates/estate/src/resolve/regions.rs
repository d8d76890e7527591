//! How many regions, and in which roles.

use super::Lists;
use crate::{SourceSpan, code, model::RegionRole, problems::Problems};

/// This version fails over between two; more need a choice of where to go.
const REGIONS_MAX: usize = 2;

pub(crate) fn check(lists: &Lists<'_>, list_span: Option<SourceSpan>, problems: &mut Problems<'_>) {
    let Some(list_span) = list_span else { return };
    let count = lists.regions.len();
    if count == 0 {
        problems
            .error(code::REGION_COUNT, list_span, "an estate needs a region")
            .help("declare one with `role: active`, and one with `role: standby` to survive its loss")
            .done();
        return;
    }
    if let Some(third) = lists.regions.get(REGIONS_MAX) {
        problems
            .error(
                code::REGION_COUNT,
                third.span,
                format!("{count} regions: this version runs at most {REGIONS_MAX}"),
            )
            .help("keep one active and one standby region")
            .done();
    }
    // A role that could not be read was reported; it might have been the missing one.
    if lists
        .regions
        .iter()
        .any(|region| region.value.role.as_ref().is_none())
    {
        return;
    }
    let mut active = lists.regions.iter().filter_map(|region| {
        let role = region.value.role.as_ref()?;
        (role.value == RegionRole::Active).then_some(role.span)
    });
    match (active.next(), active.next()) {
        (None, _) => problems
            .error(code::ACTIVE_REGION, list_span, "no region is active")
            .help("give one region `role: active`: it serves in the beginning")
            .done(),
        (Some(first), Some(second)) => problems
            .error(code::ACTIVE_REGION, second, "two regions are active")
            .and(first, "the first one")
            .help(
                "give the other one `role: standby`: two databases that accept writes cannot be merged again",
            )
            .done(),
        (Some(_), None) => {}
    }
}
