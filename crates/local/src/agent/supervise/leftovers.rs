//! What an earlier run of this agent left running, remembered on disk so that the next run can end it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use crate::agent::process_tree::{self, ProcessRef};

/// Processes by the name of their component: guard and program.
type Known = BTreeMap<String, Vec<ProcessRef>>;

/// The list on disk.
#[derive(Debug)]
pub struct Leftovers {
    path: PathBuf,
    known: Mutex<Known>,
}

impl Leftovers {
    /// Kills what the list still names and begins an empty one.
    ///
    /// # Errors
    /// When the list cannot be read or written.
    pub fn sweep(path: PathBuf) -> Result<Self, durable::Error> {
        let known: Known = durable::read(&path)?.unwrap_or_default();
        for process in known
            .values()
            .flatten()
            .filter(|process| process_tree::is_alive(process))
        {
            let report = process_tree::kill(process.pid);
            tracing::warn!(
                pid = process.pid,
                name = process.name,
                killed = report.killed.len(),
                "ended what an earlier run left behind"
            );
        }
        durable::write(&path, &Known::new())?;
        Ok(Self {
            path,
            known: Mutex::new(Known::new()),
        })
    }

    /// A component runs as these processes; an empty list forgets it.
    pub fn set(&self, component: &str, pids: &[u32]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(
            component.to_owned(),
            pids.iter().filter_map(|pid| process_tree::find(*pid)).collect(),
        );
        // The guards end their trees by themselves; the list is for the day on which that fails. So a full disk must
        // not keep a region from starting.
        if let Err(error) = durable::write(&self.path, &*known) {
            tracing::warn!(%error, "cannot note which processes run");
        }
    }
}
