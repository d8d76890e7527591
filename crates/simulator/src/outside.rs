//! Who uses the estate: partners that send until they are answered, people who work, and the front door before them.

use api::{
    moves::MoveKind,
    site::{LeaseState, Observation, Role, Route, RouteRequest, Site},
};
use driver::Error;
use recovery::decide::{Decision, WaitingOn};
use types::{Generation, RegionName};

use crate::{
    agent::Asker,
    calls::{Reply, Request},
    database::{Commit, Wrote},
    fault::Deed,
    lane::LANES,
    message::{Message, Set, Timer},
    place::{Place, Side},
    time::{At, ms},
    world::World,
};

/// A partner that got no answer sends the same message again after this.
const SEND_AGAIN_AFTER: u64 = ms(1_000);
const WORK_EVERY: u64 = ms(250);

#[derive(Debug)]
pub(crate) struct Door {
    // On disk.
    pub route: Route,
    pub generation: Generation,
}

impl Door {
    pub fn new(active: &RegionName) -> Self {
        Self {
            route: Route::Region(active.clone()),
            generation: Generation::FIRST,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Outside {
    pub answered: Set,
    /// Since when a person has been asked.
    asked_since: Option<At>,
    people: u32,
    /// How many want a lane to be paused.
    pub pauses: [u8; LANES],
}

impl World<'_> {
    pub(crate) fn begin_outside(&mut self) {
        let span = self.schedule.traffic_for;
        for number in 0..self.schedule.messages {
            let at = ms(1_000) + self.random.below(span);
            self.after(Place::Outside, at, Timer::PartnerSends { number });
        }
        self.after(Place::Outside, ms(1_000), Timer::PeopleWork);
        self.after(Place::Outside, ms(2_000), Timer::PersonDecides);
    }

    pub(crate) fn partner_sends(&mut self, number: u8) {
        if self.outside.answered & (1 << number) == 0 {
            self.send(Place::Outside, Place::Door, Message::Submit { number });
            self.after(Place::Outside, SEND_AGAIN_AFTER, Timer::PartnerSends { number });
        }
    }

    pub(crate) fn outside_gets(&mut self, message: Message) {
        if let Message::Accepted { number, .. } = message {
            self.outside.answered |= 1 << number;
        }
    }

    /// People's work goes where the front door sends it, and is a commit that no journal has.
    pub(crate) fn people_work(&mut self) {
        if !self.is_calm() {
            self.after(Place::Outside, WORK_EVERY, Timer::PeopleWork);
        }
        let (now, door) = (self.now, &self.machines[Place::Door.index()]);
        let Route::Region(active) = &self.door.route else {
            return;
        };
        let Some(side) = self.side_of(active) else { return };
        let place = side.place();
        let blocked = self.is_cut(Place::Door, place) || self.is_cut(place, Place::Door);
        if !door.up || door.frozen_until > now || self.machines[place.index()].frozen_until > now || blocked {
            return;
        }
        let region = &mut self.regions[side.index()];
        let database = &mut region.database;
        if !database.is_open() || now < region.disk.full_until {
            return;
        }
        let generation = database.generation;
        database.log.push(Commit {
            what: Wrote::Work,
            generation,
            at: now,
        });
        database.replayed = database.log.len();
        self.ledger.writes(side, generation, now);
        self.ledger.served(now);
        self.send_wal(side);
    }

    // === the front door ===

    pub(crate) fn door_gets(&mut self, from: Place, message: Message) {
        match message {
            Message::Submit { number } => {
                let (Route::Region(to) | Route::FailingOverTo(to) | Route::HoldingFor(to)) = &self.door.route
                else {
                    return;
                };
                if let Some(side) = self.side_of(to) {
                    self.send(Place::Door, side.place(), Message::Submit { number });
                }
            }
            Message::Accepted { number, copies } if from != Place::Outside => {
                self.send(Place::Door, Place::Outside, Message::Accepted { number, copies });
            }
            Message::Ask { call, request } => {
                if let Request::Route(request) = *request {
                    self.routes(call, &request);
                }
            }
            _ => {}
        }
    }

    fn routes(&mut self, call: u64, request: &RouteRequest) {
        let at = self.wall(Place::Door);
        let answer = if request.generation < self.door.generation {
            Err(Error::Stale {
                whom: "front-door".to_owned(),
                known: self.door.generation,
            })
        } else {
            self.door.generation = request.generation;
            if self.door.route != request.route {
                self.say(Place::Door, || format!("sends traffic to {:?}", request.route));
            }
            self.door.route = request.route.clone();
            Ok(Reply::Done(api::site::Done { at }))
        };
        let answer = Box::new(answer);
        self.send(Place::Door, Place::Control, Message::Answer { call, answer });
    }

    pub(crate) fn door_heartbeat(&mut self) {
        let observation = Observation {
            site: Site::FrontDoor,
            at: self.wall(Place::Door),
            run: uuid::Uuid::nil(),
            role: Role::Routing(Some(self.door.route.clone())),
            generation: self.door.generation,
            lease: LeaseState::None,
            database: None,
            leader: None,
            unreached: std::collections::BTreeMap::new(),
            room: None,
            components: Vec::new(),
        };
        self.send(
            Place::Door,
            Place::Control,
            Message::Heartbeat(Box::new(observation), self.now),
        );
        self.after(Place::Door, ms(400), Timer::DoorHeartbeat);
    }

    // === people ===

    /// People look at the status now and then, and authorise what waits for them after some thought.
    pub(crate) fn person_decides(&mut self) {
        self.after(Place::Outside, ms(1_000), Timer::PersonDecides);
        self.people_resume();
        if self.is_down(Place::Control) {
            return;
        }
        // A region that is lost comes before what was planned.
        let waits = matches!(
            &self.control.decision,
            Decision::Wait {
                why: WaitingOn::Authorisation { .. },
                ..
            }
        );
        let planned = !waits && !self.control.pending.is_empty();
        if !waits {
            // Whoever authorised the last failover begins anew with the next one.
            self.outside.people = 0;
        }
        if !waits && !planned {
            self.outside.asked_since = None;
            return;
        }
        let since = *self.outside.asked_since.get_or_insert(self.now);
        let thinks = self.schedule.people_think + u64::from(self.outside.people) * ms(3_000);
        if self.now.since(since) >= thinks {
            if planned {
                return self.authorise("ben");
            }
            self.outside.people += 1;
            let by = if self.outside.people == 1 { "anna" } else { "ben" };
            self.person_orders(by, true);
        }
    }

    fn person_orders(&mut self, by: &str, right: bool) {
        let Some(reign) = &self.control.reign else { return };
        let Some(active) = self.side_of(&reign.active) else {
            return;
        };
        let named = self.name(if right { active } else { active.other() });
        self.ordered(&named, by, "as the status says");
    }

    pub(crate) fn deed(&mut self, deed: Deed) {
        if self.is_down(Place::Control) {
            return;
        }
        match deed {
            Deed::OrderFailover => self.person_orders("anna", true),
            Deed::OrderFailoverOfTheStandby => self.person_orders("anna", false),
            Deed::DeclareTwice => {
                self.person_orders("anna", true);
                self.person_orders("anna", true);
            }
            Deed::Switchover => self.person_declares(MoveKind::Switchover, true),
            Deed::SwitchoverToTheLeader => self.person_declares(MoveKind::Switchover, false),
            Deed::SwitchoverTwice => {
                self.person_declares(MoveKind::Switchover, true);
                self.person_declares(MoveKind::Switchover, true);
            }
            Deed::SwitchoverAndFailover => {
                self.person_declares(MoveKind::Switchover, true);
                self.person_orders("ben", true);
            }
            Deed::Failback => self.person_declares(MoveKind::Failback, true),
            Deed::FailbackOfTheLeader => self.person_declares(MoveKind::Failback, false),
            Deed::AuthoriseOwn => self.authorise("anna"),
            Deed::Abort => self.abort("anna"),
        }
    }

    /// To the other region, or by mistake to the one that leads.
    fn person_declares(&mut self, kind: MoveKind, right: bool) {
        let active = self.control.reign.as_ref().map(|reign| &reign.active);
        let Some(active) = active.and_then(|active| self.side_of(active)) else {
            return;
        };
        let to = self.name(if right { active.other() } else { active });
        self.declare(kind, to, "anna");
    }

    /// The gateways of generation 1 are told what they were told long ago.
    pub(crate) fn begin_gateways(&mut self) {
        let asker = Asker {
            call: 0,
            run: u32::MAX,
        };
        let lead = api::gateway::LeadRequest {
            generation: Generation::FIRST,
            incarnation: "incarnation-1".to_owned(),
            peer_gone: false,
            old_end: None,
        };
        let follow = api::gateway::FollowRequest {
            generation: Generation::FIRST,
            leader: self.name(Side::West),
        };
        self.asked_gateway(Side::West, asker, Request::GatewayLead(Side::West, lead));
        self.asked_gateway(Side::North, asker, Request::GatewayFollow(Side::North, follow));
    }
}
