//! Windows, freezes and what the business does meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    ToSpan,
    civil::{Date, Time},
};

use types::{CalendarName, StampName};

use super::{
    assemble::{Draft, Item, StampItem},
    items,
};
use crate::{
    code,
    document::CalendarDocument,
    model::{Calendar, Weekday, WeeklyWindow},
    problems::Problems,
};

mod drills;

const MINUTES_PER_DAY: u32 = 24 * 60;
const MINUTES_PER_WEEK: u32 = 7 * MINUTES_PER_DAY;
/// Security fixes cannot wait for longer than a quarter.
const CLOSED_DAYS_MAX: i32 = 92;

type CalendarItem<'d> = Item<'d, CalendarDocument, (CalendarName, Calendar)>;

pub(super) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    for one in draft.calendars.iter() {
        if let Some(windows) = one.written.windows.as_ref().filter(|list| list.value.is_empty()) {
            problems
                .error(
                    code::EMPTY_LIST,
                    windows.span,
                    format!("the calendar `{}` has no window", one.model.0),
                )
                .help("releases need a time of the week: add one")
                .done();
        }
        check_freezes(one, problems);
        check_events(one, problems);
        check_peaks(one, problems);
        drills::check(one, problems);
    }
    check_stamp_peaks(draft, problems);
}

fn check_freezes(one: &CalendarItem<'_>, problems: &mut Problems<'_>) {
    let written = items(one.written.freezes.as_ref());
    let freezes = written.iter().zip(&one.model.1.freezes);
    let mut sorted: Vec<(Date, Date, crate::SourceSpan)> = Vec::new();
    for (written, freeze) in freezes {
        if freeze.from > freeze.to {
            problems
                .error(
                    code::CALENDAR,
                    written.span,
                    format!(
                        "this freeze ends on {}, before it begins on {}",
                        freeze.to, freeze.from
                    ),
                )
                .help("`from` is the first day and `to` the last one")
                .done();
        } else {
            sorted.push((freeze.from, freeze.to, written.span));
        }
    }
    sorted.sort_unstable();
    // Stretches without a day on which a window could be.
    let mut closed: Option<(Date, Date, crate::SourceSpan)> = None;
    for (from, to, span) in sorted {
        let joined = closed.filter(|(_, end, _)| !opens_between(&one.model.1, *end, from));
        closed = Some(match joined {
            Some((begin, end, place)) => (begin, end.max(to), place),
            None => {
                report_closed(closed, problems);
                (from, to, span)
            }
        });
    }
    report_closed(closed, problems);
}

fn report_closed(closed: Option<(Date, Date, crate::SourceSpan)>, problems: &mut Problems<'_>) {
    let Some((from, to, span)) = closed else { return };
    let Ok(length) = from.until(to) else { return };
    let days = length.get_days() + 1;
    if days > CLOSED_DAYS_MAX {
        problems
            .error(
                code::CALENDAR,
                span,
                format!("no window is open from {from} to {to}, for {days} days"),
            )
            .help(format!(
                "leave one at least every {CLOSED_DAYS_MAX} days: security fixes cannot wait longer"
            ))
            .done();
    }
}

/// Whether a window begins on a day between two freezes.
fn opens_between(calendar: &Calendar, last: Date, first: Date) -> bool {
    let mut day = last;
    for _ in 0..7 {
        day = match day.checked_add(1.day()) {
            Ok(day) if day < first => day,
            _ => return false,
        };
        let weekday = Weekday::ALL.get(usize::from(day.weekday().to_monday_zero_offset().unsigned_abs()));
        if calendar
            .windows
            .iter()
            .any(|one| weekday.is_some_and(|day| one.window.days.contains(day)))
        {
            return true;
        }
    }
    false
}

fn check_events(one: &CalendarItem<'_>, problems: &mut Problems<'_>) {
    for event in items(one.written.events.as_ref()) {
        let dated = event.value.dates.get().is_some_and(|dates| !dates.is_empty());
        let weekly = !event.value.weekly.is_absent();
        if dated == weekly && !matches!(event.value.dates, crate::field::Given::Broken) {
            problems
                .error(
                    code::CALENDAR,
                    event.span,
                    "an event is either every week or on certain days",
                )
                .help("write `weekly` or `dates`, one of them")
                .done();
        }
    }
}

