//! Stamps run where writes happen, and hold as many tenants as they may.

use std::collections::BTreeMap;

use types::StampName;

use super::assemble::{Draft, StampItem};
use crate::{
    SourceSpan, code,
    document::TenantDocument,
    model::{RegionRole, Tenancy},
    problems::Problems,
};

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    for stamp in &draft.stamps {
        check_region(draft, stamp, problems);
        check_tenants_max(stamp, problems);
    }
    check_tenants(draft, problems);
    for one in draft.tenants.iter() {
        check_workloads(one.written, problems);
    }
}

fn check_region(draft: &Draft<'_>, item: &StampItem<'_>, problems: &mut Problems<'_>) {
    let region = draft
        .regions
        .iter()
        .find(|region| region.model.name == item.stamp.region);
    let Some(region) = region.filter(|region| region.model.role == RegionRole::Standby) else {
        return;
    };
    let said = item
        .written
        .and_then(|written| written.region.span())
        .unwrap_or(item.span);
    let name = &region.model.name;
    let help = region.model.standby_for.as_ref().map(|active| {
        format!("let it run in `{active}`: `{name}` stands by for that, and takes over by itself")
    });
    problems
        .error(
            code::STAMP_REGION,
            said,
            format!(
                "the stamp `{}` cannot run in `{name}`, which is a standby",
                item.name
            ),
        )
        .and(region.span, "declared here")
        .maybe_help(help)
        .done();
}

fn check_tenants_max(item: &StampItem<'_>, problems: &mut Problems<'_>) {
    let Some((written, tenancy)) = item.written.and_then(|one| Some((one, one.tenancy.as_ref()?))) else {
        return;
    };
    let Some(tenants_max) = written.tenants_max.as_ref() else {
        return;
    };
    if tenancy.value != Tenancy::Shared && tenants_max.value.u16() != 1 {
        problems
            .error(
                code::STAMP_TENANTS,
                tenants_max.span,
                format!("a {} stamp holds one tenant", tenancy.value.as_str()),
            )
            .and(tenancy.span, "said here")
            .help("take `tenantsMax` out, or say `tenancy: shared`")
            .done();
    }
}

/// One report for each stamp that is too full, at the first tenant that is too many.
fn check_tenants(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let mut living: BTreeMap<&StampName, Vec<SourceSpan>> = BTreeMap::new();
    for one in draft.tenants.iter() {
        let span = one.written.stamp.span().unwrap_or(one.span);
        living.entry(&one.model.1.stamp).or_default().push(span);
    }
    for item in &draft.stamps {
        let tenants = living.get(&item.name).map_or(&[][..], Vec::as_slice);
        let max = item.stamp.tenants_max;
        let Some(extra) = tenants.get(usize::from(max)) else {
            continue;
        };
        let help = match item.stamp.tenancy {
            Tenancy::Shared => {
                "spread them over several stamps, or raise `tenantsMax` knowing what one lost stamp then means"
            }
            Tenancy::Dedicated | Tenancy::Hybrid => {
                "give each tenant a stamp of its own, or say `tenancy: shared`"
            }
        };
        problems
            .error(
                code::STAMP_TENANTS,
                *extra,
                format!(
                    "the {} stamp `{}` holds {max}, and {} tenants live in it",
                    item.stamp.tenancy.as_str(),
                    item.name,
                    tenants.len()
                ),
            )
            .and(item.span, "this stamp")
            .help(help)
            .done();
    }
}

/// Processes belong to stamps.
fn check_workloads(tenant: &TenantDocument, problems: &mut Problems<'_>) {
    let (Some(workloads), Some(stamp)) = (tenant.workloads.span(), tenant.stamp.as_ref()) else {
        return;
    };
    problems
        .error(
            code::MISPLACED,
            workloads,
            format!(
                "the processes of this tenant are those of the stamp `{}`",
                stamp.value
            ),
        )
        .and(stamp.span, "said here")
        .help("write `workloads` there")
        .done();
}
