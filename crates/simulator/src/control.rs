//! The controller: it listens, decides, runs sagas and reconciles, all with the product's own code.
//!
//! Real are `recovery::decide`, `recovery::reconcile`, the sagas and their engine, and the witness's `lease::Voter`. The
//! shell around them is that of the product's controller, with a store in memory and timers instead of tasks.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use api::gateway::GatewayStatus;
use driver::{Ports, Reign};
use lease::{Ballot, Voter};
use recovery::{
    decide::{Decision, Eligibility, Move, Order, Sightings, Snapshot, decide_failover},
    sagas::failover,
};
use saga::{Boundary, Definition, Engine, EventKind, Faults, Inject, Log, MemoryLog, Outcome, Point, SagaId};
use types::{RegionName, Timestamp, settings::FailoverSettings};
use uuid::Uuid;

use crate::{
    bug::Bug,
    calls::{Answered, Bridge},
    ledger::Broken,
    message::Timer,
    place::{Place, Side},
    time::{At, ms},
    world::{TIMING, World},
};

const LOOK_EVERY: u64 = ms(100);
const KEEP_EVERY: u64 = ms(5_000);
const PAUSE_AFTER_FAILURE: u64 = ms(2_000);
const ORDER_AGE_MAX: u64 = ms(600_000);
/// A saga that has not ended so long after the last fault never will.
const SAGA_TIME_MAX: u64 = ms(420_000);

type Drive = Pin<Box<dyn Future<Output = Result<Outcome, saga::Error>>>>;

/// The saga that runs.
pub(crate) struct Running {
    pub id: SagaId,
    pub since: At,
    drive: Drive,
    pub recorded: bool,
}

/// Dies once where the schedule says.
#[derive(Debug)]
struct DieAt {
    points: Arc<std::sync::Mutex<Vec<(Point, bool)>>>,
    reached: Arc<std::sync::Mutex<Vec<Point>>>,
}

impl Faults for DieAt {
    fn at(&self, point: &Point) -> Inject {
        let mut points = self
            .points
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut reached = self
            .reached
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
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

/// Who waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Saga(u64),
    Reconciler(usize),
    Poll(Side),
}

pub(crate) struct Control {
    // On disk.
    pub ballot: Ballot,
    pub eligibility: Option<Eligibility>,
    pub reign: Option<Reign>,
    pub last_failover: Option<Timestamp>,
    pub log: Arc<MemoryLog>,
    pub unfinished: Option<SagaId>,
    sagas: u64,
    // In memory.
    pub voter: Voter,
    pub sightings: Sightings,
    pub gateways: BTreeMap<RegionName, GatewayStatus>,
    pub orders: Vec<(At, Order)>,
    not_before: At,
    detected: Option<Timestamp>,
    pub running: Option<Running>,
    pub decision: Decision,
    pub decided_since: At,
    pub commands: Vec<(recovery::reconcile::Command, Option<At>)>,
    kept_at: At,
    pub bridge: Arc<Bridge>,
    pub calls: BTreeMap<u64, (Caller, Place)>,
    pub next_call: u64,
    pub ready: BTreeMap<u64, Answered>,
    definition: Arc<Definition<Ports>>,
    points: Arc<std::sync::Mutex<Vec<(Point, bool)>>>,
    reached: Arc<std::sync::Mutex<Vec<Point>>>,
    // What only the simulation knows.
    /// Each region's last moment in which it led and was well, of those that were told.
    pub active_seen_well: [Option<At>; 2],
    pub ordered: bool,
}

// === impl Control ===

impl Control {
    pub fn new(
        names: &[RegionName; 2],
        definition: &Arc<Definition<Ports>>,
        ballot: Ballot,
        reign: Reign,
    ) -> Self {
        Self {
            voter: Voter::started(ballot.clone(), TIMING, lease::Moment::ZERO),
            ballot,
            eligibility: None,
            reign: Some(reign),
            last_failover: None,
            log: Arc::default(),
            unfinished: None,
            sagas: 0,
            sightings: Sightings::new(names.to_vec(), None, std::time::Duration::ZERO),
            gateways: BTreeMap::new(),
            orders: Vec::new(),
            not_before: At(0),
            detected: None,
            running: None,
            decision: Decision::Nothing,
            decided_since: At(0),
            commands: Vec::new(),
            kept_at: At(0),
            bridge: Bridge::new(names.clone()),
            calls: BTreeMap::new(),
            next_call: 0,
            ready: BTreeMap::new(),
            definition: Arc::clone(definition),
            points: Arc::default(),
            reached: Arc::default(),
            active_seen_well: [None; 2],
            ordered: false,
        }
    }

