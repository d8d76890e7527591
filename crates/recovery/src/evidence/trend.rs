//! What the drills of an estate say together: whether promises are still kept, and whether recovery becomes slower. Pure.
//!
//! Only real drills count, each as one point; nothing is smoothed, and nothing is said of a change before there are
//! enough drills for the [`RULE`]. What does not count is named in [`Trend::left_out`].

mod chart;
mod page;

use serde::Serialize;
use types::{CapabilityName, EstateName, Timestamp};

use super::{CapabilitySummary, Documents, Evidence, Spread, Summary, Verdict, percentile};

pub use page::html;

/// Version of the form that programs read.
pub const SCHEMA: u32 = 1;
/// The last so many drills are compared with those before.
const RECENT: usize = 3;
/// So many there must be before them.
const BEFORE: usize = 3;
/// A change of less than one part in so many is none.
const NOTICEABLE: u64 = 10;
/// How a change is told, for people.
pub const RULE: &str = "Slower (or faster) is said when the median of the last 3 drills' medians is more than a tenth above \
     (below) that of all drills before them, of which there must be 3 or more; a run in which a capability did not come \
     back counts as longer than any";

/// All drills of an estate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trend {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The estate.
    pub estate: EstateName,
    /// When this was put together.
    pub at: Timestamp,
    /// [`RULE`].
    pub rule: &'static str,
    /// By scenario, in the order in which they were rehearsed first.
    pub scenarios: Vec<Scenario>,
    /// Capabilities for which no drill tried a real transaction.
    pub never_measured: Vec<CapabilityName>,
    /// What does not count, and why.
    pub left_out: Vec<LeftOut>,
}

/// The drills of one scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scenario {
    /// `region-loss`, …
    pub scenario: String,
    /// Every drill, in the order of the chain.
    pub drills: Vec<Rehearsed>,
    /// When the last one ended.
    pub last: Timestamp,
    /// How long ago that was, milliseconds.
    pub since_last_ms: u64,
    /// By capability, those that were measured at least once.
    pub capabilities: Vec<Series>,
}

/// One drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rehearsed {
    /// Its identity.
    pub drill: String,
    /// Its number in the chain.
    pub sequence: u64,
    /// When it ended.
    pub at: Timestamp,
    /// How often the disaster was made.
    pub runs: usize,
    /// Business documents of all its runs.
    pub documents: Documents,
    /// Whether every promise was kept.
    pub verdict: Verdict,
}

/// One capability over the drills of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// Which.
    pub capability: CapabilityName,
    /// Every drill that measured it, in the order of the chain.
    pub points: Vec<Point>,
    /// Whether it becomes slower.
    pub change: Change,
}

/// One capability in one drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// The drill.
    pub drill: String,
    /// When it ended.
    pub at: Timestamp,
    /// The promise at that time, milliseconds.
    pub rto_ms: u64,
    /// Runs in which a real transaction was tried.
    pub probed: usize,
    /// Runs in which the promise was kept.
    pub kept: usize,
    /// Runs in which it did not come back in the time of the drill.
    pub not_back: usize,
    /// t6 − t0 of the runs in which it came back, milliseconds.
    pub measured_ms: Option<Spread>,
    /// The median of all runs, milliseconds; `None` when it did not come back in half of them. This is what is compared.
    pub median_ms: Option<u64>,
}

/// Whether a capability comes back later than it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Change {
    /// Nothing is said yet.
    TooFew {
        /// Drills that measured it.
        drills: usize,
        /// Drills that are needed.
        needed: usize,
    },
    /// It does.
    Slower(Medians),
    /// It comes back sooner.
    Faster(Medians),
    /// Neither by enough.
    Steady(Medians),
}

/// What was compared, milliseconds; `None` is longer than any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Medians {
    /// The median of the earlier drills.
    pub before_ms: Option<u64>,
    /// The median of the last ones.
    pub recent_ms: Option<u64>,
}

/// Evidence that does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Which.
    pub what: String,
    /// Why, for people.
    pub why: String,
    /// Whether somebody must look into it: it is not what was signed.
    pub suspect: bool,
}

/// A drill's document that is what was signed, with its number in the chain.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The number.
    pub sequence: u64,
    /// The document.
    pub evidence: Evidence,
}

/// Puts drills together, given in the order of their chain.
pub fn trend(estate: &EstateName, at: Timestamp, drills: Vec<Proven>, mut left_out: Vec<LeftOut>) -> Trend {
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut capabilities: Vec<(CapabilityName, bool)> = Vec::new();
    for Proven { sequence, evidence } in drills {
        if let Some(why) = does_not_count(estate, &evidence) {
            left_out.push(LeftOut {
                what: format!("drill {}", evidence.id),
                why,
                suspect: false,
            });
            continue;
        }
        // Worked out again: the runs are what was measured.
        let mut evidence = evidence.conclude();
        let Some(summary) = evidence.summary.take() else {
            continue;
        };
        for one in &summary.capabilities {
            match capabilities.iter_mut().find(|(name, _)| *name == one.capability) {
                Some((_, measured)) => *measured |= one.probed > 0,
                None => capabilities.push((one.capability.clone(), one.probed > 0)),
            }
        }
        match scenarios
            .iter_mut()
            .find(|known| known.scenario == evidence.scenario)
        {
            Some(known) => known.add(sequence, &evidence, summary),
            None => scenarios.push(Scenario::first(sequence, &evidence, summary)),
        }
    }
    for scenario in &mut scenarios {
        scenario.since_last_ms = super::millis_after(at, scenario.last);
        for series in &mut scenario.capabilities {
            series.change = change(&series.points);
        }
    }
    Trend {
        schema: SCHEMA,
        estate: estate.clone(),
        at,
        rule: RULE,
        scenarios,
        never_measured: capabilities
            .into_iter()
            .filter_map(|(name, measured)| (!measured).then_some(name))
            .collect(),
        left_out,
    }
}

