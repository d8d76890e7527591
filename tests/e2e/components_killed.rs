//! A single component or the controller is killed under load: business goes on, writes stay, and nothing is lost.

use plimsoll_tests::{Drill, TestEstate, Writers};
use serde_json::Value;

/// Every finding of a run held, and nothing of it has moved.
fn all_held(run: &Value) {
    let findings = run["disturbed"]["findings"].as_array().unwrap();
    assert!(findings.len() >= 3, "{run}");
    for finding in findings {
        assert_eq!(finding["held"], true, "{}: {finding}", run["disturbed"]["what"]);
    }
    assert_eq!(run["from"], run["to"], "{run}");
    assert_eq!(
        (&run["generation"], &run["saga"]),
        (&1.into(), &"".into()),
        "{run}"
    );
}

#[test]
fn a_killed_component_comes_back_by_itself_and_moves_no_writes() {
    let estate = TestEstate::up("component");
    let active = estate.active();
    let writers = Writers::start(&estate);
    // The two whose loss stops every order.
    for component in ["gateway", "database"] {
        let soon = ["--rate", "3", "--kill-after-min", "1s", "--kill-after-max", "2s"];
        let drill = Drill::measured(&estate, "component", &[&[component][..], &soon[..]].concat());
        drill.recount(&estate);
        let run = &drill.runs()[0];
        all_held(run);
        let accepted = run["capabilities"].as_array().unwrap().iter();
        let back = accepted
            .filter(|capability| capability["accepted"].is_string())
            .count();
        assert_eq!(back, 4, "every kind that has a probe: {run}");
    }
    let moves = Writers::moves(&writers.finish());
    assert_eq!(
        (moves, estate.active()),
        (0, active),
        "nothing is lost that would have to move writes"
    );
}

#[test]
fn business_goes_on_while_the_controller_is_away() {
    let estate = TestEstate::up("away");
    let drill = Drill::measured(
        &estate,
        "control-plane",
        &["--rate", "3", "--away", "5s", "--seed", "3"],
    );
    drill.recount(&estate);
    all_held(&drill.runs()[0]);
}
