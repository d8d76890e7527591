//! Quantities and amounts: decimals, never binary fractions.

use rust_decimal::Decimal;

/// Digits of the longest number that both standards have room for.
const DIGITS_MAX: usize = 18;

/// A decimal number as either standard writes it: digits, one point (or, in EDIFACT, comma), a sign in front.
pub fn parse(text: &str) -> Option<Decimal> {
    let text = text.trim().replacen(',', ".", 1);
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let count = digits.bytes().filter(u8::is_ascii_digit).count();
    if !plain || count == 0 || count > DIGITS_MAX {
        return None;
    }
    Decimal::from_str_exact(&text).ok()
}

/// As short as it can be said: no zeros at the end, no exponent.
pub fn write(number: Decimal) -> String {
    number.normalize().to_string()
}

/// An amount as whole hundredths, which is how X12 totals an invoice. Nothing when it has a third decimal place.
pub fn write_hundredths(amount: Decimal) -> Option<String> {
    let hundredths = amount.checked_mul(Decimal::ONE_HUNDRED)?.normalize();
    (hundredths.scale() == 0).then(|| hundredths.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_refused() {
        for (text, expected) in [
            ("12.50", "12.5"),
            ("3", "3"),
            (".5", "0.5"),
            ("-2", "-2"),
            ("1,5", "1.5"),
            ("007", "7"),
        ] {
            assert_eq!(parse(text).map(write).as_deref(), Some(expected), "{text}");
        }
        for bad in [
            "",
            "-",
            ".",
            "1.2.3",
            "1,2,3",
            "1e3",
            "+1",
            "0x1",
            "1 2",
            "1234567890123456789",
            "٣",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(
            write_hundredths(parse("1132.80").unwrap()).as_deref(),
            Some("113280")
        );
        assert_eq!(write_hundredths(parse("0.005").unwrap()), None);
    }
}
