//! What the two gateways say to each other on their control listeners.

use journal::{Compared, Position};
use serde::{Deserialize, Serialize};
use types::{Generation, RegionName};

use crate::gateway::{Gateway, Term};

/// Who speaks, in the query of every request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Speaker {
    /// In which generation.
    pub generation: Generation,
    /// From which region: the leader's where the leader speaks, the follower's where the follower does.
    pub region: RegionName,
}

impl Speaker {
    /// This gateway, in a term of its.
    pub fn of(gateway: &Gateway, term: &Term) -> Self {
        Self {
            generation: term.generation,
            region: gateway.settings.region.clone(),
        }
    }

    /// As a query string. Names are DNS labels, so nothing needs escaping.
    pub fn on(&self, path: &str) -> String {
        format!("{path}?generation={}&region={}", self.generation, self.region)
    }
}

/// The end of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Its last sequence number.
    pub sequence: u64,
    /// Its chain.
    pub chain: u32,
}

impl From<Position> for End {
    fn from(position: Position) -> Self {
        Self {
            sequence: position.sequence,
            chain: position.chain,
        }
    }
}

impl From<End> for Position {
    fn from(end: End) -> Self {
        Self {
            sequence: end.sequence,
            chain: end.chain,
            generation: 0,
        }
    }
}

/// The answer to `GET /peer/position` and to `POST /peer/append`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Synced {
    /// The synced end of the follower's log.
    pub end: End,
}

/// `GET /peer/batches`: what the leader lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// First sequence number of a batch.
    pub from: u64,
}

/// `POST /peer/fork`: ends of batches in the follower's log, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkRequest {
    /// The ends.
    pub probes: Vec<End>,
}

/// How many of the probes, from the first on, are in the leader's log too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkAnswer {
    /// That many.
    pub held: usize,
    /// Up to here the leader can read every message of its log.
    pub sound: u64,
    /// It does not hold all of them, and that may be because it is damaged: nothing must be cut off for this answer.
    #[serde(default)]
    pub damaged: bool,
    /// The leader's log begins behind this.
    #[serde(default)]
    pub floor: End,
}

impl From<Compared> for ForkAnswer {
    fn from(compared: Compared) -> Self {
        Self {
            held: compared.held,
            sound: compared.sound,
            damaged: compared.damaged,
            floor: compared.floor.into(),
        }
    }
}

impl From<ForkAnswer> for Compared {
    fn from(answer: ForkAnswer) -> Self {
        Self {
            held: answer.held,
            sound: answer.sound,
            damaged: answer.damaged,
            floor: answer.floor.into(),
        }
    }
}

/// The answer to `POST /peer/offer`: every message of the body is on the leader's disk now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Stored now.
    pub new: u64,
    /// Known before.
    pub known: u64,
    /// Kept aside, because their key was used for another body.
    pub aside: u64,
}
