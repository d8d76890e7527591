//! Getting back what is damaged in the leader's own journal, from the region that follows.
//!
//! The other region's copy may be the last good one. It is fetched in exact batches, which the journal checks against
//! what is intact before and behind the damage, and as long as anything is lacking here the follower cuts nothing off
//! its log ([`super::serve`], [`super::align`]).

use std::{
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use api::client::Error;
use bytes::Bytes;
use journal::Batch;

use super::send::{Failure, Sender};
use crate::lock;

/// What the other region could not give is asked for again after this long: a person may have put it back there.
const PAUSE: Duration = Duration::from_secs(30);

impl Sender<'_> {
    /// Puts back what is lacking here, as far as the other region can give it.
    pub(super) async fn mend(&self, failing: Option<Instant>) -> Result<(), Failure> {
        let gaps = self.gateway.reader.gaps();
        let resting = lock(&self.gateway.unmended).is_some_and(|at| at.elapsed() < PAUSE);
        if gaps.is_empty() || resting {
            return Ok(());
        }
        let mut unmended = None;
        for gap in gaps {
            match self.mend_gap(&gap, failing).await? {
                Ok(()) => tracing::warn!(?gap, "what was damaged here came back from the other region"),
                Err(why) => {
                    unmended = Some(Instant::now());
                    tracing::error!(
                        ?gap,
                        why,
                        "messages cannot be read here, and the other region cannot give them back: its copy is \
                         kept as it is"
                    );
                }
            }
        }
        *lock(&self.gateway.unmended) = unmended;
        Ok(())
    }

    /// The inner error says why the other region, or what it gave, does not help.
    async fn mend_gap(
        &self,
        gap: &RangeInclusive<u64>,
        failing: Option<Instant>,
    ) -> Result<Result<(), String>, Failure> {
        let (mut batches, mut next) = (Vec::new(), *gap.start());
        while next <= *gap.end() {
            let more = match self.fetch(next, failing).await? {
                Ok(more) => more,
                Err(why) => return Ok(Err(why)),
            };
            let Some(end) = more.last().map(Batch::last).filter(|end| *end >= next) else {
                return Ok(Err(format!("its log ends before {next}")));
            };
            next = end + 1;
            batches.extend(more);
        }
        // Behind the damage everything is intact.
        batches.retain(|batch: &Batch| batch.last() <= *gap.end());
        let repaired = self.gateway.log.repair(batches, self.speaker.generation.get());
        let repaired = repaired
            .await
            .map_err(|closed| Failure::Again(closed.to_string()))?;
        Ok(repaired.map_err(|error| crate::start::chain(&error)))
    }

    async fn fetch(
        &self,
        from: u64,
        failing: Option<Instant>,
    ) -> Result<Result<Vec<Batch>, String>, Failure> {
        let path = format!("{}&from={from}", self.speaker.on("/peer/batches"));
        let call = async {
            match self.peer.client.get_bytes(&path).await {
                Ok(bytes) => Ok(Batch::parse_all(Bytes::from(bytes)).map_err(|error| error.to_string())),
                Err(error @ Error::NoAnswer { .. }) => Err(error),
                Err(error) if error.problem().is_some_and(api::Problem::is_stale) => Err(error),
                Err(error) => Ok(Err(error.to_string())),
            }
        };
        self.within(call, failing).await
    }
}
