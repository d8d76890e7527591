//! Going back because somebody says so: possible until a point of no return begins.

use std::sync::PoisonError;

use crate::{Definition, Engine, Error, NodeState, Phase, Progress, SagaId};

impl<C: Send + Sync + 'static> Engine<C> {
    /// What this engine runs.
    pub fn definition(&self) -> &Definition<C> {
        &self.definition
    }

    /// Asks a running saga to go back: the next step that begins, or that is tried again, fails with this reason. Nothing
    /// happens once a point of no return has begun, because from there on there is only forward.
    ///
    /// Not kept: when this process dies before the failure is written down, the saga goes on, and whoever asked sees that.
    pub fn abort(&self, id: SagaId, why: String) {
        *self.abort.lock().unwrap_or_else(PoisonError::into_inner) = Some((id, why));
    }

    /// The steps that going back would undo now, last first; `None` when there is no going back.
    ///
    /// # Errors
    /// [`Error`], when the saga cannot be read.
    pub async fn would_undo(&self, id: SagaId) -> Result<Option<Vec<&'static str>>, Error> {
        let record = self.log.load(id).await?;
        let progress = Progress::replay(&self.definition, &record.events)?;
        if progress.phase() != Phase::Running || self.is_past_all_return(&progress) {
            return Ok(None);
        }
        let mut undone: Vec<_> = self
            .definition
            .undo_names()
            .filter(|node| progress.needs_undo(node))
            .collect();
        undone.reverse();
        Ok(Some(undone))
    }

    /// Whether any point of no return has begun and not failed.
    fn is_past_all_return(&self, progress: &Progress) -> bool {
        let begun =
            |state: &NodeState| matches!(state, NodeState::Started { .. } | NodeState::Succeeded { .. });
        let nodes = self.definition.nodes().iter();
        nodes
            .filter(|node| node.no_return)
            .any(|node| begun(progress.state(node.name)))
    }

    /// Why a saga shall go back, if somebody said so and that is still possible.
    pub(crate) fn aborted(&self, id: SagaId, progress: &Progress) -> Option<String> {
        let asked = self.abort.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, why) = asked.as_ref().filter(|(asked, _)| *asked == id)?;
        (!self.is_past_all_return(progress)).then(|| why.clone())
    }
}
