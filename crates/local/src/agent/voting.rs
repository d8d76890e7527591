//! The lease voter of this region, with its promises on disk.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use api::lease::{PromiseReply, RenewReply, RenewRequest};
use lease::{Ballot, PromiseAnswer, RenewAnswer, Voter};
use tokio::sync::{Mutex, watch};
use types::{Generation, RegionName, Timestamp, settings::LeaseTiming};

use super::clock;

/// A voter whose promises survive a crash.
#[derive(Debug)]
pub struct Voting {
    path: PathBuf,
    voter: Mutex<Voter>,
    ballot: watch::Sender<Ballot>,
    granted: std::sync::Mutex<Option<Grant>>,
}

/// The last term this voter granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub holder: RegionName,
    /// When.
    pub at: Timestamp,
    /// When that region last said that its database takes writes.
    pub served_at: Option<Timestamp>,
}

impl Voting {
    /// The voter as it was left.
    ///
    /// # Errors
    /// When its memory cannot be read: a voter that may have forgotten a promise must not vote.
    pub fn load(path: PathBuf, timing: LeaseTiming) -> Result<Arc<Self>, durable::Error> {
        let ballot: Ballot = durable::read(&path)?.unwrap_or_default();
        let voter = Voter::started(ballot.clone(), timing, clock::now());
        Ok(Arc::new(Self {
            path,
            voter: Mutex::new(voter),
            ballot: watch::channel(ballot).0,
            granted: std::sync::Mutex::default(),
        }))
    }

    /// What it has promised, durably.
    pub fn ballot(&self) -> watch::Receiver<Ballot> {
        self.ballot.subscribe()
    }

    /// Whom it last granted a term, and when.
    pub fn last_grant(&self) -> Option<Grant> {
        self.granted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The holder asks for another term.
    ///
    /// # Errors
    /// When a promise that goes with it cannot be made durable; then nothing was granted.
    pub async fn renew(&self, request: &RenewRequest) -> Result<RenewReply, durable::Error> {
        let mut voter = self.voter.lock().await;
        match voter.renew(clock::now(), &request.holder, request.generation) {
            RenewAnswer::Granted { save } => {
                self.save(&mut voter, save).await?;
                self.note(request);
                Ok(RenewReply::Granted)
            }
            RenewAnswer::Refused { promised } => Ok(RenewReply::Refused { promised }),
        }
    }

    fn note(&self, request: &RenewRequest) {
        let (mut granted, at) = (
            self.granted.lock().unwrap_or_else(PoisonError::into_inner),
            clock::timestamp(),
        );
        let before = granted
            .take()
            .filter(|before| before.holder == request.holder)
            .and_then(|before| before.served_at);
        *granted = Some(Grant {
            holder: request.holder.clone(),
            at,
            served_at: if request.serves { Some(at) } else { before },
        });
    }

    /// A candidate asks for a promise.
    ///
    /// # Errors
    /// When it cannot be made durable; then nothing was promised.
    pub async fn promise(
        &self,
        candidate: &RegionName,
        generation: Generation,
    ) -> Result<PromiseReply, durable::Error> {
        let mut voter = self.voter.lock().await;
        match voter.promise(clock::now(), generation, candidate) {
            PromiseAnswer::Promised {
                older_grant_ends_in,
                save,
            } => {
                self.save(&mut voter, save).await?;
                // Rounded up: a candidate that waits too short would be a second writer.
                let millis = older_grant_ends_in.as_nanos().div_ceil(1_000_000);
                Ok(PromiseReply::Promised {
                    older_grant_ends_in_ms: u64::try_from(millis).unwrap_or(u64::MAX),
                })
            }
            PromiseAnswer::Refused { ballot } => Ok(PromiseReply::Refused {
                promised: ballot.promised,
                // Only a voter that promised something refuses.
                candidate: ballot.candidate.unwrap_or_else(|| candidate.clone()),
            }),
        }
    }

    async fn save(&self, voter: &mut Voter, ballot: Option<Ballot>) -> Result<(), durable::Error> {
        let Some(ballot) = ballot else { return Ok(()) };
        let (path, value) = (self.path.clone(), ballot.clone());
        let written = tokio::task::spawn_blocking(move || durable::write(&path, &value)).await;
        written.unwrap_or_else(|_| {
            Err(durable::Error::Write {
                path: self.path.clone(),
                source: std::io::Error::other("the write was called off"),
            })
        })?;
        voter.saved(&ballot);
        self.ballot.send_replace(ballot);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use types::Span;

    use super::*;

    fn asks(holder: &RegionName) -> RenewRequest {
        RenewRequest {
            holder: holder.clone(),
            generation: Generation::FIRST,
            serves: true,
        }
    }

    #[tokio::test]
    async fn a_holder_whose_database_is_stuck_keeps_its_lease_and_is_not_said_to_serve() {
        let directory = tempfile::tempdir().unwrap();
        let timing = LeaseTiming {
            ttl: Span::from_secs(3),
            renew_every: Span::from_millis(500),
            margin: Span::from_millis(500),
        };
        let voting = Voting::load(directory.path().join("lease.json"), timing).unwrap();
        let a = RegionName::new("a").unwrap();
        voting.renew(&asks(&a)).await.unwrap();
        let served = voting.last_grant().unwrap();
        assert_eq!(served.served_at, Some(served.at));
        let stuck = RenewRequest {
            serves: false,
            ..asks(&a)
        };
        voting.renew(&stuck).await.unwrap();
        let granted = voting.last_grant().unwrap();
        assert_eq!(granted.served_at, Some(served.at));
        assert!(granted.at >= served.at);
    }

    #[tokio::test]
    async fn a_promise_survives_a_restart_and_a_grant_is_assumed_after_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lease.json");
        let timing = LeaseTiming {
            ttl: Span::from_secs(3),
            renew_every: Span::from_millis(500),
            margin: Span::from_millis(500),
        };
        let (a, b) = (RegionName::new("a").unwrap(), RegionName::new("b").unwrap());
        let voting = Voting::load(path.clone(), timing).unwrap();
        let first = voting.promise(&a, Generation::FIRST).await.unwrap();
        assert_eq!(
            first,
            PromiseReply::Promised {
                older_grant_ends_in_ms: 0
            }
        );
        assert_eq!(voting.renew(&asks(&a)).await.unwrap(), RenewReply::Granted);

        let restarted = std::time::Instant::now();
        let voting = Voting::load(path, timing).unwrap();
        assert_eq!(
            voting.renew(&asks(&b)).await.unwrap(),
            RenewReply::Refused {
                promised: Generation::FIRST
            }
        );
        let PromiseReply::Promised {
            older_grant_ends_in_ms,
        } = voting.promise(&b, Generation::new(2)).await.unwrap()
        else {
            panic!("refused")
        };
        // Of the term that is assumed, what this test took is over.
        let over_ms = u64::try_from(restarted.elapsed().as_millis()).unwrap();
        assert!(
            older_grant_ends_in_ms <= 3_500 && older_grant_ends_in_ms + over_ms >= 3_000,
            "{older_grant_ends_in_ms} after {over_ms}"
        );
    }
}
