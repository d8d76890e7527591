//! The three orders a region takes: lead, follow, fence.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use api::{
    Problem,
    site::{Done, FenceReceipt, FenceRequest, FollowRequest, LeadReceipt, LeadRequest, LogPosition, Role},
};
use tokio_util::sync::CancellationToken;
use types::{Generation, Timestamp};

use super::{Lead, Region, is_only_peer};
use crate::agent::{
    candidacy::Election,
    clock,
    decide_role::{Obey, decide_fence, decide_follow, decide_lead},
    postgres::{control::Mode, log_end::LogEnd},
    role::DurableRole,
};

/// A lead that takes longer is reported as not done yet; it goes on, and asking again waits for it again.
const LEAD_TIME_MAX: Duration = Duration::from_secs(110);

impl Region {
    /// "You lead in this generation." Returns when the database accepts writes.
    ///
    /// # Errors
    /// A [`Problem`]; asking again is always safe.
    pub async fn lead(self: &Arc<Self>, request: LeadRequest) -> Result<LeadReceipt, Problem> {
        let generation = request.generation;
        // A newer order must not wait behind an older candidacy.
        self.call_off_candidacy(|running| running < generation);
        let mut duty = self.duty.lock().await;
        match decide_lead(&self.known(), generation, request.bootstrap) {
            Obey::Refuse(refusal) => return Err(refusal.into()),
            Obey::Already => {
                drop(duty);
                return self.wait_for_lead(generation).await;
            }
            Obey::Begin => {}
        }
        // The server goes on as it is: a standby receives what is still on its way, and a primary of an older
        // generation has a deadline.
        duty.end().await;
        let fenced_at = match self.stand_for(&request).await {
            Ok(fenced_at) => fenced_at,
            Err(problem) => {
                self.begin_duty(&mut duty);
                return Err(problem);
            }
        };
        let begun = self.remember(|record| {
            record.generation = generation;
            record.role = DurableRole::Active;
            record.led = Some(generation);
            record.seeds = request.bootstrap;
            record.fenced_at = Some(fenced_at);
            record.receipt = None;
            record.history = None;
            record.fence = None;
            record.divergence = None;
        });
        if begun.is_ok() {
            self.lead.send_replace(Lead::Working(generation));
        }
        self.begin_duty(&mut duty);
        drop(duty);
        begun?;
        self.wait_for_lead(generation).await
    }

    /// Collects promises and waits until older grants have run out; tells since when nobody older can write.
    async fn stand_for(&self, request: &LeadRequest) -> Result<Timestamp, Problem> {
        let cancel = CancellationToken::new();
        let candidacy = |now| {
            *self.candidacy.lock().unwrap_or_else(PoisonError::into_inner) = now;
        };
        candidacy(Some((request.generation, cancel.clone())));
        // One receipt proves one region; with several others each would have to prove itself.
        let proof = request
            .fenced
            .as_ref()
            .filter(|receipt| receipt.generation >= request.generation && is_only_peer(&self.settings.peers));
        let election = Election {
            region: self.settings.region.clone(),
            generation: request.generation,
            timing: self.timing(),
            voting: Arc::clone(&self.voting),
            others: self.others.clone(),
            old_side_stopped: proof.is_some(),
        };
        let won = election.win(&cancel).await;
        candidacy(None);
        won.map(|()| proof.map_or_else(clock::timestamp, |receipt| receipt.at))
    }

    async fn wait_for_lead(&self, generation: Generation) -> Result<LeadReceipt, Problem> {
        if let Some(receipt) = self.record().receipt
            && receipt.generation == generation
            && *self.role.borrow() == Role::Active
        {
            return Ok(receipt);
        }
        let mut lead = self.lead.subscribe();
        let settled = lead.wait_for(|lead| !matches!(lead, Lead::Working(_)));
        let settled = match tokio::time::timeout(LEAD_TIME_MAX, settled).await {
            Ok(Ok(settled)) => settled.clone(),
            Ok(Err(_)) | Err(_) => return Err(Problem::not_now("the database is still being started")),
        };
        match settled {
            Lead::Leading(receipt) if receipt.generation == generation => Ok(receipt),
            Lead::Failed(failed, why) if failed == generation => Err(Problem::failed(why)),
            Lead::Leading(_) | Lead::Failed(..) | Lead::Idle | Lead::Working(_) => {
                Err(Problem::not_now("the lead was called off by a newer order"))
            }
        }
    }

