//! One supervised process.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{ComponentName, Span};

/// A process that a site's agent starts, watches, restarts and stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessSettings {
    /// Name shown to people, and of its log file.
    pub name: ComponentName,
    /// Absolute path of the program.
    pub program: PathBuf,
    /// Arguments, one element each; no shell is involved.
    pub args: Vec<String>,
    /// The whole environment; nothing is inherited but `PATH`, `HOME` and the locale.
    pub env: BTreeMap<String, String>,
    /// Working directory.
    pub directory: PathBuf,
    /// In which role of the site it runs.
    pub runs: RunsWhen,
    /// Start only when the site's database accepts connections (read-only is enough).
    pub needs_database: bool,
    /// End and start again when the site becomes active, because its state from standby time is of no use.
    pub restart_on_promotion: bool,
    /// How to tell that it serves.
    pub ready: ReadyWhen,
    /// Polite request to end.
    pub stop_signal: StopSignal,
    /// How long to wait after the polite request before it is killed.
    pub stop_grace: Span,
    /// Fixed pause before it is started again. Fixed on purpose: a growing back-off would become the recovery time.
    pub restart_delay: Span,
}

/// In which role of a site a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunsWhen {
    /// In every role.
    Always,
    /// Only while this site is active (schedulers).
    Active,
}

/// How to tell that a process serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ReadyWhen {
    /// It has not ended.
    Running,
    /// Something accepts TCP connections at this address of the site.
    Tcp(SocketAddr),
    /// A plain HTTP GET on the loopback address answers with a status below 400.
    HttpGet {
        /// Port on the loopback address.
        port: u16,
        /// Path with query.
        path: String,
    },
}

/// The polite request to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopSignal {
    /// SIGTERM
    Term,
    /// SIGINT
    Interrupt,
    /// SIGQUIT
    Quit,
}
