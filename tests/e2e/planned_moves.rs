//! Writes move as planned: nobody waits long, nobody is refused or logged out; and a region that was lost comes back.

use plimsoll_tests::{Drill, TestEstate, Writers};
use serde_json::Value;

#[test]
fn a_switchover_loses_nothing_refuses_nobody_and_keeps_everybody_logged_in() {
    let estate = TestEstate::up("switchover");
    let active = estate.active();
    let plan = estate.plimsoll(&["switchover", "--dry-run", "--json"]);
    let told: Value = serde_json::from_str(&plan.stdout).unwrap();
    assert_eq!((plan.code, &told["decision"]), (0, &"proceed".into()), "{told}");
    assert_eq!(estate.active(), active, "a plan changes nothing");

    let writers = Writers::start(&estate);
    let drill = Drill::measured(&estate, "switchover", &["--runs", "2", "--seed", "3"]);
    let moves = Writers::moves(&writers.finish());
    assert!(
        (1..=2).contains(&moves),
        "writes moved {moves} times in 2 switchovers"
    );
    drill.recount(&estate);
    for run in drill.runs() {
        let moved = &run["moved"];
        assert_eq!(moved["sessions"], moved["sessions_kept"], "{moved}");
        assert_eq!(moved["clicks_refused"], 0, "{moved}");
        assert!(moved["sessions"].as_u64().unwrap() > 0, "{moved}");
        assert!(moved["clicks"].as_u64().unwrap() > 5, "{moved}");
        assert!(moved["orders_in_erp"].as_u64().unwrap() > 0, "{moved}");
    }
    assert_eq!(estate.active(), active, "two moves end where they began");
}

#[test]
fn a_lost_region_comes_back_until_the_other_one_could_be_lost() {
    let estate = TestEstate::up("failback");
    let drill = Drill::measured(&estate, "failback", &["--seed", "9"]);
    drill.recount(&estate);
    let rebuilt = &drill.runs()[0]["rebuilt"];
    assert!(
        rebuilt["streaming_ms"].is_u64() && rebuilt["protected_ms"].is_u64(),
        "{rebuilt}"
    );

    let away = estate.active();
    let home = estate.plimsoll(&["switchover", "--yes", "--reason", "home again"]);
    assert_eq!(home.code, 0, "{}{}", home.stdout, home.stderr);
    estate.wait_until_protected();
    assert_ne!(estate.active(), away);
}
