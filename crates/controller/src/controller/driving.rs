//! How a saga begins, ends, and gives way to one that is more urgent.

use std::{sync::Arc, time::Duration};

use recovery::{
    decide::{Candidacy, Snapshot, decide_candidate},
    sagas::{PROMOTE, failover, promoting, switchover},
};
use saga::{Outcome, SagaId};
use tokio::time::Instant;
use uuid::Uuid;

use super::{Controller, MYSELF};
use crate::sagas::{Running, StartError, Way};

/// After a saga that came to nothing, the next is not started before this: what refused needs time to change its mind.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(2);

impl Controller {
    pub(super) async fn begin(
        self: &Arc<Self>,
        kind: &str,
        by: &str,
        params: serde_json::Value,
    ) -> Result<(), StartError> {
        let id = SagaId(Uuid::now_v7());
        self.runner.create(id, kind, params.clone()).await?;
        self.drive(Running {
            id,
            kind: kind.to_owned(),
        });
        self.audit(by, kind, serde_json::json!({ "saga": id, "plan": params }))
            .await;
        Ok(())
    }

    pub(super) fn drive(self: &Arc<Self>, running: Running) {
        let (this, of) = (Arc::clone(self), running.clone());
        self.runner
            .drive(running, async move |outcome| this.ended_with(&of, outcome).await);
    }

    /// Ends the saga that runs, if it gives way; answers whether nothing runs any more.
    pub(super) async fn clear_the_way(self: &Arc<Self>, why: &str) -> Result<bool, StartError> {
        let Some(running) = self.runner.running() else {
            return Ok(true);
        };
        let why = format!("a failover is more urgent: {why}");
        match self.runner.supersede(&running, &why).await {
            Ok(Way::Clear) => {
                self.ended_with(&running, Outcome::Superseded { why }).await;
                Ok(true)
            }
            Ok(Way::EndedMeanwhile) => Ok(true),
            Ok(Way::Barred) => {
                self.drive(running);
                Ok(false)
            }
            Err(error) => {
                self.drive(running);
                Err(error)
            }
        }
    }

    /// Gives up a region that was told to lead and is lost before it does: the move is taken back now, not at its deadline.
    pub(super) async fn give_up_candidate(self: &Arc<Self>, snapshot: &Snapshot) -> Result<(), StartError> {
        let moves = [switchover::KIND, failover::KIND];
        let running = self.runner.running();
        let Some(running) = running.filter(|running| moves.contains(&running.kind.as_str())) else {
            return Ok(());
        };
        // What cannot be read now is read at the next look.
        let Ok(Some(record)) = self.store.saga(running.id).await else {
            return Ok(());
        };
        let Some(promoting) = promoting(&record) else {
            return Ok(());
        };
        let granted = self.witness.granted(&promoting.to);
        let (settings, now) = (&self.settings.failover, self.wall());
        let decision = decide_candidate(snapshot, &promoting, granted, settings, now);
        let Candidacy::GiveUp { .. } = decision else {
            return Ok(());
        };
        let why = format!("{} is given up: {decision}", promoting.to);
        let given_up = self.runner.give_up(&running, PROMOTE, &why).await;
        match &given_up {
            Ok(Way::Clear) => {
                tracing::warn!(saga = %running.id, kind = running.kind, why, "goes back");
                let detail = serde_json::json!({ "saga": running.id, "why": why });
                self.audit(MYSELF, "candidate given up", detail).await;
                self.drive(running);
            }
            Ok(Way::Barred) | Err(_) => self.drive(running),
            Ok(Way::EndedMeanwhile) => {}
        }
        given_up.map(drop)
    }

    async fn ended_with(&self, running: &Running, outcome: Outcome) {
        let saga = running.id;
        let (what, detail) = match &outcome {
            Outcome::Done { .. } => {
                tracing::info!(%saga, kind = running.kind, "done");
                ("done", serde_json::json!({ "saga": saga }))
            }
            Outcome::Unwound { node, why } => {
                tracing::warn!(%saga, kind = running.kind, node, why, "came to nothing");
                (
                    "unwound",
                    serde_json::json!({ "saga": saga, "node": node, "why": why }),
                )
            }
            Outcome::Stuck { node, why } => {
                tracing::error!(%saga, kind = running.kind, node, why, "is stuck: somebody must act");
                (
                    "stuck",
                    serde_json::json!({ "saga": saga, "node": node, "why": why }),
                )
            }
            Outcome::Superseded { why } => {
                tracing::warn!(%saga, kind = running.kind, why, "gave way");
                ("superseded", serde_json::json!({ "saga": saga, "why": why }))
            }
        };
        self.audit(MYSELF, &format!("{} {what}", running.kind), detail)
            .await;
        let (now, reign) = (self.wall(), self.record.latest());
        let mut heard = self.heard();
        match outcome {
            Outcome::Done { .. } => {
                heard.detected = None;
                if running.kind == failover::KIND {
                    heard.last_failover = Some(now);
                }
            }
            Outcome::Unwound { .. } | Outcome::Stuck { .. } => {
                heard.detected = None;
                heard.not_before = Some(Instant::now() + PAUSE_AFTER_FAILURE);
            }
            // What was detected and ordered is what it gave way to.
            Outcome::Superseded { .. } => {
                if running.kind == failover::KIND {
                    heard.last_failover = reign.map(|reign| reign.since);
                }
            }
        }
    }
}
