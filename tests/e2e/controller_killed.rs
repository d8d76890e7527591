//! The controller dies at any step of a failover, is started again, and ends in the same good state.

use std::time::Duration;

use plimsoll_tests::{TestEstate, Writers, wait_for};

/// For one step, on a slow machine.
const LIMIT: Duration = Duration::from_secs(180);

#[test]
fn a_failover_survives_the_death_of_the_controller_at_every_step() {
    let estate = TestEstate::up("controller");
    let (mut failovers, writers) = (0, Writers::start(&estate));
    for node in recovery::sagas::failover::NODES {
        // The hardest moment of a step: its effect has happened, and nobody has written that down.
        let point = format!("{node}:after-act");
        let (active, standby) = (estate.active(), estate.other(&estate.active()));
        let mut faulty = estate.controller();
        local::host::stop(&faulty, Duration::from_secs(10));
        faulty.env.push(("PLIMSOLL_CRASH_AT".to_owned(), point.clone()));
        estate.start(&faulty);
        estate.wait_until_protected();

        local::agent::process_tree::kill(
            estate
                .agent(&active)
                .running()
                .expect("the active region runs")
                .pid,
        );
        wait_for(&format!("the controller to die at {point}"), LIMIT, || {
            faulty.running().is_none().then_some(())
        });
        estate.start(&estate.controller());
        wait_for(
            &format!("the failover to be finished after {point}"),
            LIMIT,
            || {
                let status = estate.status()?;
                (status["active"] == standby.as_str() && status["running"].is_null()).then_some(())
            },
        );
        failovers += 1;
        estate.start(&estate.agent(&active));
        estate.wait_until_protected();
        assert_eq!(
            estate.active(),
            standby,
            "the failover that died at {point} was undone"
        );
    }
    let moves = Writers::moves(&writers.finish());
    assert!(
        moves <= failovers,
        "writes moved {moves} times in {failovers} failovers: two databases accepted writes"
    );
}
