//! What the controller is besides: the third voter, the record of who leads, and where people give orders.

use api::lease::PromiseReply;
use driver::{Error, Reign};
use lease::{Ballot, PromiseAnswer, RenewAnswer};
use recovery::decide::{Decision, Order, UnfitStandby};
use types::{Generation, RegionName};

use crate::{
    agent::rounded_up,
    calls::{Answered, Reply, Request},
    control::Control,
    message::{Message, Timer},
    place::Place,
    time::ms,
    world::World,
};

impl World<'_> {
    // === the witness and the record: this process itself ===

    pub(crate) fn witness_votes(&mut self, from: Place, message: &Message) {
        let Some(asking) = from.side() else { return };
        let (now, name) = (self.moment(Place::Control), self.name(asking));
        let control = &mut self.control;
        let reply = match *message {
            Message::Renew { generation, sent, .. } => match control.voter.renew(now, &name, generation) {
                RenewAnswer::Granted { save } => {
                    keep(control, save);
                    control.granted = Some((name, generation));
                    Message::Granted { generation, sent }
                }
                RenewAnswer::Refused { promised } => Message::RenewRefused { generation, promised },
            },
            Message::Promise { generation } => match self.promise(generation, &name) {
                PromiseReply::Promised {
                    older_grant_ends_in_ms: ends_in_ms,
                } => Message::Promised {
                    generation,
                    ends_in_ms,
                },
                PromiseReply::Refused { promised, .. } => Message::PromiseRefused { generation, promised },
            },
            _ => return,
        };
        self.send(Place::Control, from, reply);
    }

    fn promise(&mut self, generation: Generation, candidate: &RegionName) -> PromiseReply {
        let now = self.moment(Place::Control);
        let control = &mut self.control;
        match control.voter.promise(now, generation, candidate) {
            PromiseAnswer::Promised {
                older_grant_ends_in,
                save,
            } => {
                keep(control, save);
                PromiseReply::Promised {
                    older_grant_ends_in_ms: rounded_up(older_grant_ends_in),
                }
            }
            PromiseAnswer::Refused { ballot } => PromiseReply::Refused {
                promised: ballot.promised,
                candidate: ballot.candidate.unwrap_or_else(|| candidate.clone()),
            },
        }
    }

    /// What the process answers itself; its disk takes a moment.
    pub(crate) fn ask_itself(&mut self, request: &Request) -> Option<Answered> {
        match request {
            Request::Promise(request) => Some(Ok(Reply::Promise(
                self.promise(request.generation, &request.candidate.clone()),
            ))),
            Request::Current => Some(Ok(Reply::Reign(self.control.reign.clone()))),
            Request::Record(reign) => Some(self.record(reign)),
            _ => None,
        }
    }

    fn record(&mut self, reign: &Reign) -> Answered {
        match &self.control.reign {
            Some(known) if known.generation > reign.generation => Err(Error::Stale {
                whom: "the record".to_owned(),
                known: known.generation,
            }),
            Some(known) if known.generation == reign.generation => Ok(Reply::Recorded),
            _ => {
                self.say(Place::Control, || {
                    format!(
                        "records that {} leads in generation {}",
                        reign.active, reign.generation
                    )
                });
                self.control.reign = Some(reign.clone());
                Ok(Reply::Recorded)
            }
        }
    }

    pub(crate) fn saga_answer(&mut self, id: u64, answer: Answered) {
        self.control.bridge.answer(id, answer);
        self.poll_saga();
    }

    pub(crate) fn local_answer_later(&mut self, id: u64, answer: Answered) {
        self.control.ready.insert(id, answer);
        self.after(Place::Control, ms(2), Timer::LocalAnswer(id));
    }

    pub(crate) fn local_answer(&mut self, id: u64) {
        if let Some(answer) = self.control.ready.remove(&id) {
            self.saga_answer(id, answer);
        }
    }

    pub(crate) fn pause_passed(&mut self, id: u64) {
        self.control.bridge.passed(id);
        self.poll_saga();
    }

    /// A person orders a failover, as the controller takes it.
    pub(crate) fn ordered(&mut self, from: &RegionName, by: &str, reason: &str) {
        if self
            .control
            .reign
            .as_ref()
            .is_none_or(|reign| reign.active != *from)
        {
            return self.say(Place::Control, || {
                format!("refuses {by}'s order: {from} is not the active region")
            });
        }
        let order = Order {
            by: by.to_owned(),
            reason: reason.to_owned(),
            unfit_standby: UnfitStandby::Refused,
        };
        self.say(Place::Control, || {
            format!("{by} orders a failover away from {from}")
        });
        let now = self.now;
        self.control.orders.push((now, order));
        self.decide();
        if matches!(self.control.decision, Decision::Refuse { .. }) {
            self.control.orders.clear();
        }
    }
}

fn keep(control: &mut Control, save: Option<Ballot>) {
    if let Some(ballot) = save {
        control.voter.saved(&ballot);
        control.ballot = ballot;
    }
}