    /// The next saga to come by this point dies there.
    pub fn die_at(&self, node: &str, boundary: Boundary) {
        let point = Point {
            node: node.to_owned(),
            boundary,
        };
        self.points
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push((point, true));
    }

    /// The process has ended.
    pub fn die(&mut self) {
        self.running = None;
        self.calls.clear();
        self.ready.clear();
        self.gateways.clear();
        self.orders.clear();
        self.commands.clear();
        self.detected = None;
        self.not_before = At(0);
        self.decision = Decision::Nothing;
    }
}

impl World<'_> {
    pub(crate) fn boot_control(&mut self) {
        let place = Place::Control;
        let (uptime, now) = (
            self.machines[place.index()].clock.uptime(self.now),
            self.moment(place),
        );
        let votes_twice = self.planted(Bug::WitnessVotesTwice);
        let names = self.names.to_vec();
        let control = &mut self.control;
        control.die();
        control.sightings = Sightings::new(names.clone(), control.eligibility.clone(), uptime);
        if votes_twice {
            control.ballot = Ballot::default();
        }
        control.voter = Voter::started(control.ballot.clone(), TIMING, now);
        control.bridge = Bridge::new([names[0].clone(), names[1].clone()]);
        if self.planted(Bug::ForgetsTheSaga) {
            self.control.unfinished = None;
        }
        for (timer, after) in [
            (Timer::Watch, LOOK_EVERY),
            (Timer::Reconcile, ms(500)),
            (Timer::Poll, ms(1_000)),
        ] {
            self.after(place, after, timer);
        }
        if let Some(id) = self.control.unfinished {
            self.say(place, || "resumes the saga that another process began".to_owned());
            self.drive(id);
        }
    }

    // === listening ===

    pub(crate) fn heard(&mut self, observation: api::site::Observation, said: At) {
        let place = Place::Control;
        let (uptime, wall) = (
            self.machines[place.index()].clock.uptime(self.now),
            self.wall(place),
        );
        let settings = self.settings.clone();
        let side = match &observation.site {
            api::site::Site::Region(name) => self.side_of(name).map(|side| (side, name)),
            api::site::Site::FrontDoor => None,
        };
        let control = &mut self.control;
        if let (Some((side, name)), Some(reign)) = (side, &control.reign)
            && reign.active == *name
            && observation
                .database
                .as_ref()
                .is_some_and(|seen| seen.answered_in_ms.is_some())
            && observation.role == api::site::Role::Active
        {
            let seen = &mut control.active_seen_well[side.index()];
            *seen = (*seen).max(Some(said));
        }
        let reign = control.reign.clone();
        control
            .sightings
            .hear(observation, reign.as_ref(), &settings, uptime, wall);
    }

