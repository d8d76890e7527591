//! A region gives its right to write away: the last transactions end, the server stops cleanly, the standby has it all.
//!
//! The lease is kept until the server is gone; other orders wait until then, as they wait for one lock in the real agent.

use api::site::{Done, FenceReceipt, FenceRequest, Role};
use driver::Error;
use local::agent::{
    decide_role::{Obey, decide_fence},
    role::DurableRole,
};
use types::Lsn;

use crate::{
    agent::{Asker, Right, refuse},
    bug::Bug,
    calls::Reply,
    database::{COMMIT_BYTES, Process},
    ledger::Part,
    message::Timer,
    place::Side,
    time::ms,
    world::World,
};

/// Transactions under way get at most this long.
const DRAIN_TIME_MAX: u64 = ms(800);
/// A clean stop that takes longer becomes a kill.
const STOP_TIME_MAX: u64 = ms(30_000);

/// An order to release that is being followed.
#[derive(Debug)]
pub(crate) struct Release {
    asker: Asker,
    request: FenceRequest,
    number: u32,
    /// The last transactions have ended, and the role is written down.
    pub stopping: bool,
}

impl World<'_> {
    /// A checkpoint; it takes what the disk takes.
    pub(crate) fn told_to_checkpoint(&mut self, side: Side, asker: Asker) {
        let full = self.now < self.regions[side.index()].disk.full_until;
        let at = self.wall(side.place());
        if self.database(side).process == Process::Primary && !full {
            let delay = ms(50) + self.disk_delay(side);
            return self.answer_later(side, asker, delay, Ok(Reply::Done(Done { at })));
        }
        let (whom, why) = (side.to_string(), "cannot write a checkpoint".to_owned());
        self.answer(side, asker, Err(Error::Failed { whom, why }));
    }

    pub(crate) fn told_to_release(&mut self, side: Side, asker: Asker, request: FenceRequest) {
        let known = self.known(side);
        let decided = match decide_fence(&known, request.generation) {
            Obey::Refuse(_) if self.planted(Bug::FencesByOldGenerations) => Obey::Begin,
            decided => decided,
        };
        match (decided, known.record.fence) {
            (Obey::Refuse(refusal), _) => return self.answer(side, asker, Err(refuse(side, refusal))),
            (Obey::Already, Some(receipt)) => return self.answer(side, asker, Ok(Reply::Fenced(receipt))),
            (Obey::Already | Obey::Begin, _) => {}
        }
        let role = known.record.role;
        let again = role == DurableRole::Fenced && known.record.generation == request.generation;
        if role != DurableRole::Active && !again {
            let why = "this region does not lead, so it has nothing to give away".to_owned();
            let whom = side.to_string();
            return self.answer(side, asker, Err(Error::Refused { whom, why }));
        }
        let drains = if self.random.percent(10) {
            self.random.below(DRAIN_TIME_MAX)
        } else {
            ms(5) + self.random.below(ms(60))
        };
        let agent = self.agent(side);
        agent.releases += 1;
        let number = agent.releases;
        agent.release = Some(Release {
            asker,
            request,
            number,
            stopping: false,
        });
        self.after(side.place(), drains, Timer::Drained(number));
    }

    /// No transaction is under way, or they had their time. Written down first, then the server stops.
    pub(crate) fn drained(&mut self, side: Side, number: u32) {
        let release = self.agent(side).release.as_mut();
        let Some(release) = release.filter(|release| release.number == number) else {
            return;
        };
        release.stopping = true;
        let generation = release.request.generation;
        self.obeys(Part::Agent(side), generation);
        let record = &mut self.agent(side).record;
        record.generation = record.generation.max(generation);
        record.role = DurableRole::Fenced;
        record.seeds = false;
        record.receipt = None;
        record.fence = None;
        self.say(side.place(), || {
            format!("gives its right to write away, generation {generation}")
        });
        let database = self.database(side);
        match database.process {
            Process::Primary => {
                database.serial += 1;
                let serial = database.serial;
                database.process = Process::Leaving { serial };
                self.after(side.place(), STOP_TIME_MAX, Timer::StopIsLong(serial));
                self.send_wal(side);
                self.leaves(side);
            }
            Process::Starting { primary: true, .. } => self.kill_writer(side),
            Process::Ending { .. } | Process::Leaving { .. } => {}
            Process::Stopped | Process::Standby | Process::Starting { .. } => self.release_ends(side),
        }
    }

    /// A server that stops cleanly ends when whoever streams from it has received everything.
    pub(crate) fn leaves(&mut self, side: Side) {
        let extra = ms(10) + self.disk_delay(side);
        let database = self.database(side);
        let Process::Leaving { serial } = database.process else {
            return;
        };
        let length = database.log.len();
        if database.downstream.is_some_and(|known| known.received < length) {
            return;
        }
        database.downstream = None;
        database.process = Process::Ending { serial, wrote: false };
        self.after(side.place(), extra, Timer::DatabaseDown(serial));
    }

    pub(crate) fn stop_is_long(&mut self, side: Side, serial: u32) {
        if self.database(side).process == (Process::Leaving { serial }) {
            self.kill_writer(side);
        }
    }

    /// Whatever wrote here is dead: a release goes on, a region that leads starts it again.
    pub(crate) fn writer_is_gone(&mut self, side: Side) {
        let stopping = self.agent(side).release.as_ref().map(|release| release.stopping);
        if stopping == Some(true) {
            self.release_ends(side);
        } else {
            self.restart_soon(side);
        }
    }

    fn release_ends(&mut self, side: Side) {
        let Some(release) = self.agent(side).release.take() else {
            return;
        };
        self.end_duty(side);
        self.called_off(side);
        let database = &self.regions[side.index()].database;
        let written = database.log.len() as u64 * COMMIT_BYTES;
        let receipt = FenceReceipt {
            generation: release.request.generation,
            at: self.wall(side.place()),
            position: database.exists.then(|| Lsn::new(written)),
            log_end: None,
        };
        let agent = self.agent(side);
        agent.role = Role::Fenced;
        agent.right = Right::None;
        agent.record.fence = Some(receipt.clone());
        self.answer(side, release.asker, Ok(Reply::Fenced(receipt)));
        self.unblock(side);
    }
}
