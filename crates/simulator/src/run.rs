//! Runs one schedule to its end and judges it.

use api::{gateway::GatewayRole, site::Route};
use recovery::decide::Decision;
use types::RegionName;

use crate::{
    bug::Bug,
    database::Process,
    driving::Definitions,
    ledger::{Broken, Violation},
    place::{Place, Side},
    schedule::Schedule,
    stats::Stats,
    time::{At, ms},
    transcript::Line,
    world::{Shared, World},
};

/// So long after the last fault everything must be whole again, or wait for a person: a saga that waits for a region
/// that is gone gives that up after six minutes.
const WHOLE_AFTER: u64 = ms(480_000);
/// A region that is lost while nothing else happens: writes are back by then.
const TIER_TIME: u64 = ms(10_000);
/// A planned move of two regions that are well: people wait no longer than this, and than the network's own ways.
const SWITCHOVER_GAP: u64 = ms(2_000);
/// One after the other: hold, release, the last record, received, three steps of a candidacy, follow, lead, route.
const PLANNED_TRIPS: u64 = 24;
/// A refusal that has stood so long after the last fault waits for a person.
const REFUSED_FOR: u64 = ms(40_000);

/// How a schedule ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The broken invariant, if there is one.
    pub violation: Option<Violation>,
    /// What was tried.
    pub stats: Stats,
    /// What happened, where it was asked for.
    pub transcript: Vec<Line>,
    /// Virtual time it took, in microseconds.
    pub lasted: u64,
    /// The longest time without a write of people, in microseconds.
    pub longest_gap: u64,
}

/// Runs schedules; cheap to keep, so make one per thread.
pub struct Simulator {
    shared: Shared,
    bug: Option<Bug>,
}

/// Names that are no names, or a saga that cannot be: a mistake of this crate's author.
#[derive(Debug)]
pub struct Broke(String);

impl std::fmt::Display for Broke {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broke {}

// === impl Simulator ===

impl Simulator {
    /// A simulator of the product as it is.
    ///
    /// # Errors
    /// Never, unless its author made a mistake.
    pub fn new() -> Result<Self, Broke> {
        let name = |side: Side| RegionName::new(side.name()).map_err(|error| Broke(error.to_string()));
        let definitions = Definitions::new().map_err(|error| Broke(error.to_string()))?;
        Ok(Self {
            shared: Shared {
                names: [name(Side::West)?, name(Side::North)?],
                definitions,
            },
            bug: None,
        })
    }

    /// The same with a mistake planted.
    #[cfg(feature = "planted-bugs")]
    #[must_use]
    pub const fn with(mut self, bug: Bug) -> Self {
        self.bug = Some(bug);
        self
    }

    /// Runs a schedule.
    pub fn run(&self, schedule: &Schedule) -> Run {
        self.run_with(schedule, None)
    }

    /// Runs a schedule and tells what happens.
    pub fn tell(&self, schedule: &Schedule) -> Run {
        self.run_with(schedule, Some(Vec::new()))
    }

