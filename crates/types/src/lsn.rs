//! Positions in PostgreSQL's write-ahead log.

/// A position in the write-ahead log in bytes, written `16/B374D848` as PostgreSQL does (`pg_lsn`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(u64);

/// Text that is not a log position.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a log position such as 16/B374D848")]
pub struct ParseLsnError(String);

impl Lsn {
    /// Wraps a byte position.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The byte position.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// How many bytes lie between `earlier` and this position; 0 when `earlier` is ahead.
    pub const fn bytes_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl std::str::FromStr for Lsn {
    type Err = ParseLsnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || ParseLsnError(text.to_owned());
        let (high, low) = text.split_once('/').ok_or_else(refuse)?;
        let part = |digits: &str| u32::from_str_radix(digits, 16).map_err(|_| refuse());
        Ok(Self(u64::from(part(high)?) << 32 | u64::from(part(low)?)))
    }
}

impl std::fmt::Display for Lsn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_as_it_is_written() {
        let lsn: Lsn = "16/B374D848".parse().unwrap();
        assert_eq!(lsn.get(), 0x16_B374_D848);
        assert_eq!(lsn.to_string(), "16/B374D848");
        assert_eq!(lsn.bytes_since("16/B374D840".parse().unwrap()), 8);
        assert_eq!("0/0".parse::<Lsn>().unwrap().bytes_since(lsn), 0);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "16", "16/", "/1", "x/1", "1/123456789"] {
            assert_eq!(text.parse::<Lsn>(), Err(ParseLsnError(text.to_owned())));
        }
    }
}
