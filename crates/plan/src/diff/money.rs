//! What it costs.

use super::{
    Changes,
    Consequence::Quiet,
    Severity::Cost,
    matched::{Fate, matched},
};
use crate::{
    cloud::Blueprint,
    cost::{self, prices},
};

/// Smaller changes are within what an estimate can tell.
const NOTICED_PERCENT: u64 = 1;

pub(super) fn compare(old: &Blueprint, new: &Blueprint, changes: &mut Changes) {
    let currency = new
        .environments
        .iter()
        .find_map(|one| one.budget.as_ref())
        .map_or(estate::Currency::EUR, |budget| budget.currency);
    let whole = |cents: u64| cents * prices::per_dollar_percent(currency) / 100 / 100;
    for fate in matched(&old.environments, &new.environments, |one| &one.name) {
        let (name, was, is) = match fate {
            Fate::Added(one) => (&one.name, 0, whole(cost::monthly_cents(one))),
            Fate::Removed(one) => (&one.name, whole(cost::monthly_cents(one)), 0),
            Fate::Kept(before, after) => (
                &after.name,
                whole(cost::monthly_cents(before)),
                whole(cost::monthly_cents(after)),
            ),
        };
        let by = was.abs_diff(is);
        if by * 100 > was.max(1) * NOTICED_PERCENT {
            let direction = if is > was { "more" } else { "less" };
            changes.add(
                (Cost, Quiet),
                format!("environment `{name}`"),
                format!("costs about {by} {} {direction} a month", currency.as_str()),
                &format!("{is} instead of {was}, by assumed prices"),
            );
        }
    }
    let budget = |blueprint: &Blueprint| -> u64 {
        let all = blueprint
            .environments
            .iter()
            .filter_map(|one| one.budget.as_ref());
        all.map(|budget| u64::from(budget.monthly)).sum()
    };
    let (was, is) = (budget(old), budget(new));
    // Parts are rounded, so their sum is a few units short of what was declared.
    if was.abs_diff(is) > 10 {
        changes.add(
            (Cost, Quiet),
            "the budget",
            format!("is about {is} {} a month instead of {was}", currency.as_str()),
            "",
        );
    }
}