    fn snapshot(&mut self) -> Snapshot {
        let now = self.now;
        let uptime = self.machines[Place::Control.index()].clock.uptime(now);
        let trusting = self.planted(Bug::TrustsOldSights);
        let careless = self.planted(Bug::FitByPositionAlone);
        let control = &mut self.control;
        control.orders.retain(|(at, _)| now.since(*at) < ORDER_AGE_MAX);
        let mut regions = control.sightings.regions(uptime);
        if trusting {
            for sight in regions.iter_mut().skip(1) {
                sight.heard_ago = sight.heard_ago.map(|_| std::time::Duration::ZERO);
            }
        }
        let mut eligibility = control.sightings.eligibility().cloned();
        if let Some(known) = eligibility.as_mut().filter(|_| careless) {
            (known.fit_at, known.because) = (Some(known.judged_at), None);
        }
        Snapshot {
            listening_for: control.sightings.listening_for(uptime),
            reign: control.reign.clone(),
            promised: control.ballot.promised,
            last_failover: control.last_failover,
            running: control.running.as_ref().map(|_| failover::KIND.to_owned()),
            regions,
            eligibility,
            orders: control.orders.iter().map(|(_, order)| order.clone()).collect(),
        }
    }

    // === deciding ===

    pub(crate) fn watch(&mut self) {
        self.after(Place::Control, LOOK_EVERY, Timer::Watch);
        self.decide();
        let now = self.now;
        let control = &mut self.control;
        if let Some(known) = control.sightings.eligibility() {
            let fresh = control.eligibility.as_ref().is_some_and(|was| {
                was.standby == known.standby
                    && was.because == known.because
                    && (was.judged_at == known.judged_at || now.since(control.kept_at) < KEEP_EVERY)
            });
            if !fresh {
                control.eligibility = Some(known.clone());
                control.kept_at = now;
            }
        }
    }

    pub(crate) fn decide(&mut self) {
        if let Some(running) = &self.control.running {
            if self.now.since(running.since.max(self.calm_since())) > SAGA_TIME_MAX {
                self.ledger.broken(Broken::SagaEndless, self.now, || {
                    "a failover runs for ever".to_owned()
                });
            }
            return;
        }
        let (snapshot, settings, wall) = (self.snapshot(), self.settings.clone(), self.wall(Place::Control));
        let decision = decide_failover(&snapshot, &settings, wall);
        self.note(&decision, wall);
        if let Decision::Proceed(go) = &decision
            && self.now >= self.control.not_before
        {
            self.begin_failover(go, &snapshot, wall);
        }
    }

    fn note(&mut self, decision: &Decision, wall: Timestamp) {
        let control = &mut self.control;
        let wrong = !matches!(decision, Decision::Nothing);
        control.detected = wrong.then(|| control.detected.unwrap_or(wall));
        let (was, is) = (kind_of(&control.decision), kind_of(decision));
        if was != is {
            control.decided_since = self.now;
            self.stats.decided(is);
            let text = self.transcript.is_some().then(|| decision.to_string());
            self.say(Place::Control, || text.unwrap_or_default());
        }
        self.control.decision = decision.clone();
    }

    fn begin_failover(&mut self, go: &Move, snapshot: &Snapshot, wall: Timestamp) {
        let control = &mut self.control;
        control.sagas += 1;
        let id = SagaId(Uuid::from_u128(u128::from(control.sagas)));
        let plan = failover::Plan {
            from: go.from.clone(),
            to: go.to.clone(),
            generation: go.generation,
            incarnation: format!("incarnation-{}", control.sagas + 1),
            reason: go.reason.to_string(),
            by: snapshot
                .orders
                .first()
                .map_or_else(|| "plimsolld".to_owned(), |order| order.by.clone()),
            detected: control.detected.unwrap_or(wall),
            decided: wall,
            estimated_loss: go.estimated_loss,
        };
        control.ordered = !snapshot.orders.is_empty();
        self.ledger.failovers += 1;
        self.say(Place::Control, || {
            format!("begins a failover from {} to {}", go.from, go.to)
        });
        let record = saga::Record {
            id,
            kind: failover::KIND.to_owned(),
            definition: self.control.definition.hash(),
            params: serde_json::json!(plan),
            created: wall,
            events: Vec::new(),
        };
        let created = now_or_never(self.control.log.create(record));
        if created.is_some_and(|created| created.is_ok()) {
            self.control.unfinished = Some(id);
            self.drive(id);
        }
    }