fn check_peaks(one: &CalendarItem<'_>, problems: &mut Problems<'_>) {
    let windows = items(one.written.windows.as_ref());
    let events = items(one.written.events.as_ref());
    for (written, release) in windows.iter().zip(&one.model.1.windows) {
        for (event, model) in events.iter().zip(&one.model.1.events) {
            let Some(weekly) = model
                .weekly
                .as_ref()
                .filter(|weekly| overlap(weekly, &release.window))
            else {
                continue;
            };
            problems
                .warning(
                    code::WINDOW_PEAK,
                    written.span,
                    format!("releases in this window meet: {}", model.what),
                )
                .and(
                    event.span,
                    format!("from {} on {} days a week", clock(weekly.from), weekly.days.len()),
                )
                .help("move the window, so that nobody is disturbed when it matters most")
                .done();
        }
    }
}

/// Peaks that stamps know of, against the calendars of their tenants.
fn check_stamp_peaks(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let mut used: BTreeMap<&CalendarName, BTreeSet<&StampName>> = BTreeMap::new();
    for (_, tenant) in draft.tenants.models() {
        if let Some(calendar) = &tenant.calendar {
            used.entry(calendar).or_default().insert(&tenant.stamp);
        }
    }
    let stamps: BTreeMap<&StampName, &StampItem<'_>> =
        draft.stamps.iter().map(|one| (&one.name, one)).collect();
    for calendar in draft.calendars.iter() {
        let names = used.get(&calendar.model.0).into_iter().flatten();
        for stamp in names.filter_map(|name| stamps.get(name)) {
            let work = &stamp.stamp.workloads;
            let classes = [&work.web, &work.live, &work.integration, &work.worker];
            for peak in classes.into_iter().flat_map(|class| &class.peaks) {
                let windows = items(calendar.written.windows.as_ref());
                let windows = windows.iter().zip(&calendar.model.1.windows);
                for (written, _) in windows.filter(|(_, release)| overlap(&peak.window, &release.window)) {
                    problems
                        .warning(
                            code::WINDOW_PEAK,
                            written.span,
                            format!("releases in this window meet: {}", peak.why),
                        )
                        .and(stamp.span, format!("a known peak of `{}`", stamp.name))
                        .help("move the window, so that nobody is disturbed when it matters most")
                        .done();
                }
            }
        }
    }
}

fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

fn minutes(time: Time) -> u32 {
    u32::from(time.hour().unsigned_abs()) * 60 + u32::from(time.minute().unsigned_abs())
}

/// Begin and length of every occurrence in a week.
fn occurrences(window: &WeeklyWindow) -> Vec<(u32, u32)> {
    let (from, to) = (minutes(window.from), minutes(window.to));
    let length = if to > from {
        to - from
    } else {
        to + MINUTES_PER_DAY - from
    };
    let days = (0..)
        .zip(Weekday::ALL)
        .filter(|(_, day)| window.days.contains(day));
    days.map(|(index, _)| (index * MINUTES_PER_DAY + from, length))
        .collect()
}

/// Whether two windows of the week meet; the week goes round.
fn overlap(one: &WeeklyWindow, other: &WeeklyWindow) -> bool {
    let others = occurrences(other);
    occurrences(one).into_iter().any(|(begin, length)| {
        others.iter().any(|(other_begin, other_length)| {
            let ahead = (other_begin + MINUTES_PER_WEEK - begin) % MINUTES_PER_WEEK;
            let behind = (begin + MINUTES_PER_WEEK - other_begin) % MINUTES_PER_WEEK;
            ahead < length || behind < *other_length
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(days: &[Weekday], from: (i8, i8), to: (i8, i8)) -> WeeklyWindow {
        WeeklyWindow {
            days: days.to_vec(),
            from: Time::constant(from.0, from.1, 0, 0),
            to: Time::constant(to.0, to.1, 0, 0),
        }
    }

    #[test]
    fn windows_meet_over_midnight_and_over_the_end_of_the_week() {
        let sunday_night = window(&[Weekday::Sun], (22, 0), (4, 0));
        for (other, meets) in [
            (window(&[Weekday::Mon], (3, 0), (5, 0)), true),
            (window(&[Weekday::Mon], (4, 0), (5, 0)), false),
            (window(&[Weekday::Sun], (20, 0), (22, 0)), false),
            (window(&[Weekday::Sun], (20, 0), (22, 1)), true),
            (window(&[Weekday::Tue], (0, 0), (0, 0)), false),
            (window(&[Weekday::Sun], (0, 0), (0, 0)), true),
        ] {
            assert_eq!(overlap(&sunday_night, &other), meets, "{other:?}");
            assert_eq!(overlap(&other, &sunday_night), meets, "{other:?}");
        }
    }
}
