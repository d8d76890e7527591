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

/// Kills one process that the program started, and nothing below it: whoever supervises it has to notice by itself.
pub fn kill_one(program: &Program, pid: u32, name: &str) -> Result<String, Failure> {
    let owned = process_tree::list(agent(program)?);
    let gone = || Failure::no("PL0403", format!("{name} of {} does not run", program.name));
    let process = owned
        .into_iter()
        .find(|process| process.pid == pid)
        .ok_or_else(gone)?;
    let raw = i32::try_from(process.pid)
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(gone)?;
    kill_process(raw, Signal::KILL).map_err(|_| gone())?;
    Ok(format!("SIGKILL to {name} of {} (process {pid})", program.name))
}

/// Kills the controller. It has no children, and nobody starts it again by itself here.
pub fn kill_controller(controller: &Program) -> Result<String, Failure> {
    let running = controller.running().ok_or_else(|| {
        Failure::no("PL0403", "the controller does not run here").hint("`plimsoll up FILE`")
    })?;
    process_tree::kill(running.pid);
    Ok(format!("SIGKILL to the controller (process {})", running.pid))
}

/// Processes that were stopped in place; dropped, they go on.
pub struct Frozen(Vec<u32>);

impl Frozen {
    /// How many.
    pub const fn count(&self) -> usize {
        self.0.len()
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for pid in &self.0 {
            signal(*pid, Signal::CONT);
        }
    }
}

/// Stops the region's processes in place whose command line names this file of settings.
pub fn freeze_workload(region: &Program, settings: &str) -> Result<Frozen, Failure> {
    let all = process_tree::list(agent(region)?)
        .into_iter()
        .map(|process| process.pid);
    let named = |pid: &u32| {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        // Its guard, which is no part of it, names it too.
        String::from_utf8_lossy(&command).contains(settings) && !is_guard(*pid)
    };
    let frozen = Frozen(all.filter(named).filter(|pid| stop(*pid)).collect());
    if frozen.count() == 0 {
        return Err(Failure::no(
            "PL0403",
            format!("nothing in {} runs with {settings}", region.name),
        ));
    }
    Ok(frozen)
}

/// Lets everything go on below a program that was stopped in place.
pub fn thaw(program: &Program) -> Result<(), Failure> {
    for process in process_tree::list(agent(program)?) {
        signal(process.pid, Signal::CONT);
    }
    Ok(())
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

fn is_guard(pid: u32) -> bool {
    fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|program| program.ends_with("plimsoll-agent"))
}

fn stop(pid: u32) -> bool {
    signal(pid, Signal::STOP)
}

fn signal(pid: u32, signal: Signal) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| kill_process(pid, signal).is_ok())
}
