//! Drives a saga forward, and backward when it must.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use types::Timestamp;

use crate::{
    ActionError, Boundary, BoxFuture, Definition, Event, EventKind, Faults, IllegalTransition, Inject,
    Inputs, Log, LogError, Node, NodeState, Phase, Point, Progress, Record, SagaId,
    running::{Panicked, Running},
};

/// Tells the wall-clock time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Passes when that much time has.
pub type Pause = Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// How a saga ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Every node has succeeded.
    Done {
        /// What each told.
        outputs: BTreeMap<String, Value>,
    },
    /// A node failed, and everything that began is undone.
    Unwound {
        /// The node that failed first.
        node: String,
        /// Its reason.
        why: String,
    },
    /// An undo failed: somebody must act.
    Stuck {
        /// The node that could not be undone.
        node: String,
        /// The reason.
        why: String,
    },
    /// It ended before its last nodes, for something more urgent.
    Superseded {
        /// The reason.
        why: String,
    },
}

/// Why a saga was left where it is. It can be resumed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log failed.
    #[error("the saga's log failed")]
    Log(#[from] LogError),
    /// The log does not fit the definition.
    #[error("the saga's log does not fit its definition")]
    Replay(#[from] IllegalTransition),
    /// The saga was begun with another definition.
    #[error("saga {id} was begun as `{kind}` {was}, which differs from the present {is}")]
    DefinitionChanged {
        /// Which saga.
        id: SagaId,
        /// Its kind.
        kind: String,
        /// Hash it was begun with.
        was: String,
        /// Hash of the definition at hand.
        is: String,
    },
    /// A fault was injected.
    #[error("told to die at {0}")]
    Died(Point),
    /// An action panicked.
    #[error("an action of the saga panicked")]
    Panicked(#[source] Panicked),
}

/// Drives sagas of one definition over one context.
pub struct Engine<C> {
    pub(crate) definition: Arc<Definition<C>>,
    context: Arc<C>,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) now: Now,
    pause: Pause,
    faults: Arc<dyn Faults>,
    /// Which saga somebody wants to stop, and why.
    pub(crate) abort: Mutex<Option<(SagaId, String)>>,
}

impl<C: Send + Sync + 'static> Engine<C> {
    /// An engine that pauses by tokio's clock.
    pub fn new(
        definition: Arc<Definition<C>>,
        context: Arc<C>,
        log: Arc<dyn Log>,
        now: Now,
        faults: Arc<dyn Faults>,
    ) -> Self {
        Self {
            definition,
            context,
            log,
            now,
            pause: Arc::new(|length| Box::pin(tokio::time::sleep(length))),
            faults,
            abort: Mutex::default(),
        }
    }

    /// The same engine with another way to pause; beside that it needs no runtime.
    #[must_use]
    pub fn pausing_by(mut self, pause: Pause) -> Self {
        self.pause = pause;
        self
    }

    /// Writes down a new saga without running it, so that from here on it cannot be forgotten.
    ///
    /// # Errors
    /// [`Error::Log`].
    pub async fn create(&self, id: SagaId, params: Value) -> Result<(), Error> {
        let record = Record {
            id,
            kind: self.definition.kind().to_owned(),
            definition: self.definition.hash(),
            params,
            created: (self.now)(),
            events: Vec::new(),
        };
        Ok(self.log.create(record).await?)
    }

    /// Drives a saga to its end from wherever its log says it is.
    ///
    /// # Errors
    /// [`Error`]; the saga can be resumed later.
    pub async fn resume(&self, id: SagaId) -> Result<Outcome, Error> {
        let (record, progress) = self.standing(id).await?;
        let mut run = Run {
            engine: self,
            id,
            params: record.params,
            sequence: record.events.len(),
            progress,
        };
        run.drive().await
    }
}

/// What one attempt of an action came to.
pub(crate) struct Attempt {
    node: &'static str,
    result: Result<Value, ActionError>,
    died: Option<Point>,
}

struct Run<'e, C> {
    engine: &'e Engine<C>,
    id: SagaId,
    params: Value,
    sequence: usize,
    progress: Progress,
}

// === impl Run ===

impl<C: Send + Sync + 'static> Run<'_, C> {
    async fn drive(&mut self) -> Result<Outcome, Error> {
        loop {
            match self.progress.phase() {
                Phase::Running => self.forward().await?,
                Phase::Unwinding => self.unwind().await?,
                ended @ (Phase::Done | Phase::Unwound | Phase::Stuck | Phase::Superseded) => {
                    self.engine.log.close(self.id, ended, (self.engine.now)()).await?;
                    return Ok(self.outcome(ended));
                }
            }
        }
    }

