//! The queue of events, and which place handles each.

use crate::{
    agent::Asker,
    database::Process,
    message::{Event, Message, Peer, Timer},
    place::{Place, Side},
    time::At,
    world::World,
};

impl World<'_> {
    pub fn push(&mut self, at: At, event: Event) {
        self.queue.push(at, event);
    }

    pub fn after(&mut self, place: Place, micros: u64, timer: Timer) {
        let run = self.machines[place.index()].run;
        self.push(self.now.plus(micros), Event::Timer { place, run, timer });
    }

    pub fn next(&mut self) -> Option<Event> {
        let (at, event) = self.queue.pop()?;
        self.now = at;
        self.stats.events += 1;
        Some(event)
    }

    /// Handles one event, or puts it off while its place stands still.
    pub fn handle(&mut self, event: Event) {
        match event {
            Event::Deliver {
                from,
                to,
                run,
                message,
            } => {
                let machine = &self.machines[to.index()];
                if !machine.up || machine.run != run {
                    return;
                }
                let frozen = self.frozen_until(to, message.is_for_agent(), message.is_for_gateway());
                if frozen > self.now {
                    return self.push(
                        frozen,
                        Event::Deliver {
                            from,
                            to,
                            run,
                            message,
                        },
                    );
                }
                self.deliver(from, to, message);
            }
            Event::Timer { place, run, timer } => {
                let machine = &self.machines[place.index()];
                if !machine.up || machine.run != run {
                    return;
                }
                let frozen = self.frozen_until(place, timer.is_agents(), timer.is_gateways());
                if frozen > self.now {
                    return self.push(frozen, Event::Timer { place, run, timer });
                }
                self.timer(place, timer);
            }
            Event::FaultBegins(index) => self.fault_begins(index),
            Event::FaultEnds(index) => self.fault_ends(index),
            Event::Flap { fault, cut } => self.flap(fault, cut),
            Event::Restart { place } => self.restarts(place),
        }
    }

    fn frozen_until(&self, place: Place, agents: bool, gateways: bool) -> At {
        let machine = self.machines[place.index()].frozen_until;
        match place.side() {
            Some(side) if agents => machine.max(self.regions[side.index()].agent_frozen_until),
            Some(side) if gateways => machine.max(self.regions[side.index()].gateway_frozen_until),
            _ => machine,
        }
    }

    fn timer(&mut self, place: Place, timer: Timer) {
        match place.side() {
            Some(side) => self.region_timer(side, timer),
            None => self.other_timer(timer),
        }
    }

    fn region_timer(&mut self, side: Side, timer: Timer) {
        match timer {
            Timer::Heartbeat => self.region_heartbeat(side),
            Timer::Round(serial) => self.round(side, serial),
            Timer::LeaseEnds(serial) => self.lease_ends(side, serial),
            Timer::Candidate(serial) if self.agent(side).serial == serial => self.candidate_looks(side),
            Timer::AskVoters(serial) => self.ask_voters(side, serial),
            Timer::StartDatabase(serial) => self.start_primary(side, serial),
            Timer::Look(serial) => self.look(side, serial),
            Timer::Rejoined(serial) => self.rejoined(side, serial),
            Timer::Drained(number) => self.drained(side, number),
            Timer::StopIsLong(serial) => self.stop_is_long(side, serial),
            Timer::DatabaseUp(serial) => self.database_up(side, serial),
            Timer::DatabaseDown(serial) => self.database_down(side, serial),
            Timer::Guard => self.guard(side),
            Timer::Keepalive => self.keepalive(side),
            Timer::GatewayTick(run) => self.gateway_tick(side, run),
            Timer::Written(run) => self.written(side, run),
            Timer::ErpGets(call) => self.erp_gets(side, call),
            Timer::ErpAnswers(call) => self.erp_answers(side, call),
            Timer::LanesWake(run) => self.lanes_wake(side, run),
            Timer::GatewayLookedAt(run) if self.gateway(side).run == run => self.restart_gateway(side),
            Timer::GatewayStarts(run) => self.gateway_started(side, run),
            Timer::Degrade { number, run } => self.degrade(side, number, run),
            _ => {}
        }
    }

    fn other_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Watch => self.watch(),
            Timer::Reconcile => self.reconcile(),
            Timer::Poll => self.poll_gateways(),
            Timer::CallTimeout(call) => self.call_times_out(call),
            Timer::LocalAnswer(id) => self.local_answer(id),
            Timer::Pause(id) => self.pause_passed(id),
            Timer::DoorHeartbeat => self.door_heartbeat(),
            Timer::PartnerSends { number } => self.partner_sends(number),
            Timer::PeopleWork => self.people_work(),
            Timer::PersonDecides => self.person_decides(),
            _ => {}
        }
    }

    fn database_up(&mut self, side: Side, serial: u32) {
        let database = self.database(side);
        match database.process {
            Process::Starting {
                serial: now,
                primary: true,
            } if now == serial => self.primary_is_up(side),
            Process::Starting {
                serial: now,
                primary: false,
            } if now == serial => {
                database.process = Process::Standby;
                database.stream = None;
            }
            _ => {}
        }
    }

    fn database_down(&mut self, side: Side, serial: u32) {
        let database = self.database(side);
        if !matches!(database.process, Process::Ending { serial: now, .. } if now == serial) {
            return;
        }
        database.process = Process::Stopped;
        database.stream = None;
        self.ledger.closes(side);
        self.fences_answer(side);
        self.writer_is_gone(side);
    }

    fn deliver(&mut self, from: Place, to: Place, message: Message) {
        match to {
            Place::West => self.deliver_to_region(Side::West, from, message),
            Place::North => self.deliver_to_region(Side::North, from, message),
            Place::Control => match message {
                Message::Heartbeat(observation, said) => self.heard(*observation, said),
                Message::Answer { call, answer } => self.call_answered(call, *answer),
                message => self.witness_votes(from, &message),
            },
            Place::Door => self.door_gets(from, message),
            Place::Outside => self.outside_gets(message),
        }
    }

    fn deliver_to_region(&mut self, side: Side, from: Place, message: Message) {
        match message {
            Message::Renew { .. } | Message::Promise { .. } => self.votes(side, from, &message),
            Message::Granted { generation, sent } => self.granted(side, from, generation, sent),
            Message::RenewRefused { generation, promised } => {
                self.renewal_refused(side, generation, promised)
            }
            Message::Promised {
                generation,
                ends_in_ms,
            } => {
                self.voter_answered(side, from, generation, Ok(ends_in_ms));
            }
            Message::PromiseRefused { generation, promised } => {
                self.voter_answered(side, from, generation, Err(promised));
            }
            Message::Ask { call, request } => {
                let asker = Asker {
                    call,
                    run: self.machines[Place::Control.index()].run,
                };
                self.asked_region(side, asker, *request);
            }
            Message::Attach { length } => self.asked_to_stream(side, side.other(), length),
            Message::Attached { history, length } => self.may_stream(side, history, length),
            Message::NotAttached => self.may_not_stream(side),
            Message::Wal { history, length } => self.wal(side, history, length),
            Message::Received {
                history,
                received,
                replayed,
            } => self.received(side, history, (received, replayed)),
            Message::Submit { number } => self.submitted(side, number),
            Message::Gateway(said) => self.deliver_to_gateway(side, *said),
            Message::Heartbeat(..) | Message::Answer { .. } | Message::Accepted { .. } => {}
        }
    }

    /// What the two gateways say to each other.
    fn deliver_to_gateway(&mut self, side: Side, said: Peer) {
        match said {
            Peer::Copy {
                generation,
                batches,
                marks,
                register,
            } => {
                self.hears_of_lanes(side, generation, &register);
                self.copy_arrives(side, generation, &batches, marks);
            }
            Peer::Copied {
                generation,
                end,
                marks,
            } => self.copied(side, generation, end, marks),
            Peer::CopyRefused { known } => self.copy_refused(side, known),
            Peer::Realign { generation } => self.realigns(side, generation),
            Peer::Wanted { generation, from } => self.wanted(side, generation, from),
            Peer::Given {
                generation,
                from,
                batches,
            } => self.given(side, generation, from, batches),
            Peer::Fork {
                generation,
                step,
                probes,
            } => self.fork_asked(side, generation, step, &probes),
            Peer::Forked {
                generation,
                step,
                compared,
            } => self.fork_answered(side, generation, step, &compared),
            Peer::Offer {
                generation,
                step,
                batches,
            } => self.offer_arrives(side, generation, step, &batches),
            Peer::Kept { generation, step } => self.kept(side, generation, step),
        }
    }
}
