//! From what was written to what is meant: names become references, gaps become defaults, impossible promises are
//! refused.
//!
//! The checks run on whatever could be read. The [`Estate`] itself is made only when everything could.

mod assemble;
mod calendars;
mod dependencies;
mod endpoints;
mod environments;
mod integrations;
mod keeping;
mod names;
mod networks;
mod people;
mod promises;
mod reach;
mod regions;
mod residency;
mod running;
mod sizes;
mod stamps;

use crate::{
    code,
    document::{EstateDocument, SpecDocument},
    field::Located,
    model::Estate,
    problems::Problems,
};

fn items<T>(list: Option<&Located<Vec<Located<T>>>>) -> &[Located<T>] {
    list.map_or(&[], |list| list.value.as_slice())
}

/// Checks a document; returns the estate when every part of it could be read.
pub(crate) fn resolve(document: &EstateDocument, problems: &mut Problems<'_>) -> Option<Estate> {
    let draft = assemble::draft(document)?;
    check_not_empty(draft.spec, problems);
    names::check(&draft, problems);
    regions::check(&draft, problems);
    residency::check(&draft, problems);
    stamps::check(&draft, problems);
    promises::check(&draft, problems);
    dependencies::check(&draft, problems);
    reach::check(&draft, problems);
    integrations::check(&draft, problems);
    endpoints::check(&draft, problems);
    environments::check(&draft, problems);
    sizes::check(&draft, problems);
    keeping::check(&draft, problems);
    networks::check(&draft, problems);
    calendars::check(&draft, problems);
    people::check(&draft, problems);
    running::check(&draft, problems);
    // They hold nothing, but without them this is not an estate that we can read.
    document.api_version.get().zip(document.kind.get())?;
    document.metadata.get()?.name.get()?;
    draft.finish()
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
