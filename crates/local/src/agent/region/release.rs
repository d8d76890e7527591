//! "Give your right to write away": the planned end of a reign, after which nothing is lost and nobody waits for a lease.
//!
//! PostgreSQL's own order for a planned promotion: no new transactions, those under way end, a fast stop. That stop ends
//! when every standby which streams has received the shutdown checkpoint, so the standby then has all that was committed.
//! The lease is kept until the server is gone, because its guard would kill it half way otherwise.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use api::{
    Problem,
    site::{Done, FenceReceipt, FenceRequest, Role},
};
use types::{Generation, Lsn};

use super::{Lead, Region};
use crate::agent::{
    clock,
    decide_role::{Obey, decide_fence},
    postgres::{control_data::ControlData, primary, session},
    role::DurableRole,
};

/// Transactions under way get this long: people's requests already wait at the front door, so every further moment is
/// part of the gap. Whoever is not done by then is rolled back, was not acknowledged, and is tried again by its sender.
const DRAIN_TIME_MAX: Duration = Duration::from_millis(800);
/// How often it is asked whether they have ended.
const LOOK_EVERY: Duration = Duration::from_millis(15);

impl Region {
    /// Writes a checkpoint.
    ///
    /// # Errors
    /// A [`Problem`].
    pub async fn checkpoint(self: &Arc<Self>) -> Result<Done, Problem> {
        primary::checkpoint(&self.postgres)
            .await
            .map_err(|error| Problem::failed(format!("cannot write a checkpoint: {error}")))?;
        Ok(Done {
            at: clock::timestamp(),
        })
    }

    /// Ends this region's reign cleanly. Returns when its database is gone; asked again it gives the same receipt.
    ///
    /// # Errors
    /// A [`Problem`]. A region that does not lead has nothing to give away.
    pub async fn release(self: &Arc<Self>, request: FenceRequest) -> Result<FenceReceipt, Problem> {
        let generation = request.generation;
        let mut duty = self.duty.lock().await;
        let known = self.known();
        match (decide_fence(&known, generation), known.record.fence) {
            (Obey::Refuse(refusal), _) => return Err(refusal.into()),
            (Obey::Already, Some(receipt)) => return Ok(receipt),
            (Obey::Already | Obey::Begin, _) => {}
        }
        // Fenced without a receipt: an earlier attempt was interrupted, and is taken up again.
        let again = known.record.role == DurableRole::Fenced && known.record.generation == generation;
        if known.record.role != DurableRole::Active && !again {
            return Err(Problem::refused(
                "this region does not lead, so it has nothing to give away",
            ));
        }
        self.drain().await;
        // Written down first: whatever happens to this process now, no later run of it writes below this generation.
        self.end_reign(generation)?;
        self.supervisor.set(|conditions| conditions.active = false);
        self.postgres.stop().await;
        duty.end().await;
        self.lead.send_replace(Lead::Idle);
        self.postgres.kill_writer().await;
        if self.postgres.running().is_some() {
            return Err(Problem::failed("a process of the database does not die"));
        }
        self.role.send_replace(Role::Fenced);
        self.right.send_replace(None);
        let receipt = FenceReceipt {
            generation,
            at: clock::timestamp(),
            position: self.last_written().await,
            log_end: None,
        };
        self.remember(|record| record.fence = Some(receipt.clone()))?;
        tracing::info!(%generation, position = ?receipt.position, "gave the right to write away");
        Ok(receipt)
    }

    fn end_reign(&self, generation: Generation) -> Result<(), Problem> {
        self.remember(|record| {
            record.generation = record.generation.max(generation);
            record.role = DurableRole::Fenced;
            record.seeds = false;
            record.receipt = None;
            record.fence = None;
        })
        .map(drop)
    }

    /// Waits until no transaction is under way, for a short time.
    async fn drain(&self) {
        let (began, sql) = (
            Instant::now(),
            "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() \
             and xact_start is not null",
        );
        let Ok(client) = session::connect(&self.postgres.settings).await else {
            return;
        };
        loop {
            let left = DRAIN_TIME_MAX.saturating_sub(began.elapsed());
            let busy: i64 = match session::within(left, client.query_one(sql, &[])).await {
                Ok(row) => row.get(0),
                Err(_) => return,
            };
            if busy == 0 || began.elapsed() >= DRAIN_TIME_MAX {
                tracing::info!(busy, waited_ms = began.elapsed().as_millis(), "drained");
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// A position within the last record that was written, which is the shutdown checkpoint: whoever has received it has
    /// received everything.
    async fn last_written(&self) -> Option<Lsn> {
        let bin_dir = &self.postgres.settings.bin_dir;
        let control = ControlData::read(bin_dir, &self.data.path, &self.postgres.launcher().spawner).await;
        // The control file tells where that record begins.
        control.ok().map(|control| Lsn::new(control.position.get() + 1))
    }
}
