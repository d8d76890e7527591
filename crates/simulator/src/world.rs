//! The simulated world: a queue of events over virtual time, and the places they happen at.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use driver::{Ports, Reign};
use lease::{Ballot, Moment};
use local::agent::role::{DurableRole, RoleRecord};
use saga::Definition;
use types::{
    Generation, RegionName, Span, Timestamp,
    settings::{FailoverSettings, LeaseTiming},
};

use crate::{
    agent::{Agent, Asker},
    bug::Bug,
    control::Control,
    database::{Commit, Database, Process, Wrote},
    fault::Fault,
    gateway::Gateway,
    ledger::Ledger,
    message::{Event, Message, Timer},
    outside::{Door, Outside},
    place::{Place, Side},
    random::Random,
    schedule::Schedule,
    stats::Stats,
    time::{At, Clock, ms},
    transcript::Line,
};

/// As the compiler chooses it for a local estate.
pub(crate) const TIMING: LeaseTiming = LeaseTiming {
    ttl: Span::from_millis(3_000),
    renew_every: Span::from_millis(500),
    margin: Span::from_millis(300),
};

/// A machine.
#[derive(Debug)]
pub(crate) struct Machine {
    pub clock: Clock,
    pub up: bool,
    /// Changes with every start, so that what an earlier run began does nothing.
    pub run: u32,
    pub frozen_until: At,
}

/// What a disk does wrong.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub slow_by: u64,
    pub slow_until: At,
    pub full_until: At,
    pub slow_replay_until: At,
    /// What of the journal is really there, while the disk lies.
    pub lies_since: Option<(crate::message::Set, crate::message::Set)>,
}

#[derive(Debug)]
pub(crate) struct Region {
    pub agent: Agent,
    pub database: Database,
    pub gateway: Gateway,
    pub disk: Disk,
    pub agent_frozen_until: At,
}

