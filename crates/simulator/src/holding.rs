//! A region that leads holds its lease, and every region votes on that of others.

use api::site::Role;
use lease::{Moment, PromiseAnswer, RenewAnswer, Standing};
use local::agent::role::DurableRole;
use types::Generation;

use crate::{
    agent::{Duty, Lead, Right, keep, rounded_up},
    bug::Bug,
    database::Process,
    message::{Message, Timer},
    place::{Place, Side},
    time::ms,
    world::World,
};

impl World<'_> {
    // === the lease ===

    pub(crate) fn round(&mut self, side: Side, serial: u32) {
        let (place, name) = (side.place(), self.name(side));
        let now = self.moment(place);
        let serves = self.serves(side);
        let agent = self.agent(side);
        if agent.serial != serial {
            return;
        }
        let Duty::Lead(holder) = &mut agent.duty else {
            return;
        };
        if now >= holder.next_round() {
            holder.round_begun(now);
            let generation = holder.generation();
            match agent.voter.renew(now, &name, generation) {
                RenewAnswer::Granted { save } => keep(agent, save),
                RenewAnswer::Refused { promised } => return self.stand_down(side, promised),
            }
            for voter in [side.other().place(), Place::Control] {
                self.send(
                    place,
                    voter,
                    Message::Renew {
                        generation,
                        sent: now,
                        serves,
                    },
                );
            }
        }
        // Armed again also when a clock that was set to another rate has woken it early.
        if let Duty::Lead(holder) = &self.agent(side).duty {
            let next = holder.next_round();
            let left = self.machines[place.index()].clock.until(next, self.now);
            self.after(place, left, Timer::Round(serial));
        }
        self.check_standing(side);
    }

    /// Whether its database takes writes as far as its agent knows.
    fn serves(&self, side: Side) -> bool {
        let region = &self.regions[side.index()];
        let full = self.now < region.disk.full_until;
        region.database.process == Process::Primary && !full && self.disk_delay(side) <= ms(900)
    }

    pub(crate) fn granted(&mut self, side: Side, from: Place, generation: Generation, sent: Moment) {
        let voter = self.voter_name(from);
        // The mistake: the term is counted from the answer instead of the question.
        let sent = if self.planted(Bug::CountsTheTermFromTheAnswer) {
            self.moment(side.place())
        } else {
            sent
        };
        if let Duty::Lead(holder) = &mut self.agent(side).duty
            && holder.generation() == generation
        {
            holder.granted(voter, sent);
            self.check_standing(side);
        }
    }

    pub(crate) fn renewal_refused(&mut self, side: Side, generation: Generation, promised: Generation) {
        if let Duty::Lead(holder) = &mut self.agent(side).duty
            && holder.generation() == generation
        {
            holder.refused(promised);
            self.check_standing(side);
        }
    }

    pub(crate) fn check_standing(&mut self, side: Side) {
        let place = side.place();
        let now = self.moment(place);
        let agent = self.agent(side);
        let serial = agent.serial;
        let Duty::Lead(holder) = &agent.duty else { return };
        match holder.standing(now) {
            Standing::Valid { until } => {
                agent.right = Right::Held(until);
                let arm = !std::mem::replace(&mut agent.lease_timer, true);
                let works = agent.lead == Lead::Working;
                self.set_deadline(side, until);
                if arm {
                    let left = self.machines[place.index()].clock.until(until, self.now);
                    self.after(place, left, Timer::LeaseEnds(serial));
                }
                if works {
                    self.start_primary(side, serial);
                }
            }
            Standing::Expired => {
                agent.right = Right::Expired;
                if agent.lead == Lead::Leading {
                    agent.lead = Lead::Working;
                    agent.role = Role::Fenced;
                    self.say(place, || {
                        "its lease has expired: the database is stopped".to_owned()
                    });
                    self.kill_writer(side);
                }
            }
            Standing::Deposed { by } => self.stand_down(side, by),
        }
    }

    pub(crate) fn lease_ends(&mut self, side: Side, serial: u32) {
        let agent = self.agent(side);
        if agent.serial == serial {
            agent.lease_timer = false;
            self.check_standing(side);
        }
    }

    fn stand_down(&mut self, side: Side, by: Generation) {
        self.say(side.place(), || {
            format!("stands down: generation {by} was promised elsewhere")
        });
        let agent = self.agent(side);
        agent.role = match agent.role {
            Role::Active | Role::Fenced => Role::Fenced,
            Role::Waiting | Role::Standby { .. } | Role::Routing(_) => Role::Waiting,
        };
        agent.record.generation = agent.record.generation.max(by);
        agent.record.role = DurableRole::Fenced;
        agent.record.receipt = None;
        agent.record.seeds = false;
        agent.right = Right::Expired;
        self.end_duty(side);
        self.called_off(side);
        self.kill_writer(side);
    }

    /// Another place asks this region's voter.
    pub(crate) fn votes(&mut self, side: Side, from: Place, message: &Message) {
        let Some(asking) = from.side() else { return };
        let (now, name, wall) = (
            self.moment(side.place()),
            self.name(asking),
            self.wall(side.place()),
        );
        let delay = self.disk_delay(side);
        let agent = self.agent(side);
        let reply = match *message {
            Message::Renew {
                generation,
                sent,
                serves,
            } => match agent.voter.renew(now, &name, generation) {
                RenewAnswer::Granted { save } => {
                    agent.renewed_at = Some(wall);
                    agent.served_at = if serves { Some(wall) } else { agent.served_at };
                    keep(agent, save);
                    Message::Granted { generation, sent }
                }
                RenewAnswer::Refused { promised } => Message::RenewRefused { generation, promised },
            },
            Message::Promise { generation } => match agent.voter.promise(now, generation, &name) {
                PromiseAnswer::Promised {
                    older_grant_ends_in,
                    save,
                } => {
                    keep(agent, save);
                    let ends_in_ms = rounded_up(older_grant_ends_in);
                    Message::Promised {
                        generation,
                        ends_in_ms,
                    }
                }
                PromiseAnswer::Refused { ballot } => Message::PromiseRefused {
                    generation,
                    promised: ballot.promised,
                },
            },
            _ => return,
        };
        self.send_later(side.place(), from, delay, reply);
        // Its own vote was given away: without it there is no majority.
        let agent = self.agent(side);
        let promised = agent.ballot.promised;
        if let Duty::Lead(holder) = &agent.duty
            && promised > holder.generation()
        {
            self.stand_down(side, promised);
        }
    }
}
