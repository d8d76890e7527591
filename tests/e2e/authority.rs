//! Where a tier needs two people, nobody moves writes alone unless it is an emergency; and a move can be called off.

use std::{process::Command, time::Duration};

use plimsoll_tests::{Output, TestEstate, wait_for};
use serde_json::Value;

/// For one step, on a slow machine.
const LIMIT: Duration = Duration::from_secs(120);

/// The strictest tier decides for the whole tenant; the others wait longer than it.
const TWO_PEOPLE: &[(&str, &str)] = &[
    ("rto: 5m", "rto: 20m"),
    (
        "        authority: automatic",
        "        authority: two-people\n        authorisedBy: [Ines Almeida, Piet Vermeer]\n      support: always",
    ),
];

fn json(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Declares a move that may begin, and returns its id.
fn declared(estate: &TestEstate, by: &str) -> String {
    let asked = [
        "failover",
        "--yes",
        "--json",
        "--by",
        by,
        "--reason",
        "smoke in the hall",
    ];
    let output = estate.plimsoll(&asked);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.stderr.contains("plimsoll approve"), "{output:?}");
    let plan = json(&output);
    assert_eq!(
        (&plan["saga"], &plan["approvals_needed"]),
        (&Value::Null, &1.into()),
        "{plan}"
    );
    plan["id"].as_str().unwrap().to_owned()
}

#[test]
fn two_people_move_writes_and_one_person_alone_only_in_an_emergency() {
    let estate = TestEstate::up_with_all("authority", TWO_PEOPLE);
    let (first, second) = (estate.active(), estate.other(&estate.active()));

    let plan = json(&estate.plimsoll(&["failover", "--dry-run", "--json", "--by", "Ines Almeida"]));
    assert_eq!(
        (&plan["decision"], &plan["approvals_needed"]),
        (&"proceed".into(), &1.into()),
        "{plan}"
    );
    let id = declared(&estate, "Ines Almeida");
    assert_eq!(estate.active(), first, "one person has moved writes");
    let alone = estate.plimsoll(&["approve", &id, "--by", "Ines Almeida"]);
    assert_eq!(alone.code, 1, "{alone:?}");
    assert!(alone.stderr.contains("another person"), "{alone:?}");

    // What was declared does not depend on the controller's life.
    let controller = estate.controller();
    local::host::stop(&controller, Duration::from_secs(10));
    estate.start(&controller);
    estate.wait_until_protected();
    assert_eq!(estate.active(), first);
    let both = estate.plimsoll(&["approve", &id, "--by", "Piet Vermeer"]);
    assert_eq!(both.code, 0, "{both:?}");
    assert_eq!(estate.active(), second);
    let again = estate.plimsoll(&["approve", &id, "--by", "Piet Vermeer"]);
    assert_eq!(again.code, 1, "what has begun cannot begin twice: {again:?}");
    estate.wait_until_protected();

    called_off(&estate);
    assert_eq!(
        estate.active(),
        second,
        "a move that was called off has moved writes"
    );
    estate.wait_until_protected();

    let silent = estate.plimsoll(&["failover", "--yes", "--emergency", "--by", "Ines Almeida"]);
    assert_eq!(silent.code, 64, "{silent:?}");
    assert!(silent.stderr.contains("PL0411"), "{silent:?}");
    let urgent = [
        "failover",
        "--yes",
        "--emergency",
        "--by",
        "Ines Almeida",
        "--reason",
        "fire",
    ];
    let urgent = estate.plimsoll(&urgent);
    assert_eq!(urgent.code, 0, "{urgent:?}");
    assert_eq!(estate.active(), first);
}

/// Calls a switchover off while the old region waits for its standby to receive the last record.
fn called_off(estate: &TestEstate) {
    let receiver = wait_for("the standby's receiver", LIMIT, || {
        let found = estate.processes();
        let found = found
            .into_iter()
            .find(|(_, command)| command.contains("walreceiver"));
        found.map(|(pid, _)| pid)
    });
    // It still counts as streaming, so the move begins; and it never receives the end of the old region's log.
    signal("-STOP", receiver);
    let moved = std::thread::scope(|scope| {
        let mover = scope.spawn(|| {
            let asked = [
                "switchover",
                "--yes",
                "--emergency",
                "--by",
                "Ines Almeida",
                "--reason",
                "a window",
            ];
            estate.plimsoll(&asked)
        });
        let saga = wait_for("the old region to give its right away", LIMIT, || {
            let running = estate.status()?["running"].clone();
            let nodes = running["at_nodes"].as_array()?;
            let there = nodes
                .iter()
                .any(|node| node == "release_old" || node == "await_received");
            there.then(|| running["id"].as_str().unwrap().to_owned())
        });
        let told = estate.plimsoll(&["abort", &saga, "--dry-run"]);
        assert_eq!(told.code, 0, "{told:?}");
        assert!(told.stderr.contains("hold_traffic"), "{told:?}");
        let aborted = estate.plimsoll(&[
            "abort",
            &saga,
            "--yes",
            "--by",
            "Piet Vermeer",
            "--reason",
            "the wrong day",
        ]);
        assert_eq!(aborted.code, 0, "{aborted:?}");
        mover.join().unwrap()
    });
    signal("-CONT", receiver);
    assert_eq!(moved.code, 1, "{moved:?}");
    assert!(moved.stderr.contains("PL0412"), "{moved:?}");
    assert!(
        moved.stderr.contains("aborted by Piet Vermeer: the wrong day"),
        "{moved:?}"
    );
}

/// The receiver may have ended meanwhile, which does no harm.
fn signal(name: &str, pid: u32) {
    let _ = Command::new("kill")
        .args([name, &pid.to_string()])
        .output()
        .unwrap();
}
