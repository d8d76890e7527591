//! Row E: the ERP's database is taken back by a hundred thousand messages of a million; how long the gateway takes to find
//! out which, and whether it delivers exactly those.
//!
//! The sink is a double of the ERP's comparison endpoints and inbox in this program. Its table is a real PostgreSQL's,
//! with the columns and indexes of the addon, and it runs the addon's SQL; there is no Odoo, so the time that Odoo takes
//! to answer a call and to create an order is not in these figures.

mod sink;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use journal::{body_hash, key_hash};

use crate::{
    gateway::{Gateway, TOKEN, free_address},
    http::PostMany,
    load::{Answer, Protocol as _},
    peers::postgres,
};
use sink::Sink;

/// What to measure.
#[derive(clap::Args)]
pub struct Request {
    /// The gateway program
    #[arg(long)]
    gateway: PathBuf,
    /// PostgreSQL's programs
    #[arg(long, default_value = "/usr/lib/postgresql/15/bin")]
    postgres: PathBuf,
    /// Messages in the journal
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,
    /// Of those, the last that the ERP has lost
    #[arg(long, default_value_t = 100_000)]
    lost: u64,
}

/// The only integration.
const SOURCE: &str = "lane-0";
/// Messages in one request to the journal.
const BATCH: u64 = 1_000;
const BODY: &[u8] = br#"{"partner":"EXAMPLE","lines":[{"sku":"TST-0001","quantity":1}]}"#;

pub fn run(request: &Request) -> anyhow::Result<()> {
    anyhow::ensure!(
        request.messages.is_multiple_of(BATCH) && request.lost <= request.messages,
        "--messages must be a multiple of {BATCH}, and --lost no more than it"
    );
    let home = tempfile::tempdir()?;
    let database = postgres::start(&request.postgres, &home.path().join("postgres"))?;
    fill(request, database.address)?;
    let address = free_address()?;
    let mut gateway = Gateway::start_wide(&request.gateway, home.path(), 1, 16, address)?;
    accept(request, &gateway)?;
    // The sink serves from now on, and the gateway leads in a new generation, as after a restore.
    gateway.kill()?;
    let sink = Sink::start(address, database.address)?;
    let cold = gateway.start_again(2)?;
    let began = Instant::now();
    while gateway
        .reconciliation()?
        .is_none_or(|report| report.summary.checked.is_none())
    {
        anyhow::ensure!(began.elapsed() < Duration::from_secs(1_800), "it is never done");
        std::thread::park_timeout(Duration::from_millis(250));
    }
    let report = gateway.reconciliation()?.context("a report")?;
    let seen = sink.seen();
    println!(
        "journal of {} messages, ERP without the last {}; cold start {cold:.2?}",
        request.messages, request.lost
    );
    println!(
        "digests       {:>9.1} ms in the sink",
        seen.digests.as_secs_f64() * 1e3
    );
    println!(
        "diff          {:>9.1} ms from the first question to the first delivery",
        seen.diff.as_secs_f64() * 1e3
    );
    let lane = &report.lanes[0];
    println!(
        "ranges        {:>9}, of which {} differ",
        lane.ranges, lane.differing
    );
    println!("present       {:>9}", lane.present);
    println!("lacking       {:>9}, replayed {}", lane.lacking, lane.replayed);
    println!("delivered     {:>9} new, {} that it had", seen.new, seen.again);
    println!("rows          {:>9}", sink.rows()?);
    println!(
        "check         {:>9} lacking, {} phantoms",
        lane.check.map_or(u64::MAX, |check| check.lacking),
        report.summary.phantoms
    );
    anyhow::ensure!(
        (lane.lacking, lane.replayed, seen.new, seen.again) == (request.lost, request.lost, request.lost, 0)
            && sink.rows()? == request.messages,
        "the replay was not exact"
    );
    Ok(())
}

/// The table as the addon has it, with everything but what is lost.
fn fill(request: &Request, database: std::net::SocketAddr) -> anyhow::Result<()> {
    let mut psql = Command::new(request.postgres.join("psql"))
        .args([
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "-p",
        ])
        .arg(database.port().to_string())
        .stdin(Stdio::piped())
        .spawn()
        .context("run psql")?;
    let input = psql.stdin.take().context("psql's input")?;
    let mut input = std::io::BufWriter::new(input);
    writeln!(input, "{}", sink::SCHEMA)?;
    writeln!(
        input,
        "COPY plimsoll_inbox (source, message_id, body_hash, kind, payload, place, fingerprint) FROM STDIN;"
    )?;
    let (hash, body) = (body_hash(BODY), String::from_utf8_lossy(BODY));
    let hexadecimal = hex::encode(hash);
    for number in 0..request.messages - request.lost {
        let id = format!("{number:032}");
        let mark = fingerprint(&id, &hash);
        writeln!(
            input,
            "{SOURCE}\t{id}\t{hexadecimal}\torder.create\t{body}\t{}\t{mark}",
            number + 1
        )?;
    }
    writeln!(input, "\\.\nVACUUM ANALYZE plimsoll_inbox;")?;
    drop(input.into_inner()?);
    anyhow::ensure!(psql.wait()?.success(), "the table was not filled");
    Ok(())
}

/// As the addon's `fingerprint.py` has it.
fn fingerprint(id: &str, body: &[u8; 32]) -> i64 {
    let key = key_hash(SOURCE, id);
    let word = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte))
    };
    let bound = word(&body[..8]).wrapping_mul(word(&key[8..]) | 1);
    word(&key[..8]).wrapping_add(bound).cast_signed()
}

/// Puts everything into the journal, in order.
fn accept(request: &Request, gateway: &Gateway) -> anyhow::Result<()> {
    let many = PostMany::new(&format!("/in/{SOURCE}/batch"), TOKEN, BODY, BATCH);
    let mut connection = TcpStream::connect(gateway.ingest())?;
    let (mut out, mut input, mut part) = (Vec::new(), Vec::new(), [0; 64 << 10]);
    for number in (0..request.messages).step_by(BATCH as usize) {
        out.clear();
        input.clear();
        many.request(number, &mut out);
        connection.write_all(&out)?;
        loop {
            match many.answer(&input) {
                Answer::Done(_) => break,
                Answer::Wrong(_) => {
                    anyhow::bail!("{}", String::from_utf8_lossy(&input[..input.len().min(500)]))
                }
                Answer::Incomplete => {}
            }
            let read = connection.read(&mut part)?;
            anyhow::ensure!(read > 0, "the gateway closed the connection");
            input.extend_from_slice(&part[..read]);
        }
    }
    Ok(())
}
