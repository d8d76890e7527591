//! Where a saga stands, as its events tell. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use types::Timestamp;

use crate::{Definition, Event, EventKind};

/// Where one node stands.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeState {
    /// Not begun.
    Waiting,
    /// Begun; whether it acted is unknown.
    Started {
        /// When it was first begun.
        first: Timestamp,
        /// Why it is not done yet, as last written.
        why: Option<String>,
    },
    /// Done.
    Succeeded {
        /// When it was first begun.
        first: Timestamp,
        /// What it told.
        output: Value,
    },
    /// Cannot be done; it may have acted.
    Failed {
        /// When it was first begun.
        first: Timestamp,
        /// The reason.
        why: String,
    },
    /// Being undone.
    Undoing {
        /// When the undo was first begun.
        first: Timestamp,
    },
    /// Undone.
    Undone,
    /// Cannot be undone.
    UndoFailed {
        /// The reason.
        why: String,
    },
}

/// An event that makes no sense in the state a node is in: the log is not ours, or damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("node `{node}` cannot be `{event}` after `{state}`")]
pub struct IllegalTransition {
    /// Which node.
    pub node: String,
    /// Its state.
    pub state: &'static str,
    /// The event.
    pub event: &'static str,
}

impl NodeState {
    /// The state after `event`.
    ///
    /// # Errors
    /// [`IllegalTransition`].
    pub fn next(self, event: &Event) -> Result<Self, IllegalTransition> {
        let at = event.at;
        Ok(match (self, &event.kind) {
            (Self::Waiting, EventKind::Started) => Self::Started { first: at, why: None },
            (Self::Started { first, why }, EventKind::Started) => Self::Started { first, why },
            (Self::Started { first, .. }, EventKind::Retrying { why }) => Self::Started {
                first,
                why: Some(why.clone()),
            },
            (Self::Started { first, .. }, EventKind::Succeeded { output }) => Self::Succeeded {
                first,
                output: output.clone(),
            },
            (Self::Started { first, .. }, EventKind::Failed { why }) => Self::Failed {
                first,
                why: why.clone(),
            },
            (Self::Started { .. } | Self::Succeeded { .. } | Self::Failed { .. }, EventKind::UndoStarted) => {
                Self::Undoing { first: at }
            }
            (Self::Undoing { first }, EventKind::UndoStarted) => Self::Undoing { first },
            (Self::Undoing { .. }, EventKind::Undone) => Self::Undone,
            (Self::Undoing { .. }, EventKind::UndoFailed { why }) => Self::UndoFailed { why: why.clone() },
            // The node stays where it is: what it began is left to whatever took over.
            (state @ (Self::Waiting | Self::Started { .. }), EventKind::Superseded { .. }) => state,
            (state, kind) => {
                return Err(IllegalTransition {
                    node: event.node.clone(),
                    state: state.name(),
                    event: kind.name(),
                });
            }
        })
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Started { .. } => "started",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Undoing { .. } => "undoing",
            Self::Undone => "undone",
            Self::UndoFailed { .. } => "undo-failed",
        }
    }

    const fn has_failed(&self) -> bool {
        matches!(
            self,
            Self::Failed { .. } | Self::Undoing { .. } | Self::Undone | Self::UndoFailed { .. }
        )
    }
}

/// Where a whole saga stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// It goes forward.
    Running,
    /// Every node has succeeded.
    Done,
    /// A node failed; what began is being undone.
    Unwinding,
    /// Everything that began is undone.
    Unwound,
    /// An undo failed: somebody must act.
    Stuck,
    /// It ended before its last nodes, for something more urgent.
    Superseded,
}

impl Phase {
    /// Whether nothing more will happen on its own.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Unwound | Self::Stuck | Self::Superseded)
    }

    /// Its name, as records show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Unwinding => "unwinding",
            Self::Unwound => "unwound",
            Self::Stuck => "stuck",
            Self::Superseded => "superseded",
        }
    }
}

/// Where every node of a saga stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    states: BTreeMap<&'static str, NodeState>,
    undoable: Vec<&'static str>,
    failure: Option<(String, String)>,
    superseded: Option<String>,
}

