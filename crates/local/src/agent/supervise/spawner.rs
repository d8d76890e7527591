//! One long-lived thread that starts all children.
//!
//! `PR_SET_PDEATHSIG` fires when the *thread* that forked ends, so children must not be started from a runtime's worker.

#![expect(
    unsafe_code,
    reason = "code between fork and exec is unsafe by nature; here it is one system call"
)]

use std::{
    collections::BTreeSet,
    io,
    os::unix::process::CommandExt as _,
    process::{Child, Command},
    sync::mpsc,
};

use rustix::process::{Pid, Signal, WaitOptions, getpid, getppid, set_parent_process_death_signal, waitpid};
use tokio::sync::oneshot;

use crate::agent::process_tree;

enum Request {
    Spawn(Box<Command>, oneshot::Sender<io::Result<Child>>),
    Reaped(u32),
    Sweep(oneshot::Sender<()>),
}

/// Starts children on its own thread and remembers which of ours run.
#[derive(Clone, Debug)]
pub struct Spawner {
    requests: mpsc::Sender<Request>,
}

impl Spawner {
    /// Starts the thread. It ends when the last clone is dropped.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start() -> io::Result<Self> {
        let (requests, inbox) = mpsc::channel();
        std::thread::Builder::new()
            .name("spawner".to_owned())
            .spawn(move || serve(&inbox))?;
        Ok(Self { requests })
    }

    /// Starts a program.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn spawn(&self, command: Command) -> io::Result<Child> {
        let (reply, answer) = oneshot::channel();
        let gone = || io::Error::other("the spawner thread has ended");
        self.requests
            .send(Request::Spawn(Box::new(command), reply))
            .map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Tells that a child was waited for.
    pub fn reaped(&self, pid: u32) {
        let _ = self.requests.send(Request::Reaped(pid));
    }

    /// Kills and reaps processes that fell to us because their guard was killed; returns when they are gone.
    pub async fn sweep(&self) {
        let (reply, done) = oneshot::channel();
        let _ = self.requests.send(Request::Sweep(reply));
        // An error says that the thread has ended, which it does with the agent.
        let _ = done.await;
    }
}

/// Lets the kernel signal the child when its parent's thread ends. Call before `spawn`.
pub fn dies_with_parent(command: &mut Command, signal: Signal) {
    let parent = getpid();
    // SAFETY: the closure runs in the child between fork and exec and makes two system calls; it neither allocates nor
    // takes locks.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(signal))?;
            // The parent may have ended before the line above.
            if getppid() == Some(parent) {
                Ok(())
            } else {
                Err(io::Error::from(io::ErrorKind::BrokenPipe))
            }
        });
    }
}

fn serve(inbox: &mpsc::Receiver<Request>) {
    let mut ours = BTreeSet::new();
    for request in inbox {
        match request {
            Request::Spawn(mut command, reply) => {
                let spawned = command.spawn();
                if let Ok(child) = &spawned {
                    ours.insert(child.id());
                }
                // Nobody waits for the answer any more: then nobody would ever stop the child either.
                if let Err(Ok(mut child)) = reply.send(spawned) {
                    process_tree::kill(child.id());
                    let _ = child.wait();
                    ours.remove(&child.id());
                }
            }
            Request::Reaped(pid) => {
                ours.remove(&pid);
            }
            Request::Sweep(reply) => {
                sweep(&ours);
                let _ = reply.send(());
            }
        }
    }
}

fn sweep(ours: &BTreeSet<u32>) {
    for orphan in process_tree::children(std::process::id()) {
        if ours.contains(&orphan) {
            continue;
        }
        process_tree::kill(orphan);
        let pid = i32::try_from(orphan).ok().and_then(Pid::from_raw);
        if pid.is_some() {
            let _ = waitpid(pid, WaitOptions::NOHANG);
        }
    }
}
