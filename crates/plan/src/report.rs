//! Why a blueprint is as it is.

use std::fmt;

use serde::Serialize;

/// Why a blueprint is as it is: decisions in the order in which a reader would ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The decisions.
    pub decisions: Vec<Decision>,
}

/// One decision and its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What it is about, in a word or two.
    pub about: &'static str,
    /// What was decided.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Report {
    pub(crate) fn decide(&mut self, about: &'static str, what: impl Into<String>, why: impl Into<String>) {
        self.decisions.push(Decision {
            about,
            what: what.into(),
            why: why.into(),
        });
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.about, self.what, self.why)
    }
}
