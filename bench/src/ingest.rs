//! Rows A, B and H: durable ingest. An acknowledgement means that a crash of the machine cannot lose the message.

use std::{
    collections::HashSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;

use crate::{
    gateway::{Gateway, TOKEN, free_address},
    http::{Post, PostMany, body},
    load::{
        Measured, Protocol,
        run::{self, Loss},
    },
    peers::{limits, nats, postgres, rabbitmq, redis},
    usage::{self, Syncs},
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
    /// Connections of the batch row
    #[arg(long, value_delimiter = ',', default_values_t = [4, 16])]
    batch_connections: Vec<usize>,
    /// Messages of each request of the batch row
    #[arg(long, default_value_t = 256)]
    batch_messages: u64,
    /// Seconds of each measurement, after two of warm-up
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Measurements of each; the middle one counts
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Open loop besides, at these percentages of what the closed loop reached (25,50,75,90)
    #[arg(long, value_delimiter = ',')]
    open_loop: Vec<u32>,
    /// Directory on the disk to measure; by default the system's for temporary files
    #[arg(long)]
    directory: Option<PathBuf>,
    /// Measure these peers too
    #[arg(long, value_delimiter = ',', value_enum, default_values_t = [Peer::Redis])]
    peers: Vec<Peer>,
    /// Directory of PostgreSQL's programs
    #[arg(long, default_value = "/usr/lib/postgresql/15/bin")]
    postgres: PathBuf,
    /// The NATS server, 2.12 or later
    #[arg(long, default_value = "nats-server")]
    nats: PathBuf,
}

/// Somebody else's server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Peer {
    /// `appendfsync always`, `SET key body NX`
    Redis,
    /// One insert with a unique key per transaction
    Postgres,
    /// Quorum queue of one node with confirms
    Rabbitmq,
    /// JetStream with `sync_interval: always` and message ids
    Nats,
}

/// Bytes of a message.
const BODY_BYTES: usize = 1024;
const WARM_UP: Duration = Duration::from_secs(2);
/// How long syncs are counted: strace makes everything slower, so that nothing else is read from that pass.
const COUNT: Duration = Duration::from_secs(2);
/// Of so many requests one is a duplicate, in row B.
const AGAIN_EVERY: u64 = 10;

pub fn run(request: &Request) -> anyhow::Result<()> {
    let parent = request.directory.clone().unwrap_or_else(std::env::temp_dir);
    let home = tempfile::tempdir_in(parent)?;
    let limit = limits::group_commit(home.path(), BODY_BYTES, Duration::from_secs(3))?;
    println!("limit: {limit:.0} records of 1 KiB per second, 64 per write and sync");
    let nothing = limits::http()?;
    println!(
        "connections  what                msg/s    spread  p50      p99      p99.9    wrong  CPU s/M  MiB   msg/sync"
    );
    let one = Post::new("/in/lane-0", TOKEN, body(BODY_BYTES));
    for &connections in &request.connections {
        let load = Load { request, connections };
        let line = |what, address| Line {
            what,
            address,
            process: None,
            syncs: None,
        };
        load.measure(&line("http, no store", nothing), &one)?;
        let mut peers = Vec::new();
        for &peer in &request.peers {
            let directory = home.path().join(format!("{peer:?}-{connections}"));
            let measured =
                measure_peer(&load, peer, &directory).with_context(|| format!("measure {peer:?}"))?;
            peers.push((peer, measured.rate()));
        }
        let ours = gateway(&load, home.path(), "gateway", &one)?;
        gateway(
            &load,
            home.path(),
            "10 % duplicates",
            &one.clone().again_every(AGAIN_EVERY),
        )?;
        print!(
            "{connections:>11}  gateway: {:.0} % of the disk's limit",
            100.0 * ours.rate() / limit
        );
        for (peer, rate) in peers {
            print!(", {:.1} × {peer:?}", ours.rate() / rate);
        }
        println!();
    }
    let many = PostMany::new(
        "/in/lane-0/batch",
        TOKEN,
        &body(BODY_BYTES),
        request.batch_messages,
    );
    for &connections in &request.batch_connections {
        let load = Load { request, connections };
        let ours = gateway(&load, home.path(), "gateway, batches", &many)?;
        println!(
            "{connections:>11}  batches of {}: {:.0} % of the disk's limit",
            request.batch_messages,
            100.0 * ours.rate() / limit
        );
    }
    Ok(())
}

fn measure_peer(load: &Load<'_>, peer: Peer, directory: &Path) -> anyhow::Result<Measured> {
    let request = load.request;
    let line = |what, server: &crate::peers::Server| Line {
        what,
        address: server.address,
        process: Some(server.process()),
        syncs: Some(directory.to_path_buf()),
    };
    let measured = match peer {
        Peer::Redis => {
            let server = redis::start(directory)?;
            load.measure(
                &line("redis always", &server),
                &redis::SetNew::new(body(BODY_BYTES)),
            )
        }
        Peer::Postgres => {
            let server = postgres::start(&request.postgres, directory)?;
            load.measure(
                &line("postgres insert", &server),
                &postgres::Insert::new(body(BODY_BYTES)),
            )
        }
        Peer::Rabbitmq => {
            let rabbit = rabbitmq::start(directory)?;
            load.measure(
                &line("rabbitmq quorum", &rabbit.server),
                &rabbitmq::Confirmed::new(body(BODY_BYTES)),
            )
        }
        Peer::Nats => {
            let server = nats::start(&request.nats, directory)?;
            load.measure(
                &line("nats sync always", &server),
                &nats::Publish::new(body(BODY_BYTES)),
            )
        }
    };
    std::fs::remove_dir_all(directory)?;
    measured
}