    fn outcome(&self, phase: Phase) -> Outcome {
        let definition = &self.engine.definition;
        let failure = |(node, why): (&str, &str)| (node.to_owned(), why.to_owned());
        match phase {
            Phase::Unwound => {
                let (node, why) = self.progress.failure().map(failure).unwrap_or_default();
                Outcome::Unwound { node, why }
            }
            Phase::Stuck => {
                let stuck = definition
                    .node_names()
                    .find_map(|name| match self.progress.state(name) {
                        NodeState::UndoFailed { why } => Some((name, why.as_str())),
                        _ => None,
                    });
                let (node, why) = stuck.map(failure).unwrap_or_default();
                Outcome::Stuck { node, why }
            }
            Phase::Superseded => Outcome::Superseded {
                why: self.progress.superseded().unwrap_or_default().to_owned(),
            },
            Phase::Done | Phase::Running | Phase::Unwinding => Outcome::Done {
                outputs: definition
                    .node_names()
                    .filter_map(|name| Some((name.to_owned(), self.progress.output(name)?.clone())))
                    .collect(),
            },
        }
    }

    async fn record(&mut self, node: &str, kind: EventKind) -> Result<(), Error> {
        let event = Event {
            at: (self.engine.now)(),
            node: node.to_owned(),
            kind,
        };
        // The transition is checked before it is written, so that the log always replays.
        self.progress.apply(&event)?;
        self.engine.log.append(self.id, self.sequence, event).await?;
        self.sequence += 1;
        Ok(())
    }

    /// Runs what can run until everything has succeeded, or something has failed and nothing runs any more.
    async fn forward(&mut self) -> Result<(), Error> {
        let definition = Arc::clone(&self.engine.definition);
        // Dropping it ends what still runs: exactly what the death of the process would do.
        let mut running = Running::default();
        let mut launched = BTreeSet::new();
        let unwinding = Arc::new(AtomicBool::new(false));
        loop {
            if self.progress.phase() == Phase::Running {
                for node in definition.nodes() {
                    if !launched.contains(node.name) && self.is_ready(node) {
                        let aborted = self.engine.aborted(self.id, &self.progress);
                        self.record(node.name, EventKind::Started).await?;
                        launched.insert(node.name);
                        if let Some(why) = aborted {
                            self.record(node.name, EventKind::Failed { why }).await?;
                            break;
                        }
                        self.launch(&mut running, node, Duration::ZERO, &unwinding);
                        // It begins now, not when its siblings have been written down too.
                        running.nudge().await;
                    }
                }
            } else {
                unwinding.store(true, Ordering::Relaxed);
            }
            let Some(ended) = running.next().await else {
                return Ok(());
            };
            let attempt = ended.map_err(Error::Panicked)?;
            if let Some(point) = attempt.died {
                return Err(Error::Died(point));
            }
            if let Some(again_in) = self.settle(&definition, attempt.node, attempt.result).await?
                && let Some(node) = definition.node(attempt.node)
            {
                self.launch(&mut running, node, again_in, &unwinding);
            }
        }
    }

    fn is_ready(&self, node: &Node<C>) -> bool {
        let state = self.progress.state(node.name);
        matches!(state, NodeState::Waiting | NodeState::Started { .. })
            && node
                .after
                .iter()
                .all(|after| self.progress.output(after).is_some())
    }

    fn launch(
        &self,
        running: &mut Running<Attempt>,
        node: &Node<C>,
        pause: Duration,
        unwinding: &Arc<AtomicBool>,
    ) {
        let (name, act) = (node.name, Arc::clone(&node.act));
        let (context, faults) = (Arc::clone(&self.engine.context), Arc::clone(&self.engine.faults));
        let (inputs, unwinding) = (self.inputs(name), Arc::clone(unwinding));
        let pausing = (!pause.is_zero()).then(|| (self.engine.pause)(pause));
        running.push(async move {
            if let Some(pausing) = pausing {
                pausing.await;
            }
            if unwinding.load(Ordering::Relaxed) {
                let result = Err(ActionError::fail("another step failed meanwhile"));
                return Attempt {
                    node: name,
                    result,
                    died: None,
                };
            }
            let run = || -> BoxFuture<'_, _> { act(&context, &inputs) };
            attempt(name, faults.as_ref(), [Boundary::Before, Boundary::AfterAct], run).await
        });
    }

    fn inputs(&self, node: &'static str) -> Inputs {
        Inputs {
            params: self.params.clone(),
            outputs: self
                .engine
                .definition
                .ancestors(node)
                .filter_map(|name| Some((name, self.progress.output(name)?.clone())))
                .collect(),
            first_started: match self.progress.state(node) {
                NodeState::Started { first, .. } | NodeState::Undoing { first } => *first,
                _ => (self.engine.now)(),
            },
        }
    }

