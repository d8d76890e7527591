//! The agent's side of a guard.

use std::{
    io::{self, Write as _},
    os::fd::OwnedFd,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lease::Moment;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::unix::pipe,
    sync::watch,
};

use super::{
    clear_environment,
    guard::{Cause, Ended, Order, Program, Report},
    leftovers::Leftovers,
    logs,
    spawner::Spawner,
};
use crate::agent::process_tree;

/// A guard that has not started its program by then is stuck.
const START_TIME_MAX: Duration = Duration::from_secs(10);
/// After its program's grace a guard needs a moment to kill the tree; then it is stuck itself and is killed.
const GUARD_TIME_MAX: Duration = Duration::from_secs(2);

/// Why a program could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its log cannot be written.
    #[error("cannot open the log of {name}")]
    Log {
        /// Which program.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The guard cannot be started or told what to do.
    #[error("cannot start a guard for {name}")]
    Guard {
        /// Which program.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The program cannot be started.
    #[error("cannot start {name}: {why}")]
    Program {
        /// Which program.
        name: String,
        /// Why.
        why: String,
    },
}

/// What is needed to start guarded programs.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// Starts children.
    pub spawner: Spawner,
    /// This program, which is also the guard.
    pub agent: PathBuf,
    /// Directory of the logs.
    pub logs: PathBuf,
    /// Notes what runs.
    pub leftovers: Arc<Leftovers>,
}

/// A program that runs below a guard.
#[derive(Debug)]
pub struct Guarded {
    pid: u32,
    guard: u32,
    orders: Mutex<ChildStdin>,
    ended: watch::Receiver<Option<Ended>>,
}

impl Launcher {
    /// Starts a program; returns when it runs.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn launch(&self, name: &str, program: Program) -> Result<Guarded, StartError> {
        let failed = |source| StartError::Guard {
            name: name.to_owned(),
            source,
        };
        let log = logs::open(&self.logs, name).map_err(|source| StartError::Log {
            name: name.to_owned(),
            source,
        })?;
        let mut command = Command::new(&self.agent);
        clear_environment(&mut command);
        command
            .arg("guard")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut guard = self.spawner.spawn(command).await.map_err(failed)?;
        let (Some(mut orders), Some(reports)) = (guard.stdin.take(), guard.stdout.take()) else {
            return Err(failed(io::Error::other("a guard without pipes")));
        };
        let reports = pipe::Receiver::from_owned_fd(OwnedFd::from(reports)).map_err(failed)?;
        write(&mut orders, &Order::Start(program)).map_err(failed)?;

        let (guard_pid, mut lines) = (guard.id(), BufReader::new(reports).lines());
        let first = tokio::time::timeout(START_TIME_MAX, lines.next_line()).await;
        let answer = match first {
            Ok(Ok(Some(line))) => serde_json::from_str(&line).map_err(|error| failed(error.into())),
            Ok(Ok(None)) => Err(failed(io::ErrorKind::UnexpectedEof.into())),
            Ok(Err(error)) => Err(failed(error)),
            Err(_) => Err(failed(io::ErrorKind::TimedOut.into())),
        };
        let pid = match answer {
            Ok(Report::Started { pid }) => pid,
            Ok(Report::CannotStart { why }) => {
                self.bury(guard).await;
                return Err(StartError::Program {
                    name: name.to_owned(),
                    why,
                });
            }
            Ok(Report::Ended(_)) => return Err(failed(io::Error::other("ended before it was started"))),
            Err(error) => {
                process_tree::kill(guard_pid);
                self.bury(guard).await;
                return Err(error);
            }
        };
        // A frozen guard reads no orders. Waiting until it does would freeze the agent too, and with it the lease's own
        // end; an order that does not fit in the pipe is dropped instead, and the deadline stays where it was.
        rustix::io::ioctl_fionbio(&orders, true).map_err(|error| failed(error.into()))?;
        self.leftovers.set(name, &[guard_pid, pid]);
        let (tell, ended) = watch::channel(None);
        // Ends with the guard, which ends with its program or with us.
        tokio::spawn(listen(self.clone(), name.to_owned(), guard, pid, lines, tell));
        Ok(Guarded {
            pid,
            guard: guard_pid,
            orders: Mutex::new(orders),
            ended,
        })
    }

    async fn bury(&self, mut guard: Child) {
        let pid = guard.id();
        let _ = tokio::task::spawn_blocking(move || guard.wait()).await;
        self.spawner.reaped(pid);
    }
}

async fn listen(
    launcher: Launcher,
    name: String,
    guard: Child,
    pid: u32,
    mut lines: tokio::io::Lines<BufReader<pipe::Receiver>>,
    tell: watch::Sender<Option<Ended>>,
) {
    let mut ended = None;
    while let Ok(Some(line)) = lines.next_line().await {
        if let Ok(Report::Ended(report)) = serde_json::from_str(&line) {
            ended = Some(report);
        }
    }
    launcher.bury(guard).await;
    let ended = match ended {
        Some(ended) => ended,
        None => {
            // The guard was killed. The kernel kills its program; workers fell to us. Told only when all are gone.
            let _ =
                tokio::task::spawn_blocking(move || while !process_tree::kill(pid).left.is_empty() {}).await;
            launcher.spawner.sweep().await;
            Ended {
                cause: Cause::GuardGone,
                status: String::new(),
            }
        }
    };
    launcher.leftovers.set(&name, &[]);
    tell.send_replace(Some(ended));
}

fn write(orders: &mut ChildStdin, order: &Order) -> io::Result<()> {
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    orders.write_all(&line)
}

impl Guarded {
    /// The program's process id.
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// How it ended, if it has.
    pub fn ended(&self) -> Option<Ended> {
        self.ended.borrow().clone()
    }

    /// Waits until it has ended and nothing of it is left.
    pub async fn wait(&self) -> Ended {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(found) => found.clone(),
            Err(_) => None,
        }
        .unwrap_or(Ended {
            cause: Cause::GuardGone,
            status: String::new(),
        })
    }

    /// Moves the moment at which the guard kills it.
    pub fn set_deadline(&self, deadline: Option<Moment>) {
        self.order(&Order::Deadline(deadline));
    }

    /// Sends `signal` and, after the grace, SIGKILL to its whole tree; returns when it is gone.
    pub async fn stop(&self, signal: rustix::process::Signal, grace: Duration) -> Ended {
        self.order(&Order::Stop {
            signal: signal.as_raw(),
            grace_ms: u64::try_from(grace.as_millis()).unwrap_or(u64::MAX),
        });
        match tokio::time::timeout(grace + GUARD_TIME_MAX, self.wait()).await {
            Ok(ended) => ended,
            // The guard itself is frozen or stuck.
            Err(_) => self.kill().await,
        }
    }

    /// SIGKILL to its whole tree, the guard included; returns when it is gone.
    pub async fn kill(&self) -> Ended {
        if self.ended().is_none() {
            let guard = self.guard;
            let _ = tokio::task::spawn_blocking(move || process_tree::kill(guard)).await;
        }
        self.wait().await
    }

    fn order(&self, order: &Order) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        match write(&mut orders, order) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tracing::warn!(
                    pid = self.pid,
                    guard = self.guard,
                    "a guard is frozen and takes no orders"
                );
            }
            // A guard that does not listen has ended, and its program with it.
            Err(error) => {
                tracing::debug!(%error, pid = self.pid, "a guard does not take orders any more");
            }
        }
    }
}
