//! What is written down, and where.

use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Mutex};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use types::Timestamp;
use uuid::Uuid;

use crate::Phase;

/// A boxed future, because logs and actions are chosen at run time.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Identity of one saga.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SagaId(pub Uuid);

impl std::fmt::Display for SagaId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One event of a saga.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When it was written down.
    pub at: Timestamp,
    /// Which node.
    pub node: String,
    /// What happened.
    pub kind: EventKind,
}

/// What happened to a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// The action is about to run, possibly again after a restart.
    Started,
    /// The action could not be done yet and is tried again; written when the reason changes.
    Retrying {
        /// The reason.
        why: String,
    },
    /// The action is done.
    Succeeded {
        /// What it tells the nodes after it.
        output: Value,
    },
    /// The action cannot be done.
    Failed {
        /// The reason.
        why: String,
    },
    /// The undo is about to run, possibly again after a restart.
    UndoStarted,
    /// The undo is done.
    Undone,
    /// The undo cannot be done: somebody must act.
    UndoFailed {
        /// The reason.
        why: String,
    },
    /// The saga ended here, for something more urgent; said of the first node that was not done.
    Superseded {
        /// The reason.
        why: String,
    },
}

impl EventKind {
    /// Its name, as records show it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Retrying { .. } => "retrying",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::UndoStarted => "undo-started",
            Self::Undone => "undone",
            Self::UndoFailed { .. } => "undo-failed",
            Self::Superseded { .. } => "superseded",
        }
    }
}

/// A saga as the log keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its id.
    pub id: SagaId,
    /// Kind of its definition.
    pub kind: String,
    /// Hash of its definition when it was created.
    pub definition: String,
    /// What it was started with.
    pub params: Value,
    /// When it was created.
    pub created: Timestamp,
    /// Everything that happened, in order.
    pub events: Vec<Event>,
}

/// Why the log did not do what was asked. The saga stops there and is resumed later: acting without a log is worse.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// There is no such saga.
    #[error("no saga {0}")]
    Unknown(SagaId),
    /// That place in the log is taken: another engine drives this saga.
    #[error("event {sequence} of saga {id} is already written: another engine drives it")]
    Taken {
        /// Which saga.
        id: SagaId,
        /// Which event.
        sequence: usize,
    },
    /// The storage failed.
    #[error("cannot {doing} the log of saga {id}")]
    Storage {
        /// Which saga.
        id: SagaId,
        /// `write` or `read`.
        doing: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Durable storage of sagas: whatever returns `Ok` has reached the disk.
pub trait Log: Send + Sync {
    /// Writes down a new saga.
    fn create(&self, record: Record) -> BoxFuture<'_, Result<(), LogError>>;
    /// Reads a saga back.
    fn load(&self, id: SagaId) -> BoxFuture<'_, Result<Record, LogError>>;
    /// Appends event number `sequence` (the first is 0); refuses a number that is taken.
    fn append(&self, id: SagaId, sequence: usize, event: Event) -> BoxFuture<'_, Result<(), LogError>>;
    /// Notes that the saga has ended.
    fn close(&self, id: SagaId, phase: Phase, at: Timestamp) -> BoxFuture<'_, Result<(), LogError>>;
}

/// A log in memory, for tests and simulations.
#[derive(Debug, Default)]
pub struct MemoryLog {
    records: Mutex<BTreeMap<SagaId, (Record, Option<Phase>)>>,
}

impl MemoryLog {
    fn with<T>(
        &self,
        id: SagaId,
        work: impl FnOnce(&mut (Record, Option<Phase>)) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let mut records = self
            .records
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        work(records.get_mut(&id).ok_or(LogError::Unknown(id))?)
    }
}

impl Log for MemoryLog {
    fn create(&self, record: Record) -> BoxFuture<'_, Result<(), LogError>> {
        let mut records = self
            .records
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        records.entry(record.id).or_insert((record, None));
        Box::pin(async { Ok(()) })
    }

    fn load(&self, id: SagaId) -> BoxFuture<'_, Result<Record, LogError>> {
        Box::pin(async move { self.with(id, |(record, _)| Ok(record.clone())) })
    }

    fn append(&self, id: SagaId, sequence: usize, event: Event) -> BoxFuture<'_, Result<(), LogError>> {
        Box::pin(async move {
            self.with(id, |(record, _)| {
                if record.events.len() != sequence {
                    return Err(LogError::Taken { id, sequence });
                }
                record.events.push(event);
                Ok(())
            })
        })
    }

    fn close(&self, id: SagaId, phase: Phase, _at: Timestamp) -> BoxFuture<'_, Result<(), LogError>> {
        Box::pin(async move {
            self.with(id, |(_, ended)| {
                *ended = Some(phase);
                Ok(())
            })
        })
    }
}
