//! From a schedule that breaks something to the smallest one that still does.

use crate::{fault::Fault, ledger::Broken, run::Simulator, schedule::Schedule};

/// Leaves out faults as long as the same invariant is broken: first halves, then quarters, then one by one.
pub fn shrink(simulator: &Simulator, schedule: &Schedule, broken: Broken) -> Schedule {
    let breaks = |faults: &[Fault]| {
        let run = simulator.run(&schedule.with(faults.to_vec()));
        run.violation.is_some_and(|violation| violation.broken == broken)
    };
    let mut faults = schedule.faults.clone();
    let mut size = faults.len().div_ceil(2);
    while size > 0 && !faults.is_empty() {
        let mut start = 0;
        let mut less = false;
        while start < faults.len() {
            let mut fewer = faults.clone();
            fewer.drain(start..(start + size).min(fewer.len()));
            if breaks(&fewer) {
                (faults, less) = (fewer, true);
            } else {
                start += size;
            }
        }
        if size == 1 && !less {
            break;
        }
        size = if size == 1 { 1 } else { size.div_ceil(2) };
    }
    schedule.with(faults)
}
