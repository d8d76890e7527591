//! Production is whole and always there; the others are not less than they must be.

use super::assemble::Draft;
use crate::{
    SourceSpan, code,
    model::{RegionRole, Stage},
    problems::Problems,
};

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let mut production: Option<SourceSpan> = None;
    for one in draft.environments.iter() {
        let (written, (name, model)) = (one.written, &one.model);
        let stage_span = written.stage.span().unwrap_or(one.span);
        let mut refuse = |span: Option<SourceSpan>, message: &str, help: &str| {
            if let Some(span) = span {
                problems
                    .error(code::ENVIRONMENT, span, message)
                    .and(stage_span, "said here")
                    .help(help)
                    .done();
            }
        };
        if matches!(model.stage, Stage::Production | Stage::Recovery) {
            refuse(
                written.runs.span(),
                "this environment must always be there",
                "take `runs` out: neither customers nor disasters keep to a schedule",
            );
        }
        match model.stage {
            Stage::Production => {
                refuse(
                    written.regions.span(),
                    "production is in all regions",
                    "take `regions` out: a region that production is not in is not needed",
                );
                refuse(
                    written
                        .scale_percent
                        .span()
                        .filter(|_| model.scale_percent != 100),
                    "production is what the others are compared with",
                    "take `scalePercent` out, and say in the stamps how large they are",
                );
                refuse(
                    written
                        .copies_production
                        .span()
                        .filter(|_| model.copies_production),
                    "production does not come from production",
                    "take `copiesProduction` out",
                );
            }
            Stage::Recovery => refuse(
                written
                    .copies_production
                    .span()
                    .filter(|_| !model.copies_production),
                "recovery is rehearsed on copies of production",
                "take `copiesProduction` out",
            ),
            Stage::Development | Stage::Test | Stage::Staging => {
                let active = |region: &types::RegionName| {
                    let known = draft.regions.models().find(|one| one.name == *region);
                    known.is_none_or(|known| known.role == RegionRole::Active)
                };
                refuse(
                    written
                        .regions
                        .span()
                        .filter(|_| !model.regions.is_empty() && !model.regions.iter().any(active)),
                    "nothing of this environment would serve: all its regions are standbys",
                    "add an active region",
                );
            }
        }
        if written.regions.get().is_some_and(Vec::is_empty) {
            let span = written.regions.span().unwrap_or(one.span);
            problems
                .error(
                    code::EMPTY_LIST,
                    span,
                    format!("the environment `{name}` is nowhere"),
                )
                .help("name a region, or take `regions` out")
                .done();
        }
        if model.stage == Stage::Production {
            if let Some(first) = production {
                problems
                    .error(code::ENVIRONMENT, stage_span, "two environments are production")
                    .and(first, "the first one")
                    .help("an estate has one; declare another estate for another business")
                    .done();
            } else {
                production = Some(stage_span);
            }
        }
    }
}
