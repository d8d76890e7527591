//! Starts sagas, resumes the one that a dead process left behind, and knows which one runs.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use driver::Ports;
use recovery::sagas::{bootstrap, failback, failover, reincarnation, switchover};
use saga::{Engine, Faults, Log, Outcome, SagaId};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::store::Store;

/// Pause before a saga that the store or a panic interrupted is resumed.
const RESUME_EVERY: Duration = Duration::from_secs(1);

/// The saga that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its id.
    pub id: SagaId,
    /// Its kind.
    pub kind: String,
}

/// What became of a saga that was to give way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It ended for this.
    Clear,
    /// It had ended by itself.
    EndedMeanwhile,
    /// It does not give way any more, and nobody drives it now.
    Barred,
}

/// The task that drives the saga.
struct Driver {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// Why a saga was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// One transition at a time.
    #[error("a {0} is running")]
    Busy(String),
    /// It could not be written down.
    #[error("the saga could not be written down")]
    Engine(#[from] saga::Error),
    /// No such kind.
    #[error("there is no saga `{0}` in this program")]
    UnknownKind(String),
}

/// Runs sagas, one at a time.
pub struct Runner {
    failover: Engine<Ports>,
    bootstrap: Engine<Ports>,
    switchover: Engine<Ports>,
    failback: Engine<Ports>,
    reincarnation: Engine<Ports>,
    running: Mutex<Option<Running>>,
    driver: Mutex<Option<Driver>>,
    tracker: TaskTracker,
    cancel: CancellationToken,
}

// === impl Runner ===

impl Runner {
    /// A runner. A saga that an injected fault stops also stops the program, as the crash it stands for would.
    ///
    /// # Errors
    /// When a definition is wrong, which a test would have told.
    pub fn new(
        store: &Store,
        ports: &Ports,
        faults: &Arc<dyn Faults>,
        tracker: TaskTracker,
        cancel: CancellationToken,
    ) -> Result<Self, saga::InvalidDefinition> {
        let engine = |definition| {
            let log: Arc<dyn Log> = Arc::new(store.clone());
            let clock = Arc::clone(&ports.clock);
            let now = Arc::new(move || clock.now());
            Engine::new(
                Arc::new(definition),
                Arc::new(ports.clone()),
                log,
                now,
                Arc::clone(faults),
            )
        };
        Ok(Self {
            failover: engine(failover::definition()?),
            bootstrap: engine(bootstrap::definition()?),
            switchover: engine(switchover::definition()?),
            failback: engine(failback::definition()?),
            reincarnation: engine(reincarnation::definition()?),
            running: Mutex::default(),
            driver: Mutex::default(),
            tracker,
            cancel,
        })
    }

    /// The saga that runs.
    pub fn running(&self) -> Option<Running> {
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set_running(&self, running: Option<Running>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = running;
    }

    pub(crate) fn engine(&self, kind: &str) -> Result<&Engine<Ports>, StartError> {
        match kind {
            failover::KIND => Ok(&self.failover),
            bootstrap::KIND => Ok(&self.bootstrap),
            switchover::KIND => Ok(&self.switchover),
            failback::KIND => Ok(&self.failback),
            reincarnation::KIND => Ok(&self.reincarnation),
            other => Err(StartError::UnknownKind(other.to_owned())),
        }
    }

    /// Writes a saga down. [`Self::drive`] then runs it.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn create(&self, id: SagaId, kind: &str, params: Value) -> Result<(), StartError> {
        if let Some(running) = self.running() {
            return Err(StartError::Busy(running.kind));
        }
        self.engine(kind)?.create(id, params).await?;
        self.set_running(Some(Running {
            id,
            kind: kind.to_owned(),
        }));
        Ok(())
    }

    /// Runs a saga that was written down, by this process or another, and tells how it ended.
    pub fn drive<R: Future<Output = ()> + Send>(
        self: &Arc<Self>,
        running: Running,
        ended: impl FnOnce(Outcome) -> R + Send + 'static,
    ) {
        self.set_running(Some(running.clone()));
        let (this, stop) = (Arc::clone(self), self.cancel.child_token());
        let stopped = stop.clone();
        let task = self.tracker.spawn(async move {
            // Dropping the engine in the middle is what a crash would do, so shutting down needs no more than this.
            let outcome = tokio::select! {
                () = stopped.cancelled() => return,
                outcome = this.resume_until_ended(&running) => outcome,
            };
            if let Some(outcome) = outcome {
                ended(outcome).await;
                this.set_running(None);
            }
        });
        *self.driver.lock().unwrap_or_else(PoisonError::into_inner) = Some(Driver { stop, task });
    }

    /// Whether the saga that runs may be ended for something more urgent.
    pub async fn gives_way(&self, running: &Running) -> bool {
        let Ok(engine) = self.engine(&running.kind) else {
            return false;
        };
        // One that cannot be read stays in the way.
        engine.gives_way(running.id).await.unwrap_or(false)
    }

    /// Stops driving the saga that runs and ends it, if it gives way. Otherwise it has to be driven again.
    ///
    /// # Errors
    /// [`StartError`]; it has to be driven again.
    pub async fn supersede(&self, running: &Running, why: &str) -> Result<Way, StartError> {
        let engine = self.engine(&running.kind)?;
        self.stop_driving().await;
        if self.running().as_ref() != Some(running) {
            return Ok(Way::EndedMeanwhile);
        }
        if !engine.supersede(running.id, why).await? {
            return Ok(Way::Barred);
        }
        self.set_running(None);
        Ok(Way::Clear)
    }

    /// Stops driving the saga that runs and gives up the step it waits at, so that it goes back. It has to be driven again
    /// whatever this answers, unless it has ended meanwhile.
    ///
    /// # Errors
    /// [`StartError`]; it has to be driven again.
    pub async fn give_up(&self, running: &Running, node: &str, why: &str) -> Result<Way, StartError> {
        let engine = self.engine(&running.kind)?;
        self.stop_driving().await;
        if self.running().as_ref() != Some(running) {
            return Ok(Way::EndedMeanwhile);
        }
        let given_up = engine.give_up(running.id, node, why).await?;
        Ok(if given_up { Way::Clear } else { Way::Barred })
    }

    async fn stop_driving(&self) {
        let driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Driver { stop, task }) = driver {
            stop.cancel();
            // A task that panicked drives nothing either.
            let _ = task.await;
        }
    }

    async fn resume_until_ended(&self, running: &Running) -> Option<Outcome> {
        let engine = match self.engine(&running.kind) {
            Ok(engine) => engine,
            Err(error) => {
                tracing::error!(saga = %running.id, %error, "cannot be resumed");
                return None;
            }
        };
        loop {
            match engine.resume(running.id).await {
                Ok(outcome) => return Some(outcome),
                Err(saga::Error::Died(point)) => {
                    tracing::error!(%point, "stopping here, as told");
                    self.cancel.cancel();
                    return None;
                }
                Err(error @ (saga::Error::DefinitionChanged { .. } | saga::Error::Replay(_))) => {
                    // It stays in the way on purpose: half of a failover must not be followed by another one.
                    tracing::error!(saga = %running.id, %error, "cannot be resumed by this program");
                    return None;
                }
                Err(error @ (saga::Error::Log(_) | saga::Error::Panicked(_))) => {
                    tracing::error!(saga = %running.id, %error, "interrupted, resuming");
                    tokio::time::sleep(RESUME_EVERY).await;
                }
            }
        }
    }
}
