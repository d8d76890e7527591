//! Looks at the database all the time, over a connection that is kept.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use api::site::{DatabaseObservation, DatabaseState, Downstream};
use tokio::sync::watch;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

use super::{
    control::{Activity, Mode, Postgres},
    data_directory::DataDirectory,
    room,
    session::{self, PROBE_PREFIX, lsn, timeline_of, timestamp},
};

/// How often.
const PROBE_EVERY: Duration = Duration::from_millis(400);
/// A server that takes longer has missed a probe.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(1);
/// So many missed in a row mean that it does not answer; one alone is a hiccup.
const MISSES_MAX: u32 = 2;

/// A database about which nothing is known.
pub const fn unknown(state: DatabaseState) -> DatabaseObservation {
    DatabaseObservation {
        state,
        timeline: None,
        position: None,
        received: None,
        streaming: false,
        last_replayed_commit: None,
        downstreams: Vec::new(),
        answered_in_ms: None,
        divergence: None,
    }
}

/// Looks until cancelled.
pub async fn run(
    postgres: Arc<Postgres>,
    data: DataDirectory,
    tell: watch::Sender<DatabaseObservation>,
    cancel: CancellationToken,
) {
    let mut observer = Observer {
        postgres,
        data,
        client: None,
        start: 0,
        answered: false,
        misses: 0,
    };
    let mut activity = observer.postgres.activity();
    loop {
        let before = tell.borrow().clone();
        let seen = observer.look(&before).await;
        tell.send_replace(seen);
        tokio::select! {
            () = cancel.cancelled() => return,
            // A change must not wait for the next probe: somebody waits for the database.
            _ = activity.changed() => {}
            () = tokio::time::sleep(PROBE_EVERY) => {}
        }
    }
}

struct Observer {
    postgres: Arc<Postgres>,
    data: DataDirectory,
    client: Option<Client>,
    /// The start of the server that `answered` and `misses` are about.
    start: u32,
    answered: bool,
    misses: u32,
}

impl Observer {
    async fn look(&mut self, before: &DatabaseObservation) -> DatabaseObservation {
        let activity = self.postgres.activity().borrow().clone();
        match activity {
            Activity::Idle => {
                self.client = None;
                let state = if self.data.exists() {
                    DatabaseState::Stopped
                } else {
                    DatabaseState::Absent
                };
                // The last position stays: it is what a fence receipt tells.
                DatabaseObservation {
                    timeline: before.timeline,
                    position: before.position,
                    ..unknown(state)
                }
            }
            Activity::Rejoining { by } => unknown(DatabaseState::Rejoining { by: by.to_owned() }),
            Activity::Running {
                mode: Mode::Seeding { .. },
                ..
            } => unknown(DatabaseState::Starting),
            Activity::Running { start, .. } => {
                if start != self.start {
                    (self.start, self.answered, self.misses) = (start, false, 0);
                    self.client = None;
                }
                self.probe(before).await
            }
        }
    }

    async fn probe(&mut self, before: &DatabaseObservation) -> DatabaseObservation {
        let began = Instant::now();
        let client = match self.client.take().filter(|client| !client.is_closed()) {
            Some(client) => Ok(client),
            None => connect(&self.postgres).await,
        };
        let answer = match client {
            Ok(client) => {
                let answer = tokio::time::timeout(ANSWER_TIME_MAX, ask(&client)).await;
                match answer {
                    Ok(Ok(seen)) => {
                        self.client = Some(client);
                        self.room(&seen).await.map(|()| seen)
                    }
                    Ok(Err(error)) => Err(session::Error::from(error)),
                    Err(_) => Err(session::Error::TooSlow),
                }
            }
            Err(error) => Err(error),
        };
        match answer {
            Ok(seen) => {
                (self.answered, self.misses) = (true, 0);
                DatabaseObservation {
                    answered_in_ms: u64::try_from(began.elapsed().as_millis()).ok(),
                    ..seen
                }
            }
            Err(error) => {
                self.misses += 1;
                if self.answered && self.misses == MISSES_MAX {
                    tracing::warn!(%error, "the database cannot be used");
                } else {
                    tracing::debug!(%error, misses = self.misses, "a probe of the database was missed");
                }
                let state = match (self.answered, self.misses >= MISSES_MAX) {
                    (false, _) => DatabaseState::Starting,
                    (true, true) => DatabaseState::Unresponsive,
                    (true, false) => before.state.clone(),
                };
                DatabaseObservation {
                    state,
                    streaming: false,
                    answered_in_ms: None,
                    ..before.clone()
                }
            }
        }
    }

