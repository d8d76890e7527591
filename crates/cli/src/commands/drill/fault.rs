//! What is done to the active region. Only to processes that the region's own agent started.

use std::fs;

use local::{agent::process_tree, host::Program};
use rustix::process::{Pid, Signal, kill_process};

use crate::{args::Fault, failure::Failure};

/// Freezes the region's replication: what it commits from now on reaches nobody. Ends with the region.
pub fn freeze_replication(region: &Program) -> Result<(), Failure> {
    match freeze(region, is_wal_sender)? {
        0 => Err(Failure::no(
            "PL0405",
            format!("nothing replicates from {}", region.name),
        )),
        _ => Ok(()),
    }
}

/// Injects the fault; returns what was done, for the evidence.
pub fn inject(fault: Fault, region: &Program) -> Result<String, Failure> {
    let name = &region.name;
    match fault {
        Fault::Kill => {
            let killed = process_tree::kill(agent(region)?).killed.len();
            Ok(format!("SIGKILL to all {killed} processes of {name}"))
        }
        Fault::FreezeDatabase => {
            let frozen = freeze(region, is_postgres)?;
            Ok(format!("SIGSTOP to all {frozen} PostgreSQL processes of {name}"))
        }
    }
}

/// Stops the region's processes that `chosen` picks in place; returns how many.
fn freeze(region: &Program, chosen: fn(u32) -> bool) -> Result<usize, Failure> {
    let all = process_tree::list(agent(region)?)
        .into_iter()
        .map(|process| process.pid);
    Ok(all.filter(|pid| chosen(*pid) && stop(*pid)).count())
}

fn agent(region: &Program) -> Result<u32, Failure> {
    let running = region.running().ok_or_else(|| {
        Failure::no("PL0403", format!("the region {} does not run here", region.name))
            .hint("`plimsoll up FILE`")
    })?;
    Ok(running.pid)
}

fn is_postgres(pid: u32) -> bool {
    fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|program| program.ends_with("postgres"))
}

/// PostgreSQL tells what each of its processes does in its title.
fn is_wal_sender(pid: u32) -> bool {
    let title = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    is_postgres(pid) && String::from_utf8_lossy(&title).contains("walsender ")
}

fn stop(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| kill_process(pid, Signal::STOP).is_ok())
}
