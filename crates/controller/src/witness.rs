//! The third voter of the lease: the rules are in `lease`, here they get a clock and a disk.

use std::sync::PoisonError;

use api::lease::{PromiseReply, PromiseRequest, RenewReply, RenewRequest};
use driver::Answer;
use lease::{Ballot, PromiseAnswer, RenewAnswer, Voter};
use tokio::sync::Mutex;
use types::{Generation, RegionName, settings::LeaseTiming};

use crate::{
    clock::moment,
    store::{self, Store},
};

/// The witness.
#[derive(Debug)]
pub struct Witness {
    /// Held while a promise is written: an answer that overtakes the disk would be a promise that a crash forgets.
    voter: Mutex<Voter>,
    /// The last term that this process granted.
    granted: std::sync::Mutex<Option<(RegionName, Generation)>>,
    store: Store,
}

// === impl Witness ===

impl Witness {
    /// A witness with what it promised before it was restarted.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn open(store: Store, timing: LeaseTiming) -> Result<Self, store::Error> {
        let voter = Mutex::new(Voter::started(store.ballot().await?, timing, moment()));
        Ok(Self {
            voter,
            granted: std::sync::Mutex::default(),
            store,
        })
    }

    /// The generation in which this process last granted a term to that region; `None` when somebody else had the last one.
    pub fn granted(&self, to: &RegionName) -> Option<Generation> {
        let granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        granted
            .as_ref()
            .filter(|(holder, _)| holder == to)
            .map(|(_, generation)| *generation)
    }

    /// The newest generation it promised.
    pub async fn promised(&self) -> Generation {
        self.voter.lock().await.ballot().promised
    }

    /// The holder asks for another term.
    ///
    /// # Errors
    /// When what must be kept could not be written.
    pub async fn renew(&self, request: &RenewRequest) -> Result<RenewReply, store::Error> {
        let mut voter = self.voter.lock().await;
        match voter.renew(moment(), &request.holder, request.generation) {
            RenewAnswer::Granted { save } => {
                self.save(&mut voter, save).await?;
                let mut granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
                *granted = Some((request.holder.clone(), request.generation));
                Ok(RenewReply::Granted)
            }
            RenewAnswer::Refused { promised } => Ok(RenewReply::Refused { promised }),
        }
    }

    /// A candidate asks for a promise.
    ///
    /// # Errors
    /// When what must be kept could not be written.
    pub async fn promise(&self, request: &PromiseRequest) -> Result<PromiseReply, store::Error> {
        let mut voter = self.voter.lock().await;
        match voter.promise(moment(), request.generation, &request.candidate) {
            PromiseAnswer::Promised { save, .. } => {
                self.save(&mut voter, save).await?;
                // Asked again after the write, so that the time it took is not counted twice.
                let left = match voter.promise(moment(), request.generation, &request.candidate) {
                    PromiseAnswer::Promised {
                        older_grant_ends_in, ..
                    } => older_grant_ends_in,
                    PromiseAnswer::Refused { ballot } => return Ok(refused(ballot, request)),
                };
                // Rounded up: a candidate must never wait less than a grant lasts.
                let millis = left.as_nanos().div_ceil(1_000_000);
                Ok(PromiseReply::Promised {
                    older_grant_ends_in_ms: u64::try_from(millis).unwrap_or(u64::MAX),
                })
            }
            PromiseAnswer::Refused { ballot } => Ok(refused(ballot, request)),
        }
    }

    async fn save(&self, voter: &mut Voter, save: Option<Ballot>) -> Result<(), store::Error> {
        if let Some(ballot) = save {
            self.store.keep_ballot(ballot.clone()).await?;
            voter.saved(&ballot);
        }
        Ok(())
    }
}

fn refused(ballot: Ballot, request: &PromiseRequest) -> PromiseReply {
    PromiseReply::Refused {
        promised: ballot.promised,
        // Only a ballot with a candidate refuses; the other side of the `or` cannot happen.
        candidate: ballot.candidate.unwrap_or_else(|| request.candidate.clone()),
    }
}

impl driver::Witness for Witness {
    fn promise<'a>(&'a self, request: &'a PromiseRequest) -> Answer<'a, PromiseReply> {
        Box::pin(async move {
            Self::promise(self, request)
                .await
                .map_err(|error| driver::Error::Failed {
                    whom: "the witness".to_owned(),
                    why: error.to_string(),
                })
        })
    }
}
