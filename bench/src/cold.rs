//! Rows F and B: cold start with a journal of ten million messages, and duplicates of those messages behind it.
//!
//! The journal is written by the product's own code in this program, as the gateway's thread would: batches of 64, one
//! sync each. Before each start the page cache is dropped, which only root can do, and it is said whether it was.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use journal::{Entry, Journal, Options, Preparation, RealDisk, body_hash, key_hash};

use crate::{
    gateway::{ALONE, Gateway, TOKEN, free_address},
    http::{Post, body},
    load::{
        Answer, Protocol as _,
        run::{self, Loss},
    },
    usage,
};

/// What to measure.
#[derive(clap::Args)]
pub struct Request {
    /// The gateway program
    #[arg(long)]
    gateway: PathBuf,
    /// Messages in the journal
    #[arg(long, default_value_t = 10_000_000)]
    messages: u64,
    /// Bytes of a message
    #[arg(long, default_value_t = 1024)]
    body: usize,
    /// Starts
    #[arg(long, default_value_t = 3)]
    starts: u64,
    /// Seconds of load with duplicates behind the last start; 0: none
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Connections of that load
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Directory on the disk to measure; by default the system's for temporary files
    #[arg(long)]
    directory: Option<PathBuf>,
}

/// Messages in one batch of the journal.
const BATCH: u64 = 64;
/// The only integration.
const SOURCE: &str = "lane-0";
/// Of so many requests one is a duplicate.
const AGAIN_EVERY: u64 = 10;

pub fn run(request: &Request) -> anyhow::Result<()> {
    let parent = request.directory.clone().unwrap_or_else(std::env::temp_dir);
    let home = tempfile::tempdir_in(parent)?;
    let mut gateway = Gateway::start(&request.gateway, home.path(), 1, free_address()?)?;
    let empty = usage::of(gateway.process())?.memory_kib;
    gateway.kill()?;
    let journal = home.path().join(format!("{ALONE}-journal"));
    std::fs::remove_dir_all(&journal)?;
    let began = Instant::now();
    fill(request, &journal)?;
    println!(
        "journal of {} messages of {} bytes: {:.2} GB in segments, {:.2} GB in sidecars, written in {:.0} s",
        request.messages,
        request.body,
        gigabytes(&files(&journal, "seg-")?)?,
        gigabytes(&files(&journal, "facts-")?)?,
        began.elapsed().as_secs_f64()
    );
    let limits = limits(&journal)?;
    for generation in 2..2 + request.starts {
        let cache = drop_cache(&journal)?;
        let began = Instant::now();
        let leads = gateway.start_again(generation)?;
        accept_one(&gateway, generation)?;
        let accepts = began.elapsed().as_secs_f64();
        let memory = usage::of(gateway.process())?.memory_kib;
        println!(
            "cold start {}, {cache}: leads after {:.2} s, first message accepted after {accepts:.2} s: {:.0} % of it \
             would be reading sidecars and last segment alone, {:.1} × faster than reading the log alone; {} MiB \
             resident, {:.1} bytes per message more than empty",
            generation - 1,
            leads.as_secs_f64(),
            100.0 * limits.needed / accepts,
            limits.whole / accepts,
            memory / 1024,
            (memory.saturating_sub(empty) * 1024) as f64 / request.messages as f64
        );
        if generation < 1 + request.starts {
            gateway.kill()?;
        }
    }
    if request.seconds > 0 {
        duplicates(request, &gateway)?;
    }
    Ok(())
}

/// Row B behind the start.
fn duplicates(request: &Request, gateway: &Gateway) -> anyhow::Result<()> {
    let protocol = post(request)
        .again_every(AGAIN_EVERY)
        .of_earlier(request.messages);
    let times = (Duration::from_secs(2), Duration::from_secs(request.seconds));
    let measured = run::closed(
        gateway.ingest(),
        &protocol,
        request.connections,
        times,
        Loss::Error,
    )?;
    println!(
        "{} connections, every tenth a duplicate of one of {}: {:.0} msg/s, p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} \
         ms, {} wrong; {} MiB resident",
        request.connections,
        request.messages,
        measured.rate(),
        measured.latency_ms(50.0),
        measured.latency_ms(99.0),
        measured.latency_ms(99.9),
        measured.wrong,
        usage::of(gateway.process())?.memory_kib / 1024
    );
    anyhow::ensure!(measured.wrong == 0, "some answers were not as they should be");
    Ok(())
}

