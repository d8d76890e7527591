//! Row A: durable ingest, one message per request. An acknowledgement means that a crash of the machine cannot lose it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    gateway::{Gateway, TOKEN},
    http::Post,
    load::{Measured, Protocol, closed},
    peers::{
        limits,
        redis::{Redis, SetNew},
    },
};

/// What to measure.
#[derive(clap::Args)]
pub struct Request {
    /// The gateway program
    #[arg(long)]
    gateway: PathBuf,
    /// Connections
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64, 256])]
    connections: Vec<usize>,
    /// Seconds of each measurement, after two of warm-up
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Measurements of each; the middle one counts
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Directory on the disk to measure; by default the system's for temporary files
    #[arg(long)]
    directory: Option<PathBuf>,
}

/// Bytes of a message.
const BODY_BYTES: usize = 1024;
const WARM_UP: Duration = Duration::from_secs(2);

pub fn run(request: &Request) -> anyhow::Result<()> {
    let parent = request.directory.clone().unwrap_or_else(std::env::temp_dir);
    let home = tempfile::tempdir_in(parent)?;
    let limit = limits::group_commit(home.path(), BODY_BYTES, Duration::from_secs(3))?;
    println!("limit: {limit:.0} records of 1 KiB per second, 64 per write and sync");
    let nothing = limits::http()?;
    println!("connections  what            msg/s    p50      p99      p99.9    wrong");
    for &connections in &request.connections {
        let http = Post::new("/in/lane-0", TOKEN, body(), 202);
        let load = Load { request, connections };
        load.measure("http, no store", nothing, &http)?;
        let redis = {
            let redis = Redis::start(&home.path().join(format!("redis-{connections}")))?;
            load.measure("redis always", redis.address, &SetNew::new(body()))?
        };
        let ours = gateway(&load, home.path(), &http)?;
        println!(
            "{connections:>11}  gateway is {:.2} × redis, {:.0} % of the limit",
            ours.rate() / redis.rate(),
            100.0 * ours.rate() / limit
        );
    }
    Ok(())
}

fn gateway(load: &Load<'_>, home: &Path, http: &Post) -> anyhow::Result<Measured> {
    let directory = home.join(format!("gateway-{}", load.connections));
    std::fs::create_dir_all(&directory)?;
    let mut gateway = Gateway::start(&load.request.gateway, &directory, 1)?;
    let measured = load.measure("gateway", gateway.ingest(), http)?;
    let before = gateway.status()?.journal.messages;
    let took = gateway.kill_and_start(2)?;
    let after = gateway.status()?.journal.messages;
    anyhow::ensure!(
        after >= before,
        "{before} messages were stored, {after} are there after kill -9"
    );
    println!(
        "{:>11}  {after} messages readable after kill -9, leading again in {:.2} s",
        load.connections,
        took.as_secs_f64()
    );
    std::fs::remove_dir_all(&directory)?;
    Ok(measured)
}

struct Load<'r> {
    request: &'r Request,
    connections: usize,
}

impl Load<'_> {
    /// Runs the load a few times, and returns the one in the middle.
    fn measure(&self, what: &str, address: SocketAddr, protocol: &impl Protocol) -> anyhow::Result<Measured> {
        let length = Duration::from_secs(self.request.seconds);
        let mut all = Vec::new();
        for _ in 0..self.request.runs.max(1) {
            all.push(closed::run(address, protocol, self.connections, WARM_UP, length)?);
        }
        all.sort_by(|a, b| a.rate().total_cmp(&b.rate()));
        let middle = all.swap_remove(all.len() / 2);
        println!(
            "{:>11}  {what:<14} {:>6.0}  {:>6.2} ms {:>6.2} ms {:>6.2} ms  {:>5}",
            self.connections,
            middle.rate(),
            middle.latency_ms(50.0),
            middle.latency_ms(99.0),
            middle.latency_ms(99.9),
            middle.wrong
        );
        Ok(middle)
    }
}

/// JSON, because the ERP's inbox takes that; opaque to the gateway.
fn body() -> Vec<u8> {
    let mut body = br#"{"lines":""#.to_vec();
    body.resize(BODY_BYTES - 2, b'x');
    body.extend_from_slice(br#""}"#);
    body
}
