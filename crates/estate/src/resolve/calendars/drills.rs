//! What is rehearsed how often.

use std::collections::BTreeMap;

use types::{Span, settings::DrillScenario};

use super::CalendarItem;
use crate::{SourceSpan, code, problems::Problems, resolve::items};

/// Whoever rehearses more often than daily tests software, not a business.
const EVERY_MIN: Span = Span::from_days(1);
/// What was proven longer ago than a year is not proven: people, software and load are others.
const EVERY_MAX: Span = Span::from_days(366);

pub(super) fn check(one: &CalendarItem<'_>, problems: &mut Problems<'_>) {
    let mut known: BTreeMap<DrillScenario, SourceSpan> = BTreeMap::new();
    let written = items(one.written.drills.as_ref());
    for (written, drill) in written.iter().zip(&one.model.1.drills) {
        if let Some(first) = known.insert(drill.scenario, written.span) {
            problems
                .error(
                    code::CALENDAR,
                    written.span,
                    format!("{} is planned twice", drill.scenario),
                )
                .and(first, "here first")
                .help("plan it once, as often as its proof is needed")
                .done();
        }
        if drill.every < EVERY_MIN || drill.every > EVERY_MAX {
            problems
                .error(
                    code::CALENDAR,
                    written.span,
                    format!("{} cannot be rehearsed every {}", drill.scenario, drill.every),
                )
                .help(format!("choose {EVERY_MIN} to {EVERY_MAX}"))
                .done();
        }
        // It becomes due when a fifth of its time is left, and must find a day for itself by then.
        if one.model.1.drills_apart.as_millis() > drill.every.as_millis() / 5 {
            problems
                .error(
                    code::CALENDAR,
                    written.span,
                    format!(
                        "drills {} apart leave no room for {} every {}",
                        one.model.1.drills_apart, drill.scenario, drill.every
                    ),
                )
                .help("`drillsApart` may be a fifth of the shortest `every`")
                .done();
        }
    }
}
