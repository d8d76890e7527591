//! Recoveries from backups, by seed: the product's decisions and sagas over the driver's simulated stamp.
//!
//! ```text
//!   seed ─► histories, points that lie, people ─► decide ─► saga, killed and resumed ─► done | unwound ─► decide again
//!                                                   calls lost, late, refused ─┘           └─► invariants
//! ```
//!
//! A world of its own beside the one with two regions: what these recoveries touch is one tenant's databases, and regions
//! have no part in it. The stamp judges after every effect; here is judged what a recovery must have come to. The same
//! seed gives the same run. **A simulated run never counts as a verified recovery.**

mod chance;
mod disaster;
mod drive;
mod judge;
mod setting;

use std::{fmt, str::FromStr};

use types::TenantName;

pub use disaster::Disaster;

use drive::Driven;
use setting::Setting;

/// A recovery that came to nothing is decided anew at most so often: each time a point was found to lie, or somebody did
/// not agree.
const ROUNDS_MAX: usize = 24;

/// What a seed came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What went wrong, if something did.
    pub violation: Option<String>,
    /// How it ended.
    pub end: End,
    /// Sagas that came to nothing and were taken back.
    pub unwound: u32,
    /// Times a saga's process died.
    pub deaths: u32,
    /// What happened, line by line, where that was asked for.
    pub transcript: Vec<String>,
}

/// How a recovery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The tenant works with sound data.
    Recovered,
    /// No point could be used, and rightly so.
    Refused,
    /// It was not carried out within [`ROUNDS_MAX`] attempts; nothing is worse than before.
    GivenUp,
}

/// Runs a seed, without a transcript.
pub fn run(disaster: Disaster, seed: u64) -> Outcome {
    carry_out(disaster, seed, &Setting::of(disaster, seed))
}

/// Runs a seed and tells what happened.
pub fn tell(disaster: Disaster, seed: u64) -> Outcome {
    let setting = Setting::of(disaster, seed);
    setting.stamp.tell();
    carry_out(disaster, seed, &setting)
}

fn carry_out(disaster: Disaster, seed: u64, setting: &Setting) -> Outcome {
    let mut driven = Driven::new(seed);
    let end = disaster.recover(setting, &mut driven);
    setting.stamp.arrive();
    let mut violations = driven.violations;
    violations.extend(setting.stamp.violations());
    violations.extend(setting.moved_neighbours());
    Outcome {
        violation: (!violations.is_empty()).then(|| violations.join("; ")),
        end,
        unwound: driven.unwound,
        deaths: driven.deaths,
        transcript: setting.stamp.transcript(),
    }
}

fn name(text: &str) -> Option<TenantName> {
    TenantName::new(text).ok()
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.transcript {
            writeln!(f, "{line}")?;
        }
        match &self.violation {
            Some(violation) => write!(f, "VIOLATION: {violation}"),
            None => write!(
                f,
                "{:?} after {} unwound and {} deaths",
                self.end, self.unwound, self.deaths
            ),
        }
    }
}

impl FromStr for Disaster {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|disaster| disaster.name() == text);
        known.ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            format!("there is no `{text}`; there are: {}", names.join(", "))
        })
    }
}
