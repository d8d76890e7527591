//! Drives a saga to its end without a runtime: it dies, is resumed, and pauses pass at once.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker},
};

use driver::{backup::RestorePorts, simulated::backup::Stamp};
use saga::{Definition, Engine, Error, Faults, InvalidDefinition, Log, MemoryLog, Outcome, Pause, SagaId};
use serde_json::Value;
use uuid::Uuid;

use super::chance::Mishaps;
use crate::random::Random;

/// A saga whose process dies more often than this does not end.
const DEATHS_MAX: u32 = 2_000;
/// A saga that pauses more often than this before its process dies does not end.
const PAUSES_MAX: u32 = 5_000;
/// A saga whose turn comes more often than this waits for something that never comes.
const POLLS_MAX: u32 = 10_000;

/// What makes a saga.
pub(super) type Saga = fn() -> Result<Definition<RestorePorts>, InvalidDefinition>;

/// The sagas of one seed so far.
pub(super) struct Driven {
    seed: u64,
    pub unwound: u32,
    pub deaths: u32,
    pub violations: Vec<String>,
    sagas: u64,
}

impl Driven {
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            unwound: 0,
            deaths: 0,
            violations: Vec::new(),
            sagas: 0,
        }
    }

    /// Runs one saga; `None` when it did not end, which is a violation.
    pub fn run(&mut self, stamp: &Arc<Stamp>, definition: Saga, params: Value) -> Option<Outcome> {
        self.sagas += 1;
        let definition = match definition() {
            Ok(definition) => Arc::new(definition),
            Err(error) => {
                self.violations.push(error.to_string());
                return None;
            }
        };
        let log: Arc<dyn Log> = Arc::new(MemoryLog::default());
        let random = Random::new(self.seed, 100 + self.sagas);
        let mishaps: Arc<dyn Faults> = Arc::new(Mishaps::new(random));
        let id = SagaId(Uuid::from_u128(u128::from(self.sagas)));
        let engine = || engine(stamp, &definition, &log, &mishaps);
        let mut ended = block_on(async {
            engine().create(id, params).await?;
            engine().resume(id).await
        });
        let mut deaths = 0;
        while let Some(Err(Error::Died(_))) = ended {
            deaths += 1;
            if deaths > DEATHS_MAX {
                ended = None;
                break;
            }
            ended = block_on(engine().resume(id));
        }
        self.deaths += deaths;
        match ended {
            Some(Ok(Outcome::Stuck { node, why })) => {
                self.violations.push(format!("a saga is stuck at {node}: {why}"));
                None
            }
            Some(Ok(outcome)) => {
                self.unwound += u32::from(matches!(outcome, Outcome::Unwound { .. }));
                Some(outcome)
            }
            Some(Err(error)) => {
                self.violations.push(format!("a saga failed: {error}"));
                None
            }
            None => {
                self.violations.push("a saga does not end".to_owned());
                None
            }
        }
    }
}

fn engine(
    stamp: &Arc<Stamp>,
    definition: &Arc<Definition<RestorePorts>>,
    log: &Arc<dyn Log>,
    mishaps: &Arc<dyn Faults>,
) -> Engine<RestorePorts> {
    let clock = Arc::clone(stamp);
    let paused = Arc::clone(stamp);
    let pauses = AtomicU32::new(0);
    let pause: Pause = Arc::new(move |length| {
        paused.pass(length);
        if pauses.fetch_add(1, Ordering::Relaxed) < PAUSES_MAX {
            Box::pin(std::future::ready(()))
        } else {
            Box::pin(std::future::pending())
        }
    });
    let engine = Engine::new(
        Arc::clone(definition),
        Arc::new(stamp.ports()),
        Arc::clone(log),
        Arc::new(move || clock.wall()),
        Arc::clone(mishaps),
    );
    engine.pausing_by(pause)
}

/// Nothing here waits for anything but its own turn; `None` when there is no end to it.
fn block_on<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..POLLS_MAX {
        if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
            return Some(done);
        }
    }
    None
}
