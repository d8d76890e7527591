//! The three-party lease on the wire: the two regions' agents and the witness (the controller) are the voters.
//!
//! `POST /v1/lease/renew` and `POST /v1/lease/promise` exist on every voter. The rules are in the `lease` crate.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use types::{Generation, RegionName};

use crate::client::{Client, Error};

/// The holder asks a voter for another term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewRequest {
    /// Who writes.
    pub holder: RegionName,
    /// In which generation.
    pub generation: Generation,
    /// Whether its database took its last probe: a holder whose database is stuck goes on renewing, and the one it asks
    /// should not take that for service.
    #[serde(default)]
    pub serves: bool,
}

/// A voter's answer to the holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RenewReply {
    /// Granted for the agreed TTL, which the holder counts from the moment it *sent* the request.
    Granted,
    /// A newer generation was promised to somebody.
    Refused {
        /// That generation.
        promised: Generation,
    },
}

/// A candidate asks a voter never again to grant anything below `generation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromiseRequest {
    /// The generation that will lead.
    pub generation: Generation,
    /// Who will lead in it.
    pub candidate: RegionName,
}

/// A voter's answer to a candidate; the promise is durable before it is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PromiseReply {
    /// Promised.
    Promised {
        /// For at most this long somebody else may still hold a grant of this voter, milliseconds.
        older_grant_ends_in_ms: u64,
    },
    /// That generation or a newer one was promised to another candidate.
    Refused {
        /// The newest promise.
        promised: Generation,
        /// To whom.
        candidate: RegionName,
    },
}

/// Asks one voter.
#[derive(Clone, Debug)]
pub struct VoterClient(pub Client);

impl VoterClient {
    /// Asks for another term.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn renew(&self, request: &RenewRequest, limit: Duration) -> Result<RenewReply, Error> {
        self.0.post_within("/v1/lease/renew", request, limit).await
    }

    /// Asks for a promise.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn promise(&self, request: &PromiseRequest) -> Result<PromiseReply, Error> {
        self.0.post("/v1/lease/promise", request).await
    }
}
