//! The duty of a region that leads: keep the lease, and keep a primary running for exactly as long as it is valid.
//!
//! It begins without a right, whether the region was just told to lead or its agent was started again: a lease that
//! cannot be renewed never starts a database.

use std::{sync::Arc, time::Duration};

use api::site::{LeadReceipt, LogPosition, Role};
use lease::Standing;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use types::Generation;

use super::{Lead, Region};
use crate::agent::{
    keeper::{Keeper, Right},
    postgres::{control::Lasts, primary, seed},
    role::DurableRole,
};

/// Fixed pause before a database that ended is started again.
const RESTART_DELAY: Duration = Duration::from_millis(200);

impl Region {
    /// Leads until cancelled, or until somebody else was promised a newer generation.
    ///
    /// When cancelled, the server is left as it is, with the deadline it had; whoever cancels knows what comes next.
    pub(super) async fn keep_leading(self: Arc<Self>, generation: Generation, cancel: CancellationToken) {
        let keeper = Keeper {
            region: self.settings.region.clone(),
            generation,
            timing: self.timing(),
            database: self.database.subscribe(),
            voting: Arc::clone(&self.voting),
            others: self.others.clone(),
        };
        let (tell, right) = watch::channel(Right {
            standing: Standing::Expired,
            by: Vec::new(),
        });
        let keeping = async {
            keeper.keep(&tell).await;
            // Deposed: the writer stops the database and ends this duty.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = keeping => {}
            () = self.forward(right.clone()) => {}
            () = self.write_while_valid(generation, right, &cancel) => {}
        }
    }

