//! The lease voter of this region, with its promises on disk.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use api::lease::{PromiseReply, RenewReply};
use lease::{Ballot, PromiseAnswer, RenewAnswer, Voter};
use tokio::sync::{Mutex, watch};
use types::{Generation, RegionName, Timestamp, settings::LeaseTiming};

use super::{clock, durable};

/// A voter whose promises survive a crash.
#[derive(Debug)]
pub struct Voting {
    path: PathBuf,
    voter: Mutex<Voter>,
    ballot: watch::Sender<Ballot>,
    granted: std::sync::Mutex<Option<(RegionName, Timestamp)>>,
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
    pub fn last_grant(&self) -> Option<(RegionName, Timestamp)> {
        self.granted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The holder asks for another term.
    ///
    /// # Errors
    /// When a promise that goes with it cannot be made durable; then nothing was granted.
    pub async fn renew(
        &self,
        holder: &RegionName,
        generation: Generation,
    ) -> Result<RenewReply, durable::Error> {
        let mut voter = self.voter.lock().await;
        match voter.renew(clock::now(), holder, generation) {
            RenewAnswer::Granted { save } => {
                self.save(&mut voter, save).await?;
                *self.granted.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((holder.clone(), clock::timestamp()));
                Ok(RenewReply::Granted)
            }
            RenewAnswer::Refused { promised } => Ok(RenewReply::Refused { promised }),
        }
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
        assert_eq!(
            voting.renew(&a, Generation::FIRST).await.unwrap(),
            RenewReply::Granted
        );

        let voting = Voting::load(path, timing).unwrap();
        assert_eq!(
            voting.renew(&b, Generation::FIRST).await.unwrap(),
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
        assert!(
            (3_000..=3_500).contains(&older_grant_ends_in_ms),
            "{older_grant_ends_in_ms}"
        );
    }
}
