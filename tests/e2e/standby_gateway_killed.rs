//! The standby's gateway dies while the active region is lost: the failover still ends in the good state.

use std::time::Duration;

use plimsoll_tests::{Drill, TestEstate, wait_for};
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn a_failover_survives_the_death_of_the_standbys_gateway() {
    let estate = TestEstate::up("gateway");
    let (active, standby) = (estate.active(), estate.other(&estate.active()));
    let gateway = estate.wait_until_serving(&standby, "gateway");
    let agent = estate.agent(&active).running().expect("the active region runs");

    local::agent::process_tree::kill(agent.pid);
    kill_process(
        Pid::from_raw(i32::try_from(gateway).unwrap()).unwrap(),
        Signal::KILL,
    )
    .unwrap();

    wait_for("the standby to lead", Duration::from_secs(180), || {
        let status = estate.status()?;
        (status["active"] == standby.as_str() && status["running"].is_null()).then_some(())
    });
    estate.start(&estate.agent(&active));
    estate.wait_until_protected();
    // It works as before: the next failover, in the other direction, keeps every promise.
    Drill::region_loss(&estate, &["--seed", "5"]).recount(&estate);
}
