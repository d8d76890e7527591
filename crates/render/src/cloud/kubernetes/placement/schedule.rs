//! Weekly windows as KEDA reads them.

use estate::{Weekday, WeeklyWindow};

use crate::yaml::{Yaml, yaml};

/// A trigger that wants so many replicas during a weekly window.
pub(super) fn trigger(window: &WeeklyWindow, time_zone: String, replicas: u16) -> Yaml {
    // A window that ends before it begins ends on the next day.
    let next_day = window.to <= window.from;
    yaml!({
        type: "cron",
        metadata: {
            timezone: (time_zone),
            start: (cron(window, &window.from, 0)),
            end: (cron(window, &window.to, usize::from(next_day))),
            desiredReplicas: (replicas.to_string()),
        },
    })
}

fn cron(window: &WeeklyWindow, time: &jiff::civil::Time, later: usize) -> String {
    let days: Vec<&str> = window
        .days
        .iter()
        .map(|day| shifted(*day, later).as_str())
        .collect();
    format!("{} {} * * {}", time.minute(), time.hour(), days.join(","))
}

fn shifted(day: Weekday, days: usize) -> Weekday {
    let at = Weekday::ALL
        .iter()
        .position(|one| *one == day)
        .unwrap_or_default();
    Weekday::ALL[(at + days) % Weekday::ALL.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_over_midnight_ends_on_the_days_after() {
        let window = WeeklyWindow {
            days: vec![Weekday::Fri, Weekday::Sun],
            from: jiff::civil::time(22, 30, 0, 0),
            to: jiff::civil::time(4, 0, 0, 0),
        };
        assert_eq!(
            trigger(&window, "Europe/Vienna".to_owned(), 3),
            yaml!({
                type: "cron",
                metadata: {
                    timezone: "Europe/Vienna",
                    start: "30 22 * * fri,sun",
                    end: "0 4 * * sat,mon",
                    desiredReplicas: "3",
                },
            })
        );
    }
}
