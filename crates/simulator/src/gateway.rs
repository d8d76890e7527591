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
    calls::{Reply, Request},
    ledger::{MESSAGES_MAX, Part},
    message::{Set, Timer},
    place::Side,
    time::ms,
    world::World,
};

/// A message waits this long for the other region before it is acknowledged on one copy.
pub(crate) const DEGRADE_AFTER: u64 = ms(1_000);
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
    pub heard: u64,
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
        if gateway.leads() && gateway.generation == request.generation {
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
                trimmed: 0,
                parked: 0,
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
