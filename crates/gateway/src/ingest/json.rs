//! Whether a body is JSON that the ERP can read, too. Pure.
//!
//! What it cannot read it answers as it answers its own failures, so such a message would be tried again and again, and
//! take the ERP's time from others: bytes that are not UTF-8, values inside each other beyond Python's recursion limit,
//! numbers beyond its limit of digits. The partner is told at once instead.

use std::fmt;

use api::Problem;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// With so few opening brackets nothing can be too deep: the parser's own limit is 128.
const OPENINGS_PLAIN: usize = 100;
/// With so few digits no number can have too many: a float has 309 at most.
const DIGITS_PLAIN: usize = 300;

/// What the partner is told of a body that is none.
pub fn refused(error: &serde_json::Error) -> Problem {
    Problem::bad_request(format!("the body is not JSON: {error}"))
}

/// Checks a whole body.
///
/// # Errors
/// What is wrong, and where.
pub fn check(body: &[u8]) -> Result<(), serde_json::Error> {
    if is_plain(body) {
        serde_json::from_slice::<IgnoredAny>(body).map(drop)
    } else {
        serde_json::from_slice::<Readable>(body).map(drop)
    }
}

/// Checks what a parser that looks no further has found to be one value.
///
/// # Errors
/// What is wrong, and where.
pub fn check_value(value: &[u8]) -> Result<(), serde_json::Error> {
    if is_plain(value) { Ok(()) } else { check(value) }
}

/// Whether there is nothing to look for. Two counts and a look at each byte cost less than reading any value of it.
fn is_plain(body: &[u8]) -> bool {
    let openings = body.iter().filter(|byte| matches!(byte, b'[' | b'{')).count();
    let digits = body.iter().filter(|byte| byte.is_ascii_digit()).count();
    openings <= OPENINGS_PLAIN && digits <= DIGITS_PLAIN && std::str::from_utf8(body).is_ok()
}

/// Any value, read to its end and forgotten: unlike one that is skipped, it is bounded in depth, its texts are UTF-8 and
/// its numbers are numbers.
struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Readable {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_erp_could_not_read_is_no_message() {
        let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        let digits = |count: usize| format!("{{\"a\":{}}}", "9".repeat(count));
        let lines = format!(
            "[{}1]",
            "{\"sku\":\"TST-0001\",\"quantity\":12.5,\"é\":[true,null,-1]},".repeat(500)
        );
        let mut latin = b"{\"name\":\"caf".to_vec();
        latin.extend_from_slice(b"\xe9\"}");
        for (body, fine) in [
            (b"{\"a\": [1, 2.5, \"x\", null, true]}".to_vec(), true),
            ("{\"name\":\"café\"}".into(), true),
            (lines.into(), true),
            (nested(50).into(), true),
            (digits(300).into(), true),
            (latin, false),
            (nested(200).into(), false),
            (nested(100_000).into(), false),
            (digits(5000).into(), false),
            ("not json".into(), false),
            ("{\"a\":1} {}".into(), false),
        ] {
            let told = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            assert_eq!(check(&body).is_ok(), fine, "{told}");
            if serde_json::from_slice::<IgnoredAny>(&body).is_ok() {
                assert_eq!(check_value(&body).is_ok(), fine, "{told}");
            }
        }
    }
}
