//! The number that fences every act which moves writes.

use serde::{Deserialize, Serialize};

/// Monotonic number of a writer's reign over an estate.
///
/// Every effect that moves writes (lead, promote, fence, repoint, deliver) carries one, and whoever receives an older
/// one refuses it. Zero means "nobody has ever led".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(u64);

impl Generation {
    /// Before anybody led.
    pub const NONE: Self = Self(0);
    /// The first reign.
    pub const FIRST: Self = Self(1);

    /// Wraps a number read from a durable place.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The bare number, for wire formats and SQL.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The reign after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl std::fmt::Display for Generation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}
