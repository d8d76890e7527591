//! What follows from the runs of a drill. Pure.

use serde::{Deserialize, Serialize};
use types::{CapabilityName, Span, Timestamp};

use super::{Evidence, Run, disturbed, millis_after, page::exact};

/// What follows from the runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Whether every promise was kept.
    pub verdict: Verdict,
    /// By capability, in the order of the estate.
    pub capabilities: Vec<CapabilitySummary>,
    /// Where the time went; what was measured, where writes must not move.
    pub phases: Vec<PhaseSummary>,
    /// Business documents of all runs together.
    pub documents: Documents,
}

/// Whether every promise was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// In every run: nothing lost, nothing duplicated, every probed capability back within its promise.
    Kept,
    /// Not so.
    Broken {
        /// What, one line each.
        because: Vec<String>,
    },
    /// Nothing real was run, so nothing is proven.
    Nothing,
}

/// One capability over all runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilitySummary {
    /// Which.
    pub capability: CapabilityName,
    /// Its promise.
    pub rto: Span,
    /// Runs in which a real transaction was tried.
    pub probed: usize,
    /// Runs in which the promise was kept.
    pub kept: usize,
    /// t6 − t0, milliseconds, of the runs in which it came back.
    pub measured: Option<Spread>,
}

/// One phase over all runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseSummary {
    /// Its name.
    pub phase: String,
    /// Its length, milliseconds, of the runs in which both ends are known.
    pub length: Option<Spread>,
}

/// The usual three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// The middle.
    pub p50: u64,
    /// 19 of 20 are not above this.
    pub p95: u64,
    /// The largest.
    pub max: u64,
}

/// Business documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documents {
    /// Posted by the load.
    pub posted: u64,
    /// Acknowledged to the partner: from then on ours to keep.
    pub acknowledged: u64,
    /// Acknowledged and not in the recovered ERP.
    pub lost: u64,
    /// In the recovered ERP more than once.
    pub duplicated: u64,
}

/// The value that `percent` of the values are not above, by the nearest-rank method; `None` without values.
pub fn percentile(values: &[u64], percent: u8) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * usize::from(percent.min(100)))
        .div_ceil(100)
        .max(1);
    sorted.get(rank - 1).copied()
}

/// Median, 95th percentile and maximum; `None` without values.
pub fn spread(values: &[u64]) -> Option<Spread> {
    Some(Spread {
        p50: percentile(values, 50)?,
        p95: percentile(values, 95)?,
        max: percentile(values, 100)?,
    })
}

/// A phase of a recovery, as in FACTS: how it is called, and its two ends.
pub(super) struct Phase {
    pub name: &'static str,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// The phases of a run, one after the other.
pub(super) fn phases(run: &Run) -> [Phase; 6] {
    let clocks = &run.clocks;
    let phase = |name, from, to| Phase { name, from, to };
    let [detect, fence] = if run.is_planned() {
        ["begin", "hold and release"]
    } else {
        ["detect", "fence"]
    };
    [
        phase(detect, Some(run.fault_at), clocks.detected),
        phase("decide", clocks.detected, clocks.decided),
        phase(fence, clocks.decided, clocks.fenced),
        phase("promote", clocks.fenced, clocks.promoted),
        phase("first write", clocks.promoted, clocks.first_write),
        phase("reconcile", clocks.first_write, clocks.reconciled),
    ]
}

// === impl Evidence ===

impl Evidence {
    /// Works out the summary from the runs.
    #[must_use]
    pub fn conclude(self) -> Self {
        let documents = self.runs.iter().fold(Documents::default(), |sum, run| Documents {
            posted: sum.posted + run.documents.posted,
            acknowledged: sum.acknowledged + run.documents.acknowledged,
            lost: sum.lost + run.documents.lost,
            duplicated: sum.duplicated + run.documents.duplicated,
        });
        let summary = Summary {
            verdict: verdict(&self),
            capabilities: capabilities(&self.runs),
            phases: phase_summaries(&self.runs),
            documents,
        };
        Self {
            summary: Some(summary),
            ..self
        }
    }
}

fn verdict(evidence: &Evidence) -> Verdict {
    if evidence.simulated || evidence.runs.is_empty() {
        return Verdict::Nothing;
    }
    let because: Vec<String> = evidence.runs.iter().flat_map(broken).collect();
    if because.is_empty() {
        Verdict::Kept
    } else {
        Verdict::Broken { because }
    }
}

fn broken(run: &Run) -> Vec<String> {
    let mut because = Vec::new();
    let number = run.number;
    if run.documents.lost > 0 {
        because.push(format!(
            "run {number}: {} acknowledged documents lost",
            run.documents.lost
        ));
    }
    if run.documents.duplicated > 0 {
        because.push(format!(
            "run {number}: {} documents duplicated",
            run.documents.duplicated
        ));
    }
    for result in run
        .capabilities
        .iter()
        .filter(|result| result.kept == Some(false))
    {
        let (name, rto) = (&result.capability, result.rto);
        because.push(match result.measured_ms {
            Some(measured) => {
                format!(
                    "run {number}: {name} worked again after {}, promised {rto}",
                    exact(measured)
                )
            }
            None => format!("run {number}: {name} did not work again in the time of the drill"),
        });
    }
    because.extend(run.moved.iter().flat_map(|moved| moved.broken(number)));
    because.extend(run.rebuilt.iter().filter_map(|rebuilt| rebuilt.broken(number)));
    because.extend(
        run.disturbed
            .iter()
            .flat_map(|disturbed| disturbed.broken(number)),
    );
    if run.moves_writes() && run.clocks.reconciled.is_none() {
        because.push(format!("run {number}: the reconciliation was not seen to end"));
    }
    because
}

fn capabilities(runs: &[Run]) -> Vec<CapabilitySummary> {
    let Some(first) = runs.first() else {
        return Vec::new();
    };
    let summarise = |name: &CapabilityName, rto: Span| {
        let results = || {
            runs.iter()
                .flat_map(|run| &run.capabilities)
                .filter(|result| result.capability == *name)
        };
        let measured: Vec<_> = results().filter_map(|result| result.measured_ms).collect();
        CapabilitySummary {
            capability: name.clone(),
            rto,
            probed: results().filter(|result| result.probed).count(),
            kept: results().filter(|result| result.kept == Some(true)).count(),
            measured: spread(&measured),
        }
    };
    first
        .capabilities
        .iter()
        .map(|result| summarise(&result.capability, result.rto))
        .collect()
}

fn phase_summaries(runs: &[Run]) -> Vec<PhaseSummary> {
    let Some(first) = runs.first() else {
        return Vec::new();
    };
    if !first.moves_writes() {
        return disturbed::lengths(runs);
    }
    let names = phases(first).map(|phase| phase.name);
    let lengths = |index: usize| {
        let known = runs.iter().filter_map(|run| {
            let phase = &phases(run)[index];
            Some(millis_after(phase.to?, phase.from?))
        });
        spread(&known.collect::<Vec<_>>())
    };
    names
        .into_iter()
        .enumerate()
        .map(|(index, name)| PhaseSummary {
            phase: name.to_owned(),
            length: lengths(index),
        })
        .collect()
}
