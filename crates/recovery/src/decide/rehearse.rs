//! When which disaster is rehearsed, and why not now. Pure: the time of day in the estate's own zone is passed in.
//!
//! A rehearsal disturbs people a little, so it keeps to the calendar of the business as a release does: inside a window,
//! outside of freezes, and not while something happens that must not wait, such as a carrier's cut-off. It is made only
//! where nothing else is wrong: an estate that is not protected has a disaster to fear already.
//!
//! ```text
//!   last proof ── 4/5 of `every` ──► due ── the rest ──► overdue: proof is missing, and that is shown
//! ```

use std::collections::BTreeMap;

use jiff::{ToSpan as _, civil::DateTime};
use serde::Serialize;
use types::{
    Span, Timestamp,
    settings::{Authority, BusyTime, DrillCalendar, DrillScenario, PlannedDrill, WeeklyTime},
};

/// So much before its proof is too old a drill may be run: otherwise every second one would come too late.
const DUE_AFTER: (u64, u64) = (4, 5);
/// A drill must have ended before the window does, or before something begins that must not wait.
const TAKES_MINUTES_MAX: i32 = 30;
/// What the calendar says is asked for moments this far apart.
const STEP_MINUTES: i32 = 5;
/// The next window is looked for in so many days; no calendar may be closed for longer than a quarter.
const LOOK_AHEAD_DAYS: i32 = 93;

/// Everything that a schedule is made from.
#[derive(Clone, Debug)]
pub struct Schedule<'a> {
    /// The calendar, with what is planned.
    pub calendar: &'a DrillCalendar,
    /// Who moves writes.
    pub authority: Authority,
    /// Now.
    pub now: Timestamp,
    /// Now, in the calendar's time zone.
    pub local: DateTime,
    /// When each scenario was last rehearsed and its promises were kept.
    pub proven: &'a BTreeMap<String, Timestamp>,
    /// The last drill of any kind, however it ended.
    pub last_of_any: Option<Timestamp>,
    /// Why the estate is not protected; empty when it is, `None` when nobody could be asked.
    pub exposed: Option<Vec<String>>,
    /// What holds the estate at the moment: a saga, or another drill.
    pub busy: Option<String>,
    /// What this machine or this estate cannot rehearse, and why.
    pub impossible: BTreeMap<DrillScenario, String>,
}

/// One planned drill and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// What is rehearsed.
    pub scenario: DrillScenario,
    /// How old its proof may become.
    pub every: Span,
    /// When it was last proven.
    pub proven: Option<Timestamp>,
    /// Since when its proof is missing: it was never proven, or too long ago.
    pub overdue: Option<Overdue>,
    /// Whether it is run now.
    pub now: Rehearsal,
}

/// How long proof has been missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overdue {
    /// There never was any.
    Ever,
    /// Since then.
    Since(Timestamp),
}

/// Whether a drill is run now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rehearsal {
    /// Its proof is fresh enough.
    NotDue {
        /// Until then.
        until: Timestamp,
    },
    /// It is due, and now is not the time.
    Wait {
        /// Why.
        why: NotNow,
        /// When the calendar next allows it, in its own time zone; `None` where the calendar does not decide that.
        until: Option<DateTime>,
    },
    /// It is due and is never run by itself.
    Refuse {
        /// Why.
        why: Never,
    },
    /// Run it.
    Proceed,
}

/// Why a drill that is due is not run now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotNow {
    /// No window is open, or it closes too soon.
    OutsideWindow,
    /// No changes on these days.
    Freeze {
        /// Why.
        why: String,
    },
    /// The business does something that must not wait.
    Business {
        /// What.
        what: String,
    },
    /// Another drill was too recent.
    TooSoon {
        /// They are to be this far apart.
        apart: Span,
    },
    /// A saga or another drill is at work.
    Busy {
        /// Which.
        what: String,
    },
    /// The estate is not protected, and a drill would take more of it.
    NotProtected {
        /// Why not.
        because: Vec<String>,
    },
    /// Nobody could be asked whether the estate is protected.
    Unknown,
}

/// Why a drill is never run by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Never {
    /// It loses a region, and writes would stand still until people authorise the failover.
    NeedsPeople,
    /// It cannot be done here.
    NotHere {
        /// Why.
        why: String,
    },
}

