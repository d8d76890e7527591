//! Keeps a leading region's right to write alive, and tells how it stands.

use std::{sync::Arc, time::Duration};

use api::{
    client::Error,
    lease::{RenewReply, RenewRequest, VoterClient},
    site::{DatabaseObservation, DatabaseState},
};
use lease::{Holder, Moment, Standing, VoterName};
use tokio::{sync::watch, task::JoinSet};
use types::{Generation, RegionName, settings::LeaseTiming};

use super::{clock, voting::Voting};

/// How a leading region's right stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// The right itself.
    pub standing: Standing,
    /// Who granted it, for people.
    pub by: Vec<String>,
}

/// What is needed to keep a right.
pub struct Keeper {
    /// This region.
    pub region: RegionName,
    /// The generation it leads in.
    pub generation: Generation,
    /// How the lease is timed.
    pub timing: LeaseTiming,
    /// Its database, of which the other voters are told whether it serves.
    pub database: watch::Receiver<DatabaseObservation>,
    /// Its own voter.
    pub voting: Arc<Voting>,
    /// The other voters.
    pub others: Vec<(VoterName, VoterClient)>,
}

struct Reply {
    voter: VoterName,
    sent: Moment,
    answer: Result<RenewReply, Error>,
}

impl Keeper {
    /// Renews until dropped; tells every change. After [`Standing::Deposed`] it tells nothing more.
    pub async fn keep(&self, tell: &watch::Sender<Right>) {
        let mut holder = Holder::new(self.generation, self.others.len(), self.timing);
        let mut replies = JoinSet::new();
        let mut ballot = self.voting.ballot();
        loop {
            let now = clock::now();
            if now >= holder.next_round()
                && let Err(by) = self.round(now, &mut holder, &mut replies).await
            {
                return Self::deposed(tell, by);
            }
            let standing = holder.standing(clock::now());
            let by = holder
                .granters(clock::now())
                .iter()
                .map(ToString::to_string)
                .collect();
            let over = matches!(standing, Standing::Deposed { .. });
            tell.send_replace(Right { standing, by });
            if over {
                return;
            }
            let mut pause = clock::left_until(holder.next_round());
            if let Standing::Valid { until } = standing {
                pause = pause.min(clock::left_until(until));
            }
            tokio::select! {
                Some(Ok(reply)) = replies.join_next() => Self::note(&mut holder, reply),
                // Our own voter promised a newer generation to somebody: without our own vote we have no majority.
                Ok(found) = ballot.wait_for(|ballot| ballot.promised > self.generation) => {
                    let by = found.promised;
                    drop(found);
                    return Self::deposed(tell, by);
                }
                () = tokio::time::sleep(pause.max(Duration::from_millis(1))) => {}
            }
        }
    }

    fn deposed(tell: &watch::Sender<Right>, by: Generation) {
        tell.send_replace(Right {
            standing: Standing::Deposed { by },
            by: Vec::new(),
        });
    }

    /// Asks everybody, ourselves first; an error is the generation for which our own vote is gone.
    async fn round(
        &self,
        now: Moment,
        holder: &mut Holder,
        replies: &mut JoinSet<Reply>,
    ) -> Result<(), Generation> {
        // The time counts from before our own vote, so that our own voter's term is never the shorter one.
        holder.round_begun(now);
        let request = RenewRequest {
            holder: self.region.clone(),
            generation: self.generation,
            serves: self.serves(),
        };
        match self.voting.renew(&request).await {
            Ok(RenewReply::Granted) => {}
            Ok(RenewReply::Refused { promised }) => return Err(promised),
            Err(error) => {
                tracing::error!(%error, "our own vote cannot be given");
                return Ok(());
            }
        }
        // A voter that answers later than this does not help any more.
        let limit = self.timing.ttl.as_duration() / 2;
        for (voter, client) in &self.others {
            let (voter, client, request) = (voter.clone(), client.clone(), request.clone());
            replies.spawn(async move {
                let answer = client.renew(&request, limit).await;
                Reply {
                    voter,
                    sent: now,
                    answer,
                }
            });
        }
        Ok(())
    }

    fn serves(&self) -> bool {
        let database = self.database.borrow();
        database.state == DatabaseState::Primary && database.answered_in_ms.is_some()
    }

    fn note(holder: &mut Holder, reply: Reply) {
        match reply.answer {
            Ok(RenewReply::Granted) => holder.granted(reply.voter, reply.sent),
            Ok(RenewReply::Refused { promised }) => holder.refused(promised),
            Err(error) => tracing::debug!(voter = %reply.voter, %error, "a voter does not answer"),
        }
    }
}
