//! Words that both standards share.

use serde::{Deserialize, Serialize};

/// Which standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standard {
    /// ANSI ASC X12.
    X12,
    /// UN/EDIFACT, ISO 9735.
    Edifact,
}

/// An address with the code list it is from, such as `ZZ` and `EXAMPLEBUYER`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    /// The code list; may be empty in EDIFACT.
    pub qualifier: String,
    /// The address, spaces around it removed.
    pub id: String,
}

/// Whether partners should act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    /// ISA15 `P`; UNB without test indicator.
    Production,
    /// ISA15 `T`; UNB with test indicator.
    Test,
}

/// What becomes of an interchange, a group or a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Used; nothing to say.
    Accepted,
    /// Used; errors are noted.
    AcceptedWithErrors,
    /// Some of what is in it is used.
    PartiallyAccepted,
    /// Not used.
    Rejected,
}

/// A fault and the segment it was found at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<F> {
    /// What is wrong.
    pub fault: F,
    /// Position in the interchange; its header is 1.
    pub segment: u32,
}

/// The largest control number: nine digits, which is what X12 has room for.
pub const CONTROL_MAX: u32 = 999_999_999;
