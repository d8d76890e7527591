//! The controller's sagas: how they begin, go on, die with the controller, and end.

use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use api::moves::MoveKind;
use driver::Ports;
use recovery::{
    decide::{Move, Snapshot, Underway},
    sagas::{failback, failover, switchover},
};
use saga::{Definition, Engine, EventKind, Faults, Inject, InvalidDefinition, Log, Outcome, Point, SagaId};
use serde_json::Value;
use types::Timestamp;
use uuid::Uuid;

use crate::{
    bug::Bug,
    control::Caller,
    ledger::Broken,
    message::Timer,
    place::Place,
    time::{At, ms},
    world::World,
};

const PAUSE_AFTER_FAILURE: u64 = ms(2_000);

type Drive = Pin<Box<dyn Future<Output = Result<Outcome, saga::Error>>>>;

/// What the sagas do; made once, not a million times.
#[derive(Clone)]
pub(crate) struct Definitions {
    failover: Arc<Definition<Ports>>,
    switchover: Arc<Definition<Ports>>,
    failback: Arc<Definition<Ports>>,
}

impl Definitions {
    pub fn new() -> Result<Self, InvalidDefinition> {
        Ok(Self {
            failover: Arc::new(failover::definition()?),
            switchover: Arc::new(switchover::definition()?),
            failback: Arc::new(failback::definition()?),
        })
    }

    const fn of(&self, kind: MoveKind) -> &Arc<Definition<Ports>> {
        match kind {
            MoveKind::Failover => &self.failover,
            MoveKind::Switchover => &self.switchover,
            MoveKind::Failback => &self.failback,
        }
    }
}

/// The saga that runs.
pub(crate) struct Running {
    pub id: SagaId,
    pub kind: MoveKind,
    pub since: At,
    pub engine: Arc<Engine<Ports>>,
    drive: Drive,
    /// Whether it gives way, once somebody has asked since it last went on: reading it back is slow.
    gives_way: Cell<Option<bool>>,
    pub recorded: bool,
}

/// Dies once where the schedule says, and writes down every point that is passed.
#[derive(Clone, Debug, Default)]
pub(crate) struct DieAt {
    points: Arc<Mutex<Vec<(Point, bool)>>>,
    reached: Arc<Mutex<Vec<Point>>>,
}

// === impl DieAt ===

impl DieAt {
    /// The next saga to come by this point dies there.
    pub fn arm(&self, point: Point) {
        let mut points = self.points.lock().unwrap_or_else(PoisonError::into_inner);
        points.push((point, true));
    }

