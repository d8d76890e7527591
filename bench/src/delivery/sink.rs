//! A double of the ERP's inbox over a real PostgreSQL: inbox row and order in one synced transaction.

use std::net::SocketAddr;

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::post,
};
use serde_json::{Value, json};
use tokio::sync::{Mutex, Semaphore};
use tokio_postgres::{Client, NoTls, Statement};

/// What every message says.
pub const BODY: &[u8] = br#"{"partner":"EXAMPLE","lines":[{"sku":"TST-0001","quantity":1}]}"#;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS plimsoll_inbox (
    id serial PRIMARY KEY, source varchar NOT NULL, message_id varchar NOT NULL, place bigint,
    UNIQUE (source, message_id));
CREATE TABLE IF NOT EXISTS sale_order (id serial PRIMARY KEY, inbox integer NOT NULL REFERENCES plimsoll_inbox, body jsonb);";
const WRITE: &str = "WITH taken AS (
    INSERT INTO plimsoll_inbox (source, message_id, place) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id)
    INSERT INTO sale_order (inbox, body) SELECT id, '{\"partner\":\"EXAMPLE\",\"sku\":\"TST-0001\",\"quantity\":1}' FROM taken";
const ROWS: &str = "SELECT count(*) FROM sale_order";

/// One connection that writes messages.
pub struct Writer {
    client: Client,
    statement: Statement,
}

impl Writer {
    /// The tables must be there.
    pub async fn connect(database: SocketAddr) -> anyhow::Result<Self> {
        let client = connect(database).await?;
        let statement = client.prepare(WRITE).await?;
        Ok(Self { client, statement })
    }

    /// Writes a message, and says whether it was new.
    pub async fn write(
        &self,
        source: &str,
        id: &str,
        place: Option<i64>,
    ) -> Result<bool, tokio_postgres::Error> {
        let made = self
            .client
            .execute(&self.statement, &[&source, &id, &place])
            .await?;
        Ok(made > 0)
    }
}

async fn connect(database: SocketAddr) -> anyhow::Result<Client> {
    let at = format!(
        "host=127.0.0.1 port={} user=postgres dbname=postgres",
        database.port()
    );
    let (client, connection) = tokio_postgres::connect(&at, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Makes the tables where there are none.
pub async fn prepare(database: SocketAddr) -> anyhow::Result<()> {
    Ok(connect(database).await?.batch_execute(SCHEMA).await?)
}

/// A double that serves.
pub struct Sink {
    runtime: tokio::runtime::Runtime,
    asking: Client,
}

/// As many writers as calls at a time.
struct Writers {
    free: Semaphore,
    idle: Mutex<Vec<Writer>>,
}

impl Sink {
    /// Serves at `address` from tables in `database`.
    pub fn start(address: SocketAddr, database: SocketAddr, writers: usize) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let asking = runtime.block_on(async {
            prepare(database).await?;
            let mut idle = Vec::new();
            for _ in 0..writers {
                idle.push(Writer::connect(database).await?);
            }
            let writers = Writers {
                free: Semaphore::new(idle.len()),
                idle: Mutex::new(idle),
            };
            let router = Router::new()
                .route("/json/2/{model}/{method}", post(answer))
                .with_state(std::sync::Arc::new(writers));
            let listener = tokio::net::TcpListener::bind(address).await?;
            tokio::spawn(async move { axum::serve(listener, router).await });
            connect(database).await
        })?;
        Ok(Self { runtime, asking })
    }

    /// Orders in the table.
    pub fn rows(&self) -> anyhow::Result<u64> {
        let asked = self.asking.query_one(ROWS, &[]);
        let count: i64 = self.runtime.block_on(asked)?.get(0);
        Ok(count.unsigned_abs())
    }
}

impl Writers {
    async fn process(&self, asked: Value) -> anyhow::Result<Value> {
        let text = |name: &str| asked[name].as_str().unwrap_or_default();
        let _place = self.free.acquire().await?;
        let writer = self.idle.lock().await.pop();
        let writer = writer.ok_or_else(|| anyhow::anyhow!("no connection is free"))?;
        let made = writer
            .write(text("source"), text("message_id"), asked["place"].as_i64())
            .await;
        self.idle.lock().await.push(writer);
        let status = if made? { "done" } else { "duplicate" };
        Ok(json!({ "status": status, "result": {} }))
    }
}

async fn answer(
    State(writers): State<std::sync::Arc<Writers>>,
    Path((_, method)): Path<(String, String)>,
    Json(asked): Json<Value>,
) -> Json<Value> {
    Json(match method.as_str() {
        "advance" => json!({ "status": "advanced" }),
        "digests" => json!({ "ranges": [], "unplaced": 0 }),
        // It has lost nothing.
        "report" => Value::Null,
        _ => crate::inbox::each(asked, |one| writers.process(one))
            .await
            .unwrap_or_else(|error| json!({ "error": error.to_string() })),
    })
}