fn post(request: &Request) -> Post {
    Post::new(&format!("/in/{SOURCE}"), TOKEN, body(request.body))
}

fn fill(request: &Request, directory: &Path) -> anyhow::Result<()> {
    let options = Options {
        segment_bytes: 64 << 20,
        preparation: Preparation::Ahead,
    };
    let (mut journal, _) = Journal::open(Arc::new(RealDisk), directory, options, |_| ())?;
    let body = bytes::Bytes::from(body(request.body));
    let hash = body_hash(&body);
    let protocol = post(request);
    for first in (0..request.messages).step_by(BATCH as usize) {
        let numbers = first..(first + BATCH).min(request.messages);
        let entries: Vec<Entry> = numbers
            .map(|number| {
                let id = protocol.id(number);
                Entry {
                    kind: 1,
                    stream: SOURCE.to_owned(),
                    time: 1_700_000_000_000_000 + number.cast_signed(),
                    key: key_hash(SOURCE, &id),
                    body_hash: hash,
                    body: body.clone(),
                    id,
                }
            })
            .collect();
        journal.append(&entries, 1)?;
    }
    journal.settle()?;
    Ok(())
}

fn files(directory: &Path, begin: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(begin) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

fn gigabytes(files: &[PathBuf]) -> anyhow::Result<f64> {
    let mut bytes = 0;
    for file in files {
        bytes += std::fs::metadata(file)?.len();
    }
    Ok(bytes as f64 / 1e9)
}

/// Seconds for nothing but reading.
struct Limits {
    /// What a start needs: the sidecars and the last segment.
    needed: f64,
    /// All segments.
    whole: f64,
}

fn limits(directory: &Path) -> anyhow::Result<Limits> {
    let segments = files(directory, "seg-")?;
    let mut needed = files(directory, "facts-")?;
    needed.extend(segments.last().cloned());
    let cache = drop_cache(directory)?;
    let limits = Limits {
        needed: read_all(&needed)?,
        whole: read_all(&segments)?,
    };
    println!(
        "limits, {cache}: reading sidecars and last segment {:.2} s ({:.2} GB/s), reading the log {:.2} s ({:.2} GB/s)",
        limits.needed,
        gigabytes(&needed)? / limits.needed,
        limits.whole,
        gigabytes(&segments)? / limits.whole
    );
    Ok(limits)
}

fn read_all(files: &[PathBuf]) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut part = vec![0; 1 << 20];
    for file in files {
        let mut file = std::fs::File::open(file)?;
        while file.read(&mut part)? > 0 {}
    }
    Ok(began.elapsed().as_secs_f64())
}

/// Says what the page cache holds afterwards.
fn drop_cache(directory: &Path) -> anyhow::Result<&'static str> {
    for file in files(directory, "")? {
        if file.is_file() {
            // Only clean pages are dropped.
            std::fs::File::open(file)?.sync_all()?;
        }
    }
    Ok(match std::fs::write("/proc/sys/vm/drop_caches", "1") {
        Ok(()) => "page cache dropped",
        Err(_) => "page cache as it was (only root can drop it)",
    })
}

fn accept_one(gateway: &Gateway, generation: u64) -> anyhow::Result<()> {
    let protocol = Post::new(&format!("/in/{SOURCE}"), TOKEN, body(64));
    let mut connection = TcpStream::connect(gateway.ingest())?;
    let (mut out, mut input, mut part) = (Vec::new(), Vec::new(), [0; 4096]);
    // A key that nothing else here has.
    protocol.request(u64::MAX - generation, &mut out);
    connection.write_all(&out)?;
    loop {
        match protocol.answer(&input) {
            Answer::Done(_) => return Ok(()),
            Answer::Wrong(_) => anyhow::bail!("{}", String::from_utf8_lossy(&input)),
            Answer::Incomplete => {}
        }
        let read = connection.read(&mut part)?;
        anyhow::ensure!(read > 0, "the gateway closed the connection");
        input.extend_from_slice(&part[..read]);
    }
}
