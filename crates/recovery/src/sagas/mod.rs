//! Recovery's sagas. Read each as a runbook: the nodes in order, and for each what it does and why it stands there.

pub mod bootstrap;
pub mod failback;
pub mod failover;
mod promoting;
pub mod reincarnation;
pub mod restore;
pub mod switchover;
mod timeline;

#[cfg(test)]
mod switchover_tests;
#[cfg(test)]
mod tests;

use std::time::Duration;

use api::lease::{PromiseReply, PromiseRequest};
use driver::{Clock, Error, Ports, Reign};
use saga::{ActionError, Inputs};
use serde::{Deserialize, Serialize};
use types::{Generation, RegionName};

pub use promoting::{PROMOTE, promoting};
pub use saga::Step;
pub use timeline::timeline;

/// The output of the node that takes a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// The generation that is ours.
    pub generation: Generation,
}

/// Retry what may pass, fail what will not.
fn until_refused(error: Error) -> ActionError {
    if error.may_pass() {
        ActionError::retry(error)
    } else {
        ActionError::fail(error)
    }
}

/// Retry whatever it is: for steps that have no other way than forward.
fn until_done(error: Error) -> ActionError {
    ActionError::retry(error)
}

/// Gives up after a while. Not a deadline of the node, because that would end its undo too.
fn or_fail_after<T>(
    clock: &dyn Clock,
    inputs: &Inputs,
    patience: Duration,
    result: Result<T, ActionError>,
) -> Result<T, ActionError> {
    match result {
        Err(ActionError::Retry { why }) if clock.now().since(inputs.first_started()) > patience => {
            Err(ActionError::Fail { why })
        }
        result => result,
    }
}

/// Writes down who leads from now on.
async fn record(
    ports: &Ports,
    active: RegionName,
    generation: Generation,
    incarnation: String,
) -> Result<Reign, ActionError> {
    let reign = Reign {
        active,
        generation,
        incarnation,
        since: ports.clock.now(),
    };
    ports.reigns.record(&reign).await.map_err(until_done)?;
    Ok(reign)
}

/// Takes the first generation from `at_least` on that the witness promises to `candidate`.
///
/// Asked again it gets the same generation, because a promise is kept for its candidate. A number that was promised to
/// somebody else is skipped: generations are not scarce.
async fn claim(ports: &Ports, at_least: Generation, candidate: &RegionName) -> Result<Claimed, ActionError> {
    let mut generation = at_least;
    loop {
        let request = PromiseRequest {
            generation,
            candidate: candidate.clone(),
        };
        match ports.witness.promise(&request).await.map_err(until_refused)? {
            PromiseReply::Promised { .. } => return Ok(Claimed { generation }),
            // The witness already promised a newer number to this very candidate: an earlier run of this step.
            PromiseReply::Refused {
                promised,
                candidate: other,
            } if other == *candidate => {
                generation = promised;
            }
            PromiseReply::Refused { promised, .. } => generation = promised.next(),
        }
    }
}
