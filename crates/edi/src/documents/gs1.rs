//! Numbers of GS1 with their check digit: of trade items (GTIN) and of logistic units (SSCC).

use serde::{Deserialize, Serialize};

use super::error::Error;

/// The weights alternate from the right, the check digit itself weighing one; the sum is a multiple of ten.
fn has_check_digit(digits: &str) -> bool {
    let weighted = digits.bytes().rev().zip([1_u32, 3].into_iter().cycle());
    let sum: u32 = weighted
        .map(|(byte, weight)| u32::from(byte.wrapping_sub(b'0')) * weight)
        .sum();
    digits.bytes().all(|byte| byte.is_ascii_digit()) && sum.is_multiple_of(10)
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident = $what:literal, [$($length:literal),*];)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks length and check digit.
            ///
            /// # Errors
            /// [`Error::CheckDigit`].
            pub fn new(text: impl Into<String>) -> Result<Self, Error> {
                let value = text.into();
                if [$($length),*].contains(&value.len()) && has_check_digit(&value) {
                    Ok(Self(value))
                } else {
                    Err(Error::CheckDigit { what: $what, value })
                }
            }

            /// The digits.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self, Error> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(number: $name) -> Self {
                number.0
            }
        }
    )*};
}

numbers! {
    /// Global trade item number: 8, 12 (UPC), 13 (EAN) or 14 digits.
    Gtin = "GTIN", [8, 12, 13, 14];
    /// Serial shipping container code of a package or pallet: 18 digits.
    Sscc = "SSCC", [18];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_checked() {
        for good in ["012345678905", "4000001234561", "12345670", "10012345678902"] {
            assert_eq!(Gtin::new(good).unwrap().as_str(), good);
        }
        for bad in [
            "012345678906",
            "4000001234569",
            "123",
            "",
            "01234567890X",
            "0123456789051",
        ] {
            assert!(Gtin::new(bad).is_err(), "{bad}");
        }
        assert!(Sscc::new("340123450000000017").is_ok() != Sscc::new("340123450000000018").is_ok());
        assert!(serde_json::from_str::<Sscc>("\"1\"").is_err());
    }

    #[test]
    fn exactly_one_digit_fits() {
        for body in ["34012345000000001", "00000000000000000", "99999999999999999"] {
            let fitting = (0..10)
                .filter(|digit| Sscc::new(format!("{body}{digit}")).is_ok())
                .count();
            assert_eq!(fitting, 1);
        }
    }
}
