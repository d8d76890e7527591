//! A region's agent: obeys three orders, votes, and keeps a primary running for exactly as long as its lease is valid.
//!
//! Whether it obeys is decided by the agent's own code (`local::agent::decide_role`), who may write by the rules of
//! `lease`. What is here is what lies between these: tasks of the real agent become timers.

use std::time::Duration;

use api::site::{FenceReceipt, FenceRequest, FollowRequest, LeadReceipt, Role};
use driver::Error;
use lease::{Ballot, Holder, Moment, Voter, VoterName};
use local::agent::{
    decide_role::{Boot, Data, Known, Obey, Refusal, decide_boot, decide_fence, decide_follow},
    role::{DurableRole, RoleRecord},
};
use types::Timestamp;

use crate::{
    bug::Bug,
    calls::{Reply, Request},
    candidacy::Election,
    ledger::Part,
    message::Timer,
    place::{Place, Side},
    releasing::Release,
    world::{TIMING, World},
};

/// Who asked, so that the answer finds the way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker {
    pub call: u64,
    pub run: u32,
}

#[derive(Debug)]
pub(crate) enum Duty {
    None,
    Lead(Holder),
    Follow(Side),
}

/// Where the lead stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lead {
    Idle,
    Working,
    Leading,
}

/// How the right to write stands, as observers are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    None,
    Held(Moment),
    Expired,
}

#[derive(Debug)]
pub(crate) struct Agent {
    // On disk.
    pub record: RoleRecord,
    pub ballot: Ballot,
    // In memory.
    pub voter: Voter,
    pub duty: Duty,
    pub role: Role,
    pub right: Right,
    pub lead: Lead,
    /// Ends what an earlier duty began.
    pub serial: u32,
    pub candidacy: Option<Election>,
    /// It is giving its right to write away.
    pub release: Option<Release>,
    pub releases: u32,
    /// Orders that wait until the candidacy has ended.
    pub blocked: Vec<(Asker, Request)>,
    /// Whoever waits for the lead.
    waiting: Vec<Asker>,
    /// Whoever waits until the database is dead.
    fencing: Vec<(Asker, FenceRequest)>,
    pub streamed_at: Option<Timestamp>,
    pub renewed_at: Option<Timestamp>,
    pub served_at: Option<Timestamp>,
    pub copying: bool,
    pub refused_streams: u32,
    pub lease_timer: bool,
}

// === impl Agent ===

impl Agent {
    pub fn new(record: RoleRecord, ballot: Ballot) -> Self {
        Self {
            voter: Voter::started(ballot.clone(), TIMING, Moment::ZERO),
            record,
            ballot,
            duty: Duty::None,
            role: Role::Waiting,
            right: Right::None,
            lead: Lead::Idle,
            serial: 0,
            candidacy: None,
            release: None,
            releases: 0,
            blocked: Vec::new(),
            waiting: Vec::new(),
            fencing: Vec::new(),
            streamed_at: None,
            renewed_at: None,
            served_at: None,
            copying: false,
            refused_streams: 0,
            lease_timer: false,
        }
    }

    /// Forgets what is not on disk; its orders and duties end with it.
    pub fn forget(&mut self, now: Moment, remembers_grants: bool) {
        let (record, ballot, serial) = (self.record.clone(), self.ballot.clone(), self.serial);
        *self = Self::new(record, ballot);
        self.serial = serial + 1;
        if !remembers_grants {
            self.voter = Voter::started(self.ballot.clone(), TIMING, now);
        }
    }
}

pub(crate) fn refuse(whom: Side, refusal: Refusal) -> Error {
    let whom = whom.to_string();
    match refusal {
        Refusal::Stale { known, .. } => Error::Stale { whom, known },
        Refusal::NotNow(why) => Error::NotNow {
            whom,
            why: why.to_owned(),
        },
        Refusal::No(why) => Error::Refused {
            whom,
            why: why.to_owned(),
        },
    }
}

