//! A region's gateway, as a model: the rules of the real one over sets of message numbers instead of a log of bytes.
//!
//! Acknowledged means on two disks, or on one after a second without the other region. A gateway that learns of a newer
//! generation acknowledges nothing more. Told to lead, it advances the fence row, compares its journal with the
//! database's inbox and applies what lacks. Nothing publishes the outbox in the product yet; the rules for that are
//! those it is designed to have: marked on both disks first, sent once, and held until the comparison is done.

use api::gateway::{
    GatewayRole, GatewayStatus, JournalStatus, LeadRequest, PeerState, PeerStatus, Reconciliation,
};
use driver::Error;
use types::{Generation, RegionName};

use crate::{
    agent::Asker,
    bug::Bug,
    calls::{Reply, Request},
    database::{Commit, Process, Wrote},
    ledger::MESSAGES_MAX,
    message::{Message, Set, Timer},
    place::{Place, Side},
    time::ms,
    world::World,
};

/// A message waits this long for the other region before it is acknowledged on one copy.
const DEGRADE_AFTER: u64 = ms(1_000);
const TICK: u64 = ms(250);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Expected,
    InSync,
    CatchingUp,
    Gone,
}

#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    // On disk.
    pub stored: Set,
    /// Effects that were, or are about to be, sent outside.
    pub marks: Set,
    pub generation: Generation,
    pub leader: Option<Side>,
    // In memory.
    pub role: GatewayRole,
    pub run: u32,
    pub link: Link,
    /// Known to be on the other disk.
    pub copied: Set,
    pub copied_marks: Set,
    /// Marked by this very run.
    pub marked: Set,
    /// It has heard in this run what the other region holds: before that its own marks may lack some.
    pub compared_marks: bool,
    /// Stored here, and nobody was told yet.
    pub pending: Set,
    pub incarnation: Option<String>,
    pub reconciliation: Option<Reconciliation>,
    pub alone: u64,
    /// When it last heard the follower.
    heard: u64,
}

// === impl Gateway ===

impl Gateway {
    pub const fn new() -> Self {
        Self {
            stored: 0,
            marks: 0,
            generation: Generation::NONE,
            leader: None,
            role: GatewayRole::Waiting,
            run: 0,
            link: Link::Expected,
            copied: 0,
            copied_marks: 0,
            marked: 0,
            compared_marks: false,
            pending: 0,
            incarnation: None,
            reconciliation: None,
            alone: 0,
            heard: 0,
        }
    }

    /// Started anew: it waits to be told.
    pub fn restart(&mut self) {
        self.role = GatewayRole::Waiting;
        self.run += 1;
        (self.copied, self.copied_marks, self.marked, self.pending) = (0, 0, 0, 0);
        self.compared_marks = false;
        self.link = Link::Expected;
        self.incarnation = None;
        self.reconciliation = None;
    }

    pub fn leads(&self) -> bool {
        self.role == GatewayRole::Leading
    }

    pub fn is_reconciled(&self) -> bool {
        self.reconciliation
            .as_ref()
            .is_some_and(|made| made.finished.is_some())
    }

    fn overtaken(&mut self, by: Generation) {
        if by > self.generation {
            self.restart();
            self.generation = by;
            self.leader = None;
        }
    }

    fn led_by(&mut self, generation: Generation, leader: Side, name: &RegionName) {
        let right = GatewayRole::Following { leader: name.clone() };
        if self.role != right || self.generation != generation {
            self.restart();
            (self.role, self.generation, self.leader) = (right, generation, Some(leader));
        }
    }

    /// Whether it may be led by that region in that generation.
    fn check(&self, whom: Side, generation: Generation, leader: Side) -> Result<(), Error> {
        if generation < self.generation {
            return Err(Error::Stale {
                whom: whom.to_string(),
                known: self.generation,
            });
        }
        match self.leader {
            Some(other) if generation == self.generation && other != leader => Err(Error::Refused {
                whom: whom.to_string(),
                why: format!("{other} leads in generation {generation}"),
            }),
            _ => Ok(()),
        }
    }
}

