//! The simulated world: a queue of events over virtual time, and the places they happen at.

use driver::Reign;
use lease::{Ballot, Moment};
use local::agent::role::{DurableRole, RoleRecord};
use types::{
    Generation, RegionName, Span, Timestamp,
    settings::{FailoverSettings, LeaseTiming},
};

use crate::{
    agent::Agent,
    bug::Bug,
    control::Control,
    database::{Commit, Commits, Database, Process, Wrote},
    driving::Definitions,
    erp::Erp,
    fault::Fault,
    gateway::Gateway,
    ledger::Ledger,
    log::Log,
    medium::Medium,
    message::{Event, Set, Timer},
    outside::{Door, Outside},
    place::{Place, Side},
    queue::Queue,
    random::Random,
    schedule::Schedule,
    stats::Stats,
    time::{At, Clock},
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
    /// What of the marks is really there, while the disk lies.
    pub lies_since: Option<Set>,
}

pub(crate) struct Region {
    pub agent: Agent,
    pub database: Database,
    pub gateway: Gateway,
    pub erp: Erp,
    pub disk: Disk,
    pub agent_frozen_until: At,
    pub gateway_frozen_until: At,
}

/// What worlds share: names and definitions are made once, not a million times.
pub(crate) struct Shared {
    pub names: [RegionName; 2],
    pub definitions: Definitions,
}

pub(crate) struct World<'s> {
    pub schedule: &'s Schedule,
    pub names: [RegionName; 2],
    pub settings: FailoverSettings,
    pub now: At,
    pub queue: Queue,
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
    /// Messages that the ERP refuses for good.
    pub poisoned: Set,
    /// Messages at which it stands still.
    pub stuck: Set,
    /// All that were one or the other at any time.
    pub troubled: Set,
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
        let control = Control::new(&names, &shared.definitions, ballot.clone(), reign);
        let mut world = Self {
            schedule,
            settings: crate::control::settings(schedule.authority),
            now: At(0),
            queue: Queue::new(),
            random,
            machines,
            cuts: Default::default(),
            slow: Default::default(),
            loss: 0,
            repeat: 0,
            regions: Side::ALL.map(|side| region(side, &names, &ballot, schedule.seed)),
            control,
            door: Door::new(&names[0]),
            outside: Outside::default(),
            ledger: Ledger::default(),
            stats: Stats::default(),
            poisoned: 0,
            stuck: 0,
            troubled: 0,
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
        if self.planted(Bug::NeverSyncs) {
            for region in &self.regions {
                region.gateway.log.medium.lies(true);
            }
        }
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

    /// The monotonic clock of a region's machine, since its boot.
    pub fn uptime(&self, side: Side) -> std::time::Duration {
        self.machines[side.place().index()].clock.uptime(self.now)
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
}

/// A region as it is when generation 1 has led for a while.
fn region(side: Side, names: &[RegionName; 2], ballot: &Ballot, seed: u64) -> Region {
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
    let mut log = Commits::new();
    log.push(first);
    let database = Database {
        exists: true,
        log,
        was_standby: !leads,
        process: if leads { Process::Stopped } else { Process::Standby },
        replayed: 1,
        ..Database::absent()
    };
    Region {
        agent: Agent::new(record, ballot.clone()),
        database,
        // What the disk under the journal does by chance is a stream of its own.
        gateway: Gateway::new(Log::new(Medium::new(Random::new(seed, 5 + side.index() as u64)))),
        erp: Erp::new(Random::new(seed, 7 + side.index() as u64)),
        disk: Disk::default(),
        agent_frozen_until: At(0),
        gateway_frozen_until: At(0),
    }
}
