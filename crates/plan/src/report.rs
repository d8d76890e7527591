//! Why a blueprint is as it is.

use std::fmt;

use serde::Serialize;

/// Places that are listed before the rest is only counted.
const PLACES_SHOWN: usize = 3;

/// Why a blueprint is as it is: decisions in the order in which a reader would ask.
///
/// A decision that holds at many places is one line with its places, so that ten thousand tenants do not give ten
/// thousand lines.
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
    /// Whether somebody should read it before anything is built.
    pub weight: Weight,
    /// Where it holds, such as `production/westeurope`; empty means everywhere.
    pub places: Vec<String>,
}

/// Whether somebody should read a decision before anything is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// A choice among things that all do what was asked for.
    Choice,
    /// What was asked for is not fully met, or cannot be undone.
    Caution,
}

impl Report {
    /// Decisions that somebody should read before anything is built.
    pub fn cautions(&self) -> impl Iterator<Item = &Decision> {
        self.decisions
            .iter()
            .filter(|decision| decision.weight == Weight::Caution)
    }

    pub(crate) fn decide(&mut self, about: &'static str, what: impl Into<String>, why: impl Into<String>) {
        self.decisions.push(Decision {
            about,
            what: what.into(),
            why: why.into(),
            weight: Weight::Choice,
            places: Vec::new(),
        });
    }

    /// A decision at one place; the same decision elsewhere joins it.
    pub(crate) fn decide_at(&mut self, about: &'static str, place: &str, what: &str, why: &str) {
        self.note(about, place, what, why, Weight::Choice);
    }

    /// A caution at one place; the same caution elsewhere joins it.
    pub(crate) fn caution_at(&mut self, about: &'static str, place: &str, what: &str, why: &str) {
        self.note(about, place, what, why, Weight::Caution);
    }

    fn note(&mut self, about: &'static str, place: &str, what: &str, why: &str, weight: Weight) {
        let same = |one: &&mut Decision| {
            one.about == about && one.weight == weight && one.what == what && one.why == why
        };
        // The same decision was most likely made a moment ago.
        match self.decisions.iter_mut().rev().find(same) {
            Some(decision) => {
                if decision.places.last().is_none_or(|last| last != place) {
                    decision.places.push(place.to_owned());
                }
            }
            None => self.decisions.push(Decision {
                about,
                what: what.to_owned(),
                why: why.to_owned(),
                weight,
                places: vec![place.to_owned()],
            }),
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.about, self.what, self.why)?;
        if let Some((first, others)) = self.places.split_first() {
            write!(f, " [{first}")?;
            for place in others.iter().take(PLACES_SHOWN - 1) {
                write!(f, ", {place}")?;
            }
            if self.places.len() > PLACES_SHOWN {
                write!(f, " and {} more", self.places.len() - PLACES_SHOWN)?;
            }
            f.write_str("]")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_decision_at_many_places_is_one_line() {
        let mut report = Report::default();
        for place in ["a", "b", "c", "d", "e"] {
            report.decide_at("disk", place, "1 TiB", "room");
            report.caution_at("disk", place, "1 TiB", "room");
        }
        assert_eq!(report.decisions.len(), 2);
        assert_eq!(
            report.decisions[0].to_string(),
            "disk: 1 TiB (room) [a, b, c and 2 more]"
        );
        assert_eq!(report.cautions().count(), 1);
    }
}
