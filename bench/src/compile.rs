//! The compiler: time and memory of `plimsoll render` for estates of 1 to 10 000 tenants, beside `kubectl kustomize` over
//! the manifests that it rendered.
//!
//! The tenants are in shared stamps of fifty, in one region with a warm standby: the shape in which anybody has thousands.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

/// What to measure.
#[derive(clap::Args)]
pub struct Request {
    /// The `plimsoll` program
    #[arg(long)]
    plimsoll: PathBuf,
    /// Numbers of tenants
    #[arg(long, value_delimiter = ',', default_values_t = [1, 100, 1000, 10_000])]
    tenants: Vec<usize>,
    /// Each is run so often; the middle one counts
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Leave the peer out
    #[arg(long)]
    alone: bool,
}

const TENANTS_PER_STAMP: usize = 50;
/// How often memory is looked at while a program runs.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What a program took.
#[derive(Clone, Copy)]
struct Took {
    wall: Duration,
    /// Peak of its resident memory.
    peak_kib: u64,
}

pub fn run(request: &Request) -> anyhow::Result<()> {
    let home = tempfile::tempdir()?;
    println!("tenants  files  first render      again, one changed  written  kustomize          ratio");
    for &tenants in &request.tenants {
        let estate = home.path().join(format!("estate-{tenants}.yaml"));
        let mut first = Vec::new();
        let mut again = Vec::new();
        let (mut files, mut written) = (0, 0);
        // A new directory each time: a file system that remembers what was deleted a moment ago (ext4 does) would be
        // measured instead.
        let out = |run: usize| home.path().join(format!("out-{tenants}-{run}"));
        for run in 0..request.runs {
            let out = out(run);
            fs::write(&estate, estate_of(tenants, None))?;
            first.push(render(&request.plimsoll, &estate, &out)?);
            let before = modified(&out)?;
            files = before.len();
            fs::write(&estate, estate_of(tenants, Some(tenants / 2)))?;
            again.push(render(&request.plimsoll, &estate, &out)?);
            let after = modified(&out)?;
            written = after.iter().filter(|entry| !before.contains(entry)).count();
        }
        let (first, again) = (middle(&mut first), middle(&mut again));
        print!(
            "{tenants:>7}  {files:>5}  {:>6.3} s {:>5} MiB  {:>6.3} s {:>5} MiB  {written:>7}",
            first.wall.as_secs_f64(),
            first.peak_kib / 1024,
            again.wall.as_secs_f64(),
            again.peak_kib / 1024,
        );
        match request.alone {
            true => println!("  -                  -"),
            false => {
                let peer = kustomize(&out(0).join("kubernetes"))?;
                println!(
                    "  {:>6.2} s {:>5} MiB  {:>5.1}",
                    peer.wall.as_secs_f64(),
                    peer.peak_kib / 1024,
                    peer.wall.as_secs_f64() / first.wall.as_secs_f64()
                );
            }
        }
    }
    Ok(())
}

/// Without the gate: it judges, and is measured by itself.
fn render(plimsoll: &Path, estate: &Path, out: &Path) -> anyhow::Result<Took> {
    let mut command = Command::new(plimsoll);
    command
        .arg("render")
        .arg(estate)
        .arg("--out")
        .arg(out)
        .args(["--no-policy", "--quiet"]);
    one_core(command)
}

/// Every kustomization of the tree that others do not include, one after the other, in one process each: what a pipeline
/// without Plimsoll would run.
fn kustomize(tree: &Path) -> anyhow::Result<Took> {
    let mut total = Took {
        wall: Duration::ZERO,
        peak_kib: 0,
    };
    for directory in kustomizations(tree)? {
        let mut command = Command::new("kubectl");
        command.arg("kustomize").arg(&directory);
        let took = one_core(command)?;
        total.wall += took.wall;
        total.peak_kib = total.peak_kib.max(took.peak_kib);
    }
    Ok(total)
}

fn kustomizations(tree: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![tree.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().is_some_and(|name| name == "kustomization.yaml") {
                found.push(directory.clone());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Runs a program on one core and watches its memory.
fn one_core(command: Command) -> anyhow::Result<Took> {
    let mut pinned = Command::new("taskset");
    pinned
        .args(["--cpu-list", "0"])
        .arg(command.get_program())
        .args(command.get_args());
    let began = Instant::now();
    let mut child = pinned
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("start {}", command.get_program().display()))?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak_kib = 0;
    loop {
        peak_kib = peak_kib.max(high_water_kib(&status));
        if let Some(ended) = child.try_wait()? {
            if !ended.success() {
                bail!("{} ended with {ended}", command.get_program().display());
            }
            return Ok(Took {
                wall: began.elapsed(),
                peak_kib,
            });
        }
        #[expect(clippy::disallowed_methods, reason = "there is no event for a growing memory")]
        std::thread::sleep(LOOK_EVERY);
    }
}

fn high_water_kib(status: &Path) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

fn middle(took: &mut [Took]) -> Took {
    took.sort_by_key(|one| one.wall);
    took[took.len() / 2]
}

/// Every rendered file with the time it was last written.
fn modified(
    directory: &Path,
) -> anyhow::Result<std::collections::BTreeSet<(PathBuf, std::time::SystemTime)>> {
    let mut found = std::collections::BTreeSet::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else if !entry.file_name().to_string_lossy().starts_with('.') {
                found.insert((entry.path(), entry.metadata()?.modified()?));
            }
        }
    }
    Ok(found)
}

/// An estate of that many tenants; one of them may have another host.
fn estate_of(tenants: usize, changed: Option<usize>) -> String {
    let mut text = String::from(
        "apiVersion: plimsoll.dev/v1\nkind: Estate\nmetadata: { name: many-tenants }\nspec:\n\
         \x20 organisation: { domain: erp.example.com, residency: [europe] }\n\
         \x20 regions:\n\
         \x20   - { name: westeurope, role: active }\n\
         \x20   - { name: northeurope, role: standby, posture: warm }\n\
         \x20 tiers:\n\
         \x20   - { name: standard, rto: 1h, rpo: 1m, failover: { authority: automatic } }\n\
         \x20 capabilities:\n\
         \x20   - { name: order-capture, tier: standard, probe: order-capture }\n\
         \x20 stamps:\n",
    );
    for stamp in 0..tenants.div_ceil(TENANTS_PER_STAMP) {
        let _ = writeln!(
            text,
            "    - {{ name: shared-{stamp}, tenancy: shared, region: westeurope, tenantsMax: {TENANTS_PER_STAMP} }}"
        );
    }
    text.push_str("  tenants:\n");
    for tenant in 0..tenants {
        let host = match changed == Some(tenant) {
            true => ", host: another.erp.example.com",
            false => "",
        };
        let _ = writeln!(
            text,
            "    - {{ name: tenant-{tenant}, stamp: shared-{}{host} }}",
            tenant / TENANTS_PER_STAMP
        );
    }
    text
}