    /// Whether the disk below a primary takes more. A standby that cannot write says so itself: it stops.
    async fn room(&self, seen: &DatabaseObservation) -> Result<(), session::Error> {
        if seen.state != DatabaseState::Primary {
            return Ok(());
        }
        let data = self.postgres.settings.data_dir.clone();
        let taken = tokio::task::spawn_blocking(move || room::take(&data));
        match tokio::time::timeout(ANSWER_TIME_MAX, taken).await {
            Ok(Ok(taken)) => taken.map_err(session::Error::NoRoom),
            Ok(Err(_)) | Err(_) => Err(session::Error::TooSlow),
        }
    }
}

async fn connect(postgres: &Postgres) -> Result<Client, session::Error> {
    let client = session::connect(&postgres.settings).await?;
    // The probe must tell whether *this* server can write; a slow standby is another question.
    session::within(
        ANSWER_TIME_MAX,
        client.batch_execute("set synchronous_commit = local"),
    )
    .await?;
    Ok(client)
}

async fn ask(client: &Client) -> Result<DatabaseObservation, tokio_postgres::Error> {
    let row = client.query_one("select pg_is_in_recovery()", &[]).await?;
    if row.get(0) {
        standby(client).await
    } else {
        primary(client).await
    }
}

/// A real write: it returns when the disk has taken it, so a disk that hangs shows.
async fn primary(client: &Client) -> Result<DatabaseObservation, tokio_postgres::Error> {
    client
        .execute("select pg_logical_emit_message(true, $1, '')", &[&PROBE_PREFIX])
        .await?;
    let sql = "select pg_walfile_name(pg_current_wal_lsn()), pg_current_wal_lsn()::text";
    let row = client.query_one(sql, &[]).await?;
    // A base backup streams too, under the same name, but never tells what it has replayed.
    let sql = "select application_name, state, \
               greatest(coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0), 0)::bigint \
               from pg_stat_replication where replay_lsn is not null order by 1";
    let downstreams = client.query(sql, &[]).await?;
    Ok(DatabaseObservation {
        timeline: timeline_of(row.get(0)),
        position: lsn(row.get(1)),
        downstreams: downstreams
            .iter()
            .map(|row| Downstream {
                name: row.get(0),
                state: row.get(1),
                replay_lag_bytes: u64::try_from(row.get::<_, i64>(2)).unwrap_or(0),
            })
            .collect(),
        ..unknown(DatabaseState::Primary)
    })
}

async fn standby(client: &Client) -> Result<DatabaseObservation, tokio_postgres::Error> {
    let sql = "select pg_last_wal_replay_lsn()::text, pg_last_wal_receive_lsn()::text, \
               (extract(epoch from pg_last_xact_replay_timestamp()) * 1000000)::bigint, \
               coalesce((select status = 'streaming' from pg_stat_wal_receiver), false), \
               coalesce((select received_tli from pg_stat_wal_receiver), \
                        (select timeline_id from pg_control_checkpoint()))";
    let row = client.query_one(sql, &[]).await?;
    Ok(DatabaseObservation {
        timeline: row
            .get::<_, Option<i32>>(4)
            .and_then(|timeline| u32::try_from(timeline).ok()),
        position: lsn(row.get(0)),
        received: lsn(row.get(1)),
        streaming: row.get(3),
        last_replayed_commit: timestamp(row.get(2)),
        ..unknown(DatabaseState::Standby)
    })
}
