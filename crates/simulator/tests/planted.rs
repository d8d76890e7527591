//! Mistakes planted on purpose are found. Run with `--features planted-bugs`.

#![cfg(feature = "planted-bugs")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use plimsoll_simulator::{Broken, Bug, Scenario, Schedule, Simulator};

/// A mistake that is not found within so many seeds of these counts as not found.
const TRIED: [(Scenario, u64); 4] = [
    (Scenario::LostAgain, 100),
    (Scenario::Scenes, 1_500),
    (Scenario::Lanes, 500),
    (Scenario::Anything, 10_000),
];

/// The first seed that shows a mistake, and the invariant that it breaks; without the mistake that seed breaks nothing.
fn first(bug: Bug, (scenario, seeds): (Scenario, u64)) -> Option<(u64, Broken)> {
    let (sound, simulator) = (Simulator::new().unwrap(), Simulator::new().unwrap().with(bug));
    (0..seeds).find_map(|seed| {
        let schedule = Schedule::of(seed, scenario);
        let violation = simulator.run(&schedule).violation?;
        sound
            .run(&schedule)
            .violation
            .is_none()
            .then_some((seed, violation.broken))
    })
}

#[test]
fn every_planted_mistake_is_found() {
    let mut missed = Vec::new();
    for bug in Bug::FOUND {
        let found = TRIED
            .into_iter()
            .find_map(|tried| first(bug, tried).map(|found| (tried.0, found)));
        match found {
            Some((scenario, (seed, broken))) => {
                println!("{bug:?}: {} seed {seed}, {broken:?}", scenario.name());
            }
            None => {
                println!("{bug:?}: not found");
                missed.push(bug);
            }
        }
    }
    assert_eq!(missed, []);
}
