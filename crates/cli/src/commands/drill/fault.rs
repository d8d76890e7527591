//! What is done to the active region. Only to processes that the region's own agent started.

use std::fs;

use local::{agent::process_tree, host::Program};
use rustix::process::{Pid, Signal, kill_process};

use crate::{args::Fault, failure::Failure};

/// Injects the fault; returns what was done, for the evidence.
pub fn inject(fault: Fault, region: &Program) -> Result<String, Failure> {
    let running = region.running().ok_or_else(|| {
        Failure::no("PL0403", format!("the region {} does not run here", region.name))
            .hint("`plimsoll up FILE`")
    })?;
    match fault {
        Fault::Kill => {
            let killed = process_tree::kill(running.pid).killed.len();
            Ok(format!("SIGKILL to all {killed} processes of {}", region.name))
        }
        Fault::FreezeDatabase => {
            let frozen = process_tree::list(running.pid)
                .into_iter()
                .filter(|process| is_postgres(process.pid) && stop(process.pid))
                .count();
            Ok(format!(
                "SIGSTOP to all {frozen} PostgreSQL processes of {}",
                region.name
            ))
        }
    }
}

fn is_postgres(pid: u32) -> bool {
    fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|program| program.ends_with("postgres"))
}

fn stop(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| kill_process(pid, Signal::STOP).is_ok())
}