    /// Writes down what an attempt came to; answers when to try again, if at all.
    async fn settle(
        &mut self,
        definition: &Definition<C>,
        name: &'static str,
        result: Result<Value, ActionError>,
    ) -> Result<Option<Duration>, Error> {
        let retry_every = definition
            .node(name)
            .map_or(crate::RETRY_EVERY, |node| node.retry_every);
        let aborted = self.engine.aborted(self.id, &self.progress);
        let (why, may_wait) = match result {
            Ok(output) => {
                self.record(name, EventKind::Succeeded { output }).await?;
                self.reach(name, Boundary::AfterLog)?;
                return Ok(None);
            }
            Err(ActionError::Retry { .. }) if aborted.is_some() => (aborted.unwrap_or_default(), false),
            Err(ActionError::Retry { why }) => (why, !self.is_overdue(definition, name)),
            Err(ActionError::Fail { why }) => (why, false),
        };
        let going_back = self.progress.phase() != Phase::Running;
        if (may_wait && !going_back) || self.is_past_return(definition, name) {
            let known = match self.progress.state(name) {
                NodeState::Started { why, .. } => why.as_deref(),
                _ => None,
            };
            if known != Some(why.as_str()) {
                tracing::warn!(saga = %self.id, node = name, why, "trying again");
                self.record(name, EventKind::Retrying { why }).await?;
            }
            return Ok(Some(retry_every));
        }
        tracing::warn!(saga = %self.id, node = name, why, "failed");
        self.record(name, EventKind::Failed { why }).await?;
        self.reach(name, Boundary::AfterLog)?;
        Ok(None)
    }

    fn is_overdue(&self, definition: &Definition<C>, name: &str) -> bool {
        let first = match self.progress.state(name) {
            NodeState::Started { first, .. } | NodeState::Undoing { first } => *first,
            _ => return false,
        };
        definition
            .node(name)
            .and_then(|node| node.deadline)
            .is_some_and(|deadline| (self.engine.now)().since(first) >= deadline)
    }

    /// Whether a point of no return other than `name` has begun and not failed.
    fn is_past_return(&self, definition: &Definition<C>, name: &str) -> bool {
        let begun =
            |state: &NodeState| matches!(state, NodeState::Started { .. } | NodeState::Succeeded { .. });
        definition
            .nodes()
            .iter()
            .any(|node| node.no_return && node.name != name && begun(self.progress.state(node.name)))
    }

    fn reach(&self, node: &str, boundary: Boundary) -> Result<(), Error> {
        let point = Point {
            node: node.to_owned(),
            boundary,
        };
        match self.engine.faults.at(&point) {
            Inject::Die => Err(Error::Died(point)),
            Inject::Nothing | Inject::Fail | Inject::Repeat => Ok(()),
        }
    }

    /// Undoes one after the other, last first: an undo may rely on what came before its node still being there.
    async fn unwind(&mut self) -> Result<(), Error> {
        let definition = Arc::clone(&self.engine.definition);
        for node in definition.nodes().iter().rev() {
            let Some(undo) = &node.undo else { continue };
            if !self.progress.needs_undo(node.name) {
                continue;
            }
            self.record(node.name, EventKind::UndoStarted).await?;
            self.undo(&definition, node, undo.as_ref()).await?;
            self.reach(node.name, Boundary::UndoAfterLog)?;
            if self.progress.phase() == Phase::Stuck {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn undo<F>(&mut self, definition: &Definition<C>, node: &Node<C>, undo: &F) -> Result<(), Error>
    where
        F: for<'a> Fn(&'a C, &'a Inputs) -> BoxFuture<'a, Result<Value, ActionError>> + Send + Sync + ?Sized,
    {
        let boundaries = [Boundary::UndoBefore, Boundary::UndoAfterAct];
        loop {
            let inputs = self.inputs(node.name);
            let run = || undo(&self.engine.context, &inputs);
            let attempt = attempt(node.name, self.engine.faults.as_ref(), boundaries, run).await;
            if let Some(point) = attempt.died {
                return Err(Error::Died(point));
            }
            match attempt.result {
                Ok(_) => return self.record(node.name, EventKind::Undone).await,
                Err(ActionError::Retry { why }) if !self.is_overdue(definition, node.name) => {
                    tracing::warn!(saga = %self.id, node = node.name, why, "trying the undo again");
                    (self.engine.pause)(node.retry_every).await;
                }
                Err(ActionError::Retry { why } | ActionError::Fail { why }) => {
                    tracing::error!(saga = %self.id, node = node.name, why, "cannot be undone");
                    return self.record(node.name, EventKind::UndoFailed { why }).await;
                }
            }
        }
    }
}

/// Runs an action or undo once, with its crash points.
async fn attempt<'a, R>(
    node: &'static str,
    faults: &dyn Faults,
    [before, after]: [Boundary; 2],
    run: R,
) -> Attempt
where
    R: Fn() -> BoxFuture<'a, Result<Value, ActionError>>,
{
    let point = |boundary| Point {
        node: node.to_owned(),
        boundary,
    };
    let ended = |result, died| Attempt { node, result, died };
    match faults.at(&point(before)) {
        Inject::Die => return ended(Ok(Value::Null), Some(point(before))),
        Inject::Fail => return ended(Err(ActionError::fail("told to fail")), None),
        Inject::Nothing | Inject::Repeat => {}
    }
    let mut result = run().await;
    match faults.at(&point(after)) {
        Inject::Die => return ended(Ok(Value::Null), Some(point(after))),
        Inject::Repeat => result = run().await,
        Inject::Nothing | Inject::Fail => {}
    }
    ended(result, None)
}
