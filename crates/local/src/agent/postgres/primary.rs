//! Makes the server a primary, and keeps what its standbys need.

use std::time::{Duration, Instant};

use api::site::LeadReceipt;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use types::{Generation, Lsn};

use super::{
    control::{self, Lasts, Mode, Postgres},
    history,
    session::{self, lsn, timeline_of, timestamp},
};
use crate::agent::{clock, supervise::guarded::Guarded};

/// Replaying what was received before a promotion; at 300 MB/s this is a lot of log.
const PROMOTION_TIME_MAX: Duration = Duration::from_secs(60);
/// A crash recovery of the region's own log before it accepts connections.
const START_TIME_MAX: Duration = Duration::from_secs(100);
/// A small question to a server that just greeted us.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
/// How often a server is asked whether its promotion has ended.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How often a starting server is greeted.
const GREET_EVERY: Duration = Duration::from_millis(30);

/// Why the server could not be made a primary.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be started.
    #[error("cannot start the database")]
    Start(#[from] control::Error),
    /// It ended before it accepted connections.
    #[error("the database ended while it was starting ({status})")]
    Ended {
        /// How.
        status: String,
    },
    /// It does not accept connections.
    #[error("the database does not accept connections")]
    NotReady(#[source] session::Error),
    /// It did not answer.
    #[error("cannot {doing}")]
    Ask {
        /// What we were doing.
        doing: &'static str,
        /// Why not.
        #[source]
        source: session::Error,
    },
    /// It stayed a standby.
    #[error("the promotion did not finish within {} s", PROMOTION_TIME_MAX.as_secs())]
    NotPromoted,
}

fn asking(doing: &'static str) -> impl Fn(session::Error) -> Error {
    move |source| Error::Ask { doing, source }
}

/// Waits until a started server accepts connections.
///
/// # Errors
/// [`Error::Ended`], [`Error::NotReady`].
pub async fn wait_ready(postgres: &Postgres, server: &Guarded) -> Result<Client, Error> {
    let began = Instant::now();
    loop {
        match session::connect(&postgres.settings).await {
            Ok(client) => return Ok(client),
            Err(error) if began.elapsed() > START_TIME_MAX => return Err(Error::NotReady(error)),
            Err(_) => {}
        }
        if let Some(ended) = server.ended() {
            return Err(Error::Ended { status: ended.status });
        }
        tokio::time::sleep(GREET_EVERY).await;
    }
}

/// Starts the server if need be and makes it a primary; returns when it has accepted a write.
///
/// A data directory that is marked as a standby's is always started as one and promoted: recovered on its own it would
/// go on in the old primary's timeline with other content.
///
/// # Errors
/// [`Error`].
pub async fn ensure(
    postgres: &std::sync::Arc<Postgres>,
    generation: Generation,
    lasts: Lasts<'_>,
    is_standby: bool,
    cancel: &CancellationToken,
) -> Result<LeadReceipt, Error> {
    let server = match postgres.running() {
        Some(server) => {
            server.set_deadline(Some(lasts()));
            server
        }
        None if is_standby => {
            let upstream = postgres.region.clone();
            let mode = Mode::Standby { upstream };
            postgres.start_while(mode, lasts, cancel).await?
        }
        None => postgres.start_while(Mode::Primary, lasts, cancel).await?,
    };
    let client = wait_ready(postgres, &server).await?;
    postgres.promoting();
    let last_replayed_commit = promote(&client).await?;
    let receipt = first_write(&client, generation, last_replayed_commit).await?;
    keep_slots(postgres, &client).await?;
    Ok(receipt)
}

/// Promotes a standby; a primary stays what it is. Returns the time of the last commit it had replayed.
async fn promote(client: &Client) -> Result<Option<types::Timestamp>, Error> {
    let failed = asking("promote the database");
    let sql = "select pg_is_in_recovery(), \
               (extract(epoch from pg_last_xact_replay_timestamp()) * 1000000)::bigint";
    let row = session::within(ANSWER_TIME_MAX, client.query_one(sql, &[]))
        .await
        .map_err(&failed)?;
    let replayed = timestamp(row.get(1));
    if row.get(0) {
        // Not by waiting inside: the server looks only ten times a second, while its clients write already.
        let promote = async { client.query_one("select pg_promote(false)", &[]).await };
        session::within(ANSWER_TIME_MAX, promote).await.map_err(&failed)?;
        let began = Instant::now();
        while session::within(ANSWER_TIME_MAX, in_recovery(client))
            .await
            .map_err(&failed)?
        {
            if began.elapsed() > PROMOTION_TIME_MAX {
                return Err(Error::NotPromoted);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    Ok(replayed)
}

async fn in_recovery(client: &Client) -> Result<bool, tokio_postgres::Error> {
    Ok(client.query_one("select pg_is_in_recovery()", &[]).await?.get(0))
}

/// Proves that the server accepts writes, and where its history began to be its own.
async fn first_write(
    client: &Client,
    generation: Generation,
    last_replayed_commit: Option<types::Timestamp>,
) -> Result<LeadReceipt, Error> {
    let failed = asking("write to the database");
    let sql = "select pg_walfile_name(pg_current_wal_lsn()), pg_current_wal_lsn()::text, \
               pg_logical_emit_message(true, $1, $2)::text";
    let lead = format!("lead {generation}");
    let write = async { client.query_one(sql, &[&session::PROBE_PREFIX, &lead]).await };
    let row = session::within(ANSWER_TIME_MAX, write).await.map_err(&failed)?;
    let at = clock::timestamp();
    let timeline = timeline_of(row.get(0)).unwrap_or(1);
    let position = match timeline {
        1 => lsn(row.get(1)),
        _ => branch(client, timeline).await.map_err(&failed)?,
    };
    Ok(LeadReceipt {
        generation,
        timeline,
        position: position.unwrap_or_default(),
        at,
        // Known to whoever collected the promises.
        fenced_at: None,
        last_replayed_commit,
    })
}

async fn branch(client: &Client, timeline: u32) -> Result<Option<Lsn>, session::Error> {
    let file = format!("pg_wal/{}", history::file_name(timeline));
    let row = session::within(
        ANSWER_TIME_MAX,
        client.query_one("select pg_read_file($1)", &[&file]),
    )
    .await?;
    let text: String = row.get(0);
    Ok(history::parse(&text).last().map(|branch| branch.at))
}

/// Makes the slots of the other regions, so that a region which was away finds its WAL.
async fn keep_slots(postgres: &Postgres, client: &Client) -> Result<(), Error> {
    let sql = "select pg_create_physical_replication_slot(name, true) from unnest($1::text[]) as name \
               where not exists (select from pg_replication_slots where slot_name = name)";
    let slots = &postgres.settings.replication.downstream_slots;
    session::within(ANSWER_TIME_MAX, client.query(sql, &[slots]))
        .await
        .map_err(asking("create replication slots"))?;
    Ok(())
}

/// Writes the new timeline into the control file, which `pg_rewind` of PostgreSQL 15 believes: until then a rejoining
/// region would be told that nothing is to be done.
///
/// # Errors
/// When the server does not answer.
pub async fn checkpoint(postgres: &Postgres) -> Result<(), session::Error> {
    let client = session::connect(&postgres.settings).await?;
    client.batch_execute("checkpoint").await?;
    Ok(())
}

/// Drops the slots that this server kept for its standbys while it led: nobody reads them now, and they would hold
/// back WAL for ever.
///
/// # Errors
/// When the server does not answer.
pub async fn drop_slots(postgres: &Postgres) -> Result<(), session::Error> {
    let client = session::connect(&postgres.settings).await?;
    let sql = "select pg_drop_replication_slot(slot_name) from pg_replication_slots \
               where slot_type = 'physical' and not active and slot_name = any($1)";
    let slots = &postgres.settings.replication.downstream_slots;
    session::within(ANSWER_TIME_MAX, client.query(sql, &[slots])).await?;
    Ok(())
}
