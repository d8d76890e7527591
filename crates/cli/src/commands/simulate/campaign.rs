//! Many seeds on all cores.

use std::{
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use simulator::{Run, Scenario, Schedule, Stats, Violation, shrink};

use super::simulator;
use crate::{failure::Failure, talk::Talk};

/// Seeds that a thread takes at a time.
const AT_A_TIME: u64 = 64;

/// What to try.
pub struct Campaign {
    pub scenario: Scenario,
    pub seeds: Range<u64>,
    pub jobs: usize,
}

/// What was tried, and what was found.
pub struct Outcome {
    pub scenario: Scenario,
    pub first_seed: u64,
    pub schedules: u64,
    pub jobs: usize,
    pub took: Duration,
    /// Virtual time, in microseconds.
    pub lived: u64,
    /// The longest time without a write in any schedule, in microseconds.
    pub longest_gap: u64,
    pub stats: Stats,
    pub found: Option<Found>,
}

/// A schedule that breaks an invariant.
pub struct Found {
    pub violation: Violation,
    pub schedule: Schedule,
    /// The same with as few faults as break it too, and what happens then.
    pub small: Schedule,
    pub told: Run,
}

#[derive(Default)]
struct Tally {
    schedules: u64,
    lived: u64,
    longest_gap: u64,
    stats: Stats,
    found: Option<(Schedule, Violation)>,
}

// === impl Campaign ===

impl Campaign {
    /// Tries every seed, and stops at the first violation.
    pub fn run(&self, talk: &Talk) -> Result<Outcome, Failure> {
        let began = Instant::now();
        let (next, stop) = (AtomicU64::new(self.seeds.start), AtomicBool::new(false));
        let all = Mutex::new(Tally::default());
        let step = talk.step(format!("{} schedules", self.seeds.end - self.seeds.start));
        thread::scope(|scope| {
            let workers: Vec<_> = (0..self.jobs)
                .map(|_| scope.spawn(|| self.work(&next, &stop, &all)))
                .collect();
            while !workers.iter().all(thread::ScopedJoinHandle::is_finished) {
                thread::park_timeout(Duration::from_millis(100));
                let done = next.load(Ordering::Relaxed).min(self.seeds.end) - self.seeds.start;
                step.pulse(&format!("{done} begun"));
            }
            workers.into_iter().try_for_each(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|_| Err(Failure::machine("PL0001", "a simulation panicked")))
            })
        })?;
        let tally = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        step.done_as(format_args!("{} schedules", tally.schedules));
        let took = began.elapsed();
        let found = tally
            .found
            .map(|(schedule, violation)| self.look_into(schedule, violation))
            .transpose()?;
        Ok(Outcome {
            scenario: self.scenario,
            first_seed: self.seeds.start,
            schedules: tally.schedules,
            jobs: self.jobs,
            took,
            lived: tally.lived,
            longest_gap: tally.longest_gap,
            stats: tally.stats,
            found,
        })
    }

    fn work(&self, next: &AtomicU64, stop: &AtomicBool, all: &Mutex<Tally>) -> Result<(), Failure> {
        let simulator = simulator()?;
        let mut mine = Tally::default();
        while !stop.load(Ordering::Relaxed) && mine.found.is_none() {
            let from = next.fetch_add(AT_A_TIME, Ordering::Relaxed);
            if from >= self.seeds.end {
                break;
            }
            for seed in from..(from + AT_A_TIME).min(self.seeds.end) {
                let schedule = Schedule::of(seed, self.scenario);
                let run = simulator.run(&schedule);
                mine.schedules += 1;
                mine.lived += run.lasted;
                mine.longest_gap = mine.longest_gap.max(run.longest_gap);
                mine.stats.add(&run.stats);
                if let Some(violation) = run.violation {
                    stop.store(true, Ordering::Relaxed);
                    mine.found = Some((schedule, violation));
                    break;
                }
            }
        }
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        all.schedules += mine.schedules;
        all.lived += mine.lived;
        all.longest_gap = all.longest_gap.max(mine.longest_gap);
        all.stats.add(&mine.stats);
        let earlier = |known: &(Schedule, Violation), new: &(Schedule, Violation)| known.0.seed <= new.0.seed;
        match (&all.found, mine.found) {
            (Some(known), Some(new)) if earlier(known, &new) => {}
            (_, Some(new)) => all.found = Some(new),
            (_, None) => {}
        }
        drop(all);
        Ok(())
    }

    fn look_into(&self, schedule: Schedule, violation: Violation) -> Result<Found, Failure> {
        let simulator = simulator()?;
        let small = shrink(&simulator, &schedule, violation.broken);
        let told = simulator.tell(&small);
        Ok(Found {
            violation,
            schedule,
            small,
            told,
        })
    }
}
