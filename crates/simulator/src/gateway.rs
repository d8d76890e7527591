//! A region's gateway, as a model of its roles around the product's own journal.
//!
//! Acknowledged means on two disks, or on one after a second without the other region. A gateway that learns of a newer
//! generation acknowledges nothing more. Told to lead, it advances the fence row, compares its journal with the
//! database's inbox and applies what lacks. Nothing publishes the outbox in the product yet; the rules for that are
//! those it is designed to have: marked on both disks first, sent once, and held until the comparison is done.

use api::gateway::{
    GatewayRole, GatewayStatus, JournalStatus, LeadRequest, PeerState, PeerStatus, Reconciliation,
};
use driver::Error;
use journal::Batch;
use types::{Generation, RegionName};

use crate::{
    agent::Asker,
    aligning::Aligning,
    calls::{Reply, Request},
    lane::{Lanes, Register},
    ledger::{MESSAGES_MAX, Part},
    log::Log,
    message::{Set, Timer},
    place::Side,
    time::{At, ms},
    world::World,
};

/// A message waits this long for the other region before it is acknowledged on one copy.
pub(crate) const DEGRADE_AFTER: u64 = ms(1_000);
const TICK: u64 = ms(250);
/// What could not be read, or whose damage could not be noted, is read again after this long.
const READ_AGAIN: u64 = ms(60_000);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Expected,
    InSync,
    CatchingUp,
    Gone,
}

impl Link {
    /// Whether an acknowledgement waits for the other region.
    pub const fn waits(self) -> bool {
        matches!(self, Self::Expected | Self::InSync)
    }
}

/// A batch between its encoding and its sync.
pub(crate) struct Writing {
    pub batch: Batch,
    pub messages: Set,
}

pub(crate) struct Gateway {
    // On disk.
    pub log: Log,
    /// Effects that were, or are about to be, sent outside.
    pub marks: Set,
    /// What is known of lanes, as it is written down.
    pub registered: Register,
    pub generation: Generation,
    pub leader: Option<Side>,
    // In memory.
    pub register: Register,
    /// Of one that leads.
    pub lanes: Option<Box<Lanes>>,
    pub role: GatewayRole,
    pub run: u32,
    pub link: Link,
    /// To be written when the write that is under way is done.
    pub waiting: Set,
    /// A partner waits for the answer.
    pub asked: Set,
    pub writing: Option<Writing>,
    /// What the follower is told about when it is on disk here, and at which step it asked.
    pub promised: Option<(u32, Set)>,
    /// The follower's log ends there, as the leader knows; `None`: it must be asked.
    pub peer_end: Option<u64>,
    /// Up to here the follower has had everything.
    pub there: u64,
    /// When the other region could not give back what cannot be read here.
    pub unmended: Option<At>,
    /// How often that was said to people.
    pub errors: u32,
    /// A follower's log is known to be a beginning of the leader's.
    pub aligned: bool,
    pub aligning: Aligning,
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
    pub heard: u64,
    /// When its journal was last read where that had not been done.
    pub read_at: At,
}

// === impl Gateway ===

impl Gateway {
    pub fn new(log: Log) -> Self {
        Self {
            log,
            marks: 0,
            registered: Register::default(),
            register: Register::default(),
            lanes: None,
            generation: Generation::NONE,
            leader: None,
            role: GatewayRole::Waiting,
            run: 0,
            link: Link::Expected,
            waiting: 0,
            asked: 0,
            writing: None,
            promised: None,
            peer_end: None,
            there: 0,
            unmended: None,
            errors: 0,
            aligned: false,
            aligning: Aligning::default(),
            copied_marks: 0,
            marked: 0,
            compared_marks: false,
            pending: 0,
            incarnation: None,
            reconciliation: None,
            alone: 0,
            heard: 0,
            read_at: At(0),
        }
    }

    /// Its role ends; the write that is under way is not stopped by that.
    pub fn restart(&mut self) {
        if let Some(writing) = self.writing.take() {
            // Whether it was poisoned shows with the next use.
            let _ = self.log.commit(&[writing.batch]);
        }
        self.forget();
    }

    /// It waits to be told, and knows nothing but what is on its disk.
    pub fn forget(&mut self) {
        self.role = GatewayRole::Waiting;
        self.run += 1;
        (self.copied_marks, self.marked, self.pending) = (0, 0, 0);
        (self.waiting, self.asked, self.writing, self.promised) = (0, 0, None, None);
        (self.peer_end, self.there) = (None, 0);
        (self.unmended, self.errors) = (None, 0);
        (self.aligned, self.aligning) = (false, Aligning::default());
        self.compared_marks = false;
        self.link = Link::Expected;
        self.incarnation = None;
        self.reconciliation = None;
        (self.lanes, self.register) = (None, self.registered);
    }

    /// Whether there is a process that can use its journal.
    pub fn works(&self) -> bool {
        self.role != GatewayRole::Poisoned && self.log.is_open()
    }

    /// How many disks are known to hold a message that this one holds.
    pub fn copies(&self, number: u8) -> u8 {
        if self.log.place(number) <= self.there {
            2
        } else {
            1
        }
    }

    pub fn leads(&self) -> bool {
        self.role == GatewayRole::Leading
    }

    pub fn is_reconciled(&self) -> bool {
        self.reconciliation
            .as_ref()
            .is_some_and(|made| made.finished.is_some())
    }

    pub fn overtaken(&mut self, by: Generation) {
        if by > self.generation {
            self.restart();
            self.generation = by;
            self.leader = None;
        }
    }

    pub fn led_by(&mut self, generation: Generation, leader: Side, name: &RegionName) {
        let right = GatewayRole::Following { leader: name.clone() };
        if self.role != right || self.generation != generation {
            self.restart();
            (self.role, self.generation, self.leader) = (right, generation, Some(leader));
        }
    }

    /// Whether it may be led by that region in that generation.
    pub fn check(&self, whom: Side, generation: Generation, leader: Side) -> Result<(), Error> {
        if self.role == GatewayRole::Poisoned {
            return Err(Error::NotNow {
                whom: whom.to_string(),
                why: "its journal is poisoned".to_owned(),
            });
        }
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
        if !self.gateway(side).log.is_open() {
            return;
        }
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
                        self.obeys(Part::Gateway(side), request.generation);
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
        let fenced = gateway.lanes.as_ref().is_some_and(|lanes| lanes.fenced);
        if gateway.leads() && gateway.generation == request.generation && !fenced {
            return;
        }
        self.obeys(Part::Gateway(side), request.generation);
        let gateway = self.gateway(side);
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
        self.lanes_begin(side);
        let gateway = self.gateway(side);
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
        self.keep_register(side);
        self.reads_again(side);
        self.copy(side);
        self.deliver_to_erp(side);
        self.after(side.place(), TICK, Timer::GatewayTick(run));
    }

    /// A segment whose damage could not be noted counts as unread, and a follower cuts nothing off until it was read.
    pub(crate) fn reads_again(&mut self, side: Side) {
        let now = self.now;
        let gateway = self.gateway(side);
        if now.since(gateway.read_at) >= READ_AGAIN {
            gateway.read_at = now;
            gateway.log.scrub();
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
                messages: u64::from(gateway.log.stored.count_ones()),
                synced: gateway.log.position().sequence,
                bytes: 0,
                quarantined: 0,
                trimmed: 0,
                parked: 0,
            },
            peer: PeerStatus {
                state: match gateway.link {
                    Link::InSync => PeerState::InSync,
                    Link::Expected | Link::CatchingUp => PeerState::CatchingUp,
                    Link::Gone => PeerState::Gone,
                },
                synced: gateway.there,
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
