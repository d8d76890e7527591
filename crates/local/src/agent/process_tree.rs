//! Kills a process with everything below it, so that nothing of it can do anything any more.
//!
//! Process groups are not enough: PostgreSQL's backends call `setsid(2)`, and a worker whose master was killed first
//! lives on for seconds. So the tree is walked in `/proc` and frozen from the root down until no new process appears
//! (a frozen process cannot fork), and then everything is killed at once. This also ends processes that were stopped
//! with SIGSTOP.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use serde::{Deserialize, Serialize};

/// A killed process that is not gone by then sits in an uninterruptible system call; it is reported as left.
const DEATH_TIME_MAX: Duration = Duration::from_secs(3);
/// Who has not stopped by then sits in an uninterruptible system call, or grows faster than we freeze; it is killed as
/// far as it is known, and what is left after that is frozen and killed again.
const FREEZE_TIME_MAX: Duration = Duration::from_millis(500);
/// Rounds of freeze and kill.
const ROUNDS_MAX: usize = 8;

/// One process, told apart from a later one with the same number by its start time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProcessRef {
    /// Process id.
    pub pid: u32,
    /// Start time in clock ticks since boot (field 22 of proc(5) `stat`).
    pub started: u64,
    /// Name of the program (`comm`).
    pub name: String,
}

/// What [`kill`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KilledReport {
    /// Everything that was sent SIGKILL, the root first.
    pub killed: Vec<ProcessRef>,
    /// What was not gone in time (uninterruptible in the kernel).
    pub left: Vec<ProcessRef>,
    /// How long it took until the last one was gone, milliseconds.
    pub took_ms: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    parent: u32,
    zombie: bool,
    process: ProcessRef,
}

/// The process with everything below it, the root first; empty when it does not run.
pub fn list(root: u32) -> Vec<ProcessRef> {
    below(&snapshot(), root).into_values().collect()
}

/// The direct children of a process, zombies included.
pub fn children(parent: u32) -> Vec<u32> {
    let all = snapshot();
    all.iter()
        .filter(|(_, entry)| entry.parent == parent)
        .map(|(pid, _)| *pid)
        .collect()
}

/// Whether this very process still runs (a zombie does not).
pub fn is_alive(process: &ProcessRef) -> bool {
    entry(process.pid).is_some_and(|found| !found.zombie && found.process.started == process.started)
}

/// The running process with this number.
pub fn find(pid: u32) -> Option<ProcessRef> {
    entry(pid)
        .filter(|found| !found.zombie)
        .map(|found| found.process)
}

/// Kills the process and everything below it; returns when all of it is gone.
///
/// Blocks the calling thread for some milliseconds.
pub fn kill(root: u32) -> KilledReport {
    kill_where(root, |pid| pid != std::process::id())
}

/// Kills everything below the process, but not the process itself.
pub fn kill_below(root: u32) -> KilledReport {
    kill_where(root, |pid| pid != root && pid != std::process::id())
}

fn kill_where(root: u32, chosen: impl Fn(u32) -> bool) -> KilledReport {
    let began = Instant::now();
    let mut report = KilledReport::default();
    let mut dying: Vec<(ProcessRef, OwnedFd)> = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let frozen = freeze(root, &chosen);
        if frozen.is_empty() {
            break;
        }
        for (process, handle) in frozen {
            // The only error is that it is gone already.
            let _ = pidfd_send_signal(&handle, Signal::KILL);
            report.killed.push(process.clone());
            dying.push((process, handle));
        }
        // Children of a killed parent pass to a reaper outside the tree, so all of them had to be known before.
        report.left = wait_gone(&mut dying);
        if !report.left.is_empty() {
            break;
        }
    }
    report.took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    report
}

/// Stops the chosen processes of the tree until a walk finds no new one *and* all of them have really stopped.
///
/// A signal is not obeyed at once: a process that was in the middle of `fork` finishes it, and its child would escape
/// once the parent is killed. So a walk counts as the last one only if everything had stopped before it began.
fn freeze(root: u32, chosen: &impl Fn(u32) -> bool) -> Vec<(ProcessRef, OwnedFd)> {
    let end = Instant::now() + FREEZE_TIME_MAX;
    let mut seen = BTreeSet::new();
    let mut frozen = Vec::new();
    loop {
        let all_had_stopped = frozen
            .iter()
            .all(|(process, _): &(ProcessRef, OwnedFd)| has_stopped(process));
        let mut grew = false;
        for process in below(&snapshot(), root).into_values() {
            if !chosen(process.pid) || !seen.insert(process.clone()) {
                continue;
            }
            if let Some(handle) = open(&process) {
                let _ = pidfd_send_signal(&handle, Signal::STOP);
                frozen.push((process, handle));
                grew = true;
            }
        }
        if (all_had_stopped && !grew) || Instant::now() >= end {
            return frozen;
        }
        std::thread::yield_now();
    }
}

/// Whether no thread of the process can run any more.
fn has_stopped(process: &ProcessRef) -> bool {
    let Ok(tasks) = fs::read_dir(format!("/proc/{}/task", process.pid)) else {
        return true;
    };
    tasks.flatten().all(|task| {
        let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        match stat.rfind(')').and_then(|at| stat.get(at + 2..at + 3)) {
            // Stopped, traced, dead. A thread in an uninterruptible call ("D") may be forking.
            Some(state) => matches!(state, "T" | "t" | "Z" | "X"),
            None => true,
        }
    })
}

