//! A side is lost: Plimsoll's own drill beside the same PostgreSQL as a pair under Patroni.
//!
//! ```text
//!             fault ──► database accepts writes ──► ERP accepts one ──► order accepted and read back
//!   Plimsoll    t0              t4                        t5                      t6
//!   Patroni     t0      a client that follows the leader writes
//! ```
//!
//! Like is compared with like at the database; what Plimsoll's later clocks hold besides, Patroni's has none of.

mod ours;
mod table;
mod writer;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::peers::patroni::{Cluster, DEFAULT, Programs, Settings, TIGHTEST};
use writer::{Counted, Writer};

/// What to measure.
#[derive(clap::Args)]
pub struct Request {
    /// The `plimsoll` program, with the others beside it
    #[arg(long)]
    plimsoll: PathBuf,
    /// How often each loses its leading side
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// Seed of the moments of the kill
    #[arg(long, default_value_t = 2026)]
    seed: u64,
    /// Directory of the programs of PostgreSQL
    #[arg(long, default_value = "/usr/lib/postgresql/15/bin")]
    postgres: PathBuf,
    /// Keeps Patroni and etcd here for the next time
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Takes our side from a drill made before instead of making one
    #[arg(long)]
    evidence: Option<PathBuf>,
    /// No further run of a pair under Patroni begins after that many seconds
    #[arg(long, default_value_t = 3600)]
    peer_time_max: u64,
    /// Leaves Patroni out
    #[arg(long)]
    alone: bool,
}

/// Load before the fault, at least; as long as the drill's.
const LOAD_BEFORE: Duration = Duration::from_secs(3);
/// What is drawn on top of it, at least; as wide as the drill's, and a whole turn of Patroni's loop, because where in it
/// the leader dies decides how long its key has still to live.
const MOMENT_SPAN_MIN: Duration = Duration::from_secs(5);
/// Load that goes on afterwards.
const LOAD_AFTER: Duration = Duration::from_secs(2);
/// A pair that does not accept a write by then has failed.
const RECOVERY_TIME_MAX: Duration = Duration::from_secs(180);

/// What one pair under Patroni did.
struct Measured {
    settings: Settings,
    /// Fault → first write accepted, milliseconds, by run.
    first_write: Vec<u64>,
    rows: Counted,
    /// In how many runs the lost side's etcd member led the three.
    store_led: usize,
}

pub fn run(request: &Request) -> anyhow::Result<()> {
    let home = tempfile::tempdir()?;
    // Others than us live below it.
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o711))?;
    println!("machine before: {}", load()?);
    let (peers, versions) = match request.alone {
        true => (Vec::new(), None),
        false => {
            let kept = request
                .programs
                .clone()
                .unwrap_or_else(|| home.path().join("programs"));
            let programs = Programs::ensure(&kept, &request.postgres)?;
            (both(request, &programs, home.path())?, Some(programs.versions()?))
        }
    };
    let evidence = match &request.evidence {
        Some(file) => ours::read(&fs::read(file)?)?,
        None => ours::Estate::up(&request.plimsoll, home.path())?.drill(request.runs, request.seed)?,
    };
    println!("machine after: {}", load()?);
    table::machine(&evidence, versions.as_deref());
    table::print(&peers, &evidence)
}

/// Both settings side by side: they wait nearly all of the time, and a run of each takes most of a minute.
fn both(request: &Request, programs: &Programs, home: &Path) -> anyhow::Result<Vec<Measured>> {
    std::thread::scope(|scope| {
        let started = [DEFAULT, TIGHTEST].map(|settings| {
            scope.spawn(move || {
                let root = home.join(settings.name);
                fs::create_dir(&root)?;
                measure(request, programs, settings, &root)
                    .with_context(|| format!("Patroni with {} settings", settings.name))
            })
        });
        let joined = started.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("a measurement panicked")))
        });
        joined.collect()
    })
}

fn measure(
    request: &Request,
    programs: &Programs,
    settings: Settings,
    root: &Path,
) -> anyhow::Result<Measured> {
    let mut cluster = Cluster::start(programs, settings, root)?;
    let mut random = StdRng::seed_from_u64(request.seed);
    let mut measured = Measured {
        settings,
        first_write: Vec::new(),
        rows: Counted::default(),
        store_led: 0,
    };
    let span = MOMENT_SPAN_MIN.max(Duration::from_secs(u64::from(settings.loop_wait)));
    let (began, time_max) = (Instant::now(), Duration::from_secs(request.peer_time_max));
    for run in 1..=request.runs {
        cluster.wait_until_well()?;
        if began.elapsed() > time_max {
            break;
        }
        let writer = Writer::start(cluster.databases(), run)?;
        let moment = LOAD_BEFORE + random.random_range(Duration::ZERO..=span);
        pause(moment);
        let lost = cluster.lose_leader()?;
        let first = writer
            .first_after(lost.at, RECOVERY_TIME_MAX)
            .context("no write was accepted after the fault")?;
        let took = first.duration_since(lost.at);
        pause(LOAD_AFTER);
        let rows = writer.finish()?;
        println!(
            "patroni, {}, run {run}: side {} lost after {:.1} s ({} processes{}), first write {:.2} s later, {} rows \
             accepted, {} lost",
            settings.name,
            lost.side,
            moment.as_secs_f64(),
            lost.processes,
            if lost.store_led {
                ", etcd's leader among them"
            } else {
                ""
            },
            took.as_secs_f64(),
            rows.accepted,
            rows.lost
        );
        measured.first_write.push(u64::try_from(took.as_millis())?);
        measured.rows.accepted += rows.accepted;
        measured.rows.lost += rows.lost;
        measured.store_led += usize::from(lost.store_led);
        cluster.bring_back(lost.side)?;
    }
    Ok(measured)
}

fn pause(length: Duration) {
    #[expect(clippy::disallowed_methods, reason = "the load goes on for a drawn time")]
    std::thread::sleep(length);
}

/// The load averages, as the kernel has them.
fn load() -> anyhow::Result<String> {
    let text = fs::read_to_string("/proc/loadavg")?;
    let three: Vec<&str> = text.split_whitespace().take(3).collect();
    Ok(format!("load {}", three.join(" ")))
}
