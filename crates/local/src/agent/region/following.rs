//! The duty of a region that follows: make its data fit, and keep a standby streaming.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use api::site::{DatabaseState, Role};
use tokio_util::sync::CancellationToken;
use types::RegionName;

use super::Region;
use crate::agent::{
    decide_rejoin::Rejoin,
    postgres::{
        control::Mode,
        primary,
        rejoin::{Outcome, Rejoining},
    },
};

/// Pause before looking again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// A standby that has not streamed for so long is stopped and looked at, if its upstream is there. Long enough for a
/// replay of what a short absence left behind.
const STALL_TIME_MAX: Duration = Duration::from_secs(15);

/// Why a standby is not watched any more.
enum Over {
    Ended,
    Stalled,
}

impl Region {
    /// Follows until cancelled; the server is then left as it is.
    pub(super) async fn keep_following(self: Arc<Self>, upstream: RegionName, cancel: CancellationToken) {
        self.role.send_replace(Role::Standby {
            upstream: upstream.clone(),
        });
        self.right.send_replace(None);
        self.supervisor.set(|conditions| conditions.active = false);
        tokio::select! {
            () = cancel.cancelled() => {}
            () = self.follow_for_ever(&upstream, &cancel) => {}
        }
        // Whatever was at work on the data directory has been ended with this task.
        if self.postgres.running().is_none() {
            self.postgres.rejoining(None);
        }
    }

    async fn follow_for_ever(self: &Arc<Self>, upstream: &RegionName, cancel: &CancellationToken) {
        let mut stalls = 0;
        let mut waits_for = None;
        loop {
            if !self.is_running_after(upstream) {
                self.end_what_runs().await;
                if self.stopping.is_cancelled() {
                    return std::future::pending().await;
                }
                match self.prepare(upstream, stalls).await {
                    Ok(Some(waiting)) => {
                        if waits_for.replace(waiting) != Some(waiting) {
                            tracing::info!(%upstream, plan = ?waiting, "waits");
                        }
                        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
                        continue;
                    }
                    Ok(None) => {}
                    Err(why) => {
                        tracing::error!(%upstream, why, "cannot follow");
                        self.postgres.rejoining(None);
                        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
                        continue;
                    }
                }
                let mode = Mode::Standby {
                    upstream: upstream.clone(),
                };
                if let Err(error) = self.postgres.start(mode, None, cancel).await {
                    tracing::error!(%upstream, %error, "cannot start the standby");
                    self.postgres.rejoining(None);
                    tokio::time::sleep(LOOK_AGAIN_AFTER).await;
                    continue;
                }
            }
            match self.watch_standby(&mut stalls).await {
                Over::Ended => tokio::time::sleep(LOOK_AGAIN_AFTER).await,
                Over::Stalled => {
                    stalls += 1;
                    tracing::warn!(%upstream, stalls, "the standby does not stream");
                    self.postgres.stop().await;
                }
            }
        }
    }

    fn is_running_after(&self, upstream: &RegionName) -> bool {
        matches!(self.postgres.mode(), Some(Mode::Standby { upstream: present }) if present == *upstream)
    }

    /// Ends a server that is not the standby we want.
    async fn end_what_runs(&self) {
        match self.postgres.settled_mode().await {
            Some(Mode::Standby { .. }) => drop(self.postgres.stop().await),
            // It led. It has lost its right, and every further commit would be lost too.
            Some(Mode::Primary | Mode::Seeding { .. }) => drop(self.postgres.kill().await),
            None => {}
        }
    }

    /// Makes the data fit; tells what it waits for if that is not possible yet.
    async fn prepare(&self, upstream: &RegionName, stalls: u32) -> Result<Option<Rejoin>, String> {
        let rejoining = Rejoining {
            postgres: Arc::clone(&self.postgres),
            data: self.data.clone(),
            rewinding: self.rewinding(),
            upstream: upstream.clone(),
            led: self.record().led,
        };
        let words = |error: anyhow::Error| format!("{error:#}");
        let plan = rejoining
            .plan(stalls)
            .await
            .map_err(|error| words(error.into()))?;
        if !matches!(plan, Rejoin::Wait { .. }) {
            tracing::info!(%upstream, ?plan, "rejoins");
        }
        let outcome = rejoining.act(plan).await.map_err(|error| words(error.into()))?;
        match outcome {
            Outcome::NotYet => Ok(Some(plan)),
            Outcome::Ready { divergence } => {
                if divergence.is_some() {
                    self.remember(|record| record.divergence = divergence)
                        .map_err(|problem| problem.to_string())?;
                }
                Ok(None)
            }
        }
    }

    /// Returns when the standby has ended, or does not stream although it runs.
    async fn watch_standby(&self, stalls: &mut u32) -> Over {
        let Some(server) = self.postgres.running() else {
            return Over::Ended;
        };
        let mut database = self.database.subscribe();
        let (mut last_good, mut tidy) = (Instant::now(), false);
        loop {
            tokio::select! {
                ended = server.wait() => {
                    tracing::warn!(cause = ?ended.cause, status = ended.status, "the standby has ended");
                    return Over::Ended;
                }
                changed = database.changed() => if changed.is_err() {
                    return std::future::pending().await;
                },
            }
            let (streaming, usable) = {
                let seen = database.borrow_and_update();
                (seen.streaming, seen.state == DatabaseState::Standby)
            };
            if streaming {
                (last_good, *stalls) = (Instant::now(), 0);
                if !tidy {
                    tidy = self.tidy_up().await;
                }
            } else if usable && last_good.elapsed() > STALL_TIME_MAX {
                return Over::Stalled;
            }
        }
    }

    /// The new copy streams: the former one, and slots from a time as primary, are of no more use.
    async fn tidy_up(&self) -> bool {
        let data = self.data.clone();
        let dropped = tokio::task::spawn_blocking(move || data.drop_superseded()).await;
        if let Ok(Err(error)) = dropped {
            tracing::warn!(%error, "cannot remove the former data directory");
        }
        match primary::drop_slots(&self.postgres).await {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(%error, "cannot drop slots yet");
                false
            }
        }
    }
}
