//! A double of the ERP: its comparison endpoints and inbox over a real table.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::post,
};
use serde_json::{Value, json};
use tokio_postgres::{Client, NoTls};

/// The addon's table, as far as it matters here.
pub const SCHEMA: &str = "
CREATE TABLE plimsoll_inbox (
    id serial PRIMARY KEY, source varchar NOT NULL, message_id varchar NOT NULL, body_hash varchar NOT NULL,
    kind varchar NOT NULL, payload jsonb, place bigint, fingerprint bigint, UNIQUE (source, message_id));
CREATE INDEX ON plimsoll_inbox (source, place) INCLUDE (fingerprint) WHERE place IS NOT NULL;
CREATE INDEX ON plimsoll_inbox (source) WHERE place IS NULL;";

/// The addon's statements, in `models/compare.py` and `models/inbox.py`.
const DIGESTS: &str = "SELECT place / $1, count(*), bit_xor(fingerprint) FROM plimsoll_inbox
    WHERE source = $2 AND place IS NOT NULL GROUP BY 1 ORDER BY 1";
const UNPLACED: &str = "SELECT count(*) FROM plimsoll_inbox WHERE source = $1 AND place IS NULL";
const PLACED: &str = "SELECT place, message_id, body_hash, kind FROM plimsoll_inbox
    WHERE source = $1 AND place BETWEEN $2 AND $3 ORDER BY place, id";
const INSERT: &str = "INSERT INTO plimsoll_inbox (source, message_id, body_hash, kind, place, fingerprint)
    VALUES ($1, $2, $3, 'order.create', $4, $5) ON CONFLICT DO NOTHING";

/// What the sink saw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    asked: Option<Instant>,
    /// From the first question to the first delivery.
    pub diff: Duration,
    /// How long the first digests took here.
    pub digests: Duration,
    /// Messages it did not have.
    pub new: u64,
    /// Messages it had.
    pub again: u64,
}

/// A double that serves.
pub struct Sink {
    runtime: tokio::runtime::Runtime,
    state: Shared,
}

#[derive(Clone)]
struct Shared {
    seen: Arc<Mutex<Seen>>,
    database: Arc<Client>,
}

impl Sink {
    /// Serves at `address` from the table in `database`.
    pub fn start(address: SocketAddr, database: SocketAddr) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let state = runtime.block_on(async {
            let at = format!(
                "host=127.0.0.1 port={} user=postgres dbname=postgres",
                database.port()
            );
            let (client, connection) = tokio_postgres::connect(&at, NoTls).await?;
            tokio::spawn(connection);
            // Syncs of its disk are not what is measured.
            client
                .batch_execute("SET synchronous_commit = off; SET enable_seqscan = off")
                .await?;
            let state = Shared {
                seen: Arc::default(),
                database: Arc::new(client),
            };
            let router = Router::new()
                .route("/json/2/{model}/{method}", post(answer))
                .with_state(state.clone());
            let listener = tokio::net::TcpListener::bind(address).await?;
            tokio::spawn(async move { axum::serve(listener, router).await });
            anyhow::Ok(state)
        })?;
        Ok(Self { runtime, state })
    }

    /// What it saw so far.
    pub fn seen(&self) -> Seen {
        *self.state.seen()
    }

    /// Rows in its table.
    pub fn rows(&self) -> anyhow::Result<u64> {
        let asked = self
            .state
            .database
            .query_one("SELECT count(*) FROM plimsoll_inbox", &[]);
        let count: i64 = self.runtime.block_on(asked)?.get(0);
        Ok(count.unsigned_abs())
    }
}

impl Shared {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn digests(&self, asked: &Value) -> Result<Value, tokio_postgres::Error> {
        let began = Instant::now();
        self.seen().asked.get_or_insert(began);
        let (source, size) = (asked["source"].as_str(), asked["size"].as_i64());
        let rows = self.database.query(DIGESTS, &[&size, &source]).await?;
        let ranges = rows
            .iter()
            .map(|row| (row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, i64>(2)));
        let ranges: Vec<_> = ranges.collect();
        let unplaced: i64 = self.database.query_one(UNPLACED, &[&source]).await?.get(0);
        let mut seen = self.seen();
        if seen.digests.is_zero() {
            seen.digests = began.elapsed();
        }
        Ok(json!({ "ranges": ranges, "unplaced": unplaced }))
    }

    async fn placed(&self, asked: &Value) -> Result<Value, tokio_postgres::Error> {
        let (source, first, last) = (
            asked["source"].as_str(),
            asked["first"].as_i64(),
            asked["last"].as_i64(),
        );
        let rows = self.database.query(PLACED, &[&source, &first, &last]).await?;
        let text = |row: &tokio_postgres::Row, at: usize| row.get::<_, String>(at);
        let listed = rows
            .iter()
            .map(|row| json!([row.get::<_, i64>(0), text(row, 1), text(row, 2), text(row, 3)]));
        Ok(listed.collect())
    }

    async fn process(&self, asked: Value) -> Result<Value, tokio_postgres::Error> {
        {
            let mut seen = self.seen();
            if let (Some(asked), true) = (seen.asked, seen.diff.is_zero()) {
                seen.diff = asked.elapsed();
            }
        }
        let text = |name: &str| asked[name].as_str();
        let place = asked["place"].as_i64();
        let mut hash = [0; 32];
        let known =
            text("body_hash").is_some_and(|hash_text| hex::decode_to_slice(hash_text, &mut hash).is_ok());
        let mark = text("message_id")
            .filter(|_| known)
            .map(|id| super::fingerprint(id, &hash));
        let made = self
            .database
            .execute(
                INSERT,
                &[
                    &text("source"),
                    &text("message_id"),
                    &text("body_hash"),
                    &place,
                    &mark,
                ],
            )
            .await?;
        let mut seen = self.seen();
        if made == 0 {
            seen.again += 1;
            return Ok(json!({ "status": "duplicate", "result": {} }));
        }
        seen.new += 1;
        Ok(json!({ "status": "done", "result": {} }))
    }
}

async fn answer(
    State(state): State<Shared>,
    Path((_, method)): Path<(String, String)>,
    Json(asked): Json<Value>,
) -> Json<Value> {
    let answer = match method.as_str() {
        "advance" => Ok(json!({ "status": "advanced" })),
        "digests" => state.digests(&asked).await,
        "placed" => state.placed(&asked).await,
        // It has lost nothing that numbers were given to.
        "report" => Ok(Value::Null),
        _ => crate::inbox::each(asked, |one| state.process(one)).await,
    };
    Json(answer.unwrap_or_else(|error| json!({ "error": error.to_string() })))
}
