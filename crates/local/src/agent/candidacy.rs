//! Collects the promises without which a region does not lead.

use std::{sync::Arc, time::Duration};

use api::{
    Problem,
    client::Error,
    lease::{PromiseReply, PromiseRequest, VoterClient},
};
use lease::{Candidacy, Candidate, VoterName, WaitingOn};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use types::{Generation, RegionName, settings::LeaseTiming};

use super::{clock, voting::Voting};

/// A voter that does not answer by then is asked again.
const ANSWER_TIME_MAX: Duration = Duration::from_millis(700);
/// Pause before a voter that did not answer is asked again.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(200);
/// Without a majority by then the orchestrator is told, which asks again.
const MAJORITY_TIME_MAX: Duration = Duration::from_secs(15);

/// A region that shall lead.
pub struct Election {
    /// This region.
    pub region: RegionName,
    /// In which generation.
    pub generation: Generation,
    /// How the lease is timed.
    pub timing: LeaseTiming,
    /// Its own voter.
    pub voting: Arc<Voting>,
    /// The other voters.
    pub others: Vec<(VoterName, VoterClient)>,
    /// The old side has proven that it is stopped.
    pub old_side_stopped: bool,
}

impl Election {
    /// Returns when this region may take its first term.
    ///
    /// # Errors
    /// A [`Problem`]: a newer generation is known, no majority answers, or the candidacy was called off.
    pub async fn win(&self, cancel: &CancellationToken) -> Result<(), Problem> {
        let mut candidate = Candidate::new(self.others.len(), self.timing);
        if self.old_side_stopped {
            candidate.old_side_stopped();
        }
        self.ask_own(&mut candidate).await?;
        let mut asked = JoinSet::new();
        for index in 0..self.others.len() {
            self.ask(&mut asked, index, Duration::ZERO);
        }
        let give_up = clock::now().plus(MAJORITY_TIME_MAX);
        loop {
            let until = match candidate.decide(clock::now()) {
                Candidacy::Proceed => return Ok(()),
                Candidacy::Refuse { promised } => return Err(Problem::stale(self.generation, promised)),
                Candidacy::Wait {
                    why: WaitingOn::OlderGrants { until },
                } => until,
                Candidacy::Wait {
                    why: WaitingOn::Promises,
                } if clock::now() >= give_up => {
                    return Err(
                        Problem::not_now("no majority of the voters promises this generation")
                            .hint("one of the other region's agent and the controller must be reachable"),
                    );
                }
                Candidacy::Wait {
                    why: WaitingOn::Promises,
                } => give_up,
            };
            tokio::select! {
                () = cancel.cancelled() => return Err(Problem::not_now("the lead was called off by a newer order")),
                () = tokio::time::sleep(clock::left_until(until)) => {}
                Some(Ok((index, answer))) = asked.join_next() => {
                    if !self.note(&mut candidate, index, answer) {
                        self.ask(&mut asked, index, ASK_AGAIN_AFTER);
                    }
                }
            }
        }
    }

    async fn ask_own(&self, candidate: &mut Candidate) -> Result<(), Problem> {
        let promised = self.voting.promise(&self.region, self.generation).await;
        match promised.map_err(|error| Problem::failed(error.to_string()))? {
            PromiseReply::Promised {
                older_grant_ends_in_ms,
            } => {
                candidate.promised_by_own(clock::now(), Duration::from_millis(older_grant_ends_in_ms));
                Ok(())
            }
            PromiseReply::Refused { promised, .. } => Err(Problem::stale(self.generation, promised)),
        }
    }

    fn ask(&self, asked: &mut JoinSet<(usize, Result<PromiseReply, Error>)>, index: usize, pause: Duration) {
        let client = self.others[index].1.clone();
        let request = PromiseRequest {
            generation: self.generation,
            candidate: self.region.clone(),
        };
        asked.spawn(async move {
            tokio::time::sleep(pause).await;
            let path = "/v1/lease/promise";
            let answer = client.0.post_within(path, &request, ANSWER_TIME_MAX).await;
            (index, answer)
        });
    }

    /// Whether the voter has answered for good.
    fn note(&self, candidate: &mut Candidate, index: usize, answer: Result<PromiseReply, Error>) -> bool {
        let voter = self.others[index].0.clone();
        match answer {
            Ok(PromiseReply::Promised {
                older_grant_ends_in_ms,
            }) => {
                let ends_in = Duration::from_millis(older_grant_ends_in_ms);
                candidate.promised(voter, clock::now(), ends_in);
                true
            }
            Ok(PromiseReply::Refused {
                promised,
                candidate: other,
            }) => {
                tracing::warn!(%voter, %promised, %other, "a voter refuses to promise");
                candidate.refused(promised);
                true
            }
            Err(error) => {
                tracing::debug!(%voter, %error, "a voter does not answer");
                false
            }
        }
    }
}
