//! From what was written to what is meant: names become references, gaps become defaults, impossible promises are
//! refused.
//!
//! The checks run on whatever could be read. The [`Estate`] itself is made only when everything could.

mod assemble;
mod names;
mod promises;
mod regions;

use types::ByteSize;

use crate::{
    code,
    document::{
        CapabilityDocument, EstateDocument, IntegrationDocument, RegionDocument, SiteDocument, SpecDocument,
        TenantDocument, TierDocument,
    },
    field::Located,
    model::Estate,
    problems::Problems,
};

/// Larger messages would stall a lane, and the journal copies each one to two regions.
const BODY_MAX: ByteSize = ByteSize::mib(16);
/// The lists of a document, empty where they could not be read.
pub(crate) struct Lists<'d> {
    regions: &'d [Located<RegionDocument>],
    tiers: &'d [Located<TierDocument>],
    capabilities: &'d [Located<CapabilityDocument>],
    tenants: &'d [Located<TenantDocument>],
    integrations: &'d [Located<IntegrationDocument>],
    sites: &'d [Located<SiteDocument>],
}

fn items<T>(list: Option<&Located<Vec<Located<T>>>>) -> &[Located<T>] {
    list.map_or(&[], |list| list.value.as_slice())
}

/// Checks a document; returns the estate when every part of it could be read.
pub(crate) fn resolve(document: &EstateDocument, problems: &mut Problems<'_>) -> Option<Estate> {
    let spec = &document.spec.as_ref()?.value;
    let lists = Lists {
        regions: items(spec.regions.as_ref()),
        tiers: items(spec.tiers.as_ref()),
        capabilities: items(spec.capabilities.as_ref()),
        tenants: items(spec.tenants.as_ref()),
        integrations: items(spec.integrations.as_ref()),
        sites: items(spec.sites.as_ref()),
    };
    check_not_empty(spec, problems);
    names::check(spec, &lists, problems);
    regions::check(&lists, spec.regions.as_ref().map(|list| list.span), problems);
    promises::check(&lists, problems);
    check_sizes(&lists, problems);
    assemble::build(document, &lists)
}

fn check_not_empty(spec: &SpecDocument, problems: &mut Problems<'_>) {
    let empty = [
        spec.tiers
            .as_ref()
            .map(|list| ("tiers", list.value.is_empty(), list.span)),
        spec.capabilities
            .as_ref()
            .map(|list| ("capabilities", list.value.is_empty(), list.span)),
        spec.tenants
            .as_ref()
            .map(|list| ("tenants", list.value.is_empty(), list.span)),
    ];
    for (what, is_empty, span) in empty.into_iter().flatten() {
        if is_empty {
            problems
                .error(code::EMPTY_LIST, span, format!("`{what}` is empty"))
                .help("an estate needs at least one region, tier, capability and tenant")
                .done();
        }
    }
}

fn check_sizes(lists: &Lists<'_>, problems: &mut Problems<'_>) {
    for size in lists
        .integrations
        .iter()
        .filter_map(|one| one.value.body_max.as_ref())
    {
        if size.value > BODY_MAX || size.value.get() == 0 {
            problems
                .error(
                    code::BAD_VALUE,
                    size.span,
                    format!("a message may be at most {BODY_MAX} long, and not 0"),
                )
                .help("send large files by reference: every message is journalled in two regions")
                .done();
        }
    }
}
