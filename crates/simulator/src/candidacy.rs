//! A region that was told to lead asks the voters, and waits until nobody older can write.

use std::time::Duration;

use api::site::LeadRequest;
use driver::Error;
use lease::{Candidacy, Candidate, Moment, PromiseAnswer, WaitingOn};
use local::agent::{
    decide_role::{Obey, decide_lead},
    role::DurableRole,
};
use types::Generation;

use crate::{
    agent::{Asker, Lead, keep, refuse, rounded_up},
    bug::Bug,
    ledger::Part,
    message::{Message, Timer},
    place::{Place, Side},
    time::ms,
    world::{TIMING, World},
};

/// Pause before a voter that did not answer is asked again: its time to answer, and the pause.
const ASK_AGAIN_AFTER: u64 = ms(900);
/// Without a majority by then the orchestrator is told.
const MAJORITY_TIME_MAX: Duration = Duration::from_secs(15);

/// A candidacy that runs.
#[derive(Debug)]
pub(crate) struct Election {
    pub request: LeadRequest,
    asker: Asker,
    candidate: Candidate,
    give_up: Moment,
    answered: [bool; 2],
}

impl World<'_> {
    pub(crate) fn told_to_lead(&mut self, side: Side, asker: Asker, request: LeadRequest) {
        match decide_lead(&self.known(side), request.generation, request.bootstrap) {
            Obey::Refuse(refusal) => return self.answer(side, asker, Err(refuse(side, refusal))),
            Obey::Already => return self.wait_for_lead(side, asker),
            Obey::Begin => {}
        }
        // The server goes on as it is: a standby receives what is on its way, a primary has a deadline.
        self.end_duty(side);
        let (now, name) = (self.moment(side.place()), self.name(side));
        let agent = self.agent(side);
        let mut candidate = Candidate::new(2, TIMING);
        let proven = request
            .fenced
            .as_ref()
            .is_some_and(|receipt| receipt.generation >= request.generation);
        if proven {
            candidate.old_side_stopped();
        }
        match agent.voter.promise(now, request.generation, &name) {
            PromiseAnswer::Promised {
                older_grant_ends_in,
                save,
            } => {
                keep(agent, save);
                let ends_in = Duration::from_millis(rounded_up(older_grant_ends_in));
                candidate.promised_by_own(now, ends_in);
            }
            PromiseAnswer::Refused { ballot } => {
                self.begin_duty(side);
                let known = ballot.promised;
                return self.answer(
                    side,
                    asker,
                    Err(Error::Stale {
                        whom: side.to_string(),
                        known,
                    }),
                );
            }
        }
        agent.candidacy = Some(Election {
            request,
            asker,
            candidate,
            give_up: now.plus(MAJORITY_TIME_MAX),
            answered: [false; 2],
        });
        let serial = agent.serial;
        self.ask_voters(side, serial);
        self.candidate_looks(side);
    }

    pub(crate) fn ask_voters(&mut self, side: Side, serial: u32) {
        let agent = self.agent(side);
        let Some(running) = agent.candidacy.as_ref().filter(|_| agent.serial == serial) else {
            return;
        };
        let (generation, answered) = (running.request.generation, running.answered);
        for (voter, answered) in [side.other().place(), Place::Control].into_iter().zip(answered) {
            if !answered {
                self.send(side.place(), voter, Message::Promise { generation });
            }
        }
        if answered.contains(&false) {
            self.after(side.place(), ASK_AGAIN_AFTER, Timer::AskVoters(serial));
        }
    }

    pub(crate) fn voter_answered(
        &mut self,
        side: Side,
        from: Place,
        generation: Generation,
        answer: Result<u64, Generation>,
    ) {
        let now = self.moment(side.place());
        let voter = self.voter_name(from);
        let Some(running) = self.agent(side).candidacy.as_mut() else {
            return;
        };
        if running.request.generation != generation {
            return;
        }
        running.answered[usize::from(from == Place::Control)] = true;
        match answer {
            Ok(millis) => running
                .candidate
                .promised(voter, now, Duration::from_millis(millis)),
            Err(promised) => running.candidate.refused(promised),
        }
        self.candidate_looks(side);
    }

    pub(crate) fn candidate_looks(&mut self, side: Side) {
        let place = side.place();
        let now = self.moment(place);
        let hasty = self.planted(Bug::PromotesWithoutWaiting);
        let agent = self.agent(side);
        let Some(running) = &agent.candidacy else { return };
        let (serial, give_up) = (agent.serial, running.give_up);
        let whom = side.to_string();
        match running.candidate.decide(now) {
            Candidacy::Proceed => self.candidacy_wins(side),
            Candidacy::Wait {
                why: WaitingOn::OlderGrants { .. },
            } if hasty => self.candidacy_wins(side),
            Candidacy::Refuse { promised } => self.candidacy_fails(
                side,
                Error::Stale {
                    whom,
                    known: promised,
                },
            ),
            Candidacy::Wait {
                why: WaitingOn::OlderGrants { until },
            } => {
                let left = self.machines[place.index()].clock.until(until, self.now);
                self.after(place, left, Timer::Candidate(serial));
            }
            Candidacy::Wait {
                why: WaitingOn::Promises,
            } if now >= give_up => {
                let why = "no majority of the voters promises this generation".to_owned();
                self.candidacy_fails(side, Error::NotNow { whom, why });
            }
            Candidacy::Wait {
                why: WaitingOn::Promises,
            } => {
                let left = self.machines[place.index()].clock.until(give_up, self.now);
                self.after(place, left, Timer::Candidate(serial));
            }
        }
    }

    pub(crate) fn candidacy_fails(&mut self, side: Side, error: Error) {
        let Some(running) = self.agent(side).candidacy.take() else {
            return;
        };
        self.say(side.place(), || {
            format!(
                "cannot lead in generation {}: {error}",
                running.request.generation
            )
        });
        self.begin_duty(side);
        self.answer(side, running.asker, Err(error));
        self.unblock(side);
    }

    fn candidacy_wins(&mut self, side: Side) {
        let at = self.wall(side.place());
        let agent = self.agent(side);
        let Some(running) = agent.candidacy.take() else {
            return;
        };
        let request = running.request;
        let proof = request
            .fenced
            .as_ref()
            .filter(|receipt| receipt.generation >= request.generation);
        let record = &mut agent.record;
        record.generation = request.generation;
        record.role = DurableRole::Active;
        record.led = Some(request.generation);
        record.seeds = request.bootstrap;
        record.fenced_at = Some(proof.map_or(at, |receipt| receipt.at));
        record.receipt = None;
        record.fence = None;
        record.divergence = None;
        agent.lead = Lead::Working;
        self.obeys(Part::Agent(side), request.generation);
        self.say(side.place(), || {
            format!(
                "may lead in generation {}: older grants have run out",
                request.generation
            )
        });
        self.begin_duty(side);
        self.wait_for_lead(side, running.asker);
        self.unblock(side);
    }

    pub(crate) fn unblock(&mut self, side: Side) {
        for (asker, request) in std::mem::take(&mut self.agent(side).blocked) {
            self.order(side, asker, request);
        }
    }
}