#[derive(Debug)]
struct Item {
    at: At,
    order: u64,
    event: Event,
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Item {}

impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Item {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// What worlds share: names and definitions are made once, not a million times.
pub(crate) struct Shared {
    pub names: [RegionName; 2],
    pub definition: Arc<Definition<Ports>>,
}

pub(crate) struct World<'s> {
    pub schedule: &'s Schedule,
    pub names: [RegionName; 2],
    pub settings: FailoverSettings,
    pub now: At,
    order: u64,
    queue: BinaryHeap<Reverse<Item>>,
    /// The network's and the machines' chance; that of the schedule is its own.
    pub random: Random,
    pub machines: [Machine; Place::COUNT],
    pub cuts: [[u8; Place::COUNT]; Place::COUNT],
    pub slow: [[u64; Place::COUNT]; Place::COUNT],
    pub loss: u64,
    pub repeat: u64,
    pub regions: [Region; 2],
    pub control: Control,
    pub door: Door,
    pub outside: Outside,
    pub ledger: Ledger,
    pub stats: Stats,
    pub faults_active: u32,
    pub last_fault: At,
    pub faults_to_come: usize,
    pub transcript: Option<Vec<Line>>,
    bug: Option<Bug>,
}

impl<'s> World<'s> {
    /// Generation 1 leads in the west and everything is well.
    pub fn new(schedule: &'s Schedule, shared: &Shared, bug: Option<Bug>) -> Self {
        let mut random = Random::new(schedule.seed, 2);
        let names = shared.names.clone();
        let ballot = Ballot {
            promised: Generation::FIRST,
            candidate: Some(names[0].clone()),
        };
        let reign = Reign {
            active: names[0].clone(),
            generation: Generation::FIRST,
            incarnation: "incarnation-1".to_owned(),
            since: Clock::new(0, 0).wall(At(0)),
        };
        let machines = std::array::from_fn(|_| Machine {
            clock: Clock::new(random.below(101) as i64 - 50, 3_600_000 + random.below(1_000_000)),
            up: true,
            run: 0,
            frozen_until: At(0),
        });
        let control = Control::new(&names, &shared.definition, ballot.clone(), reign);
        let mut world = Self {
            schedule,
            settings: crate::control::settings(schedule.authority),
            now: At(0),
            order: 0,
            queue: BinaryHeap::with_capacity(256),
            random,
            machines,
            cuts: Default::default(),
            slow: Default::default(),
            loss: 0,
            repeat: 0,
            regions: Side::ALL.map(|side| region(side, &names, &ballot)),
            control,
            door: Door::new(&names[0]),
            outside: Outside::default(),
            ledger: Ledger::default(),
            stats: Stats::default(),
            faults_active: 0,
            last_fault: At(0),
            faults_to_come: schedule.faults.len(),
            transcript: None,
            bug,
            names,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        for (index, Fault { at, .. }) in self.schedule.faults.iter().enumerate() {
            self.push(*at, Event::FaultBegins(index));
        }
        self.boot_control();
        for side in Side::ALL {
            self.boot_agent(side);
        }
        self.begin_gateways();
        self.after(Place::Door, 0, Timer::DoorHeartbeat);
        self.begin_outside();
    }

    /// Whether a mistake was planted. Without the feature, never.
    #[inline]
    pub fn planted(&self, bug: Bug) -> bool {
        cfg!(feature = "planted-bugs") && self.bug == Some(bug)
    }

    // === access ===

    pub fn agent(&mut self, side: Side) -> &mut Agent {
        &mut self.regions[side.index()].agent
    }

    pub fn database(&mut self, side: Side) -> &mut Database {
        &mut self.regions[side.index()].database
    }

    pub fn gateway(&mut self, side: Side) -> &mut Gateway {
        &mut self.regions[side.index()].gateway
    }

    pub fn name(&self, side: Side) -> RegionName {
        self.names[side.index()].clone()
    }

    pub fn side_of(&self, name: &RegionName) -> Option<Side> {
        Side::ALL
            .into_iter()
            .find(|side| self.names[side.index()] == *name)
    }

    pub fn moment(&self, place: Place) -> Moment {
        self.machines[place.index()].clock.moment(self.now)
    }

    pub fn wall(&self, place: Place) -> Timestamp {
        self.machines[place.index()].clock.wall(self.now)
    }

    pub fn is_down(&self, place: Place) -> bool {
        !self.machines[place.index()].up
    }

    /// How long a sync to a region's disk takes beyond the usual.
    pub fn disk_delay(&self, side: Side) -> u64 {
        let disk = &self.regions[side.index()].disk;
        if self.now < disk.slow_until {
            disk.slow_by
        } else {
            0
        }
    }

    /// One line for people; made only where somebody reads it.
    pub fn say(&mut self, place: Place, what: impl FnOnce() -> String) {
        let at = self.now;
        if let Some(lines) = &mut self.transcript {
            lines.push(Line {
                at,
                place,
                what: what(),
            });
        }
    }

    // === events ===

    pub fn push(&mut self, at: At, event: Event) {
        self.order += 1;
        self.queue.push(Reverse(Item {
            at,
            order: self.order,
            event,
        }));
    }

    pub fn after(&mut self, place: Place, micros: u64, timer: Timer) {
        let run = self.machines[place.index()].run;
        self.push(self.now.plus(micros), Event::Timer { place, run, timer });
    }

    pub fn next(&mut self) -> Option<Event> {
        let Reverse(item) = self.queue.pop()?;
        self.now = item.at;
        self.stats.events += 1;
        Some(item.event)
    }

    /// Handles one event, or puts it off while its place stands still.
    pub fn handle(&mut self, event: Event) {
        match event {
            Event::Deliver {
                from,
                to,
                run,
                message,
            } => {
                let machine = &self.machines[to.index()];
                if !machine.up || machine.run != run {
                    return;
                }
                let frozen = self.frozen_until(to, message.is_for_agent());
                if frozen > self.now {
                    return self.push(
                        frozen,
                        Event::Deliver {
                            from,
                            to,
                            run,
                            message,
                        },
                    );
                }
                self.deliver(from, to, message);
            }
            Event::Timer { place, run, timer } => {
                let machine = &self.machines[place.index()];
                if !machine.up || machine.run != run {
                    return;
                }
                let frozen = self.frozen_until(place, timer.is_agents());
                if frozen > self.now {
                    return self.push(frozen, Event::Timer { place, run, timer });
                }
                self.timer(place, timer);
            }
            Event::FaultBegins(index) => self.fault_begins(index),
            Event::FaultEnds(index) => self.fault_ends(index),
            Event::Flap { fault, cut } => self.flap(fault, cut),
            Event::Restart { place } => self.restarts(place),
        }
    }

    fn frozen_until(&self, place: Place, agents: bool) -> At {
        let machine = self.machines[place.index()].frozen_until;
        match place.side() {
            Some(side) if agents => machine.max(self.regions[side.index()].agent_frozen_until),
            _ => machine,
        }
    }

    fn timer(&mut self, place: Place, timer: Timer) {
        match place.side() {
            Some(side) => self.region_timer(side, timer),
            None => self.other_timer(timer),
        }
    }

    fn region_timer(&mut self, side: Side, timer: Timer) {
        match timer {
            Timer::Heartbeat => self.region_heartbeat(side),
            Timer::Round(serial) => self.round(side, serial),
            Timer::LeaseEnds(serial) => self.lease_ends(side, serial),
            Timer::Candidate(serial) if self.agent(side).serial == serial => self.candidate_looks(side),
            Timer::AskVoters(serial) => self.ask_voters(side, serial),
            Timer::StartDatabase(serial) => self.start_primary(side, serial),
            Timer::Look(serial) => self.look(side, serial),
            Timer::Rejoined(serial) => self.rejoined(side, serial),
            Timer::DatabaseUp(serial) => self.database_up(side, serial),
            Timer::DatabaseDown(serial) => self.database_down(side, serial),
            Timer::Guard => self.guard(side),
            Timer::Keepalive if self.database(side).process == Process::Primary => {
                self.send_wal(side);
                self.after(side.place(), ms(400), Timer::Keepalive);
            }
            Timer::GatewayTick(run) => self.gateway_tick(side, run),
            Timer::Synced { number, run } => self.synced(side, number, run),
            Timer::Degrade { number, run } => self.degrade(side, number, run),
            _ => {}
        }
    }

    fn other_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Watch => self.watch(),
            Timer::Reconcile => self.reconcile(),
            Timer::Poll => self.poll_gateways(),
            Timer::CallTimeout(call) => self.call_times_out(call),
            Timer::LocalAnswer(id) => self.local_answer(id),
            Timer::Pause(id) => self.pause_passed(id),
            Timer::DoorHeartbeat => self.door_heartbeat(),
            Timer::PartnerSends { number } => self.partner_sends(number),
            Timer::PeopleWork => self.people_work(),
            Timer::PersonDecides => self.person_decides(),
            _ => {}
        }
    }