    /// Tells the guard every new deadline, and observers how the lease stands.
    async fn forward(&self, mut right: watch::Receiver<Right>) {
        loop {
            let now = right.borrow_and_update().clone();
            if let Standing::Valid { until } = now.standing {
                self.postgres.set_deadline(Some(until));
            }
            self.right.send_replace(Some(now));
            if right.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    async fn write_while_valid(
        self: &Arc<Self>,
        generation: Generation,
        mut right: watch::Receiver<Right>,
        cancel: &CancellationToken,
    ) {
        loop {
            // Whoever asks meanwhile waits: a receipt of before the lease was lost does not say that it leads now.
            self.lead.send_replace(Lead::Working(generation));
            let until = match settled(&mut right).await {
                Standing::Valid { until } => until,
                Standing::Expired => continue,
                Standing::Deposed { by } => return self.stand_down(by).await,
            };
            if self.stopping.is_cancelled() || !self.still_leads(generation) {
                return std::future::pending().await;
            }
            let renewed = right.clone();
            // A right that is gone ends the start in another way; until then what was valid at its beginning is less.
            let lasts = move || match renewed.borrow().standing {
                Standing::Valid { until } => until,
                Standing::Expired | Standing::Deposed { .. } => until,
            };
            let leading = tokio::select! {
                leading = self.become_primary(generation, &lasts, cancel) => leading,
                () = lost(&mut right) => Err("the lease was lost while the database was being started".to_owned()),
            };
            match leading {
                Ok(receipt) => self.lead_until_lost(receipt, &mut right).await,
                Err(why) => {
                    tracing::error!(%generation, why, "cannot lead");
                    self.postgres.kill().await;
                    self.lead.send_replace(Lead::Failed(generation, why));
                }
            }
            tokio::time::sleep(RESTART_DELAY).await;
        }
    }

    /// Whether this is still its role. While it gives the right away, the lease is kept for the clean stop alone.
    fn still_leads(&self, generation: Generation) -> bool {
        let record = self.record();
        record.role == DurableRole::Active && record.generation == generation
    }

    async fn become_primary(
        self: &Arc<Self>,
        generation: Generation,
        lasts: Lasts<'_>,
        cancel: &CancellationToken,
    ) -> Result<LeadReceipt, String> {
        let marker = self.marker();
        let words = |error: &dyn std::error::Error| {
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                text.push_str(&format!(": {cause}"));
                source = cause.source();
            }
            text
        };
        let record = self.record();
        if !self.data.exists() && !record.seeds {
            // A seed here would be a new, empty, healthy-looking database, which the other region would then copy.
            return Err("the data directory is gone; another region has to lead".to_owned());
        }
        if !self.data.exists() || marker.is_pending() {
            seed::begin(&self.postgres, &self.data, &marker, lasts, cancel)
                .await
                .map_err(|error| words(&error))?;
        }
        let is_standby = self.data.is_standby();
        let receipt = primary::ensure(&self.postgres, generation, lasts, is_standby, cancel)
            .await
            .map_err(|error| words(&error))?;
        let receipt = LeadReceipt {
            fenced_at: record.fenced_at,
            ..receipt
        };
        // The receipt of the first time stands: it says where this reign began.
        let record = self
            .remember(|record| {
                let stands = record.receipt.get_or_insert_with(|| receipt.clone());
                record.history = Some(LogPosition {
                    timeline: stands.timeline,
                    position: stands.position,
                });
                record.seeds = false;
            })
            .map_err(|problem| problem.to_string())?;
        Ok(record.receipt.unwrap_or(receipt))
    }

    /// Everything runs; returns when the server ended or the right is gone, and then nothing writes any more.
    async fn lead_until_lost(&self, receipt: LeadReceipt, right: &mut watch::Receiver<Right>) {
        let generation = receipt.generation;
        tracing::info!(%generation, position = %receipt.position, timeline = receipt.timeline, "leads");
        self.role.send_replace(Role::Active);
        self.supervisor.set(|conditions| {
            if !conditions.active {
                conditions.promotions += 1;
            }
            conditions.active = true;
            conditions.database = true;
        });
        self.lead.send_replace(Lead::Leading(receipt));
        let Some(server) = self.postgres.running() else {
            return;
        };
        let checkpointing = async {
            // Not fatal: a region that rejoins waits for it, and PostgreSQL writes one by itself in some minutes.
            if let Err(error) = primary::checkpoint(&self.postgres).await {
                tracing::warn!(%error, "cannot write a checkpoint");
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            ended = server.wait() => {
                tracing::warn!(%generation, cause = ?ended.cause, status = ended.status, "the primary has ended");
            }
            () = lost(right) => {
                tracing::error!(%generation, "the lease has expired, so the database is stopped");
                self.supervisor.set(|conditions| conditions.active = false);
                self.postgres.kill_now().await;
                self.role.send_replace(Role::Fenced);
            }
            () = checkpointing => {}
        }
    }

    /// Somebody else was promised a newer generation: this region's reign is over.
    async fn stand_down(&self, by: Generation) {
        tracing::warn!(%by, "a newer generation was promised elsewhere");
        self.supervisor.set(|conditions| conditions.active = false);
        self.postgres.kill_now().await;
        // A region which asked for its lease after a restart and was refused has nothing that could be fenced.
        let led = matches!(*self.role.borrow(), Role::Active | Role::Fenced);
        self.role
            .send_replace(if led { Role::Fenced } else { Role::Waiting });
        let fenced = self.remember(|record| {
            // An order to follow, or to lead anew, may have come at this very moment: it stands.
            if record.role == DurableRole::Active && record.generation <= by {
                record.role = DurableRole::Fenced;
                record.receipt = None;
                record.seeds = false;
            }
            record.generation = record.generation.max(by);
        });
        if let Err(problem) = fenced {
            tracing::error!(%problem, "cannot note the end of the reign");
        }
        self.lead.send_replace(Lead::Idle);
        self.right.send_replace(Some(Right {
            standing: Standing::Deposed { by },
            by: Vec::new(),
        }));
    }
}

/// Waits until the right is anything but expired.
async fn settled(right: &mut watch::Receiver<Right>) -> Standing {
    let found = right
        .wait_for(|right| right.standing != Standing::Expired)
        .await
        .map(|right| right.standing);
    match found {
        Ok(standing) => standing,
        Err(_) => std::future::pending().await,
    }
}

/// Waits until the right is gone.
async fn lost(right: &mut watch::Receiver<Right>) {
    let gone = right
        .wait_for(|right| !matches!(right.standing, Standing::Valid { .. }))
        .await
        .map(drop);
    if gone.is_err() {
        std::future::pending::<()>().await;
    }
}
