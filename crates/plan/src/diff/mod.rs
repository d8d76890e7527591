//! What changes from one plan to the next, in the words of the business first.
//!
//! A list of changed files says nothing to whoever must agree. Here every change says what is promised, shared, paid or
//! run differently, and what it does to what is there already: most changes are quiet, some restart something, and a few
//! cannot be undone or destroy data. Files are compared elsewhere.

mod capacity;
mod cosmetic;
mod isolation;
mod matched;
mod money;
mod promises;
mod resources;

use std::fmt;

use estate::Estate;
use serde::Serialize;

use crate::cloud::Blueprint;

/// All changes, the gravest kind first, and within a kind the gravest consequence first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The changes.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What kind of change it is for the business.
    pub severity: Severity,
    /// What it does to what is there.
    pub consequence: Consequence,
    /// What changes: a capability, a stamp, a site.
    pub about: String,
    /// How, in a sentence that follows `about`.
    pub what: String,
    /// What must be done or known; empty where nothing must.
    pub note: String,
    /// Where it holds; empty means that it has no place.
    pub places: Vec<String>,
}

/// What kind of change it is for the business, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// What is promised about recovery, retention or partners.
    Promise,
    /// Who shares what with whom, and who may do or reach what.
    Isolation,
    /// What it costs.
    Cost,
    /// How much of it there is.
    Capacity,
    /// Names for people, owners, tags.
    Cosmetic,
}

impl Severity {
    /// All of them, the gravest first.
    pub const ALL: [Self; 5] = [
        Self::Promise,
        Self::Isolation,
        Self::Cost,
        Self::Capacity,
        Self::Cosmetic,
    ];

    /// As a title.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promise => "promises",
            Self::Isolation => "isolation",
            Self::Cost => "cost",
            Self::Capacity => "capacity",
            Self::Cosmetic => "cosmetic",
        }
    }
}

/// What a change does to what is there, the quietest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consequence {
    /// Nobody notices.
    Quiet,
    /// Something restarts, moves or is reached under another name.
    Interrupts,
    /// Data must be moved by a migration that somebody plans.
    NeedsMigration,
    /// It cannot be undone.
    Irreversible,
    /// Something with data in it is deleted or replaced by an empty one.
    Destroys,
}

impl Consequence {
    /// As a mark beside a line; empty for quiet changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quiet => "",
            Self::Interrupts => "interrupts",
            Self::NeedsMigration => "needs a migration",
            Self::Irreversible => "cannot be undone",
            Self::Destroys => "destroys",
        }
    }
}

impl Difference {
    /// Whether nothing changes.
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The gravest consequence of all changes.
    pub fn worst(&self) -> Consequence {
        let all = self.changes.iter().map(|change| change.consequence);
        all.max().unwrap_or(Consequence::Quiet)
    }

    /// Changes of one kind.
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter(move |change| change.severity == severity)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.about, self.what)?;
        if let [first, others @ ..] = self.places.as_slice() {
            write!(f, " in {first}")?;
            match others {
                [] => {}
                [second] => write!(f, " and {second}")?,
                more => write!(f, " and {} more places", more.len())?,
            }
        }
        if !self.note.is_empty() {
            write!(f, ": {}", self.note)?;
        }
        match self.consequence {
            Consequence::Quiet => Ok(()),
            grave => write!(f, " [{}]", grave.as_str()),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for severity in Severity::ALL {
            let mut changes = self.of(severity).peekable();
            if changes.peek().is_some() {
                writeln!(f, "{}:", severity.as_str())?;
            }
            for change in changes {
                writeln!(f, "  {change}")?;
            }
        }
        Ok(())
    }
}

/// Compares two plans, each with the estate it was made from.
pub fn diff(old: (&Estate, &Blueprint), new: (&Estate, &Blueprint)) -> Difference {
    let mut changes = Changes::default();
    promises::compare(old, new, &mut changes);
    isolation::compare(old.1, new.1, &mut changes);
    resources::compare(old.1, new.1, &mut changes);
    capacity::compare(old.1, new.1, &mut changes);
    money::compare(old.1, new.1, &mut changes);
    cosmetic::compare(old.0, new.0, &mut changes);
    if changes.all.is_empty() && old.1 != new.1 {
        // Never silence: whoever agrees must know that something is rendered in another way.
        changes.add(
            (Severity::Cosmetic, Consequence::Quiet),
            "the plan",
            "differs in details that have no words here",
            "compare the rendered files",
        );
    }
    changes.done()
}

/// Collects changes; the same one at several places is one.
#[derive(Default)]
struct Changes {
    all: Vec<Change>,
}

impl Changes {
    fn add(
        &mut self,
        (severity, consequence): (Severity, Consequence),
        about: impl fmt::Display,
        what: impl Into<String>,
        note: &str,
    ) {
        self.add_at((severity, consequence), None, about, what, note);
    }

    fn add_at(
        &mut self,
        (severity, consequence): (Severity, Consequence),
        place: Option<String>,
        about: impl fmt::Display,
        what: impl Into<String>,
        note: &str,
    ) {
        let change = Change {
            severity,
            consequence,
            about: about.to_string(),
            what: what.into(),
            note: note.to_owned(),
            places: Vec::new(),
        };
        let same = |other: &&mut Change| {
            (
                other.severity,
                other.consequence,
                &other.about,
                &other.what,
                &other.note,
            ) == (
                change.severity,
                change.consequence,
                &change.about,
                &change.what,
                &change.note,
            )
        };
        // Changes of one thing at several places come one soon after the other.
        match self.all.iter_mut().rev().take(64).find(same) {
            Some(other) => other.places.extend(place),
            None => self.all.push(Change {
                places: place.into_iter().collect(),
                ..change
            }),
        }
    }

    fn done(mut self) -> Difference {
        // The order of finding stays within a kind of consequence.
        self.all
            .sort_by_key(|change| (change.severity, std::cmp::Reverse(change.consequence)));
        Difference { changes: self.all }
    }
}
