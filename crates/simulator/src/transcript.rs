//! What happened, line by line, for people.

use crate::{place::Place, time::At};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, in virtual time.
    pub at: At,
    /// Who; [`Place::Outside`] for faults.
    pub place: Place,
    /// What, and why.
    pub what: String,
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:<8} {}", self.at, self.place, self.what)
    }
}