/// A handle to exactly this process: opened first, compared after, so that a reused number is never signalled.
fn open(process: &ProcessRef) -> Option<OwnedFd> {
    let pid = Pid::from_raw(i32::try_from(process.pid).ok()?)?;
    let handle = pidfd_open(pid, PidfdFlags::empty()).ok()?;
    is_alive(process).then_some(handle)
}

fn wait_gone(dying: &mut Vec<(ProcessRef, OwnedFd)>) -> Vec<ProcessRef> {
    let end = Instant::now() + DEATH_TIME_MAX;
    dying.retain(|(process, handle)| {
        let mut fds = [PollFd::new(handle, PollFlags::IN)];
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let wait = Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(0),
                tv_nsec: i64::from(left.subsec_nanos()),
            };
            match poll(&mut fds, Some(&wait)) {
                Err(rustix::io::Errno::INTR) => {}
                Ok(0) | Err(_) => return is_alive(process),
                // A pidfd becomes readable when the process has ended, reaped or not.
                Ok(_) => return false,
            }
        }
    });
    dying.iter().map(|(process, _)| process.clone()).collect()
}

fn snapshot() -> BTreeMap<u32, Entry> {
    let Ok(directory) = fs::read_dir("/proc") else {
        return BTreeMap::new();
    };
    directory
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, entry(pid)?)))
        .collect()
}

/// The root and its descendants in the order of the walk: number in the walk → process.
fn below(all: &BTreeMap<u32, Entry>, root: u32) -> BTreeMap<usize, ProcessRef> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (pid, entry) in all {
        children.entry(entry.parent).or_default().push(*pid);
    }
    let (mut found, mut next) = (BTreeMap::new(), vec![root]);
    while let Some(pid) = next.pop() {
        if let Some(entry) = all.get(&pid)
            && !entry.zombie
        {
            found.insert(found.len(), entry.process.clone());
        }
        next.extend(children.get(&pid).into_iter().flatten());
    }
    found
}

fn entry(pid: u32) -> Option<Entry> {
    parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads proc(5) `stat`: `pid (comm) state ppid … starttime …`; the name may hold blanks and parentheses.
fn parse(pid: u32, stat: &str) -> Option<Entry> {
    let (open, close) = (stat.find('(')?, stat.rfind(')')?);
    let fields: Vec<&str> = stat.get(close + 1..)?.split_ascii_whitespace().collect();
    Some(Entry {
        parent: fields.get(1)?.parse().ok()?,
        zombie: matches!(*fields.first()?, "Z" | "X"),
        process: ProcessRef {
            pid,
            // Field 22 of the line; the state is field 3.
            started: fields.get(19)?.parse().ok()?,
            name: stat.get(open + 1..close)?.to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Read as _},
        process::{Command, Stdio},
    };

    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_is_read() {
        let stat = "77 (a) b (c) S 12 77 77 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 4711 1 1";
        let entry = parse(77, stat).unwrap();
        assert_eq!((entry.parent, entry.zombie), (12, false));
        assert_eq!(
            entry.process,
            ProcessRef {
                pid: 77,
                started: 4711,
                name: "a) b (c".to_owned()
            }
        );
    }

    /// A large process takes some milliseconds to fork, and does not obey a signal meanwhile: Odoo's master is like
    /// that, and one of its workers did escape.
    #[test]
    fn nothing_escapes_from_a_large_process_in_the_middle_of_a_fork() {
        let script = "import os, time\n\
                      ballast = bytearray(os.urandom(1) * (256 << 20))\n\
                      print('up', flush=True)\n\
                      while os.fork(): pass\n\
                      time.sleep(900)\n";
        for _ in 0..5 {
            let mut child = Command::new("python3")
                .args(["-c", script])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut output = BufReader::new(child.stdout.take().unwrap());
            output.read_line(&mut String::new()).unwrap();
            let began = Instant::now();
            assert_eq!(kill(child.id()).left, vec![]);
            // Whoever escaped holds the other end of the pipe for 900 s.
            output.read_to_end(&mut Vec::new()).unwrap();
            assert!(began.elapsed() < Duration::from_secs(600), "something escaped");
            child.wait().unwrap();
        }
    }

    #[test]
    fn a_whole_tree_dies_with_sessions_of_its_own_and_stopped_members() {
        let script = "setsid sh -c 'sleep 1000 & kill -STOP $!; echo $!; wait' & wait";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let stopped = find(line.trim().parse().unwrap()).unwrap();
        let members = list(child.id());
        assert!(members.len() >= 3 && members.contains(&stopped), "{members:?}");

        let report = kill(child.id());
        assert_eq!(report.left, vec![]);
        assert_eq!(report.killed.len(), members.len());
        assert!(
            report.killed.iter().all(|process| !is_alive(process)),
            "{report:?}"
        );
        child.wait().unwrap();
        assert_eq!(kill(child.id()).killed, vec![], "killing again finds nothing");
    }
}
