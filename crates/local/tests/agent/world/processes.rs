//! Finding and stopping processes of a region.

use std::fs;

use plimsoll_local::agent::process_tree::{self, ProcessRef};
use rustix::process::{Pid, Signal, kill_process};

pub fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

/// The processes of the database below an agent.
pub fn postgres(agent: u32) -> Vec<ProcessRef> {
    process_tree::list(agent)
        .into_iter()
        .filter(|process| process.name == "postgres")
        .collect()
}

pub fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    // A process may end by itself meanwhile.
    let _ = kill_process(pid, signal);
}
