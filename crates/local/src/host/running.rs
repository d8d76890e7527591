//! Starts the estate's own programs so that they outlive us, finds them again, and stops them.

use std::{
    fs,
    os::{fd::AsFd as _, unix::process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    process::{Pid, Signal},
    thread::LinkNameSpaceType,
};

use super::{Error, Files};
use crate::agent::process_tree::{self, ProcessRef};

/// How often we look whether a program has ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// File that remembers a program's process.
const NOTE: &str = "program.json";

/// One of the estate's own programs.
#[derive(Clone, Debug)]
pub struct Program {
    /// What people call it: `controller`, `front-door`, a region's name.
    pub name: String,
    /// The program file.
    pub program: PathBuf,
    /// Its settings.
    pub settings: PathBuf,
    /// Directory of its log and of the note about its process.
    pub directory: PathBuf,
    /// More environment, for tests that inject faults.
    pub env: Vec<(String, String)>,
    /// File that keeps the network namespace it runs in; `None`: ours.
    pub namespace: Option<PathBuf>,
}

impl Program {
    fn note(&self) -> PathBuf {
        self.directory.join(NOTE)
    }

    /// The log of the program itself.
    pub fn log(&self) -> PathBuf {
        self.directory.join("logs").join("program.log")
    }

    /// The process of this program, if it runs.
    pub fn running(&self) -> Option<ProcessRef> {
        running_in(&self.directory)
    }
}

/// Whether the program whose directory this is runs.
pub fn is_running_in(directory: &Path) -> bool {
    running_in(directory).is_some()
}

fn running_in(directory: &Path) -> Option<ProcessRef> {
    let note: ProcessRef = serde_json::from_slice(&fs::read(directory.join(NOTE)).ok()?).ok()?;
    process_tree::is_alive(&note).then_some(note)
}

/// Starts a program, or returns the one that runs already.
///
/// # Errors
/// When it cannot be started.
pub fn start(files: &Files, program: &Program) -> Result<ProcessRef, Error> {
    if let Some(running) = program.running() {
        return Ok(running);
    }
    files.directory(&program.directory.join("logs"))?;
    let log = program.log();
    let open = || fs::OpenOptions::new().create(true).append(true).open(&log);
    let (out, err) = (
        open().map_err(Error::file("open", &log))?,
        open().map_err(Error::file("open", &log))?,
    );
    files.own(&log)?;
    let mut command = files.command(&program.program);
    command
        .arg(&program.settings)
        .envs(program.env.iter().cloned())
        .current_dir(&program.directory)
        // A group of its own: a Ctrl-C meant for us does not reach it.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err);
    let child = match &program.namespace {
        None => command.spawn(),
        Some(namespace) => spawn_within(&mut command, namespace)?,
    };
    let child = child.map_err(Error::file("start", &program.program))?;
    let running = process_tree::find(child.id()).ok_or_else(|| Error::Failed {
        program: program.name.clone(),
        status: "ended at once".to_owned(),
        output: format!("its log is {}", log.display()),
    })?;
    files.file(&program.note(), &serde_json::to_vec(&running).unwrap_or_default())?;
    Ok(running)
}

fn spawn_within(command: &mut Command, namespace: &Path) -> Result<std::io::Result<Child>, Error> {
    let entered = fs::File::open(namespace).map_err(Error::file("open", namespace))?;
    Ok(within(&entered, || command.spawn()))
}

/// Starts a process in a network namespace. It belongs to that of the thread that starts it; so a thread of its own enters
/// it, which then ends, and we stay where we are.
pub(super) fn within<T: Send>(
    namespace: &fs::File,
    start: impl FnOnce() -> std::io::Result<T> + Send,
) -> std::io::Result<T> {
    let entered = || {
        rustix::thread::move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
        start()
    };
    let done = std::thread::scope(|scope| scope.spawn(entered).join());
    done.unwrap_or_else(|_| Err(std::io::Error::other("the thread that starts it failed")))
}

/// Asks a program to end everything it started and then itself; after `grace` the whole tree is killed.
///
/// Returns whether it ended by itself, or `None` when it did not run.
pub fn stop(program: &Program, grace: Duration) -> Option<bool> {
    let running = program.running()?;
    let ended = signal(running.pid, Signal::TERM) && wait_for_end(&running, grace);
    if !ended {
        process_tree::kill(running.pid);
        wait_for_end(&running, Duration::from_secs(5));
    }
    let _ = fs::remove_file(program.note());
    Some(ended)
}

fn signal(pid: u32, signal: Signal) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::kill_process(pid, signal).is_ok())
}

fn wait_for_end(running: &ProcessRef, limit: Duration) -> bool {
    let until = Instant::now() + limit;
    while process_tree::is_alive(running) {
        if Instant::now() > until {
            return false;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "waits for a condition with a deadline, in a synchronous command"
        )]
        std::thread::sleep(LOOK_EVERY);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::RunAs;
    use super::*;

    #[test]
    fn a_program_is_started_once_found_again_and_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(RunAs::Myself);
        let program = Program {
            name: "sleeper".to_owned(),
            program: PathBuf::from("/bin/sleep"),
            settings: PathBuf::from("60"),
            directory: dir.path().join("sleeper"),
            env: Vec::new(),
            namespace: None,
        };
        let first = start(&files, &program).unwrap();
        assert_eq!(start(&files, &program).unwrap(), first);
        assert_eq!(stop(&program, Duration::from_secs(120)), Some(true));
        assert_eq!(program.running(), None);
        assert_eq!(stop(&program, Duration::from_secs(120)), None);
    }
}
