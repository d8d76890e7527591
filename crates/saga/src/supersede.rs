//! Ending a saga for something more urgent, where its author says that this is safe.
//!
//! Whoever wants it stops driving the saga first, as its death would: every saga survives that. What is left is one more
//! event, after which nobody resumes it. So nothing has to be told to a step that hangs, and nothing waits for it.

use types::Timestamp;

use crate::{
    Definition, Engine, Error, Event, EventKind, LogError, NodeState, Phase, Progress, Record, SagaId,
};

/// An event of the former driver may still be on its way to the log; then the saga is read again.
pub(crate) const ATTEMPTS: usize = 5;

impl<C> Definition<C> {
    /// Whether a saga that stands there may be ended for something more urgent.
    pub fn gives_way(&self, progress: &Progress) -> bool {
        let waits = |node: &str| *progress.state(node) == NodeState::Waiting;
        let has_succeeded = |node: &str| progress.output(node).is_some();
        progress.phase() == Phase::Running
            && (self.gives_way_until.is_some_and(waits) || self.gives_way_after.is_some_and(has_succeeded))
    }
}

impl<C: Send + Sync + 'static> Engine<C> {
    /// Whether a saga may be ended for something more urgent right now.
    ///
    /// # Errors
    /// [`Error`], when the saga cannot be read.
    pub async fn gives_way(&self, id: SagaId) -> Result<bool, Error> {
        let (_, progress) = self.standing(id).await?;
        Ok(self.definition.gives_way(&progress))
    }

    /// A saga of another shape is not ours to judge: half of it must not be followed by another one.
    pub(crate) async fn standing(&self, id: SagaId) -> Result<(Record, Progress), Error> {
        let record = self.log.load(id).await?;
        if record.kind != self.definition.kind() || record.definition != self.definition.hash() {
            return Err(Error::DefinitionChanged {
                id,
                kind: record.kind,
                was: record.definition,
                is: self.definition.hash(),
            });
        }
        let progress = Progress::replay(&self.definition, &record.events)?;
        Ok((record, progress))
    }

    /// Ends a saga that nobody drives any more; `false` when it does not give way and has to be resumed.
    ///
    /// # Errors
    /// [`Error`]; the saga has to be resumed.
    pub async fn supersede(&self, id: SagaId, why: &str) -> Result<bool, Error> {
        let mut attempts = 1;
        loop {
            match self.try_supersede(id, why).await {
                Err(Error::Log(LogError::Taken { .. })) if attempts < ATTEMPTS => attempts += 1,
                ended => return ended,
            }
        }
    }

    async fn try_supersede(&self, id: SagaId, why: &str) -> Result<bool, Error> {
        let (record, mut progress) = self.standing(id).await?;
        if !self.definition.gives_way(&progress) {
            return Ok(false);
        }
        let not_done = |node: &&str| progress.output(node).is_none();
        let Some(node) = self.definition.node_names().find(not_done) else {
            return Ok(false);
        };
        let at: Timestamp = (self.now)();
        let event = Event {
            at,
            node: node.to_owned(),
            kind: EventKind::Superseded { why: why.to_owned() },
        };
        progress.apply(&event)?;
        self.log.append(id, record.events.len(), event).await?;
        self.log.close(id, Phase::Superseded, at).await?;
        Ok(true)
    }
}