impl World<'_> {
    pub(crate) fn boot_agent(&mut self, side: Side) {
        let now = self.moment(side.place());
        let forgets = self.planted(Bug::VoterForgetsGrants);
        self.agent(side).forget(now, forgets);
        self.begin_duty(side);
        self.after(side.place(), 0, Timer::Heartbeat);
    }

    pub(crate) fn begin_duty(&mut self, side: Side) {
        let agent = self.agent(side);
        agent.serial += 1;
        agent.lease_timer = false;
        let serial = agent.serial;
        match decide_boot(&agent.record) {
            Boot::Wait => agent.duty = Duty::None,
            Boot::AskForLease { generation } => {
                agent.duty = Duty::Lead(Holder::new(generation, 2, TIMING));
                agent.lead = Lead::Working;
                agent.right = Right::Expired;
                self.after(side.place(), 0, Timer::Round(serial));
            }
            Boot::Follow { upstream } => {
                agent.role = Role::Standby { upstream };
                agent.right = Right::None;
                agent.duty = Duty::Follow(side.other());
                agent.refused_streams = 0;
                self.after(side.place(), 0, Timer::Look(serial));
            }
        }
    }

    pub(crate) fn end_duty(&mut self, side: Side) {
        let agent = self.agent(side);
        agent.serial += 1;
        agent.duty = Duty::None;
        agent.copying = false;
    }

    pub(crate) fn known(&mut self, side: Side) -> Known {
        let region = &self.regions[side.index()];
        let data = if region.database.rejoining {
            Data::Rejoining
        } else if region.database.exists {
            Data::Complete
        } else {
            Data::Absent
        };
        Known {
            record: region.agent.record.clone(),
            data,
            stopping: false,
        }
    }

    // === orders ===

    /// An order arrives. One at a time: it waits while a candidacy runs, unless it is newer and calls that off.
    pub(crate) fn order(&mut self, side: Side, asker: Asker, request: Request) {
        let generation = match &request {
            Request::Lead(_, request) => request.generation,
            Request::Follow(_, request) => request.generation,
            Request::Fence(_, request) | Request::Release(_, request) => request.generation,
            _ => return,
        };
        if self.agent(side).release.is_some() {
            self.agent(side).blocked.push((asker, request));
            return;
        }
        let waits = matches!(request, Request::Release(..));
        if let Some(running) = &self.agent(side).candidacy {
            if running.request.generation >= generation || waits {
                self.agent(side).blocked.push((asker, request));
                return;
            }
            let whom = side.to_string();
            let why = "the lead was called off by a newer order".to_owned();
            self.candidacy_fails(side, Error::NotNow { whom, why });
        }
        match request {
            Request::Lead(_, request) => self.told_to_lead(side, asker, request),
            Request::Follow(_, request) => self.told_to_follow(side, asker, request),
            Request::Fence(_, request) => self.told_to_fence(side, asker, request),
            Request::Release(_, request) => self.told_to_release(side, asker, request),
            _ => {}
        }
    }

    pub(crate) fn wait_for_lead(&mut self, side: Side, asker: Asker) {
        let agent = self.agent(side);
        if agent.lead == Lead::Leading
            && agent.role == Role::Active
            && let Some(receipt) = agent.record.receipt.clone()
        {
            return self.answer(side, asker, Ok(Reply::Leads(receipt)));
        }
        agent.waiting.push(asker);
    }

    pub(crate) fn lead_ends(&mut self, side: Side, answer: &Result<LeadReceipt, Error>) {
        for asker in std::mem::take(&mut self.agent(side).waiting) {
            self.answer(side, asker, answer.clone().map(Reply::Leads));
        }
    }

    pub(crate) fn called_off(&mut self, side: Side) {
        let (whom, why) = (
            side.to_string(),
            "the lead was called off by a newer order".to_owned(),
        );
        self.agent(side).lead = Lead::Idle;
        self.lead_ends(side, &Err(Error::NotNow { whom, why }));
    }

    fn told_to_follow(&mut self, side: Side, asker: Asker, request: FollowRequest) {
        match decide_follow(&self.known(side), request.generation, &request.upstream, true) {
            Obey::Refuse(refusal) => return self.answer(side, asker, Err(refuse(side, refusal))),
            Obey::Already => {}
            Obey::Begin => {
                let record = &mut self.agent(side).record;
                record.generation = record.generation.max(request.generation);
                record.role = DurableRole::Standby {
                    upstream: request.upstream,
                    generation: request.generation,
                };
                self.obeys(Part::Agent(side), request.generation);
                let record = &mut self.agent(side).record;
                record.seeds = false;
                record.receipt = None;
                record.fence = None;
                self.say(side.place(), || {
                    format!("follows, generation {}", request.generation)
                });
                self.end_duty(side);
                self.called_off(side);
                self.begin_duty(side);
            }
        }
        self.answer_done(side, asker);
    }

    fn told_to_fence(&mut self, side: Side, asker: Asker, request: FenceRequest) {
        let known = self.known(side);
        let decided = match decide_fence(&known, request.generation) {
            Obey::Refuse(Refusal::Stale { .. }) if self.planted(Bug::FencesByOldGenerations) => Obey::Begin,
            decided => decided,
        };
        match (decided, known.record.fence) {
            (Obey::Refuse(refusal), _) => return self.answer(side, asker, Err(refuse(side, refusal))),
            (Obey::Already, Some(receipt)) => return self.answer(side, asker, Ok(Reply::Fenced(receipt))),
            (Obey::Already | Obey::Begin, _) => {}
        }
        self.obeys(Part::Agent(side), request.generation);
        let record = &mut self.agent(side).record;
        record.generation = record.generation.max(request.generation);
        if !matches!(known.record.role, DurableRole::Standby { .. }) {
            record.role = DurableRole::Fenced;
            record.seeds = false;
            record.receipt = None;
            record.fence = None;
            self.end_duty(side);
            self.called_off(side);
        }
        self.say(side.place(), || {
            format!("is fenced below generation {}", request.generation)
        });
        if self.planted(Bug::AnswersTheFenceBeforeTheKill) {
            self.fenced(side, asker, &request);
        } else {
            self.agent(side).fencing.push((asker, request));
        }
        self.kill_writer(side);
        self.fences_answer(side);
    }

    /// Receipts are given once no writer is left.
    pub(crate) fn fences_answer(&mut self, side: Side) {
        if self.database(side).may_write() {
            return;
        }
        for (asker, request) in std::mem::take(&mut self.agent(side).fencing) {
            self.fenced(side, asker, &request);
        }
    }

    fn fenced(&mut self, side: Side, asker: Asker, request: &FenceRequest) {
        let receipt = FenceReceipt {
            generation: request.generation,
            at: self.wall(side.place()),
            position: None,
            log_end: None,
        };
        let agent = self.agent(side);
        if agent.record.role == DurableRole::Fenced {
            agent.role = Role::Fenced;
            agent.right = Right::None;
            agent.record.fence = Some(receipt.clone());
        }
        self.answer(side, asker, Ok(Reply::Fenced(receipt)));
    }
}

pub(crate) fn keep(agent: &mut Agent, save: Option<Ballot>) {
    if let Some(ballot) = save {
        agent.voter.saved(&ballot);
        agent.ballot = ballot;
    }
}

/// A candidate must never wait less than a grant lasts.
pub(crate) fn rounded_up(length: Duration) -> u64 {
    u64::try_from(length.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// A voter's name for the rules of the lease.
impl World<'_> {
    pub(crate) fn voter_name(&self, place: Place) -> VoterName {
        match place.side() {
            Some(side) => VoterName::Region(self.names[side.index()].clone()),
            None => VoterName::Witness,
        }
    }
}
