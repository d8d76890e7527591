//! The database of a region that leads, and the guard that kills it when the lease ends.

use api::site::{LeadReceipt, Role};
use driver::Error;
use lease::{Moment, Standing};

use crate::{
    agent::{Duty, Lead, Right},
    database::Process,
    message::Timer,
    place::Side,
    time::ms,
    world::World,
};

/// Fixed pause before a database that ended is started again.
const RESTART_DELAY: u64 = ms(200);

impl World<'_> {
    // === the database of a region that leads ===

    pub(crate) fn start_primary(&mut self, side: Side, serial: u32) {
        let agent = self.agent(side);
        let leaves = agent.release.as_ref().is_some_and(|release| release.stopping);
        if agent.serial != serial || agent.lead != Lead::Working || leaves {
            return;
        }
        if !matches!(agent.right, Right::Held(_)) {
            return;
        }
        let slow = self.disk_delay(side);
        let region = &mut self.regions[side.index()];
        let database = &mut region.database;
        let length = match database.process {
            Process::Standby => {
                let backlog = (database.log.len() - database.replayed) as u64;
                database.timeline += 1;
                database.history = database.history * 2 + 1 + side.index() as u64;
                ms(60) + backlog * ms(10)
            }
            Process::Stopped => ms(300),
            // Told to lead in a newer generation while it leads: a primary stays what it is.
            Process::Primary => return self.primary_is_up(side),
            Process::Starting { .. } | Process::Leaving { .. } | Process::Ending { .. } => return,
        };
        if !database.exists || database.rejoining {
            let (whom, why) = (side.to_string(), "the data directory is gone".to_owned());
            self.lead_ends(side, &Err(Error::Failed { whom, why }));
            return self.after(side.place(), RESTART_DELAY, Timer::StartDatabase(serial));
        }
        database.was_standby = false;
        database.stream = None;
        database.replayed = database.log.len();
        database.serial += 1;
        let up = Timer::DatabaseUp(database.serial);
        database.process = Process::Starting {
            serial: database.serial,
            primary: true,
        };
        let extra = self.random.below(ms(200));
        self.after(side.place(), length + extra + slow, up);
    }

    /// The server of a region that leads accepts connections.
    pub(crate) fn primary_is_up(&mut self, side: Side) {
        let (place, now) = (side.place(), self.moment(side.place()));
        let wall = self.wall(place);
        let full = self.now < self.regions[side.index()].disk.full_until;
        let region = &mut self.regions[side.index()];
        let agent = &mut region.agent;
        let Duty::Lead(holder) = &agent.duty else {
            return self.kill_writer(side);
        };
        let (generation, serial) = (holder.generation(), agent.serial);
        let valid = matches!(holder.standing(now), Standing::Valid { .. });
        if !valid || full {
            let why = if full {
                "the disk is full"
            } else {
                "the lease was lost while the database was being started"
            };
            self.kill_writer(side);
            self.lead_ends(
                side,
                &Err(Error::Failed {
                    whom: side.to_string(),
                    why: why.to_owned(),
                }),
            );
            return self.after(place, RESTART_DELAY, Timer::StartDatabase(serial));
        }
        let receipt = LeadReceipt {
            generation,
            timeline: region.database.timeline,
            position: types::Lsn::new(region.database.log.len() as u64),
            at: wall,
            fenced_at: agent.record.fenced_at,
            last_replayed_commit: None,
        };
        let receipt = agent.record.receipt.get_or_insert(receipt).clone();
        agent.lead = Lead::Leading;
        agent.role = Role::Active;
        let was_up = std::mem::replace(&mut region.database.process, Process::Primary) == Process::Primary;
        region.database.generation = generation;
        self.say(place, || {
            format!("its database accepts writes in generation {generation}")
        });
        self.ledger.opens(side, generation, self.now);
        self.check_promotion(side);
        self.lead_ends(side, &Ok(receipt));
        if !was_up {
            self.after(place, ms(400), Timer::Keepalive);
        }
    }

    /// The database of a region that leads has ended; it is started again while the lease is valid.
    pub(crate) fn restart_soon(&mut self, side: Side) {
        let agent = self.agent(side);
        let serial = agent.serial;
        if let Duty::Lead(_) = agent.duty {
            agent.lead = Lead::Working;
            self.after(side.place(), RESTART_DELAY, Timer::StartDatabase(serial));
        }
    }

    pub(crate) fn set_deadline(&mut self, side: Side, until: Moment) {
        let database = self.database(side);
        let arm = database.deadline.is_none();
        database.deadline = Some(until);
        if arm {
            self.arm_guard(side, until);
        }
    }

    fn arm_guard(&mut self, side: Side, until: Moment) {
        let left = self.machines[side.place().index()].clock.until(until, self.now);
        self.after(side.place(), left, Timer::Guard);
    }

    /// The guard, a process of its own: it knows nothing but the deadline.
    pub(crate) fn guard(&mut self, side: Side) {
        let now = self.moment(side.place());
        let database = self.database(side);
        match database.deadline {
            Some(until) if now < until => self.arm_guard(side, until),
            Some(_) => {
                database.deadline = None;
                if database.may_write() && !matches!(database.process, Process::Ending { .. }) {
                    self.say(side.place(), || "the guard kills the database".to_owned());
                    self.kill_writer(side);
                }
            }
            None => {}
        }
    }

    /// Kills a server that writes, or is about to. Until it is dead it may still write.
    pub(crate) fn kill_writer(&mut self, side: Side) {
        let takes = ms(20) + self.random.below(ms(200));
        let database = self.database(side);
        let wrote = match database.process {
            Process::Primary => true,
            Process::Starting { primary: true, .. } | Process::Leaving { .. } => false,
            Process::Stopped | Process::Standby | Process::Starting { .. } | Process::Ending { .. } => return,
        };
        database.serial += 1;
        database.downstream = None;
        let serial = database.serial;
        database.process = Process::Ending { serial, wrote };
        self.after(side.place(), takes, Timer::DatabaseDown(serial));
    }
}
