//! A client that follows the leader: it knows both servers and wants the one that accepts writes, as libpq does with
//! `target_session_attrs=read-write` (this is the same protocol and rule, in `tokio-postgres`).

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio_postgres::{Client, Config, NoTls, config::TargetSessionAttrs};

/// One row every so often: five in a second, as the drill posts orders.
const WRITE_EVERY: Duration = Duration::from_millis(200);
/// Pause between two tries, as the drill's probes have it.
const TRY_EVERY: Duration = Duration::from_millis(50);
/// A try that takes longer is given up.
const TRY_TIME_MAX: Duration = Duration::from_secs(2);
/// How often somebody who waits for the writer looks; times come from the writer.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A row that the database has accepted.
#[derive(Clone, Copy, Debug)]
struct Accepted {
    id: i64,
    /// When the try began that was accepted.
    tried: Instant,
    at: Instant,
}

/// Writes until it is stopped, one row after the other, each until it is accepted.
pub struct Writer {
    databases: [SocketAddr; 2],
    accepted: Arc<Mutex<Vec<Accepted>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
}

/// What became of the rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    /// Accepted in the client's eyes.
    pub accepted: u64,
    /// And not in the database that leads now.
    pub lost: u64,
}

impl Writer {
    /// Begins, with ids of this run.
    pub fn start(databases: [SocketAddr; 2], run: u32) -> anyhow::Result<Self> {
        let runtime = runtime()?;
        runtime.block_on(async {
            let client = connect(databases).await?;
            let table = "create table if not exists written (id bigint primary key)";
            anyhow::Ok(client.batch_execute(table).await?)
        })?;
        let (accepted, stop): (Arc<Mutex<Vec<Accepted>>>, Arc<AtomicBool>) = Default::default();
        let (rows, end) = (Arc::clone(&accepted), Arc::clone(&stop));
        let first = i64::from(run) * 1_000_000;
        let thread = std::thread::spawn(move || runtime.block_on(write(databases, first, &rows, &end)));
        Ok(Self {
            databases,
            accepted,
            stop,
            thread: Some(thread),
        })
    }

    /// Waits for the first row that was tried after this moment and accepted; `None` when there is none in time.
    pub fn first_after(&self, moment: Instant, within: Duration) -> Option<Instant> {
        let deadline = Instant::now() + within;
        while Instant::now() < deadline {
            let rows = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(row) = rows.iter().find(|row| row.tried >= moment) {
                return Some(row.at);
            }
            drop(rows);
            #[expect(
                clippy::disallowed_methods,
                reason = "times come from the writer, not from this"
            )]
            std::thread::sleep(LOOK_EVERY);
        }
        None
    }

    /// Stops, and counts in the database that leads now.
    pub fn finish(mut self) -> anyhow::Result<Counted> {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread
                .join()
                .map_err(|_| anyhow::anyhow!("the writer panicked"))??;
        }
        let rows = self
            .accepted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let found: i64 = runtime()?.block_on(async {
            let client = connect(self.databases).await?;
            let sql = "select count(*) from written where id = any($1)";
            anyhow::Ok(client.query_one(sql, &[&ids]).await?.get(0))
        })?;
        let (accepted, found) = (ids.len() as u64, u64::try_from(found)?);
        Ok(Counted {
            accepted,
            lost: accepted
                .checked_sub(found)
                .context("more rows than were written")?,
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}

async fn write(
    databases: [SocketAddr; 2],
    first: i64,
    accepted: &Mutex<Vec<Accepted>>,
    stop: &AtomicBool,
) -> anyhow::Result<()> {
    let mut client = Some(connect(databases).await?);
    let mut tick = tokio::time::interval(WRITE_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    for id in first.. {
        tick.tick().await;
        loop {
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let tried = Instant::now();
            if insert(databases, &mut client, id).await {
                let row = Accepted {
                    id,
                    tried,
                    at: Instant::now(),
                };
                accepted.lock().unwrap_or_else(PoisonError::into_inner).push(row);
                break;
            }
            client = None;
            tokio::time::sleep(TRY_EVERY).await;
        }
    }
    Ok(())
}

/// One try; an earlier one may have been accepted without an answer.
async fn insert(databases: [SocketAddr; 2], client: &mut Option<Client>, id: i64) -> bool {
    let all = async {
        if client.is_none() {
            *client = Some(connect(databases).await.ok()?);
        }
        let sql = "insert into written values ($1) on conflict do nothing";
        client.as_ref()?.execute(sql, &[&id]).await.ok()
    };
    matches!(tokio::time::timeout(TRY_TIME_MAX, all).await, Ok(Some(_)))
}

async fn connect(databases: [SocketAddr; 2]) -> anyhow::Result<Client> {
    let mut config = Config::new();
    for database in databases {
        config.host(database.ip().to_string()).port(database.port());
    }
    config
        .user("postgres")
        .dbname("postgres")
        .connect_timeout(TRY_TIME_MAX)
        .target_session_attrs(TargetSessionAttrs::ReadWrite);
    let (client, connection) = config.connect(NoTls).await?;
    // It ends with its client or its server.
    tokio::spawn(connection);
    Ok(client)
}