fn does_not_count(estate: &EstateName, evidence: &Evidence) -> Option<String> {
    if evidence.schema > super::SCHEMA {
        return Some(format!(
            "its form is of version {}, newer than this program reads",
            evidence.schema
        ));
    }
    if evidence.simulated {
        return Some("it was simulated, which proves no recovery".to_owned());
    }
    if evidence.estate != *estate {
        return Some(format!("it is of another estate, {}", evidence.estate));
    }
    evidence.runs.is_empty().then(|| "it has no run".to_owned())
}

fn point(evidence: &Evidence, summary: &CapabilitySummary) -> Point {
    let results = || {
        evidence
            .runs
            .iter()
            .flat_map(|run| &run.capabilities)
            .filter(|result| result.probed && result.capability == summary.capability)
    };
    let all: Vec<u64> = results()
        .map(|result| result.measured_ms.unwrap_or(u64::MAX))
        .collect();
    Point {
        drill: evidence.id.clone(),
        at: evidence.finished,
        rto_ms: summary.rto.as_millis(),
        probed: summary.probed,
        kept: summary.kept,
        not_back: results().filter(|result| result.measured_ms.is_none()).count(),
        measured_ms: summary.measured,
        median_ms: percentile(&all, 50).filter(|median| *median != u64::MAX),
    }
}

/// The [`RULE`].
fn change(points: &[Point]) -> Change {
    if points.len() < BEFORE + RECENT {
        return Change::TooFew {
            drills: points.len(),
            needed: BEFORE + RECENT,
        };
    }
    let median = |points: &[Point]| {
        let medians: Vec<u64> = points
            .iter()
            .map(|point| point.median_ms.unwrap_or(u64::MAX))
            .collect();
        percentile(&medians, 50).unwrap_or(u64::MAX)
    };
    let (before, recent) = points.split_at(points.len() - RECENT);
    let (before, recent) = (median(before), median(recent));
    let medians = Medians {
        before_ms: Some(before).filter(|median| *median != u64::MAX),
        recent_ms: Some(recent).filter(|median| *median != u64::MAX),
    };
    let tenth = before / NOTICEABLE;
    if recent > before.saturating_add(tenth) {
        Change::Slower(medians)
    } else if recent < before - tenth {
        Change::Faster(medians)
    } else {
        Change::Steady(medians)
    }
}

// === impl Scenario ===

impl Scenario {
    fn first(sequence: u64, evidence: &Evidence, summary: Summary) -> Self {
        let mut scenario = Self {
            scenario: evidence.scenario.clone(),
            drills: Vec::new(),
            last: evidence.finished,
            since_last_ms: 0,
            capabilities: Vec::new(),
        };
        scenario.add(sequence, evidence, summary);
        scenario
    }

    fn add(&mut self, sequence: u64, evidence: &Evidence, summary: Summary) {
        self.last = evidence.finished;
        for one in summary.capabilities.iter().filter(|one| one.probed > 0) {
            let point = point(evidence, one);
            match self
                .capabilities
                .iter_mut()
                .find(|series| series.capability == one.capability)
            {
                Some(series) => series.points.push(point),
                None => self.capabilities.push(Series {
                    capability: one.capability.clone(),
                    points: vec![point],
                    change: change(&[]),
                }),
            }
        }
        self.drills.push(Rehearsed {
            drill: evidence.id.clone(),
            sequence,
            at: evidence.finished,
            runs: evidence.runs.len(),
            documents: summary.documents,
            verdict: summary.verdict,
        });
    }
}

// === impl Point ===

impl Point {
    /// Whether the promise was kept in every run.
    pub const fn is_kept(&self) -> bool {
        self.kept == self.probed
    }
}

// === impl Change ===

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (word, medians) = match self {
            Self::TooFew { drills, needed } => {
                return write!(f, "too few drills to tell a change ({drills} of {needed})");
            }
            Self::Slower(medians) => ("slower", medians),
            Self::Faster(medians) => ("faster", medians),
            Self::Steady(medians) => ("steady", medians),
        };
        let told = |median: Option<u64>| median.map_or_else(|| "not back".to_owned(), super::page::seconds);
        write!(
            f,
            "{word}: {} in the last {RECENT} drills, {} before",
            told(medians.recent_ms),
            told(medians.before_ms)
        )
    }
}

/// The part of a drill's identity that its directory is named by.
pub fn short(drill: &str) -> &str {
    drill.get(..8).unwrap_or(drill)
}

/// How long ago something was, in the largest unit that fits twice: `3 days`, `40 minutes`.
pub fn age(millis: u64) -> String {
    let minutes = millis / 60_000;
    match minutes {
        0..2 => "moments".to_owned(),
        2..120 => format!("{minutes} minutes"),
        120..2_880 => format!("{} hours", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests;
