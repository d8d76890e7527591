//! Nothing is orphaned by a `kill -9` of a supervisor, and what died alone comes back alone.

use std::time::Duration;

use plimsoll_tests::{TestEstate, wait_for};
use rustix::process::{Pid, Signal, kill_process};

/// For what takes seconds on a quiet machine.
const LIMIT: Duration = Duration::from_secs(120);

fn kill(pid: u32) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
}

#[test]
fn a_killed_agent_leaves_nothing_behind_and_a_killed_component_is_started_again() {
    let estate = TestEstate::up("kill");
    let (active, standby) = (estate.active(), estate.other(&estate.active()));

    let web = estate.wait_until_serving(&active, "odoo-web");
    kill(web);
    wait_for("odoo-web to be started again", LIMIT, || {
        estate.serving(&active, "odoo-web").filter(|pid| *pid != web)
    });
    estate.wait_until_protected();
    assert_eq!(
        estate.active(),
        active,
        "the loss of a web process is no reason to move"
    );

    let of_standby = |estate: &TestEstate| -> Vec<(u32, String)> {
        let directory = estate.layout().region(&standby).display().to_string();
        let rendered = estate
            .layout()
            .rendered()
            .join(standby.as_str())
            .display()
            .to_string();
        estate
            .processes()
            .into_iter()
            .filter(|(_, command)| command.contains(&directory) || command.contains(&rendered))
            .collect()
    };
    assert!(
        of_standby(&estate).len() >= 5,
        "a region has an agent, PostgreSQL, Redis, Traefik, Odoo and a gateway"
    );
    kill(
        estate
            .agent(&standby)
            .running()
            .expect("the standby's agent runs")
            .pid,
    );
    wait_for("everything of the standby to end", LIMIT, || {
        of_standby(&estate).is_empty().then_some(())
    });

    let up = estate.run_up();
    assert_eq!(up.code, 0, "{}", up.stderr);
    assert_eq!(estate.active(), active);
}
