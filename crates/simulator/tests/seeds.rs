//! Seeds, run: the invariants hold, and the same seed gives the same run.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says why"
)]

use plimsoll_simulator::{Scenario, Schedule, Simulator, shrink};

/// Runs seeds and fails with a readable account of the first that breaks an invariant.
fn check(scenario: Scenario, seeds: std::ops::Range<u64>) {
    let simulator = Simulator::new().unwrap();
    for seed in seeds {
        let schedule = Schedule::of(seed, scenario);
        let run = simulator.run(&schedule);
        let Some(violation) = run.violation else { continue };
        let small = shrink(&simulator, &schedule, violation.broken);
        let told = simulator.tell(&small);
        for line in &told.transcript {
            println!("{line}");
        }
        panic!(
            "{} seed {seed}: {:?}\n{:?}",
            scenario.name(),
            violation,
            small.faults
        );
    }
}

#[test]
fn the_invariants_hold_in_every_scenario() {
    for scenario in Scenario::ALL {
        check(scenario, 0..40);
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let simulator = Simulator::new().unwrap();
    for seed in 0..50 {
        let schedule = Schedule::of(seed, Scenario::Anything);
        assert_eq!(
            simulator.tell(&schedule),
            simulator.tell(&schedule),
            "seed {seed}"
        );
    }
}
