//! Times of the week, as Alertmanager reads them.

use estate::{SupportWindow, Weekday, WeeklyWindow};
use serde::Serialize;

/// A named set of times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct TimeInterval {
    /// Its name.
    pub(super) name: String,
    /// Any of these.
    pub(super) time_intervals: Vec<Times>,
}

/// Times of some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Times {
    weekdays: Vec<String>,
    times: Vec<FromTo>,
    location: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct FromTo {
    start_time: String,
    end_time: String,
}

/// When somebody of this support window answers; `None` means always.
pub(super) fn support(window: SupportWindow, time_zone: &str) -> Option<TimeInterval> {
    let (days, from, to) = match window {
        SupportWindow::Always => return None,
        SupportWindow::WarehouseHours => ("monday:saturday", "06:00", "22:00"),
        SupportWindow::OfficeHours => ("monday:friday", "08:00", "18:00"),
    };
    Some(TimeInterval {
        name: window.as_str().to_owned(),
        time_intervals: vec![times(vec![days.to_owned()], from, to, time_zone)],
    })
}

/// When an environment runs. A window over midnight is two.
pub(super) fn weekly(name: &str, window: &WeeklyWindow, time_zone: &str) -> TimeInterval {
    let clock = |time: &jiff::civil::Time| format!("{:02}:{:02}", time.hour(), time.minute());
    let days = |shift: usize| -> Vec<String> { window.days.iter().map(|day| weekday(*day, shift)).collect() };
    let (from, to) = (clock(&window.from), clock(&window.to));
    let time_intervals = if window.to > window.from {
        vec![times(days(0), &from, &to, time_zone)]
    } else if to == "00:00" {
        vec![times(days(0), &from, "24:00", time_zone)]
    } else {
        vec![
            times(days(0), &from, "24:00", time_zone),
            times(days(1), "00:00", &to, time_zone),
        ]
    };
    TimeInterval {
        name: name.to_owned(),
        time_intervals,
    }
}

fn times(weekdays: Vec<String>, from: &str, to: &str, time_zone: &str) -> Times {
    Times {
        weekdays,
        times: vec![FromTo {
            start_time: from.to_owned(),
            end_time: to.to_owned(),
        }],
        location: time_zone.to_owned(),
    }
}

/// The day so many days later.
fn weekday(day: Weekday, later: usize) -> String {
    const NAMES: [&str; 7] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let index = Weekday::ALL
        .iter()
        .position(|one| *one == day)
        .unwrap_or_default();
    NAMES[(index + later) % NAMES.len()].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: &str, to: &str) -> WeeklyWindow {
        WeeklyWindow {
            days: vec![Weekday::Fri, Weekday::Sun],
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        }
    }

    #[test]
    fn a_window_over_midnight_goes_on_the_next_day() {
        let zone = "Europe/Lisbon";
        let of = |days: [&str; 2], from, to| times(days.map(str::to_owned).to_vec(), from, to, zone);
        let cases = [
            (
                "07:00:00",
                "19:30:00",
                vec![of(["friday", "sunday"], "07:00", "19:30")],
            ),
            (
                "20:00:00",
                "00:00:00",
                vec![of(["friday", "sunday"], "20:00", "24:00")],
            ),
            (
                "22:00:00",
                "02:00:00",
                vec![
                    of(["friday", "sunday"], "22:00", "24:00"),
                    of(["saturday", "monday"], "00:00", "02:00"),
                ],
            ),
        ];
        for (from, to, expected) in cases {
            assert_eq!(
                weekly("runs", &window(from, to), zone).time_intervals,
                expected,
                "{from} to {to}"
            );
        }
    }
}
