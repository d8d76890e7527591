//! Data stays in the geographies it may be in: where it is served, where it is copied to, and where backups go.

use super::{assemble::Draft, items};
use crate::{
    code, locations,
    problems::{Problems, did_you_mean, list},
};

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let Some(residency) = draft
        .spec
        .organisation
        .get()
        .and_then(|one| one.residency.as_ref())
    else {
        return;
    };
    let mut known: Vec<&str> = locations::geographies().collect();
    known.extend(
        draft
            .regions
            .models()
            .filter_map(|region| region.geography.as_deref()),
    );
    for one in &residency.value {
        if !known.contains(&one.value.0.as_str()) {
            let help = did_you_mean(&one.value.0, known.iter().copied()).unwrap_or_else(|| {
                "use one that `docs/reference/estate.md` lists, or one that a region names with `geography`".to_owned()
            });
            problems
                .error(
                    code::RESIDENCY,
                    one.span,
                    format!("no geography is called `{}`", one.value.0),
                )
                .help(help)
                .done();
        }
    }
    let allowed: Vec<&str> = items(Some(residency))
        .iter()
        .map(|one| one.value.0.as_str())
        .collect();
    if allowed.is_empty() {
        return;
    }
    for region in draft.regions.iter() {
        let (model, span) = (&region.model, region.written.name.span().unwrap_or(region.span));
        let Some(geography) = model.geography.as_deref() else {
            problems
                .error(
                    code::RESIDENCY,
                    span,
                    format!(
                        "nobody knows where `{}` is, and data may be in {} only",
                        model.location,
                        list(&allowed)
                    ),
                )
                .and(residency.span, "said here")
                .help(locations_help(&model.location))
                .done();
            continue;
        };
        let area = locations::area_of(geography);
        if !allowed.contains(&geography) && !area.is_some_and(|area| allowed.contains(&area)) {
            let what = match &model.standby_for {
                Some(active) => format!("the copies and backups of `{active}` would be in `{geography}`"),
                None => format!("data would be in `{geography}`"),
            };
            problems
                .error(
                    code::RESIDENCY,
                    span,
                    format!("{what}, which `residency` does not allow"),
                )
                .and(residency.span, "said here")
                .help(format!(
                    "choose a location in {}, or allow `{geography}`",
                    list(&allowed)
                ))
                .done();
        }
    }
}

fn locations_help(location: &str) -> String {
    let guess = did_you_mean(location, locations::names());
    guess.unwrap_or_else(|| "say where it is with `geography`".to_owned())
}