impl World<'_> {
    pub(crate) fn asked_gateway(&mut self, side: Side, asker: Asker, request: Request) {
        match request {
            Request::GatewayStatus(_) => {
                let status = self.gateway_status(side);
                self.answer(side, asker, Ok(Reply::Gateway(Box::new(status))));
            }
            Request::GatewayLead(_, request) => {
                match self.gateway(side).check(side, request.generation, side) {
                    Ok(()) => {
                        self.gateway_leads(side, &request);
                        self.answer_done(side, asker);
                    }
                    Err(error) => self.answer(side, asker, Err(error)),
                }
            }
            Request::GatewayFollow(_, request) => {
                let leader = side.other();
                match self.gateway(side).check(side, request.generation, leader) {
                    Ok(()) => {
                        self.gateway(side)
                            .led_by(request.generation, leader, &request.leader);
                        self.answer_done(side, asker);
                    }
                    Err(error) => self.answer(side, asker, Err(error)),
                }
            }
            _ => {}
        }
    }

    fn gateway_leads(&mut self, side: Side, request: &LeadRequest) {
        let (now, wall) = (self.now, self.wall(side.place()));
        let gateway = self.gateway(side);
        if gateway.leads() && gateway.generation == request.generation {
            return;
        }
        gateway.restart();
        gateway.role = GatewayRole::Leading;
        gateway.generation = request.generation;
        gateway.leader = Some(side);
        gateway.incarnation = Some(request.incarnation.clone());
        gateway.link = if request.peer_gone {
            Link::Gone
        } else {
            Link::Expected
        };
        gateway.heard = now.0;
        gateway.reconciliation = Some(Reconciliation::begun(request.generation, wall));
        let run = gateway.run;
        self.say(side.place(), || {
            format!("its gateway leads in generation {}", request.generation)
        });
        self.after(side.place(), 0, Timer::GatewayTick(run));
    }

    /// Copies, delivers and sends, a few times a second.
    pub(crate) fn gateway_tick(&mut self, side: Side, run: u32) {
        let now = self.now;
        let gateway = self.gateway(side);
        if !gateway.leads() || gateway.run != run {
            return;
        }
        if now.0 - gateway.heard > DEGRADE_AFTER && gateway.link != Link::Gone {
            gateway.link = Link::Gone;
        }
        self.copy(side);
        self.deliver_to_erp(side);
        self.after(side.place(), TICK, Timer::GatewayTick(run));
    }

    fn copy(&mut self, side: Side) {
        let gateway = self.gateway(side);
        let message = Message::Copy {
            generation: gateway.generation,
            all: gateway.stored,
            marks: gateway.marks,
        };
        self.send(side.place(), side.other().place(), message);
    }

    // === in ===

    /// The front door passes a partner's message on.
    pub(crate) fn submitted(&mut self, side: Side, number: u8) {
        let delay = ms(1) + self.disk_delay(side);
        let gateway = self.gateway(side);
        if !gateway.leads() {
            return;
        }
        let bit = 1 << number;
        if gateway.stored & bit != 0 && gateway.pending & bit == 0 {
            let copies = if gateway.copied & bit == 0 { 1 } else { 2 };
            return self.acknowledge(side, number, copies);
        }
        let run = gateway.run;
        self.after(side.place(), delay, Timer::Synced { number, run });
    }

    /// It is on this disk.
    pub(crate) fn synced(&mut self, side: Side, number: u8, run: u32) {
        let early = self.planted(Bug::AcknowledgesBeforeTheCopy);
        let gateway = self.gateway(side);
        if gateway.run != run || !gateway.leads() {
            return;
        }
        let bit = 1 << number;
        gateway.stored |= bit;
        if early {
            return self.acknowledge(side, number, 2);
        }
        match gateway.link {
            Link::Expected | Link::InSync => {
                gateway.pending |= bit;
                self.after(side.place(), DEGRADE_AFTER, Timer::Degrade { number, run });
                self.copy(side);
            }
            Link::CatchingUp | Link::Gone => self.acknowledge(side, number, 1),
        }
        self.deliver_to_erp(side);
    }

    pub(crate) fn degrade(&mut self, side: Side, number: u8, run: u32) {
        let gateway = self.gateway(side);
        if gateway.run == run && gateway.leads() && gateway.pending & (1 << number) != 0 {
            gateway.link = Link::Gone;
            self.acknowledge(side, number, 1);
        }
    }

    fn acknowledge(&mut self, side: Side, number: u8, copies: u8) {
        let gateway = self.gateway(side);
        gateway.pending &= !(1 << number);
        gateway.alone += u64::from(copies == 1);
        self.ledger.acknowledged(number, copies);
        self.send(side.place(), Place::Door, Message::Accepted { number, copies });
    }

    /// The leader's journal arrives at its follower.
    pub(crate) fn copy_arrives(&mut self, side: Side, generation: Generation, all: Set, marks: Set) {
        let leader = side.other();
        let name = self.name(leader);
        let delay = self.disk_delay(side);
        let obeys_all = self.planted(Bug::CopiesForOldLeaders);
        let drops = self.planted(Bug::DropsTheSuffix);
        let gateway = self.gateway(side);
        if gateway.check(side, generation, leader).is_err() && !obeys_all {
            let known = gateway.generation;
            return self.send(side.place(), leader.place(), Message::CopyRefused { known });
        }
        if generation >= gateway.generation {
            gateway.led_by(generation, leader, &name);
        }
        let surplus = gateway.stored & !all;
        if drops {
            gateway.stored &= all;
        }
        gateway.stored |= all;
        gateway.marks |= marks;
        let held = Message::Copied {
            generation,
            held: gateway.stored,
            marks: gateway.marks,
            surplus: if drops { 0 } else { surplus },
        };
        self.send_later(side.place(), leader.place(), delay, held);
    }

    /// The follower has it on its disk, and offers what only it has.
    pub(crate) fn copied(&mut self, side: Side, generation: Generation, held: Set, marks: Set, surplus: Set) {
        let now = self.now;
        let gateway = self.gateway(side);
        if !gateway.leads() || gateway.generation != generation {
            return;
        }
        gateway.heard = now.0;
        gateway.stored |= surplus;
        gateway.marks |= marks;
        gateway.compared_marks = true;
        gateway.copied |= held;
        gateway.copied_marks |= marks;
        let has_all = gateway.stored & !gateway.copied == 0;
        gateway.link = if has_all || gateway.link == Link::InSync {
            Link::InSync
        } else {
            Link::CatchingUp
        };
        let ready = gateway.pending & gateway.copied;
        for number in numbers(ready) {
            self.acknowledge(side, number, 2);
        }
        self.deliver_to_erp(side);
    }

    pub(crate) fn copy_refused(&mut self, side: Side, known: Generation) {
        let deaf = self.planted(Bug::CopiesForOldLeaders);
        let gateway = self.gateway(side);
        if gateway.leads() && known > gateway.generation && !deaf {
            gateway.overtaken(known);
            self.say(side.place(), || {
                format!("its gateway steps back: generation {known} leads elsewhere")
            });
        }
    }

    // === to the ERP, and out ===

    pub(crate) fn deliver_to_erp(&mut self, side: Side) {
        let (now, wall) = (self.now, self.wall(side.place()));
        let full = now < self.regions[side.index()].disk.full_until;
        let [blind, twice] =
            [Bug::DeliversBesideTheFenceRow, Bug::ReplaysWithoutAsking].map(|bug| self.planted(bug));
        let region = &mut self.regions[side.index()];
        let (gateway, database) = (&mut region.gateway, &mut region.database);
        let Some(made) = gateway
            .reconciliation
            .as_mut()
            .filter(|_| gateway.role == GatewayRole::Leading)
        else {
            return;
        };
        if database.process != Process::Primary || full {
            return;
        }
        let (generation, row) = (gateway.generation, database.fence_row());
        if row > generation && !blind {
            return;
        }
        let mut wrote = false;
        let commit = |what| Commit {
            what,
            generation: database.generation,
            at: now,
        };
        if row < generation {
            // The fence row is worth what the region's own generation is: an older one has lost its right.
            let fence = Commit {
                generation,
                ..commit(Wrote::Fence)
            };
            database.log.push(fence);
            wrote = true;
        }
        made.first_write.get_or_insert(wall);
        let replays_all = twice && made.finished.is_none();
        let lacking = if replays_all {
            gateway.stored
        } else {
            gateway.stored & !database.applied()
        };
        for number in numbers(lacking) {
            database.log.push(Commit {
                what: Wrote::Message(number),
                generation: database.generation,
                at: now,
            });
            wrote = true;
        }
        made.replayed += u64::from(lacking.count_ones());
        made.finished.get_or_insert(wall);
        let generation = database.generation;
        database.replayed = database.log.len();
        if let Some(number) = database.applied_twice().filter(|_| twice) {
            self.ledger.broken(crate::ledger::Broken::AppliedTwice, now, || {
                format!("message {number}")
            });
        }
        if wrote {
            self.ledger.writes(side, generation, now);
            self.send_wal(side);
        }
        self.publish(side);
    }

    /// Every fourth message has an effect outside: a label, a mail, a message to a partner.
    fn publish(&mut self, side: Side) {
        const WITH_EFFECT: Set = Set::MAX / 15;
        let now = self.now;
        let (unheld, unmarked) = (
            self.planted(Bug::SendsBeforeTheComparison),
            self.planted(Bug::SendsWithoutAMark),
        );
        let region = &mut self.regions[side.index()];
        let gateway = &mut region.gateway;
        let compared = gateway.is_reconciled() && gateway.compared_marks;
        if !(compared || unheld || unmarked) {
            return;
        }
        let due = region.database.applied() & WITH_EFFECT & !gateway.marks;
        gateway.marks |= due;
        let sent = if unheld || unmarked {
            due
        } else {
            // Marked on both disks, and by this very gateway: what another one marked it has sent, or a person decides.
            let ready = gateway.marked & gateway.copied_marks;
            gateway.marked = (gateway.marked | due) & !ready;
            ready
        };
        for number in numbers(sent) {
            self.ledger.sent_outside(number, now);
        }
        if due != 0 {
            self.copy(side);
        }
    }

    pub(crate) fn gateway_status(&mut self, side: Side) -> GatewayStatus {
        let name = self.name(side);
        let gateway = self.gateway(side);
        GatewayStatus {
            region: name,
            role: gateway.role.clone(),
            generation: gateway.generation,
            incarnation: gateway.incarnation.clone(),
            journal: JournalStatus {
                messages: u64::from(gateway.stored.count_ones()),
                synced: u64::from(gateway.stored.count_ones()),
                bytes: 0,
                quarantined: 0,
            },
            peer: PeerStatus {
                state: match gateway.link {
                    Link::InSync => PeerState::InSync,
                    Link::Expected | Link::CatchingUp => PeerState::CatchingUp,
                    Link::Gone => PeerState::Gone,
                },
                synced: u64::from(gateway.copied.count_ones()),
                acknowledged_alone: gateway.alone,
                degraded_since: None,
            },
            lanes: Vec::new(),
            reconciliation: gateway.reconciliation.clone(),
        }
    }
}

/// The numbers of a set, smallest first.
pub(crate) fn numbers(mut set: Set) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let number = u8::try_from(set.trailing_zeros())
            .ok()
            .filter(|number| *number < MESSAGES_MAX)?;
        set &= set - 1;
        Some(number)
    })
}