    /// "You follow that region." Returns at once; progress shows in observations.
    ///
    /// # Errors
    /// A [`Problem`].
    pub async fn follow(self: &Arc<Self>, request: FollowRequest) -> Result<Done, Problem> {
        let generation = request.generation;
        self.call_off_candidacy(|running| running < generation);
        let mut duty = self.duty.lock().await;
        let upstreams = &self.database_settings().replication.upstreams;
        let is_known = upstreams.contains_key(&request.upstream);
        match decide_follow(&self.known(), generation, &request.upstream, is_known) {
            Obey::Refuse(refusal) => return Err(refusal.into()),
            Obey::Already => {}
            Obey::Begin => {
                self.remember(|record| {
                    // The reign that ends here may learn of a newer generation at this very moment.
                    record.generation = record.generation.max(generation);
                    record.role = DurableRole::Standby {
                        upstream: request.upstream.clone(),
                        generation,
                    };
                    record.seeds = false;
                    record.receipt = None;
                    record.history = None;
                    record.fence = None;
                })?;
                duty.end().await;
                self.lead.send_replace(Lead::Idle);
                self.begin_duty(&mut duty);
            }
        }
        Ok(Done {
            at: clock::timestamp(),
        })
    }

    /// "Make sure that nothing below this generation can write here." Returns when every process of the database is
    /// gone.
    ///
    /// # Errors
    /// A [`Problem`].
    pub async fn fence(self: &Arc<Self>, request: FenceRequest) -> Result<FenceReceipt, Problem> {
        let generation = request.generation;
        self.call_off_candidacy(|running| running < generation);
        let mut duty = self.duty.lock().await;
        let known = self.known();
        match (decide_fence(&known, generation), known.record.fence) {
            (Obey::Refuse(refusal), _) => return Err(refusal.into()),
            (Obey::Already, Some(receipt)) => return Ok(receipt),
            (Obey::Already | Obey::Begin, _) => {}
        }
        let (position, last_seen) = (self.database.borrow().position, self.last_seen());
        if let DurableRole::Standby { .. } = known.record.role {
            self.remember(|record| record.generation = record.generation.max(generation))?;
            // It follows by its role; what ran before may still be on its way out.
            self.postgres.kill_writer().await;
            if matches!(self.postgres.mode(), Some(Mode::Primary | Mode::Seeding { .. })) {
                return Err(Problem::failed("a process of the database does not die"));
            }
            return Ok(FenceReceipt {
                generation,
                at: clock::timestamp(),
                position,
                log_end: None,
            });
        }
        // Written down first: whatever happens to this process now, no later run of it writes below this generation.
        self.remember(|record| {
            record.generation = record.generation.max(generation);
            record.role = DurableRole::Fenced;
            record.seeds = false;
            record.receipt = None;
            record.fence = None;
        })?;
        duty.end().await;
        self.lead.send_replace(Lead::Idle);
        self.supervisor.set(|conditions| conditions.active = false);
        self.postgres.kill().await;
        if self.postgres.running().is_some() {
            return Err(Problem::failed("a process of the database does not die"));
        }
        self.role.send_replace(Role::Fenced);
        self.right.send_replace(None);
        let receipt = FenceReceipt {
            generation,
            at: clock::timestamp(),
            position,
            log_end: self.log_end(known.record.history, last_seen).await,
        };
        self.remember(|record| record.fence = Some(receipt.clone()))?;
        Ok(receipt)
    }

    /// The last position at which the database was seen, with the timeline that belongs to it.
    fn last_seen(&self) -> Option<LogPosition> {
        let database = self.database.borrow();
        let (timeline, position) = (database.timeline?, database.position?);
        Some(LogPosition { timeline, position })
    }

    /// The true end of what the stopped database wrote since its reign began there.
    async fn log_end(
        &self,
        began: Option<LogPosition>,
        last_seen: Option<LogPosition>,
    ) -> Option<LogPosition> {
        let end = LogEnd {
            bin_dir: &self.postgres.settings.bin_dir,
            data_dir: &self.data.path,
            spawner: &self.postgres.launcher().spawner,
            began: began?,
            last_seen,
        };
        match end.read().await {
            Ok(end) => Some(end),
            Err(why) => {
                tracing::warn!(%why, "the end of the database's log is not certain");
                None
            }
        }
    }
}
