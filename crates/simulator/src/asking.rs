//! The controller's questions on their way: to whom, how long it waits, and what the reconciler asks.

use std::collections::BTreeMap;

use api::{gateway, site};
use driver::Error;
use recovery::reconcile::{Command, Seen, plan_commands};

use crate::{
    agent::{Asker, Duty},
    calls::{Answered, Reply, Request},
    control::Caller,
    message::{Message, Timer},
    place::{Place, Side},
    time::{At, ms},
    world::World,
};

/// A command is not repeated before its effect can have shown.
const REPEAT_AFTER: u64 = ms(1_500);
const COMPARE_EVERY: u64 = ms(500);
const POLL_EVERY: u64 = ms(1_000);
/// Limits of the real controller: to connect, for an answer, and for a lead.
const CONNECT_TIME_MAX: u64 = ms(600);
const ANSWER_TIME_MAX: u64 = ms(2_000);
const LEAD_PATIENCE: u64 = ms(10_000);
/// One attempt of a checkpoint or a clean stop.
const STOP_PATIENCE: u64 = ms(5_000);

impl World<'_> {
    pub(crate) fn ask(&mut self, caller: Caller, request: Request) {
        if let Some(answer) = self.ask_itself(&request) {
            if let Caller::Saga(id) = caller {
                self.local_answer_later(id, answer);
            }
            return;
        }
        let whom = match &request {
            Request::Route(_) => Place::Door,
            Request::Observe(side)
            | Request::Checkpoint(side)
            | Request::Fence(side, _)
            | Request::Release(side, _)
            | Request::Lead(side, _)
            | Request::Follow(side, _)
            | Request::GatewayStatus(side)
            | Request::GatewayLead(side, _)
            | Request::GatewayFollow(side, _) => side.place(),
            Request::Promise(_) | Request::Record(_) | Request::Current => return,
        };
        let here = Place::Control;
        let reachable = !self.is_cut(here, whom) && !self.is_cut(whom, here) && !self.is_down(whom);
        let patience = match (&request, reachable) {
            (
                Request::Fence(..) | Request::Lead(..) | Request::Checkpoint(_) | Request::Release(..),
                false,
            ) => CONNECT_TIME_MAX,
            (Request::Checkpoint(_) | Request::Release(..), true) => STOP_PATIENCE,
            (Request::Lead(..), true) => LEAD_PATIENCE,
            _ => ANSWER_TIME_MAX,
        };
        self.control.next_call += 1;
        let call = self.control.next_call;
        self.control.calls.insert(call, (caller, whom));
        self.after(here, patience, Timer::CallTimeout(call));
        if reachable {
            self.send(
                here,
                whom,
                Message::Ask {
                    call,
                    request: Box::new(request),
                },
            );
        }
    }

    pub(crate) fn asked_region(&mut self, side: Side, asker: Asker, request: Request) {
        match request {
            Request::Observe(_) => {
                let mut seen = Box::new(self.observation(side));
                self.tell_granters(side, &mut seen);
                self.answer(side, asker, Ok(Reply::Observation(seen)));
            }
            Request::Checkpoint(_) => self.told_to_checkpoint(side, asker),
            Request::Fence(..) | Request::Release(..) | Request::Lead(..) | Request::Follow(..) => {
                self.order(side, asker, request);
            }
            Request::GatewayStatus(_) | Request::GatewayLead(..) | Request::GatewayFollow(..) => {
                self.asked_gateway(side, asker, request);
            }
            Request::Route(_) | Request::Promise(_) | Request::Record(_) | Request::Current => {}
        }
    }

    /// Who grants the lease; told where somebody asks, because making names is slow.
    fn tell_granters(&mut self, side: Side, seen: &mut site::Observation) {
        let now = self.moment(side.place());
        if let (site::LeaseState::Held { by, .. }, Duty::Lead(holder)) =
            (&mut seen.lease, &self.agent(side).duty)
        {
            *by = holder.granters(now).iter().map(ToString::to_string).collect();
        }
    }

    pub(crate) fn call_times_out(&mut self, call: u64) {
        if let Some((_, whom)) = self.control.calls.get(&call) {
            let whom = whom.to_string();
            self.call_answered(call, Err(Error::Unreachable { whom }));
        }
    }

    pub(crate) fn call_answered(&mut self, call: u64, answer: Answered) {
        let Some((caller, _)) = self.control.calls.remove(&call) else {
            return;
        };
        match caller {
            Caller::Saga(id) => self.saga_answer(id, answer),
            Caller::Reconciler(command) => {
                let until = self.now.plus(REPEAT_AFTER);
                if let Some((_, again_at)) = self.control.commands.get_mut(command) {
                    *again_at = Some(until);
                }
            }
            Caller::Poll(side) => {
                let name = self.name(side);
                match answer {
                    Ok(Reply::Gateway(status)) => drop(self.control.gateways.insert(name, *status)),
                    _ => drop(self.control.gateways.remove(&name)),
                }
            }
        }
    }

    pub(crate) fn poll_gateways(&mut self) {
        self.after(Place::Control, POLL_EVERY, Timer::Poll);
        for side in Side::ALL {
            self.ask(Caller::Poll(side), Request::GatewayStatus(side));
        }
    }

    pub(crate) fn reconcile(&mut self) {
        self.after(Place::Control, COMPARE_EVERY, Timer::Reconcile);
        if !self.may_reconcile() {
            return;
        }
        let Some(reign) = self.control.reign.clone() else {
            return;
        };
        let uptime = self.machines[Place::Control.index()].clock.uptime(self.now);
        let age_max = self.settings.region_lost_after.as_duration();
        let sights = self.control.sightings.regions(uptime);
        let door = self
            .control
            .sightings
            .front_door(uptime)
            .filter(|(age, _)| *age < age_max);
        let nothing = BTreeMap::new();
        let gateways = if self.control.gateways.is_empty() {
            &nothing
        } else {
            &self.control.gateways
        };
        let seen: Vec<_> = sights
            .iter()
            .map(|sight| Seen {
                region: &sight.region,
                agent: sight
                    .observation
                    .as_deref()
                    .filter(|_| sight.heard_ago.is_some_and(|age| age < age_max)),
                gateway: gateways.get(&sight.region),
            })
            .collect();
        let commands = plan_commands(&reign, &seen, door.map(|(_, observation)| observation));
        for command in commands {
            self.perform(command);
        }
    }

    fn perform(&mut self, command: Command) {
        let now = self.now;
        let reign = self.control.reign.as_ref().map(|reign| reign.generation);
        let known = self
            .control
            .commands
            .iter()
            .position(|(known, _)| *known == command);
        let index = match known {
            Some(index) => match self.control.commands[index].1 {
                Some(again_at) if now >= again_at => index,
                _ => return,
            },
            None => {
                self.control.commands.push((command.clone(), None));
                self.control.commands.len() - 1
            }
        };
        self.control.commands[index].1 = None;
        self.stats.commanded();
        self.ledger.commands(reign, now);
        let Some(request) = self.request(command) else {
            return;
        };
        self.ask(Caller::Reconciler(index), request);
    }

    fn request(&mut self, command: Command) -> Option<Request> {
        let side = |region| self.side_of(region);
        Some(match command {
            Command::LeadRegion { region, generation } => {
                let lead = site::LeadRequest {
                    generation,
                    bootstrap: false,
                    fenced: None,
                };
                Request::Lead(side(&region)?, lead)
            }
            Command::FenceRegion { region, generation } => {
                Request::Fence(side(&region)?, site::FenceRequest { generation })
            }
            Command::FollowRegion {
                region,
                upstream,
                generation,
            } => Request::Follow(side(&region)?, site::FollowRequest { generation, upstream }),
            Command::LeadGateway {
                region,
                generation,
                incarnation,
            } => {
                let lead = gateway::LeadRequest {
                    generation,
                    incarnation,
                    peer_gone: false,
                    old_end: None,
                };
                Request::GatewayLead(side(&region)?, lead)
            }
            Command::FollowGateway {
                region,
                leader,
                generation,
            } => Request::GatewayFollow(side(&region)?, gateway::FollowRequest { generation, leader }),
            Command::Route { region, generation } => {
                let route = site::Route::Region(region);
                Request::Route(site::RouteRequest { generation, route })
            }
        })
    }

    /// When the last fault was over; the beginning of time while one is still to come.
    pub(crate) fn calm_since(&self) -> At {
        self.last_fault
    }

    /// Whether every fault is over.
    pub(crate) fn is_calm(&self) -> bool {
        self.faults_to_come == 0 && self.faults_active == 0
    }
}
