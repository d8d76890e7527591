//! What a drill leaves behind: a document for machines, and a page for people made from nothing but the document.
//!
//! Times are facts from the programs that knew them; everything derived from them is in [`Summary`] and can be computed
//! again by whoever doubts it. A simulated run never counts as a verified recovery, and says so.
//! Documents are signed and chained by [`chain`].

pub mod chain;
mod clocks;
mod disturbed;
mod moves;
mod page;
mod summary;
mod timeline_svg;
pub mod trend;

use api::controller::RecoveryTimeline;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use types::{CapabilityName, EstateName, Generation, RegionName, Span, TenantName, Timestamp};

use crate::decide::EstimatedLoss;

pub use clocks::{Clock, clocks};
pub use disturbed::{Disturbed, Finding, Length};
pub use moves::{GAP_PROMISE, Moved, Rebuilt};
pub use page::{escape, html};
pub use summary::{CapabilitySummary, Documents, PhaseSummary, Spread, Summary, Verdict, percentile, spread};

/// Version of the document's form; a reader refuses a newer one.
pub const SCHEMA: u32 = 1;

/// The document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Identity of this drill.
    pub id: String,
    /// The estate.
    pub estate: EstateName,
    /// The tenant.
    pub tenant: TenantName,
    /// `region-loss`, …
    pub scenario: String,
    /// True when no real process was involved.
    pub simulated: bool,
    /// What the random choices were made from.
    pub seed: u64,
    /// When the drill began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// Where it ran.
    pub host: HostFacts,
    /// What ran: program to version.
    pub versions: BTreeMap<String, String>,
    /// Every run, in order.
    pub runs: Vec<Run>,
    /// What follows from the runs; made by [`Evidence::conclude`].
    pub summary: Option<Summary>,
}

/// Where a drill ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFacts {
    /// Operating system with its version.
    pub system: String,
    /// Kernel release.
    pub kernel: String,
    /// Processors that may be used.
    pub cpus: u32,
    /// Memory, bytes.
    pub memory_bytes: u64,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// 1, 2, …
    pub number: u32,
    /// Seed of this run's own choices.
    pub seed: u64,
    /// What was done to the estate, for people.
    pub fault: String,
    /// How long the load had been on before, milliseconds.
    pub fault_after_ms: u64,
    /// The region that was lost, or that led when something of it was disturbed.
    pub from: RegionName,
    /// The region that took over.
    pub to: RegionName,
    /// The generation it leads in.
    pub generation: Generation,
    /// The saga that did it; empty where writes must not move.
    pub saga: String,
    /// The reason that was decided on, for people.
    pub reason: String,
    /// The loss that was stated before promoting.
    pub estimated_loss: Option<EstimatedLoss>,
    /// t0: the fault.
    pub fault_at: Timestamp,
    /// t1 to t5 and t7.
    pub clocks: RecoveryTimeline,
    /// t6, per capability.
    pub capabilities: Vec<CapabilityResult>,
    /// Business documents: the loss that counts.
    pub documents: Documents,
    /// Write-ahead log that did not survive, once the lost region has told.
    pub wal: Option<WalLost>,
    /// What people met with, in a planned move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    /// How the lost region came back, in a failback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebuilt: Option<Rebuilt>,
    /// What was measured, where writes must not move at all: then `from` is `to`, and no saga did anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disturbed: Option<Disturbed>,
}

/// How soon a capability worked again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityResult {
    /// Which.
    pub capability: CapabilityName,
    /// Its promise.
    pub rto: Span,
    /// Whether a real transaction was tried. Without one nothing is claimed.
    pub probed: bool,
    /// t6: when one was accepted and read back through the public address.
    pub accepted: Option<Timestamp>,
    /// t6 − t0, milliseconds.
    pub measured_ms: Option<u64>,
    /// Whether that keeps the promise; `None` without a probe.
    pub kept: Option<bool>,
}

/// Write-ahead log that did not survive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WalLost {
    /// Commits that only the lost region had.
    pub commits: u64,
    /// From the first to the last of them, seconds; 0 when there were none.
    pub seconds: f64,
}

// === impl CapabilityResult ===

impl CapabilityResult {
    /// A capability that was tried after a fault at `fault_at`.
    pub fn probed(
        capability: CapabilityName,
        rto: Span,
        fault_at: Timestamp,
        accepted: Option<Timestamp>,
    ) -> Self {
        let measured_ms = accepted.map(|at| millis_after(at, fault_at));
        Self {
            capability,
            rto,
            probed: true,
            accepted,
            measured_ms,
            kept: Some(measured_ms.is_some_and(|measured| measured <= rto.as_millis())),
        }
    }

    /// A capability for which nothing is tried.
    pub const fn not_probed(capability: CapabilityName, rto: Span) -> Self {
        Self {
            capability,
            rto,
            probed: false,
            accepted: None,
            measured_ms: None,
            kept: None,
        }
    }
}

/// Whole milliseconds from `earlier` to `at`; 0 when it is before.
fn millis_after(at: Timestamp, earlier: Timestamp) -> u64 {
    u64::try_from(at.since(earlier).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
