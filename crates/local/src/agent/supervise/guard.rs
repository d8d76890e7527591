//! The guard: parent of one program, in a process of its own.
//!
//! It takes orders as JSON lines on its standard input and reports on its standard output. It ends when its program
//! has ended and nothing of the program's tree is left.

#![expect(
    unsafe_code,
    reason = "descriptors are taken over and registered here, which the compiler cannot check"
)]

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    os::{
        fd::{AsFd as _, FromRawFd as _, OwnedFd},
        unix::process::CommandExt as _,
    },
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use lease::Moment;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpgrp, pidfd_open, pidfd_send_signal, set_child_subreaper,
    setpgid, wait,
};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Interest, Lines, unix::AsyncFd},
    net::unix::pipe,
    signal::unix::{SignalKind, signal},
};

use super::{clear_environment, spawner::dies_with_parent};
use crate::agent::{clock, process_tree};

/// A timer of the runtime stands still while the machine is suspended, so deadlines are compared with the clock at
/// least this often.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Absolute path.
    pub program: PathBuf,
    /// Arguments.
    pub args: Vec<String>,
    /// Environment beside what is inherited.
    pub env: BTreeMap<String, String>,
    /// Working directory.
    pub directory: PathBuf,
    /// What the kernel sends it when the guard itself is killed.
    pub dies_by: DeathSignal,
    /// It must be gone by then unless a later order moves the deadline; `None`: it may run for ever.
    pub deadline: Option<Moment>,
}

/// What the kernel sends a program whose guard was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeathSignal {
    /// SIGKILL
    Kill,
    /// SIGQUIT, PostgreSQL's immediate shutdown, which takes its backends along.
    Quit,
}

/// An order to the guard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// The first order, and only the first.
    Start(Program),
    /// Moves or lifts the deadline.
    Deadline(Option<Moment>),
    /// Sends a signal; kills what is left after the grace.
    Stop {
        /// Signal number.
        signal: i32,
        /// Milliseconds.
        grace_ms: u64,
    },
}

/// A report of the guard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report {
    /// The program was started.
    Started {
        /// Its process id.
        pid: u32,
    },
    /// The program could not be started.
    CannotStart {
        /// Why.
        why: String,
    },
    /// The program has ended and nothing of its tree is left.
    Ended(Ended),
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Why.
    pub cause: Cause,
    /// `exit status: 0`, `signal: 9`, or nothing when nobody knows.
    pub status: String,
}

/// Why a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// On its own.
    Itself,
    /// It was asked to.
    Asked,
    /// Its deadline passed.
    Deadline,
    /// The agent was gone.
    AgentGone,
    /// The guard itself was gone, with whatever it watched.
    GuardGone,
}

/// Runs the guard until its program has ended.
///
/// # Errors
/// When the standard streams cannot be used or the first order is not understood.
pub fn main() -> anyhow::Result<()> {
    // The guard leaves its site's process group, and its program stays in it: a signal that stops or kills the whole
    // group must not reach the one who ends PostgreSQL's backends, which are in no group that a signal would find.
    let group = getpgrp();
    setpgid(None, None)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // Signals to the whole process group are the agent's to translate into orders.
        let _swallowed = [
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
            signal(SignalKind::quit())?,
        ];
        // SAFETY: descriptor 0 is open (a pipe from the agent) and nothing else in this process uses it.
        let stdin = unsafe { OwnedFd::from_raw_fd(0) };
        let mut orders = BufReader::new(pipe::Receiver::from_owned_fd(stdin)?).lines();
        match read(&mut orders).await {
            Some(Order::Start(program)) => Box::pin(watch(program, group, orders)).await,
            other => anyhow::bail!("the first order must say what to start, not {other:?}"),
        }
    })
}

type Orders = Lines<BufReader<pipe::Receiver>>;

/// The next order; `None` at the end of the agent, or when it talks nonsense, which is as bad.
async fn read(orders: &mut Orders) -> Option<Order> {
    serde_json::from_str(&orders.next_line().await.ok()??).ok()
}

