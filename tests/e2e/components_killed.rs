//! What must move no writes: a component is killed, a partner's lane rests, the controller is away. Business goes on, and
//! nothing is lost. One estate lives through all of it, and its calendar plans the last one.

use std::time::Duration;

use plimsoll_tests::{Drill, TestEstate, Writers, wait_for};
use serde_json::Value;

/// Long enough for anything here on a slow machine.
const LIMIT: Duration = Duration::from_secs(120);

/// Passages of the example, and what they become.
const CHANGES: [(&str, &str); 4] = [
    // All of a partner's orders keep their order.
    (
        "kind: order.create\n      idempotency: { header: Idempotency-Key }\n      bodyMax: 1MiB\n",
        "kind: order.create\n      idempotency: { header: Idempotency-Key }\n      bodyMax: 1MiB\n      ordering: /partner\n",
    ),
    // The calendar is open, whenever this is run.
    (
        "        - { days: [sat], from: \"18:00\", to: \"23:00\" }\n        - { days: [sun], from: \"08:00\", to: \"16:00\" }\n      freezes:\n        - { from: 2026-11-23, to: 2026-12-26, why: the weeks before the holidays }\n",
        "        - { days: [mon-sun], from: \"00:00\", to: \"00:00\" }\n",
    ),
    (
        "      events:\n        - { kind: cut-off, what: last parcel truck, weekly: { days: [mon-fri], from: \"17:00\", to: \"17:30\" } }\n        - { kind: period-close, what: month end, dates: [2026-09-30, 2026-10-31, 2026-11-30] }\n        - { kind: stock-count, what: yearly count, dates: [2026-12-31] }\n",
        "",
    ),
    (
        "        - { scenario: region-loss, every: 30d }\n        - { scenario: switchover, every: 30d }\n        - { scenario: component, every: 90d }\n        - { scenario: integration-outage, every: 90d }\n",
        "        - { scenario: control-plane, every: 30d }\n",
    ),
];

#[test]
fn what_is_lost_beside_the_regions_comes_back_by_itself_and_moves_no_writes() {
    let estate = TestEstate::up_with_all("component", &CHANGES);
    let active = estate.active();
    let writers = Writers::start(&estate);
    killed_components(&estate);
    a_resting_lane(&estate);
    a_drill_that_is_ended_early(&estate);
    the_planned_loss_of_the_controller(&estate);
    let moves = Writers::moves(&writers.finish());
    assert_eq!(
        (moves, estate.active()),
        (0, active),
        "nothing is lost that would have to move writes"
    );
}

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

fn killed_components(estate: &TestEstate) {
    // The two whose loss stops every order.
    for component in ["gateway", "database"] {
        let soon = ["--rate", "3", "--kill-after-min", "1s", "--kill-after-max", "2s"];
        let drill = Drill::measured(estate, "component", &[&[component][..], &soon[..]].concat());
        drill.recount(estate);
        let run = &drill.runs()[0];
        all_held(run);
        let capabilities = run["capabilities"].as_array().unwrap().iter();
        let probed: Vec<_> = capabilities
            .filter(|capability| capability["probed"] == true)
            .collect();
        let back = probed
            .iter()
            .filter(|capability| capability["accepted"].is_string());
        assert_eq!(back.count(), probed.len(), "every kind that has a probe: {run}");
        assert!(probed.len() >= 4, "{run}");
    }
}

/// One partner's lane rests under load: its orders are stored, somebody is told, other lanes go on, and all of them are
/// applied later, once and in their order.
fn a_resting_lane(estate: &TestEstate) {
    let rests = ["--outage", "lane-paused", "--away", "12s"];
    let soon = ["--rate", "2", "--kill-after-max", "3s"];
    let drill = Drill::measured(estate, "integration-outage", &[rests, soon].concat());
    drill.recount(estate);
    let run = &drill.runs()[0];
    all_held(run);
    let findings = run["disturbed"]["findings"].as_array().unwrap();
    for (what, seen) in [
        ("other lanes go on", "was applied"),
        ("messages were applied in their order", "0 of them were overtaken"),
        (
            "the owner is told: by the lane, and by the capability",
            "paused by drill",
        ),
    ] {
        let finding = findings.iter().find(|finding| finding["what"] == what).unwrap();
        assert!(finding["seen"].as_str().unwrap().contains(seen), "{finding}");
    }
}

/// The controller is killed for an hour, and somebody thinks better of it.
fn a_drill_that_is_ended_early(estate: &TestEstate) {
    let idle = estate.plimsoll(&["drill", "abort"]);
    assert!(
        idle.code == 1 && idle.stderr.contains("PL0423"),
        "{}",
        idle.stderr
    );
    let drill = ["drill", "control-plane", "--away", "1h", "--kill-after-min", "0s"];
    std::thread::scope(|scope| {
        let running = scope.spawn(|| estate.plimsoll(&[&drill[..], &["--kill-after-max", "1s"]].concat()));
        wait_for("the controller to be killed", LIMIT, || {
            estate.controller().running().is_none().then_some(())
        });
        let second = estate.plimsoll(&["drill", "switchover"]);
        assert!(
            second.code == 1 && second.stderr.contains("PL0424"),
            "{}",
            second.stderr
        );
        let ended = estate.plimsoll(&["drill", "abort"]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let drill = running.join().unwrap();
        assert!(
            drill.code == 1 && drill.stderr.contains("PL0426"),
            "{}",
            drill.stderr
        );
    });
    assert!(
        estate.controller().running().is_some(),
        "what it killed was started again"
    );
    estate.wait_until_protected();
}

/// The calendar plans it, there is no proof of it, and a timer has it run.
fn the_planned_loss_of_the_controller(estate: &TestEstate) {
    let schedule = || {
        let told = estate.plimsoll(&["drill", "schedule", "--output", "json"]);
        let all: Value = serde_json::from_str(&told.stdout).unwrap();
        (told.code, all[0].clone())
    };
    let (code, before) = schedule();
    assert_eq!((code, &before["overdue"]), (1, &"ever".into()));
    // Asked as a timer asks: an estate that is not protected at the moment is left alone, which is no failure.
    let due = wait_for("the drill to be run", LIMIT, || {
        let due = estate.plimsoll(&["drill", "due", "--run"]);
        let waits = due
            .stderr
            .contains("control-plane: not now: the estate is not protected");
        assert!(!waits || due.code == 0, "{}: {}", due.code, due.stderr);
        (!waits).then_some(due)
    });
    assert!(
        due.code <= 1 && due.stderr.contains("due now: control-plane"),
        "{}",
        due.stderr
    );
    let drill = Drill::kept(estate, "control-plane");
    drill.recount(estate);
    all_held(&drill.runs()[0]);
    // A busy machine may not keep a promised time, and what was not kept is no proof.
    let kept = drill.evidence["summary"]["verdict"] == "kept";
    assert_eq!(due.code == 0, kept, "{}", drill.evidence["summary"]);
    let (code, after) = schedule();
    assert_eq!((code == 0, after["proven"].is_string()), (kept, kept), "{after}");
}