/// Measures a gateway, then kills it under load and compares what it acknowledged with what it has.
fn gateway(
    load: &Load<'_>,
    home: &Path,
    what: &'static str,
    protocol: &impl Protocol,
) -> anyhow::Result<Measured> {
    let directory = home.join("gateway");
    std::fs::create_dir_all(&directory)?;
    let mut gateway = Gateway::start(&load.request.gateway, &directory, 1, free_address()?)?;
    let line = Line {
        what,
        address: gateway.ingest(),
        process: Some(gateway.process()),
        syncs: Some(directory.clone()),
    };
    let measured = load.measure(&line, protocol)?;
    let acknowledged = std::thread::scope(|scope| {
        let address = gateway.ingest();
        let length = Duration::from_secs(30);
        let sending = scope.spawn(move || {
            run::closed(
                address,
                protocol,
                load.connections,
                (Duration::ZERO, length),
                Loss::End,
            )
        });
        pause(Duration::from_secs(2));
        gateway.kill()?;
        let sent = sending
            .join()
            .map_err(|_| anyhow::anyhow!("the load panicked"))??;
        anyhow::Ok(sent.acknowledged)
    })?;
    let took = gateway.start_again(2)?;
    let there: HashSet<String> = gateway.message_ids()?.into_iter().collect();
    let numbers = acknowledged
        .iter()
        .flat_map(|first| *first..first + protocol.messages());
    let (mut count, mut lost) = (0_u64, 0_u64);
    for number in numbers {
        count += 1;
        lost += u64::from(!there.contains(&protocol.id(number)));
    }
    println!(
        "{:>11}  kill -9 under load: {count} acknowledged, {lost} lost; {} messages there, leading again in {:.2} s",
        load.connections,
        there.len(),
        took.as_secs_f64()
    );
    anyhow::ensure!(lost == 0, "acknowledged messages are lost");
    drop(gateway);
    std::fs::remove_dir_all(&directory)?;
    Ok(measured)
}

struct Load<'r> {
    request: &'r Request,
    connections: usize,
}

/// What is measured, for one line of the table.
struct Line {
    what: &'static str,
    address: SocketAddr,
    process: Option<u32>,
    /// Where to keep the trace of syncs; `None`: they are not counted.
    syncs: Option<PathBuf>,
}

impl Load<'_> {
    /// Runs the load a few times, prints a line, and returns the run in the middle.
    fn measure(&self, line: &Line, protocol: &impl Protocol) -> anyhow::Result<Measured> {
        let length = Duration::from_secs(self.request.seconds);
        let run = |times| run::closed(line.address, protocol, self.connections, times, Loss::Error);
        let usage = || {
            line.process
                .map(usage::of)
                .transpose()
                .map(Option::unwrap_or_default)
        };
        let (before, mut messages, mut all) = (usage()?, 0, Vec::new());
        for _ in 0..self.request.runs.max(1) {
            let measured = run((WARM_UP, length))?;
            messages += measured.acknowledged.len() as u64 * protocol.messages();
            all.push(measured);
        }
        let after = usage()?;
        let per_sync = match (&line.syncs, line.process) {
            (Some(directory), Some(process)) => {
                let syncs = Syncs::count(process, directory)?;
                let counted = run((Duration::ZERO, COUNT))?.acknowledged.len() as u64 * protocol.messages();
                Some((counted, syncs.stop()?))
            }
            _ => None,
        };
        let (middle, spread) = Measured::middle(all);
        println!(
            "{:>11}  {:<17} {:>7.0}  ±{:>4.0} %  {:>6.2} ms {:>6.2} ms {:>6.2} ms  {:>5}  {:>7.1}  {:>4}  {}",
            self.connections,
            line.what,
            middle.rate(),
            spread,
            middle.latency_ms(50.0),
            middle.latency_ms(99.0),
            middle.latency_ms(99.9),
            middle.wrong,
            1e6 * (after.cpu - before.cpu) / messages.max(1) as f64,
            after.memory_kib / 1024,
            match per_sync {
                None => "-".to_owned(),
                Some((_, 0)) => "not durable".to_owned(),
                Some((counted, syncs)) => format!("{:.1}", counted as f64 / syncs as f64),
            }
        );
        for &percent in &self.request.open_loop {
            self.open_loop(line, protocol, percent, middle.rate())?;
        }
        Ok(middle)
    }

    /// So much of the peak, whatever the answers take; latency counts from when a request was due.
    fn open_loop(
        &self,
        line: &Line,
        protocol: &impl Protocol,
        percent: u32,
        peak: f64,
    ) -> anyhow::Result<()> {
        let asked = peak * f64::from(percent) / 100.0;
        let length = Duration::from_secs(self.request.seconds);
        let requests = asked / protocol.messages() as f64;
        let measured = run::open(
            line.address,
            protocol,
            self.connections,
            (WARM_UP, length),
            requests,
        )?;
        println!(
            "{:>11}  {:>13} % {:>7.0}  of {asked:>7.0} {:>6.2} ms {:>6.2} ms {:>6.2} ms  {:>5}",
            self.connections,
            percent,
            measured.rate(),
            measured.latency_ms(50.0),
            measured.latency_ms(99.0),
            measured.latency_ms(99.9),
            measured.wrong,
        );
        Ok(())
    }
}

fn pause(length: Duration) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the moment of the kill is a time, not an event"
    )]
    std::thread::sleep(length);
}