/// What is to be made of all planned drills now. Whoever asks by a timer has to tell what waits from what needs a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due<'a> {
    /// Run this one.
    Run(&'a Standing),
    /// Nobody could be asked whether the estate is protected, and only that keeps these back.
    Blind(Vec<&'a Standing>),
    /// These are due and will not be run, however long one waits: somebody has to act.
    Stuck(Vec<&'a Standing>),
    /// These are due and are run when their time comes.
    Wait(Vec<&'a Standing>),
    /// No proof grows old.
    Fresh,
}

/// Every planned drill; those whose proof is missing longest come first.
pub fn plan_rehearsals(seen: &Schedule<'_>) -> Vec<Standing> {
    let mut all: Vec<_> = seen
        .calendar
        .drills
        .iter()
        .map(|drill| standing(seen, drill))
        .collect();
    all.sort_by_key(|one| (one.proven, one.scenario));
    all
}

/// The one drill to run now, at most one at a time, the one whose proof is oldest; or what keeps all of them back, that
/// first which somebody has to look at.
pub fn decide_due(all: &[Standing]) -> Due<'_> {
    if let Some(next) = all.iter().find(|one| one.now == Rehearsal::Proceed) {
        return Due::Run(next);
    }
    let (mut blind, mut stuck, mut wait) = (Vec::new(), Vec::new(), Vec::new());
    for one in all {
        match &one.now {
            Rehearsal::NotDue { .. } | Rehearsal::Proceed => {}
            Rehearsal::Refuse { .. } => stuck.push(one),
            Rehearsal::Wait { why, until } => match why {
                NotNow::Unknown => blind.push(one),
                // The calendar decides, and knows no day on which it would allow it.
                NotNow::OutsideWindow | NotNow::Freeze { .. } | NotNow::Business { .. }
                    if until.is_none() =>
                {
                    stuck.push(one);
                }
                NotNow::OutsideWindow
                | NotNow::Freeze { .. }
                | NotNow::Business { .. }
                | NotNow::TooSoon { .. }
                | NotNow::Busy { .. }
                | NotNow::NotProtected { .. } => wait.push(one),
            },
        }
    }
    if !blind.is_empty() {
        Due::Blind(blind)
    } else if !stuck.is_empty() {
        Due::Stuck(stuck)
    } else if !wait.is_empty() {
        Due::Wait(wait)
    } else {
        Due::Fresh
    }
}

fn standing(seen: &Schedule<'_>, drill: &PlannedDrill) -> Standing {
    let proven = seen.proven.get(drill.scenario.as_str()).copied();
    let overdue = match proven {
        None => Some(Overdue::Ever),
        Some(at) => {
            let since = later(at, drill.every);
            (since <= seen.now).then_some(Overdue::Since(since))
        }
    };
    Standing {
        scenario: drill.scenario,
        every: drill.every,
        proven,
        overdue,
        now: decide(seen, drill, proven),
    }
}

/// The order of the questions: whether it is due, whether it may ever, what the calendar says, and what is seen last,
/// because that alone changes by itself.
fn decide(seen: &Schedule<'_>, drill: &PlannedDrill, proven: Option<Timestamp>) -> Rehearsal {
    if let Some(at) = proven {
        let (part, of) = DUE_AFTER;
        let until = later(at, Span::from_millis(drill.every.as_millis() / of * part));
        if seen.now < until {
            return Rehearsal::NotDue { until };
        }
    }
    if drill.scenario.loses_a_region() && seen.authority != Authority::Automatic {
        return Rehearsal::Refuse {
            why: Never::NeedsPeople,
        };
    }
    if let Some(why) = seen.impossible.get(&drill.scenario) {
        let why = Never::NotHere { why: why.clone() };
        return Rehearsal::Refuse { why };
    }
    if let Some(why) = closed(seen.calendar, seen.local) {
        let until = next_opening(seen.calendar, seen.local);
        return Rehearsal::Wait { why, until };
    }
    let wait = |why| Rehearsal::Wait { why, until: None };
    if let Some(last) = seen.last_of_any
        && seen.now < later(last, seen.calendar.apart)
    {
        let apart = seen.calendar.apart;
        return wait(NotNow::TooSoon { apart });
    }
    if let Some(what) = &seen.busy {
        return wait(NotNow::Busy { what: what.clone() });
    }
    match &seen.exposed {
        None => wait(NotNow::Unknown),
        Some(because) if !because.is_empty() => wait(NotNow::NotProtected {
            because: because.clone(),
        }),
        Some(_) => Rehearsal::Proceed,
    }
}

fn later(from: Timestamp, by: Span) -> Timestamp {
    let micros = i64::try_from(by.as_millis())
        .unwrap_or(i64::MAX)
        .saturating_mul(1_000);
    Timestamp::from_micros(from.as_micros().saturating_add(micros))
}

/// Why a drill that begins at `begin` would not end before the calendar closes.
fn closed(calendar: &DrillCalendar, begin: DateTime) -> Option<NotNow> {
    (0..=TAKES_MINUTES_MAX / STEP_MINUTES)
        .filter_map(|step| begin.checked_add((step * STEP_MINUTES).minutes()).ok())
        .find_map(|at| closed_at(calendar, at))
}

fn closed_at(calendar: &DrillCalendar, at: DateTime) -> Option<NotNow> {
    let day = at.date();
    let freeze = calendar
        .freezes
        .iter()
        .find(|freeze| freeze.from <= day && day <= freeze.to);
    if let Some(freeze) = freeze {
        let why = freeze.why.clone();
        return Some(NotNow::Freeze { why });
    }
    if let Some(busy) = calendar.busy.iter().find(|busy| happens(busy, at)) {
        let what = busy.what.clone();
        return Some(NotNow::Business { what });
    }
    let open = calendar.windows.iter().any(|window| holds(window, at));
    (!open).then_some(NotNow::OutsideWindow)
}

fn happens(busy: &BusyTime, at: DateTime) -> bool {
    busy.dates.contains(&at.date()) || busy.weekly.as_ref().is_some_and(|weekly| holds(weekly, at))
}

/// Whether a weekly time holds a moment; one that ends before it begins ends on the next day.
fn holds(weekly: &WeeklyTime, at: DateTime) -> bool {
    let on = |day: jiff::civil::Date| {
        weekly
            .days
            .contains(&day.weekday().to_monday_zero_offset().unsigned_abs())
    };
    let (time, today) = (at.time(), on(at.date()));
    let yesterday = at.date().yesterday().is_ok_and(on);
    if weekly.from < weekly.to {
        today && weekly.from <= time && time < weekly.to
    } else {
        (today && weekly.from <= time) || (yesterday && time < weekly.to)
    }
}

/// When a drill could next begin by the calendar alone.
fn next_opening(calendar: &DrillCalendar, after: DateTime) -> Option<DateTime> {
    let steps = LOOK_AHEAD_DAYS * 24 * 60 / STEP_MINUTES;
    let mut at = after
        .date()
        .to_datetime(after.time().with().second(0).subsec_nanosecond(0).build().ok()?);
    at = at
        .checked_sub((i32::from(at.minute()) % STEP_MINUTES).minutes())
        .ok()?;
    for _ in 0..steps {
        at = at.checked_add(STEP_MINUTES.minutes()).ok()?;
        if closed(calendar, at).is_none() {
            return Some(at);
        }
    }
    None
}

// === impl Display ===

impl std::fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotDue { until } => write!(f, "not due until {until}"),
            Self::Wait { why, until: None } => write!(f, "not now: {why}"),
            Self::Wait {
                why,
                until: Some(until),
            } => write!(f, "not now: {why}; the calendar allows it at {until}"),
            Self::Refuse { why } => write!(f, "never by itself: {why}"),
            Self::Proceed => f.write_str("now"),
        }
    }
}

impl std::fmt::Display for NotNow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OutsideWindow => write!(
                f,
                "no window is open for the {TAKES_MINUTES_MAX} minutes that a drill may take"
            ),
            Self::Freeze { why } => write!(f, "a freeze, {why}"),
            Self::Business { what } => write!(f, "the business is busy, {what}"),
            Self::TooSoon { apart } => write!(f, "the last drill was less than {apart} ago"),
            Self::Busy { what } => write!(f, "{what} is at work"),
            Self::NotProtected { because } => {
                write!(f, "the estate is not protected: {}", because.join("; "))
            }
            Self::Unknown => f.write_str("the controller does not say whether the estate is protected"),
        }
    }
}

impl std::fmt::Display for Never {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NeedsPeople => f.write_str(
                "it loses a region, and business would stand still until people authorise the failover; run it with them",
            ),
            Self::NotHere { why } => write!(f, "it cannot be done here: {why}"),
        }
    }
}

impl std::fmt::Display for Overdue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ever => f.write_str("never proven"),
            Self::Since(at) => write!(f, "overdue since {at}"),
        }
    }
}

#[cfg(test)]
#[path = "rehearse_tests.rs"]
mod tests;