    fn database_up(&mut self, side: Side, serial: u32) {
        let database = self.database(side);
        match database.process {
            Process::Starting {
                serial: now,
                primary: true,
            } if now == serial => self.primary_is_up(side),
            Process::Starting {
                serial: now,
                primary: false,
            } if now == serial => {
                database.process = Process::Standby;
                database.stream = None;
            }
            _ => {}
        }
    }

    fn database_down(&mut self, side: Side, serial: u32) {
        let database = self.database(side);
        if !matches!(database.process, Process::Ending { serial: now, .. } if now == serial) {
            return;
        }
        database.process = Process::Stopped;
        database.stream = None;
        self.ledger.closes(side);
        self.fences_answer(side);
        self.restart_soon(side);
    }

    fn deliver(&mut self, from: Place, to: Place, message: Message) {
        match to {
            Place::West => self.deliver_to_region(Side::West, from, message),
            Place::North => self.deliver_to_region(Side::North, from, message),
            Place::Control => match message {
                Message::Heartbeat(observation, said) => self.heard(*observation, said),
                Message::Answer { call, answer } => self.call_answered(call, *answer),
                message => self.witness_votes(from, &message),
            },
            Place::Door => self.door_gets(from, message),
            Place::Outside => self.outside_gets(message),
        }
    }

    fn deliver_to_region(&mut self, side: Side, from: Place, message: Message) {
        match message {
            Message::Renew { .. } | Message::Promise { .. } => self.votes(side, from, &message),
            Message::Granted { generation, sent } => self.granted(side, from, generation, sent),
            Message::RenewRefused { generation, promised } => {
                self.renewal_refused(side, generation, promised)
            }
            Message::Promised {
                generation,
                ends_in_ms,
            } => {
                self.voter_answered(side, from, generation, Ok(ends_in_ms));
            }
            Message::PromiseRefused { generation, promised } => {
                self.voter_answered(side, from, generation, Err(promised));
            }
            Message::Ask { call, request } => {
                let asker = Asker {
                    call,
                    run: self.machines[Place::Control.index()].run,
                };
                self.asked_region(side, asker, *request);
            }
            Message::Attach { length } => self.asked_to_stream(side, side.other(), length),
            Message::Attached { history, length } => self.may_stream(side, history, length),
            Message::NotAttached => self.may_not_stream(side),
            Message::Wal { history, length } => self.wal(side, history, length),
            Message::Received { history, length } => self.received(side, history, length),
            Message::Copy {
                generation,
                all,
                marks,
            } => self.copy_arrives(side, generation, all, marks),
            Message::Copied {
                generation,
                held,
                marks,
                surplus,
            } => {
                self.copied(side, generation, held, marks, surplus);
            }
            Message::CopyRefused { known } => self.copy_refused(side, known),
            Message::Submit { number } => self.submitted(side, number),
            Message::Heartbeat(..) | Message::Answer { .. } | Message::Accepted { .. } => {}
        }
    }
}

/// A region as it is when generation 1 has led for a while.
fn region(side: Side, names: &[RegionName; 2], ballot: &Ballot) -> Region {
    let leads = side == Side::West;
    let record = RoleRecord {
        generation: Generation::FIRST,
        role: if leads {
            DurableRole::Active
        } else {
            DurableRole::Standby {
                upstream: names[0].clone(),
                generation: Generation::FIRST,
            }
        },
        led: leads.then_some(Generation::FIRST),
        ..RoleRecord::default()
    };
    let first = Commit {
        what: Wrote::Fence,
        generation: Generation::FIRST,
        at: At(0),
    };
    let database = Database {
        exists: true,
        log: vec![first],
        was_standby: !leads,
        process: if leads { Process::Stopped } else { Process::Standby },
        replayed: 1,
        ..Database::absent()
    };
    Region {
        agent: Agent::new(record, ballot.clone()),
        database,
        gateway: Gateway::new(),
        disk: Disk::default(),
        agent_frozen_until: At(0),
    }
}
