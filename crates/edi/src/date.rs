//! Dates and times as both standards write them.

use jiff::civil::Date;

/// Years before this, written with two digits, are of this century. The standards leave the window to the receiver;
/// no order of ours is from before 1970.
const PIVOT: i16 = 70;

/// `CCYYMMDD`.
pub fn parse_long(text: &str) -> Option<Date> {
    let digits = digits(text, 8)?;
    date(i16::try_from(digits / 10_000).ok()?, digits % 10_000)
}

/// `YYMMDD`.
pub fn parse_short(text: &str) -> Option<Date> {
    let digits = digits(text, 6)?;
    let year = i16::try_from(digits / 10_000).ok()?;
    let century = if year < PIVOT { 2000 } else { 1900 };
    date(century + year, digits % 10_000)
}

/// Whether the text is `HHMM`, `HHMMSS`, `HHMMSSD` or `HHMMSSDD`.
pub fn is_time(text: &str) -> bool {
    let part = |from: usize, max: u32| {
        let two = text.get(from..from + 2).and_then(|two| digits(two, 2));
        two.is_some_and(|value| value <= max)
    };
    match text.len() {
        4 => part(0, 23) && part(2, 59),
        6..=8 => part(0, 23) && part(2, 59) && part(4, 59) && digits(text, text.len()).is_some(),
        _ => false,
    }
}

/// `CCYYMMDD`. Years outside of 0 to 9999 do not parse and so are not there to be written.
pub fn write_long(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

/// `YYMMDD`.
pub fn write_short(date: Date) -> String {
    format!(
        "{:02}{:02}{:02}",
        date.year().rem_euclid(100),
        date.month(),
        date.day()
    )
}

fn date(year: i16, month_and_day: u32) -> Option<Date> {
    let month = i8::try_from(month_and_day / 100).ok()?;
    let day = i8::try_from(month_and_day % 100).ok()?;
    Date::new(year, month, day).ok()
}

fn digits(text: &str, length: usize) -> Option<u32> {
    let all_digits = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_exist_or_are_refused() {
        assert_eq!(
            parse_long("20260228").map(write_long).as_deref(),
            Some("20260228")
        );
        assert_eq!(parse_short("260228"), parse_long("20260228"));
        assert_eq!(parse_short("991231"), parse_long("19991231"));
        for bad in [
            "20260229",
            "20261301",
            "2026022",
            "2026-2-8",
            "",
            "２０２６０２２８",
        ] {
            assert_eq!(parse_long(bad), None, "{bad}");
        }
        for good in ["0000", "2359", "235959", "23595999"] {
            assert!(is_time(good), "{good}");
        }
        for bad in ["2400", "1260", "12", "12345", "123461", "12345a9", "١٢٣٤"] {
            assert!(!is_time(bad), "{bad}");
        }
    }
}
