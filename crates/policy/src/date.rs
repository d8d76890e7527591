//! Civil dates, which the caller gives us: this crate has no clock.

use jiff::civil::Date;

/// Days from one date to another; negative when `to` is earlier.
pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    // Dates of jiff lie within ±9999 years, so days always fit.
    i64::from(from.until(to).map_or(0, |span| span.get_days()))
}

/// Reads `YYYY-MM-DD`, or the date of a timestamp such as `2026-11-21T10:00:00Z`.
pub(crate) fn parse(text: &str) -> Option<Date> {
    let day = text.get(..10)?;
    match text.as_bytes().get(10) {
        None | Some(b'T' | b' ') => day.parse().ok(),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_months_and_leap_years() {
        let day = |text| parse(text).unwrap();
        assert_eq!(days_between(day("2024-02-28"), day("2024-03-01T09:00:00Z")), 2);
        assert_eq!(days_between(day("2026-03-01"), day("2025-03-01")), -365);
        assert_eq!(parse("2026-13-01"), None);
        assert_eq!(parse("2026-01-01x"), None);
    }
}