    fn drive(&mut self, id: SagaId) {
        let control = &mut self.control;
        let (bridge, clock) = (Arc::clone(&control.bridge), Arc::clone(&control.bridge));
        let engine = Engine::new(
            Arc::clone(&control.definition),
            Arc::new(bridge.ports()),
            Arc::clone(&control.log) as Arc<dyn Log>,
            Arc::new(move || clock.wall()),
            Arc::new(DieAt {
                points: Arc::clone(&control.points),
                reached: Arc::clone(&control.reached),
            }),
        )
        .pausing_by(Arc::new(move |length| bridge.pause(length)));
        let drive = Box::pin(async move { engine.resume(id).await });
        control.running = Some(Running {
            id,
            since: self.now,
            drive,
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
        let mut reached = self
            .control
            .reached
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for point in reached.drain(..) {
            self.stats.reached(&point, self.faults_active > 0);
        }
    }

    fn saga_ended(&mut self, outcome: Result<Outcome, saga::Error>) {
        let Some(running) = self.control.running.take() else {
            return;
        };
        let (now, wall) = (self.now, self.wall(Place::Control));
        let control = &mut self.control;
        match outcome {
            Ok(Outcome::Done { .. }) => {
                self.stats.saga_ended("done");
                control.unfinished = None;
                control.orders.clear();
                control.last_failover = Some(wall);
                self.say(Place::Control, || "the failover is done".to_owned());
            }
            Ok(Outcome::Unwound { node, why }) => {
                self.stats.saga_ended("unwound");
                control.unfinished = None;
                control.not_before = now.plus(PAUSE_AFTER_FAILURE);
                self.say(Place::Control, || {
                    format!("the failover came to nothing at {node}: {why}")
                });
            }
            Ok(Outcome::Stuck { node, why }) => {
                self.stats.saga_ended("stuck");
                control.unfinished = None;
                control.not_before = now.plus(PAUSE_AFTER_FAILURE);
                self.say(Place::Control, || {
                    format!("the failover is stuck at {node}: {why}")
                });
            }
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

fn now_or_never<T>(mut future: Pin<Box<dyn Future<Output = T> + Send + '_>>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// A decision without its particulars, for counting and comparing.
pub(crate) fn kind_of(decision: &Decision) -> &'static str {
    use recovery::decide::{Loss, Unsafe, WaitingOn};
    match decision {
        Decision::Nothing => "nothing",
        Decision::Wait { why, .. } => match why {
            WaitingOn::Saga { .. } => "wait: a saga runs",
            WaitingOn::Listening => "wait: listening",
            WaitingOn::MoreEvidence(_) => "wait: more evidence",
            WaitingOn::HoldOff { .. } => "wait: hold-off",
            WaitingOn::Standby { .. } => "wait: the standby",
            WaitingOn::Authorisation { .. } => "wait: people",
        },
        Decision::Refuse { why } => match why {
            Unsafe::NoStandby => "refuse: no standby",
            Unsafe::NeverEligible { .. } => "refuse: never eligible",
            Unsafe::NotEligible { .. } => "refuse: not eligible",
        },
        Decision::Proceed(go) => match go.reason {
            Loss::Silent { .. } => "proceed: silent",
            Loss::DatabaseUnusable { .. } => "proceed: database unusable",
            Loss::Ordered { .. } => "proceed: ordered",
            Loss::FencedForNothing => "proceed: fenced for nothing",
            Loss::Overtaken => "proceed: overtaken",
        },
    }
}

/// Settings of the product.
pub(crate) const fn settings(authority: types::settings::Authority) -> FailoverSettings {
    use types::Span;
    FailoverSettings {
        authority,
        region_lost_after: Span::from_millis(1_500),
        database_lost_after: Span::from_secs(4),
        hold_off: Span::from_secs(10),
        lag_bytes_max: 64 << 20,
    }
}
