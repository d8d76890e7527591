//! The controller: it listens, decides, runs sagas and reconciles, all with the product's own code.
//!
//! Real are `recovery::decide`, `recovery::reconcile`, the sagas and their engine, and the witness's `lease::Voter`. The
//! shell around them is that of the product's controller, with a store in memory and timers instead of tasks.

use std::{collections::BTreeMap, sync::Arc};

use api::{gateway::GatewayStatus, moves::MoveKind};
use driver::Reign;
use lease::{Ballot, Voter};
use recovery::decide::{Decision, Eligibility, Order, Sightings, Snapshot, Underway, decide_failover};
use saga::{Boundary, MemoryLog, Point, SagaId};
use types::{Generation, RegionName, Timestamp, settings::FailoverSettings};

use crate::{
    bug::Bug,
    calls::{Answered, Bridge},
    driving::{Definitions, DieAt, Running},
    ledger::Broken,
    message::Timer,
    moving::Wanted,
    place::{Place, Side},
    stats::kind_of,
    time::{At, ms},
    world::{TIMING, World},
};

const LOOK_EVERY: u64 = ms(100);
const KEEP_EVERY: u64 = ms(5_000);
const ORDER_AGE_MAX: u64 = ms(600_000);
/// A saga that has not ended so long after the last fault never will.
const SAGA_TIME_MAX: u64 = ms(420_000);

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
    pub unfinished: Option<(SagaId, MoveKind)>,
    /// Declared, and waiting for another person.
    pub pending: Vec<Wanted>,
    pub sagas: u64,
    // In memory.
    pub voter: Voter,
    /// The last term that its witness granted since it was started.
    pub granted: Option<(RegionName, Generation)>,
    pub sightings: Sightings,
    pub gateways: BTreeMap<RegionName, GatewayStatus>,
    pub orders: Vec<(At, Order)>,
    /// Who led, with which database, when they were given, as in the product.
    pub ordered_about: Option<(RegionName, String)>,
    pub not_before: At,
    pub detected: Option<Timestamp>,
    pub running: Option<Running>,
    pub decision: Decision,
    pub decided_since: At,
    pub commands: Vec<(recovery::reconcile::Command, Option<At>)>,
    kept_at: At,
    pub bridge: Arc<Bridge>,
    pub calls: BTreeMap<u64, (Caller, Place)>,
    pub next_call: u64,
    pub ready: BTreeMap<u64, Answered>,
    pub definitions: Definitions,
    pub points: DieAt,
    // What only the simulation knows.
    /// Each region's last moment in which it led and was well, of those that were told.
    pub active_seen_well: [Option<At>; 2],
    pub ordered: bool,
}

// === impl Control ===

impl Control {
    pub fn new(names: &[RegionName; 2], definitions: &Definitions, ballot: Ballot, reign: Reign) -> Self {
        Self {
            voter: Voter::started(ballot.clone(), TIMING, lease::Moment::ZERO),
            ballot,
            granted: None,
            eligibility: None,
            reign: Some(reign),
            last_failover: None,
            log: Arc::default(),
            unfinished: None,
            pending: Vec::new(),
            sagas: 0,
            sightings: Sightings::new(names.to_vec(), None, std::time::Duration::ZERO),
            gateways: BTreeMap::new(),
            orders: Vec::new(),
            ordered_about: None,
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
            definitions: definitions.clone(),
            points: DieAt::default(),
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
        self.points.arm(point);
    }

    /// The process has ended.
    pub fn die(&mut self) {
        self.running = None;
        self.granted = None;
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
        if let Some((id, kind)) = self.control.unfinished {
            self.say(place, || format!("resumes the {kind} that another process began"));
            self.drive(id, kind);
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
            // What comes while a failover is under way was not known to whoever decided it.
            && !matches!(control.unfinished, Some((_, MoveKind::Failover)))
        {
            let seen = &mut control.active_seen_well[side.index()];
            *seen = (*seen).max(Some(said));
        }
        let reign = control.reign.clone();
        control
            .sightings
            .hear(observation, reign.as_ref(), &settings, uptime, wall);
    }

    pub(crate) fn snapshot(&mut self) -> Snapshot {
        let now = self.now;
        let uptime = self.machines[Place::Control.index()].clock.uptime(now);
        let running = self.underway();
        let trusting = self.planted(Bug::TrustsOldSights);
        let careless = self.planted(Bug::FitByPositionAlone);
        let control = &mut self.control;
        let reign = control.reign.clone();
        let about = reign.map(|reign| (reign.active, reign.incarnation));
        if control.ordered_about != about {
            control.orders.clear();
            control.ordered_about = about;
        }
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
        // As the product: the hold-off begins when writes have moved.
        let is_failover =
            |running: &&Underway| running.gives_way && running.kind == MoveKind::Failover.as_str();
        let moving = running.as_ref().filter(is_failover);
        let moved = moving.and(control.reign.as_ref()).map(|reign| reign.since);
        Snapshot {
            listening_for: control.sightings.listening_for(uptime),
            reign: control.reign.clone(),
            promised: control.ballot.promised,
            last_failover: control.last_failover.max(moved),
            running,
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
            let kind = running.kind;
            let endless = self.now.since(running.since.max(self.calm_since())) > SAGA_TIME_MAX;
            if endless && !self.waits_for_a_copy() {
                self.ledger.broken(Broken::SagaEndless, self.now, || {
                    format!("a {kind} runs for ever")
                });
            }
        }
        if self.underway().is_some_and(|running| !running.gives_way) {
            return self.give_up_candidate();
        }
        let (snapshot, settings, wall) = (self.snapshot(), self.settings.clone(), self.wall(Place::Control));
        let decision = decide_failover(&snapshot, &settings, wall);
        self.note(&decision, wall);
        if let Decision::Proceed(go) = &decision
            && self.now >= self.control.not_before
            && self.clear_the_way()
        {
            self.begin_failover(go, &snapshot, wall);
        }
    }

    /// A failback waits hours for a region that is gone again, and harms nobody: a person aborts it.
    pub(crate) fn waits_for_a_copy(&self) -> bool {
        let failback = self
            .control
            .running
            .as_ref()
            .is_some_and(|running| running.kind == MoveKind::Failback);
        failback && Side::ALL.into_iter().any(|side| self.is_down(side.place()))
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
}

/// Settings of the product.
pub(crate) const fn settings(authority: types::settings::Authority) -> FailoverSettings {
    use types::Span;
    FailoverSettings {
        authority,
        authorised_by: Vec::new(),
        region_lost_after: Span::from_millis(1_500),
        database_lost_after: Span::from_secs(4),
        hold_off: Span::from_secs(10),
        lag_bytes_max: 64 << 20,
    }
}