impl Progress {
    /// Replays a log.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the log does not fit the definition.
    pub fn replay<C>(definition: &Definition<C>, events: &[Event]) -> Result<Self, IllegalTransition> {
        let mut progress = Self {
            states: definition
                .node_names()
                .map(|name| (name, NodeState::Waiting))
                .collect(),
            undoable: definition.undo_names().collect(),
            failure: None,
            superseded: None,
        };
        for event in events {
            progress.apply(event)?;
        }
        Ok(progress)
    }

    /// Takes one more event in.
    ///
    /// # Errors
    /// [`IllegalTransition`].
    pub fn apply(&mut self, event: &Event) -> Result<(), IllegalTransition> {
        match self.states.get_mut(event.node.as_str()) {
            Some(state) => {
                *state = state.clone().next(event)?;
                if let (EventKind::Failed { why }, None) = (&event.kind, &self.failure) {
                    self.failure = Some((event.node.clone(), why.clone()));
                }
                if let EventKind::Superseded { why } = &event.kind {
                    self.superseded = Some(why.clone());
                }
                Ok(())
            }
            None => Err(IllegalTransition {
                node: event.node.clone(),
                state: "unknown",
                event: event.kind.name(),
            }),
        }
    }

    /// Where a node stands.
    pub fn state(&self, node: &str) -> &NodeState {
        self.states.get(node).unwrap_or(&NodeState::Waiting)
    }

    /// What a node told.
    pub fn output(&self, node: &str) -> Option<&Value> {
        match self.state(node) {
            NodeState::Succeeded { output, .. } => Some(output),
            _ => None,
        }
    }

    /// Where the saga stands.
    pub fn phase(&self) -> Phase {
        let states = || self.states.values();
        if self.superseded.is_some() {
            Phase::Superseded
        } else if states().any(|state| matches!(state, NodeState::UndoFailed { .. })) {
            Phase::Stuck
        } else if states().any(NodeState::has_failed) {
            let left = self.undoable.iter().any(|node| self.needs_undo(node));
            if left { Phase::Unwinding } else { Phase::Unwound }
        } else if states().all(|state| matches!(state, NodeState::Succeeded { .. })) {
            Phase::Done
        } else {
            Phase::Running
        }
    }

    /// Whether a node may have acted and is not undone.
    pub fn needs_undo(&self, node: &str) -> bool {
        !matches!(self.state(node), NodeState::Waiting | NodeState::Undone)
    }

    /// Why it ended early, if it did.
    pub fn superseded(&self) -> Option<&str> {
        self.superseded.as_deref()
    }

    /// The first failure, if there is one: node and reason.
    pub fn failure(&self) -> Option<(&str, &str)> {
        self.failure
            .as_ref()
            .map(|(node, why)| (node.as_str(), why.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64, kind: EventKind) -> Event {
        Event {
            at: Timestamp::from_micros(micros),
            node: "n".to_owned(),
            kind,
        }
    }

    #[test]
    fn a_node_that_starts_again_keeps_its_first_start() {
        let state = NodeState::Waiting
            .next(&at(1, EventKind::Started))
            .and_then(|state| {
                state.next(&at(
                    2,
                    EventKind::Retrying {
                        why: "later".to_owned(),
                    },
                ))
            })
            .and_then(|state| state.next(&at(3, EventKind::Started)))
            .unwrap();
        assert_eq!(
            state,
            NodeState::Started {
                first: Timestamp::from_micros(1),
                why: Some("later".to_owned())
            }
        );
    }

    #[test]
    fn nothing_follows_an_end_but_an_undo() {
        let done = NodeState::Succeeded {
            first: Timestamp::from_micros(1),
            output: Value::Null,
        };
        assert!(done.clone().next(&at(2, EventKind::UndoStarted)).is_ok());
        for kind in [
            EventKind::Started,
            EventKind::Succeeded { output: Value::Null },
            EventKind::Undone,
        ] {
            assert_eq!(
                done.clone().next(&at(2, kind.clone())),
                Err(IllegalTransition {
                    node: "n".to_owned(),
                    state: "succeeded",
                    event: kind.name()
                })
            );
        }
    }
}
