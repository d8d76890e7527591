//! What travels between places, and what happens at them by itself.

use api::site::Observation;
use journal::{Batch, Compared, Position};
use lease::Moment;
use types::Generation;

use crate::{
    calls::{Answered, Request},
    lane::Register,
    place::Place,
    time::At,
};

/// A set of messages of partners, by number.
pub(crate) type Set = u128;

/// Something on its way.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    // The lease.
    Renew {
        generation: Generation,
        sent: Moment,
        serves: bool,
    },
    Granted {
        generation: Generation,
        sent: Moment,
    },
    RenewRefused {
        generation: Generation,
        promised: Generation,
    },
    Promise {
        generation: Generation,
    },
    Promised {
        generation: Generation,
        ends_in_ms: u64,
    },
    PromiseRefused {
        generation: Generation,
        promised: Generation,
    },
    // Agents and controller.
    /// With the moment in which it was made.
    Heartbeat(Box<Observation>, At),
    Ask {
        call: u64,
        request: Box<Request>,
    },
    Answer {
        call: u64,
        answer: Box<Answered>,
    },
    // Replication of the database.
    Attach {
        length: usize,
    },
    Attached {
        history: u64,
        length: usize,
    },
    NotAttached,
    Wal {
        history: u64,
        length: usize,
    },
    Received {
        history: u64,
        received: usize,
        replayed: usize,
    },
    /// Between gateways; small as the others, because what waits for its time is moved about a lot.
    Gateway(Box<Peer>),
    // Partners.
    Submit {
        number: u8,
    },
    Accepted {
        number: u8,
        copies: u8,
    },
}

/// What the two gateways say to each other about their journals.
#[derive(Clone, Debug)]
pub(crate) enum Peer {
    /// The leader's, with what the follower lacks; without, a sign of life.
    Copy {
        generation: Generation,
        batches: Vec<Batch>,
        marks: Set,
        /// What is known of lanes.
        register: Register,
    },
    /// Where the follower's log ends, if that is known to be in the leader's.
    Copied {
        generation: Generation,
        end: Option<Position>,
        marks: Set,
    },
    /// The leader lacks the end of the follower's log.
    Realign {
        generation: Generation,
    },
    /// The leader lacks batches from a number on.
    Wanted {
        generation: Generation,
        from: u64,
    },
    Given {
        generation: Generation,
        from: u64,
        batches: Vec<Batch>,
    },
    /// Where the follower's log parts from the leader's; a step counts its questions.
    Fork {
        generation: Generation,
        step: u32,
        probes: Vec<Position>,
    },
    Forked {
        generation: Generation,
        step: u32,
        compared: Compared,
    },
    /// What only the follower may have.
    Offer {
        generation: Generation,
        step: u32,
        batches: Vec<Batch>,
    },
    Kept {
        generation: Generation,
        step: u32,
    },
    CopyRefused {
        known: Generation,
    },
}

impl From<Peer> for Message {
    fn from(said: Peer) -> Self {
        Self::Gateway(Box::new(said))
    }
}

/// What a place does by itself after some time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Timer {
    // Agent; the number ends what an earlier duty began.
    Heartbeat,
    Round(u32),
    LeaseEnds(u32),
    Candidate(u32),
    AskVoters(u32),
    StartDatabase(u32),
    Look(u32),
    Rejoined(u32),
    Drained(u32),
    // Database and guard.
    DatabaseUp(u32),
    DatabaseDown(u32),
    /// A clean stop has lasted too long.
    StopIsLong(u32),
    Guard,
    Keepalive,
    // Gateway.
    GatewayTick(u32),
    Written(u32),
    /// A call gets to the ERP.
    ErpGets(u32),
    ErpAnswers(u32),
    LanesWake(u32),
    Degrade {
        number: u8,
        run: u32,
    },
    /// Somebody looks at a gateway whose journal is poisoned, and starts it anew.
    GatewayLookedAt(u32),
    /// A gateway that could not open its journal is started again.
    GatewayStarts(u32),
    // Controller.
    Watch,
    Reconcile,
    Poll,
    CallTimeout(u64),
    LocalAnswer(u64),
    Pause(u64),
    // Front door.
    DoorHeartbeat,
    // Outside.
    PartnerSends {
        number: u8,
    },
    PeopleWork,
    PersonDecides,
}

/// An event of the simulated world.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Deliver {
        from: Place,
        to: Place,
        run: u32,
        message: Message,
    },
    Timer {
        place: Place,
        run: u32,
        timer: Timer,
    },
    FaultBegins(usize),
    FaultEnds(usize),
    Flap {
        fault: usize,
        cut: bool,
    },
    Restart {
        place: Place,
    },
}

impl Timer {
    /// Whether it stands still while only the agent does: the guard, the database and the gateway are other processes.
    pub const fn is_agents(self) -> bool {
        matches!(
            self,
            Self::Heartbeat
                | Self::Round(_)
                | Self::LeaseEnds(_)
                | Self::Candidate(_)
                | Self::AskVoters(_)
                | Self::StartDatabase(_)
                | Self::Look(_)
                | Self::Rejoined(_)
                | Self::Drained(_)
        )
    }

    /// Whether it stands still while only the gateway does.
    pub const fn is_gateways(self) -> bool {
        matches!(
            self,
            Self::GatewayTick(_)
                | Self::Written(_)
                | Self::Degrade { .. }
                | Self::ErpAnswers(_)
                | Self::LanesWake(_)
        )
    }
}

impl Message {
    /// Whether an agent takes it.
    pub const fn is_for_agent(&self) -> bool {
        match self {
            Self::Renew { .. }
            | Self::Granted { .. }
            | Self::RenewRefused { .. }
            | Self::Promise { .. }
            | Self::Promised { .. }
            | Self::PromiseRefused { .. } => true,
            Self::Ask { request, .. } => matches!(
                **request,
                Request::Observe(_)
                    | Request::Checkpoint(_)
                    | Request::Fence(..)
                    | Request::Release(..)
                    | Request::Lead(..)
                    | Request::Follow(..)
            ),
            Self::Heartbeat(..)
            | Self::Answer { .. }
            | Self::Attach { .. }
            | Self::Attached { .. }
            | Self::NotAttached
            | Self::Wal { .. }
            | Self::Received { .. }
            | Self::Gateway(_)
            | Self::Submit { .. }
            | Self::Accepted { .. } => false,
        }
    }

    /// Whether a gateway takes it.
    pub fn is_for_gateway(&self) -> bool {
        match self {
            Self::Gateway(_) | Self::Submit { .. } => true,
            Self::Ask { request, .. } => matches!(
                **request,
                Request::GatewayStatus(_) | Request::GatewayLead(..) | Request::GatewayFollow(..)
            ),
            _ => false,
        }
    }

    /// Whether a lost packet only makes it late, because its connection sends again.
    pub const fn is_sent_again(&self) -> bool {
        matches!(self, Self::Ask { .. } | Self::Answer { .. })
    }
}
