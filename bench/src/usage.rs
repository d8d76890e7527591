//! What a server takes: processor time and memory of its process and everything below it, and the syncs it asks for.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::Context as _;

/// Ticks of `/proc` in a second; the kernel's interface has had this value on every Linux since 2.6.
const TICKS: f64 = 100.0;

/// What a server has taken so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Seconds of processor time, in user and in kernel.
    pub cpu: f64,
    /// Resident memory now, in KiB; shared pages count in every process.
    pub memory_kib: u64,
}

/// Reads the usage of a process and all its descendants.
pub fn of(process: u32) -> anyhow::Result<Usage> {
    let mut usage = Usage::default();
    for process in tree(process)? {
        // It may have ended meanwhile.
        let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else {
            continue;
        };
        let fields: Vec<&str> = behind_name(&stat).split_whitespace().collect();
        let number = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
        // Its own in user and kernel, and the same of children that have ended: a backend ends with its connection.
        usage.cpu += (11..=14).filter_map(number).sum::<f64>() / TICKS;
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        usage.memory_kib += resident
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|number| number.parse::<u64>().ok())
            .unwrap_or_default();
    }
    Ok(usage)
}

/// The process and its descendants.
pub fn tree(root: u32) -> anyhow::Result<Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let Ok(process) = entry?.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let parent = behind_name(&stat).split_whitespace().nth(1);
        if let Some(parent) = parent.and_then(|parent| parent.parse().ok()) {
            children.entry(parent).or_default().push(process);
        }
    }
    let mut found = vec![root];
    let mut at = 0;
    while let Some(process) = found.get(at) {
        found.extend(children.remove(process).unwrap_or_default());
        at += 1;
    }
    Ok(found)
}

/// The name of a process may contain anything, but it ends with the last parenthesis.
fn behind_name(stat: &str) -> &str {
    stat.rsplit_once(')').map_or("", |(_, rest)| rest)
}

/// Counts calls that make something durable, from now until it is stopped.
pub struct Syncs {
    strace: Child,
    trace: std::path::PathBuf,
}

impl Syncs {
    /// Attaches to a process and its descendants.
    pub fn count(process: u32, directory: &Path) -> anyhow::Result<Self> {
        let trace = directory.join("syncs.trace");
        let mut command = Command::new("strace");
        command.args([
            "-f",
            "-qq",
            "-e",
            "trace=fsync,fdatasync,sync_file_range,msync,syncfs",
            "-o",
        ]);
        command.arg(&trace);
        for process in tree(process)? {
            command.args(["-p", &process.to_string()]);
        }
        let strace = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("start strace")?;
        #[expect(
            clippy::disallowed_methods,
            reason = "strace tells nobody when it has attached"
        )]
        std::thread::sleep(Duration::from_millis(500));
        Ok(Self { strace, trace })
    }

    /// Detaches; returns how many syncs there were.
    pub fn stop(mut self) -> anyhow::Result<u64> {
        // SIGTERM lets it detach; a killed strace would leave its processes stopped.
        Command::new("kill").arg(self.strace.id().to_string()).status()?;
        self.strace.wait()?;
        let text = fs::read_to_string(&self.trace)?;
        Ok(text
            .lines()
            .filter(|line| line.contains("sync"))
            .filter(|line| !line.contains("resumed"))
            .count() as u64)
    }
}