    fn take_reached(&self) -> Vec<Point> {
        std::mem::take(&mut *self.reached.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Faults for DieAt {
    fn at(&self, point: &Point) -> Inject {
        let mut points = self.points.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.push(point.clone());
        match points.iter_mut().find(|(at, armed)| *armed && at == point) {
            Some((_, armed)) => {
                *armed = false;
                Inject::Die
            }
            None => Inject::Nothing,
        }
    }
}

pub(crate) fn now_or_never<T>(mut future: Pin<Box<dyn Future<Output = T> + Send + '_>>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

impl World<'_> {
    pub(crate) fn begin_failover(&mut self, go: &Move, snapshot: &Snapshot, wall: Timestamp) {
        let control = &mut self.control;
        let plan = failover::Plan {
            from: go.from.clone(),
            to: go.to.clone(),
            generation: go.generation,
            incarnation: format!("incarnation-{}", control.sagas + 2),
            reason: go.reason.to_string(),
            by: snapshot
                .orders
                .first()
                .map_or_else(|| "plimsolld".to_owned(), |order| order.by.clone()),
            detected: control.detected.unwrap_or(wall),
            decided: wall,
            estimated_loss: go.estimated_loss,
            shared_timeline: snapshot.shared_timeline(&go.to),
            accepted_by: go.accepted_by.clone(),
        };
        control.ordered = !snapshot.orders.is_empty();
        self.ledger.failovers += 1;
        self.say(Place::Control, || {
            format!("begins a failover from {} to {}", go.from, go.to)
        });
        self.begin_saga(MoveKind::Failover, serde_json::json!(plan), wall);
    }

    /// Writes a saga down and drives it; one at a time.
    pub(crate) fn begin_saga(&mut self, kind: MoveKind, params: Value, wall: Timestamp) {
        let control = &mut self.control;
        control.sagas += 1;
        let id = SagaId(Uuid::from_u128(u128::from(control.sagas)));
        let record = saga::Record {
            id,
            kind: kind.as_str().to_owned(),
            definition: control.definitions.of(kind).hash(),
            params,
            created: wall,
            events: Vec::new(),
        };
        let created = now_or_never(control.log.create(record));
        if created.is_some_and(|created| created.is_ok()) {
            control.unfinished = Some((id, kind));
            if kind != MoveKind::Failback {
                self.ledger
                    .moves_from(self.control.reign.as_ref().map(|reign| reign.generation));
            }
            if kind != MoveKind::Failover {
                self.say(Place::Control, || format!("begins a {kind}"));
            }
            self.drive(id, kind);
        }
    }

    pub(crate) fn drive(&mut self, id: SagaId, kind: MoveKind) {
        let control = &mut self.control;
        let (bridge, clock) = (Arc::clone(&control.bridge), Arc::clone(&control.bridge));
        let engine = Engine::new(
            Arc::clone(control.definitions.of(kind)),
            Arc::new(bridge.ports()),
            Arc::clone(&control.log) as Arc<dyn Log>,
            Arc::new(move || clock.wall()),
            Arc::new(control.points.clone()),
        )
        .pausing_by(Arc::new(move |length| bridge.pause(length)));
        let engine = Arc::new(engine);
        let driven = Arc::clone(&engine);
        let drive = Box::pin(async move { driven.resume(id).await });
        control.running = Some(Running {
            id,
            kind,
            engine,
            since: self.now,
            drive,
            gives_way: Cell::new(None),
            recorded: false,
        });
        self.poll_saga();
    }

    /// Lets the saga go on as far as it can, and sends what it asks.
    pub(crate) fn poll_saga(&mut self) {
        loop {
            let wall = self.wall(Place::Control);
            let Some(running) = self.control.running.as_mut() else {
                return;
            };
            self.control.bridge.set_wall(wall);
            running.gives_way.set(None);
            let polled = running
                .drive
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            self.note_points();
            match polled {
                Poll::Ready(outcome) => return self.saga_ended(outcome),
                Poll::Pending => {}
            }
            let (asked, pauses) = self.control.bridge.take();
            if asked.is_empty() && pauses.is_empty() {
                return;
            }
            for (id, length) in pauses {
                let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
                self.after(Place::Control, micros.max(1), Timer::Pause(id));
            }
            for (id, request) in asked {
                self.ask(Caller::Saga(id), request);
            }
        }
    }

    fn note_points(&mut self) {
        for point in self.control.points.take_reached() {
            self.stats.reached(&point, self.faults_active > 0);
        }
    }

    /// The saga that runs, as decisions see it.
    pub(crate) fn underway(&self) -> Option<Underway> {
        let running = self.control.running.as_ref()?;
        let gives_way = running.gives_way.get().unwrap_or_else(|| {
            let read = now_or_never(Box::pin(running.engine.gives_way(running.id)));
            matches!(read, Some(Ok(true)))
        });
        running.gives_way.set(Some(gives_way));
        Some(Underway {
            kind: running.kind.as_str().to_owned(),
            gives_way: gives_way && !self.planted(Bug::NeverGivesWay),
        })
    }

    /// Ends the saga that runs, if it gives way; answers whether nothing runs any more.
    pub(crate) fn clear_the_way(&mut self) -> bool {
        let Some(running) = self.control.running.take() else {
            return true;
        };
        let wall = self.wall(Place::Control);
        self.control.bridge.set_wall(wall);
        let (id, kind, engine) = (running.id, running.kind, Arc::clone(&running.engine));
        // Nobody drives it any more; answers to what it asked find nobody.
        drop(running);
        let ended = now_or_never(Box::pin(engine.supersede(id, "a failover is more urgent")));
        let cleared = matches!(ended, Some(Ok(true)));
        if cleared {
            self.stats.saga_ended(kind, "superseded");
            self.control.unfinished = None;
            self.ledger.moves_from(None);
            if kind == MoveKind::Failover {
                self.control.last_failover = self.control.reign.as_ref().map(|reign| reign.since);
            }
            self.say(Place::Control, || {
                format!("ends the {kind}: a failover is more urgent")
            });
        } else {
            self.drive(id, kind);
        }
        cleared
    }

    fn saga_ended(&mut self, outcome: Result<Outcome, saga::Error>) {
        let Some(running) = self.control.running.take() else {
            return;
        };
        let (now, wall, kind) = (self.now, self.wall(Place::Control), running.kind);
        if outcome.is_ok() {
            self.ledger.moves_from(None);
        }
        let control = &mut self.control;
        match outcome {
            Ok(Outcome::Done { .. }) => {
                self.stats.saga_ended(kind, "done");
                control.unfinished = None;
                if kind == MoveKind::Failover {
                    control.last_failover = Some(wall);
                }
                self.say(Place::Control, || format!("the {kind} is done"));
            }
            Ok(Outcome::Unwound { node, why }) => {
                self.stats.saga_ended(kind, "unwound");
                control.unfinished = None;
                control.not_before = now.plus(PAUSE_AFTER_FAILURE);
                self.say(Place::Control, || {
                    format!("the {kind} came to nothing at {node}: {why}")
                });
            }
            Ok(Outcome::Stuck { node, why }) => {
                self.stats.saga_ended(kind, "stuck");
                control.unfinished = None;
                control.not_before = now.plus(PAUSE_AFTER_FAILURE);
                self.say(Place::Control, || format!("the {kind} is stuck at {node}: {why}"));
            }
            // Nobody ends a saga while it is driven.
            Ok(Outcome::Superseded { .. }) => control.unfinished = None,
            Err(saga::Error::Died(point)) => {
                self.stats.died(&point);
                self.say(Place::Control, || format!("dies at {point}"));
                self.control_dies_at_step();
            }
            Err(error) => {
                let id = running.id;
                self.ledger.broken(Broken::SagaEndless, now, || {
                    format!("saga {id} cannot go on: {error}")
                });
            }
        }
        self.control.detected = None;
    }

    /// The reconciler may act: no saga runs, or it has recorded its decision.
    pub(crate) fn may_reconcile(&mut self) -> bool {
        if self.planted(Bug::ReconcilesBesideASaga) {
            return true;
        }
        let Some(running) = &mut self.control.running else {
            return true;
        };
        if running.kind == MoveKind::Failback {
            return true;
        }
        if !running.recorded {
            let record = now_or_never(self.control.log.load(running.id)).and_then(Result::ok);
            running.recorded = record.is_some_and(|record| {
                record.events.iter().any(|event| {
                    event.node == "record_active" && matches!(event.kind, EventKind::Succeeded { .. })
                })
            });
        }
        running.recorded
    }
}
