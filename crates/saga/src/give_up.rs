//! Ending a step that waits for somebody who is gone, so that its saga goes back at once instead of at its deadline.
//!
//! As when a saga [gives way](crate::Engine::supersede), whoever wants it stops driving the saga first, as its death would.
//! The step has then failed, and whoever drives the saga next undoes what began: an unknown outcome is undone like any
//! other. Nothing has to be told to a call that hangs.

use types::Timestamp;

use crate::{Engine, Error, Event, EventKind, LogError, NodeState, Phase, SagaId, supersede::ATTEMPTS};

impl<C: Send + Sync + 'static> Engine<C> {
    /// Writes down that a step of a saga that nobody drives has failed; `false` when it does not wait at that step alone.
    ///
    /// A step that comes after another point of no return is never given up: from there on there is only forward.
    ///
    /// # Errors
    /// [`Error`]; the saga has to be resumed, as it has to be afterwards.
    pub async fn give_up(&self, id: SagaId, node: &str, why: &str) -> Result<bool, Error> {
        let mut attempts = 1;
        loop {
            match self.try_give_up(id, node, why).await {
                Err(Error::Log(LogError::Taken { .. })) if attempts < ATTEMPTS => attempts += 1,
                ended => return ended,
            }
        }
    }

    async fn try_give_up(&self, id: SagaId, node: &str, why: &str) -> Result<bool, Error> {
        let (record, progress) = self.standing(id).await?;
        let begun =
            |state: &NodeState| matches!(state, NodeState::Started { .. } | NodeState::Succeeded { .. });
        let past_another = self
            .definition
            .nodes()
            .iter()
            .any(|other| other.no_return && other.name != node && begun(progress.state(other.name)));
        let waits = matches!(progress.state(node), NodeState::Started { .. });
        if progress.phase() != Phase::Running || !waits || past_another {
            return Ok(false);
        }
        let at: Timestamp = (self.now)();
        let event = Event {
            at,
            node: node.to_owned(),
            kind: EventKind::Failed { why: why.to_owned() },
        };
        self.log.append(id, record.events.len(), event).await?;
        Ok(true)
    }
}
