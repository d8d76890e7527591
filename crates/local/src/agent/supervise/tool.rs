//! Runs a short-lived program and takes its output.

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::Duration,
};

use rustix::process::Signal;

use super::{
    clear_environment,
    spawner::{Spawner, dies_with_parent},
};
use crate::agent::process_tree;

/// How much of what a failed program said is repeated.
const COMPLAINT_MAX: usize = 2_000;

/// A program to run once.
#[derive(Clone, Debug)]
pub struct Tool {
    /// Absolute path.
    pub program: PathBuf,
    /// Arguments.
    pub args: Vec<String>,
    /// Environment beside what is inherited; may hold secrets.
    pub env: BTreeMap<String, String>,
    /// It is killed when it takes longer.
    pub limit: Duration,
}

/// Why a program did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be started or waited for.
    #[error("cannot run {program}")]
    Run {
        /// Which.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It took too long and was killed.
    #[error("{program} took longer than {} s", limit.as_secs())]
    TooSlow {
        /// Which.
        program: String,
        /// Its limit.
        limit: Duration,
    },
    /// It ended with an error.
    #[error("{program} failed ({status}): {complaint}")]
    Failed {
        /// Which.
        program: String,
        /// `exit status: 1`
        status: String,
        /// The end of what it wrote to its standard error.
        complaint: String,
    },
}

impl Tool {
    /// A program with its arguments.
    pub fn new(program: PathBuf, args: Vec<String>, limit: Duration) -> Self {
        Self {
            program,
            args,
            env: BTreeMap::new(),
            limit,
        }
    }

    /// Adds a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    fn name(&self) -> String {
        self.program.file_name().map_or_else(
            || self.program.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        )
    }

    /// Runs it to its end, whatever that is. Dropping the future kills it.
    ///
    /// # Errors
    /// [`Error::Run`], [`Error::TooSlow`].
    pub async fn output(&self, spawner: &Spawner) -> Result<Output, Error> {
        let failed = |source| Error::Run {
            program: self.name(),
            source,
        };
        let mut command = Command::new(&self.program);
        clear_environment(&mut command);
        command
            .args(&self.args)
            .envs(&self.env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        dies_with_parent(&mut command, Signal::KILL);
        let child = spawner.spawn(command).await.map_err(failed)?;
        let mut kill = KillOnDrop(Some(child.id()));
        let (pid, reaper) = (child.id(), spawner.clone());
        let output = tokio::task::spawn_blocking(move || {
            let output = child.wait_with_output();
            reaper.reaped(pid);
            output
        });
        match tokio::time::timeout(self.limit, output).await {
            Ok(output) => {
                kill.0 = None;
                output.map_err(|error| failed(error.into()))?.map_err(failed)
            }
            Err(_) => Err(Error::TooSlow {
                program: self.name(),
                limit: self.limit,
            }),
        }
    }

    /// Runs it to its good end and returns what it wrote. Dropping the future kills it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn run(&self, spawner: &Spawner) -> Result<String, Error> {
        let output = self.output(spawner).await?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        let from = complaint
            .char_indices()
            .rev()
            .nth(COMPLAINT_MAX)
            .map_or(0, |(at, _)| at);
        Err(Error::Failed {
            program: self.name(),
            status: output.status.to_string(),
            complaint: complaint[from..].trim().to_owned(),
        })
    }
}

struct KillOnDrop(Option<u32>);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            process_tree::kill(pid);
        }
    }
}
