//! A region is killed outright under load: no acknowledged order is lost or duplicated, and there is one writer.

use std::fs;

use plimsoll_tests::{Drill, TestEstate, Visitors, Writers};

const RUNS: usize = 3;

#[test]
fn a_lost_region_loses_no_acknowledged_order_and_duplicates_none() {
    let estate = TestEstate::up("loss");
    let (writers, visitors) = (Writers::start(&estate), Visitors::start(&estate));
    let drill = Drill::region_loss(&estate, &["--runs", &RUNS.to_string(), "--seed", "7"]);
    let (accepted, pages) = (writers.finish(), visitors.finish());

    assert_eq!(drill.runs().len(), RUNS);
    drill.recount(&estate);
    let moves = Writers::moves(&accepted);
    assert!(
        moves <= RUNS,
        "writes moved {moves} times in {RUNS} failovers: two databases accepted writes"
    );
    assert!(moves > 0, "the writers saw no failover at all");

    assert!(
        pages.iter().any(|page| page.status == 200),
        "nobody ever saw the login page"
    );
    assert!(
        pages
            .iter()
            .any(|page| page.status == 503 && page.retry_after.is_some()),
        "no maintenance page while the tenant failed over: {pages:?}"
    );
    let html = fs::read_to_string(drill.directory.join("evidence.html")).unwrap();
    assert!(
        html.contains("<svg") && !html.contains("src=\"http") && !html.contains("href=\"http"),
        "not self-contained"
    );
}

#[test]
fn what_the_standbys_database_had_not_received_is_replayed_from_the_journal() {
    let estate = TestEstate::up("replay");
    let drill = Drill::region_loss(&estate, &["--wal-loss", "2s", "--seed", "11"]);

    let run = &drill.runs()[0];
    assert!(
        run["wal"]["commits"].as_u64().unwrap() > 0,
        "the database lost nothing, so nothing was proven: {run}"
    );
    drill.recount(&estate);
}