fn report(report: &Report) {
    let Ok(mut line) = serde_json::to_vec(report) else {
        return;
    };
    line.push(b'\n');
    // An agent that is gone does not need the report.
    let _ = io::stdout().write_all(&line).and_then(|()| io::stdout().flush());
}

async fn watch(program: Program, group: Pid, mut orders: Orders) -> anyhow::Result<()> {
    set_child_subreaper(Some(rustix::process::getpid()))?;
    let mut deadline = program.deadline;
    let child = match start(&program, group) {
        Ok(child) => child,
        Err(error) => {
            report(&Report::CannotStart {
                why: error.to_string(),
            });
            return Ok(());
        }
    };
    let handle = pidfd_open(child, PidfdFlags::empty())?;
    // SAFETY: the registration owns the descriptor, so it stays open and the same for as long as it is registered.
    let handle = unsafe { AsyncFd::register_with_interest(handle, Interest::READABLE)? };
    report(&Report::Started {
        pid: u32::try_from(child.as_raw_pid())?,
    });

    let mut kill_at: Option<Moment> = None;
    let cause = loop {
        let next = deadline.into_iter().chain(kill_at).min();
        let pause = next.map_or(Duration::from_secs(3600), |at| {
            clock::left_until(at).min(LOOK_EVERY)
        });
        tokio::select! {
            biased;
            order = read(&mut orders) => match order {
                Some(Order::Deadline(moved)) => deadline = moved,
                Some(Order::Stop { signal, grace_ms }) => {
                    kill_at = Some(clock::now().plus(Duration::from_millis(grace_ms)));
                    if let Some(signal) = Signal::from_named_raw(signal) {
                        let _ = pidfd_send_signal(handle.get_ref(), signal);
                    }
                }
                Some(Order::Start(_)) | None => break Cause::AgentGone,
            },
            _ = handle.readable() => break if kill_at.is_some() { Cause::Asked } else { Cause::Itself },
            () = tokio::time::sleep(pause) => {
                let now = clock::now();
                if deadline.is_some_and(|at| at <= now) {
                    break Cause::Deadline;
                }
                if kill_at.is_some_and(|at| at <= now) {
                    break Cause::Asked;
                }
            }
        }
    };
    // Told only when it is true, however long that takes: a process that hangs in the kernel dies when it wakes up, and
    // until then somebody might still wait for its answer.
    while !process_tree::kill_below(std::process::id()).left.is_empty() {}
    let status = reap(child);
    report(&Report::Ended(Ended { cause, status }));
    Ok(())
}

fn start(program: &Program, group: Pid) -> io::Result<Pid> {
    let log = || -> io::Result<Stdio> { Ok(io::stderr().as_fd().try_clone_to_owned()?.into()) };
    let mut command = Command::new(&program.program);
    clear_environment(&mut command);
    command
        .args(&program.args)
        .envs(&program.env)
        .current_dir(&program.directory)
        .process_group(group.as_raw_pid())
        .stdin(Stdio::null())
        .stdout(log()?)
        .stderr(log()?);
    let signal = match program.dies_by {
        DeathSignal::Kill => Signal::KILL,
        DeathSignal::Quit => Signal::QUIT,
    };
    // This process has one thread, which lives as long as the process.
    dies_with_parent(&mut command, signal);
    let child = command.spawn()?;
    Pid::from_raw(i32::try_from(child.id()).unwrap_or(0)).ok_or_else(|| io::Error::other("no process id"))
}

/// Takes the status of the program and of everything that fell to us.
fn reap(child: Pid) -> String {
    let mut status = String::new();
    while let Ok(Some((pid, ended))) = wait(WaitOptions::NOHANG) {
        if pid == child {
            status = match (ended.exit_status(), ended.terminating_signal()) {
                (Some(code), _) => format!("exit status: {code}"),
                (None, Some(signal)) => format!("signal: {signal}"),
                (None, None) => String::new(),
            };
        }
    }
    status
}
