//! Row C: from a partner's request to a row in the ERP's database.
//!
//! The sink is a double of the ERP in this program: one transaction of a real PostgreSQL writes the inbox row and an
//! order, synced to disk, in one statement. There is no Odoo, which takes far longer for an order; what is measured is
//! what the gateway can deliver to an ERP that is as fast as its database.
//! Beside it the limit: the same statement by as many clients that ask PostgreSQL directly.

mod sink;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{
    gateway::{Gateway, TOKEN, free_address},
    http::Post,
    load::run,
    peers::postgres,
};
use sink::{Sink, Writer};

/// What to measure.
#[derive(clap::Args)]
pub struct Request {
    /// The gateway program
    #[arg(long)]
    gateway: PathBuf,
    /// PostgreSQL's programs
    #[arg(long, default_value = "/usr/lib/postgresql/15/bin")]
    postgres: PathBuf,
    /// Deliveries at a time, and clients of the limit
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32])]
    concurrency: Vec<u16>,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

const CONNECTIONS: usize = 64;
/// How long the backlog may take behind the load.
const DRAIN_MAX: Duration = Duration::from_secs(600);

pub fn run(request: &Request) -> anyhow::Result<()> {
    println!("deliveries at a time  accepted/s  delivered/s  directly/s  of it  exact");
    for &concurrency in &request.concurrency {
        let home = tempfile::tempdir()?;
        let database = postgres::start(&request.postgres, &home.path().join("postgres"))?;
        let directly = directly(
            database.address,
            concurrency,
            Duration::from_secs(request.seconds),
        )?;
        let seen = delivered(request, home.path(), database.address, (concurrency, directly))?;
        println!(
            "{concurrency:>20}  {:>10.0}  {:>11.0}  {directly:>10.0}  {:>4.0} %  {} of {}",
            seen.accepted,
            seen.delivered,
            100.0 * seen.delivered / directly,
            seen.rows,
            seen.acknowledged,
        );
        anyhow::ensure!(
            seen.rows == seen.acknowledged,
            "not every message was applied once"
        );
    }
    Ok(())
}

struct Seen {
    /// Per second.
    accepted: f64,
    /// Per second, while the load lasted.
    delivered: f64,
    acknowledged: u64,
    rows: u64,
}

/// As many messages per second come in as PostgreSQL could take directly, so that the lane always has work.
fn delivered(
    request: &Request,
    home: &Path,
    database: SocketAddr,
    (concurrency, offered): (u16, f64),
) -> anyhow::Result<Seen> {
    let address = free_address()?;
    let sink = Sink::start(address, database, usize::from(concurrency))?;
    let gateway = Gateway::start_wide(&request.gateway, home, 1, concurrency, address)?;
    let before = sink.rows()?;
    let length = Duration::from_secs(request.seconds);
    let post = Post::new("/in/lane-0", TOKEN, sink::BODY.to_vec());
    let load = run::open(
        gateway.ingest(),
        &post,
        CONNECTIONS,
        (Duration::ZERO, length),
        offered,
    )?;
    anyhow::ensure!(load.wrong == 0, "{} wrong answers", load.wrong);
    let during = sink.rows()? - before;
    let acknowledged = load.acknowledged.len() as u64;
    let deadline = Instant::now() + DRAIN_MAX;
    while sink.rows()? - before < acknowledged {
        anyhow::ensure!(Instant::now() < deadline, "the backlog is never delivered");
        std::thread::park_timeout(Duration::from_millis(100));
    }
    Ok(Seen {
        accepted: load.rate(),
        delivered: during as f64 / request.seconds as f64,
        acknowledged,
        rows: sink.rows()? - before,
    })
}

/// The same statement by as many clients, per second.
fn directly(database: SocketAddr, clients: u16, length: Duration) -> anyhow::Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(async {
        sink::prepare(database).await?;
        let mut writers = JoinSet::new();
        for client in 0..clients {
            let writer = Writer::connect(database).await?;
            writers.spawn(write_until(writer, client, Instant::now() + length));
        }
        let mut done = 0;
        while let Some(one) = writers.join_next().await {
            done += one??;
        }
        anyhow::Ok(done)
    })?;
    Ok(done as f64 / length.as_secs_f64())
}

async fn write_until(writer: Writer, client: u16, end: Instant) -> anyhow::Result<u64> {
    let mut done = 0;
    while Instant::now() < end {
        writer
            .write("direct", &format!("{client}-{done:024}"), None)
            .await?;
        done += 1;
    }
    Ok(done)
}
