//! Delivery marks: what the ERP has answered, for the other region and for the next start.
//!
//! They are hints for counting and for skipping dead letters; reconciliation never trusts them.

use std::{io, path::Path};

use api::gateway::MessageState;
use serde::{Deserialize, Serialize};

use crate::{ledger::Ledger, runs};

/// A run of messages with the same state: first sequence number, how many, state.
pub type Run = (u64, u64, MessageState);

/// What `POST /peer/marks` carries and the snapshot holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// Runs in no order.
    pub runs: Vec<Run>,
    /// Messages ever acknowledged on one copy by the gateway that wrote the snapshot.
    #[serde(default)]
    pub acknowledged_alone: u64,
}

impl Marks {
    /// Marks of given messages.
    pub fn of(ledger: &Ledger, mut sequences: Vec<u64>) -> Self {
        sequences.sort_unstable();
        sequences.dedup();
        let states = sequences
            .into_iter()
            .filter_map(|sequence| Some((sequence, ledger.state(sequence)?)));
        Self {
            runs: runs::of(states),
            acknowledged_alone: 0,
        }
    }

    /// Marks of all messages that are no longer pending.
    ///
    /// Under the ledger's lock this costs what changed since the last call, and the number of runs.
    pub fn all(ledger: &mut Ledger) -> Self {
        Self {
            runs: ledger.runs(),
            acknowledged_alone: ledger.acks.acknowledged_alone,
        }
    }

    /// Takes marks over; unknown messages are ignored.
    pub fn apply(&self, ledger: &mut Ledger) {
        let end = ledger.len();
        for (first, count, state) in &self.runs {
            for sequence in *first..=first.saturating_add(*count).saturating_sub(1).min(end) {
                ledger.mark(sequence, *state);
            }
        }
    }

    /// Reads the snapshot; there being none, or none that can be read, is the same as an empty one.
    pub fn load(directory: &Path) -> Self {
        let bytes = std::fs::read(directory.join("marks.json")).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Writes the snapshot, not synced: nothing depends on it.
    ///
    /// # Errors
    /// What the file system says.
    pub fn store(&self, directory: &Path) -> io::Result<()> {
        let beside = directory.join("marks.tmp");
        std::fs::write(&beside, serde_json::to_vec(self)?)?;
        std::fs::rename(beside, directory.join("marks.json"))
    }
}