    fn run_with(&self, schedule: &Schedule, transcript: Option<Vec<Line>>) -> Run {
        let mut world = World::new(schedule, &self.shared, self.bug);
        world.transcript = transcript;
        let end = world.run();
        world.stats.ended(end);
        Run {
            violation: world.ledger.violation,
            stats: world.stats,
            transcript: world.transcript.unwrap_or_default(),
            lasted: world.now.0,
            longest_gap: world.ledger.longest_gap,
        }
    }
}

impl World<'_> {
    fn run(&mut self) -> &'static str {
        let mut looked = At(0);
        while let Some(event) = self.next() {
            self.handle(event);
            if self.ledger.violation.is_some() {
                return "violation";
            }
            if !self.is_calm() || self.now.since(looked) < ms(250) {
                continue;
            }
            looked = self.now;
            let calm_for = self.now.since(self.last_fault);
            if calm_for > ms(1_000) && self.now.0 > self.schedule.traffic_for + ms(1_500) && self.is_whole() {
                return self.judge("whole");
            }
            if self.waits_for_a_person() {
                return self.judge("waits for a person");
            }
            if calm_for > WHOLE_AFTER {
                let what = self.what_lacks();
                self.ledger.broken(Broken::NotWhole, self.now, || what);
                return "violation";
            }
        }
        "violation"
    }

    /// Who leads by the record.
    fn active(&self) -> Option<Side> {
        self.control
            .reign
            .as_ref()
            .and_then(|reign| self.side_of(&reign.active))
    }

    fn is_whole(&self) -> bool {
        self.lacks().is_none()
    }

    fn what_lacks(&self) -> String {
        let lacks = self.lacks().unwrap_or("nothing");
        format!("{lacks}; the controller: {}", self.control.decision)
    }

    fn lacks(&self) -> Option<&'static str> {
        let (Some(active), Some(reign)) = (self.active(), &self.control.reign) else {
            return Some("nobody leads");
        };
        let here = &self.regions[active.index()];
        let there = &self.regions[active.other().index()];
        let gateway = &here.gateway;
        let checks = [
            (
                self.control.running.is_none() || self.waits_for_a_copy(),
                "a saga runs",
            ),
            (
                here.database.process == Process::Primary,
                "the database of the active region does not write",
            ),
            (
                here.agent.record.generation == reign.generation,
                "the active region is in another generation",
            ),
            (
                gateway.leads() && gateway.generation == reign.generation,
                "the gateway does not lead",
            ),
            (gateway.is_reconciled(), "the gateway has not compared"),
            (
                self.door.route == Route::Region(reign.active.clone()),
                "the front door sends traffic elsewhere",
            ),
            (
                self.outside.answered.count_ones() == u32::from(self.schedule.messages),
                "a partner has no answer",
            ),
            (
                gateway.log.stored & !here.database.applied() & !gateway.register.letters == 0,
                "a message is neither applied nor a dead letter",
            ),
        ];
        if let Some((_, what)) = checks.into_iter().find(|(good, _)| !good) {
            return Some(what);
        }
        if self.is_down(active.other().place()) {
            return None;
        }
        let follows = matches!(there.gateway.role, GatewayRole::Following { .. });
        let checks = [
            (
                there.database.process == Process::Standby && there.database.stream.is_some(),
                "the standby does not stream",
            ),
            (
                there.database.log.len() == here.database.log.len(),
                "the standby is behind",
            ),
            (
                follows && there.gateway.generation == reign.generation,
                "the other gateway does not follow",
            ),
            (
                here.gateway.log.position() == there.gateway.log.position(),
                "the journals differ",
            ),
            (
                !here.gateway.log.is_damaged() && !there.gateway.log.is_damaged(),
                "a journal is damaged",
            ),
        ];
        checks.into_iter().find(|(good, _)| !good).map(|(_, what)| what)
    }

    /// The controller refuses, and says why; nothing else will change that.
    fn waits_for_a_person(&self) -> bool {
        matches!(self.control.decision, Decision::Refuse { .. })
            && !self.is_down(Place::Control)
            && self.now.since(self.control.decided_since.max(self.last_fault)) > REFUSED_FOR
    }

    /// What can only be judged at the end.
    fn judge(&mut self, end: &'static str) -> &'static str {
        let now = self.now;
        // Byte by byte: what is known by key is not what is judged.
        let journals = Side::ALL.map(|side| {
            let log = &mut self.regions[side.index()].gateway.log;
            if log.is_open() {
                log.readable()
            } else {
                log.survey()
            }
        });
        for side in Side::ALL {
            if !self.is_down(side.place()) {
                continue;
            }
            // Acknowledged as being on one disk, and that one is away for good.
            let only_there = journals[side.index()] & !journals[side.other().index()];
            self.ledger.excused |= only_there & !self.ledger.twice;
        }
        let lost = self.ledger.acknowledged & !(journals[0] | journals[1]) & !self.ledger.excused;
        if lost != 0 {
            let number = lost.trailing_zeros();
            self.ledger.broken(Broken::MessageLost, now, || {
                format!("message {number} was acknowledged and is in no journal")
            });
        }
        if let Some(active) = self.active().filter(|_| end == "whole") {
            let region = &self.regions[active.index()];
            let (database, dead) = (&region.database, region.gateway.register.letters);
            let (applied, twice) = (database.applied(), database.applied_twice());
            let lost = self.ledger.acknowledged & !applied & !dead & !self.ledger.excused;
            if lost != 0 {
                let number = lost.trailing_zeros();
                self.ledger.broken(Broken::MessageLost, now, || {
                    format!("message {number} was acknowledged and is neither applied nor a dead letter")
                });
            }
            let planned_gap = SWITCHOVER_GAP + PLANNED_TRIPS * (self.schedule.link.0 + self.schedule.link.1);
            if self.schedule.is_plain_switchover() && self.ledger.longest_gap > planned_gap {
                let gap = self.ledger.longest_gap / 1_000;
                self.ledger.broken(Broken::TooLate, now, || {
                    format!("{gap} ms without a write in a planned move")
                });
            }
            if let Some(number) = twice {
                self.ledger
                    .broken(Broken::AppliedTwice, now, || format!("message {number}"));
            }
            let again = self.schedule.failovers_of_lost_again();
            let again = again.is_some_and(|failovers| self.ledger.failovers == failovers);
            if (again || self.schedule.is_plain_region_loss()) && self.ledger.longest_gap > TIER_TIME {
                let gap = self.ledger.longest_gap / 1_000;
                self.ledger
                    .broken(Broken::TooLate, now, || format!("{gap} ms without a write"));
            }
        }
        if self.ledger.violation.is_some() {
            "violation"
        } else {
            end
        }
    }
}
