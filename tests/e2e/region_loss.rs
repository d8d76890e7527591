//! A region is killed outright under load: no acknowledged order is lost or duplicated, and there is one writer.

use plimsoll_tests::{TestEstate, Writers};
use serde_json::Value;

const RUNS: usize = 3;

#[test]
fn a_lost_region_loses_no_acknowledged_order_and_duplicates_none() {
    let estate = TestEstate::up("loss");
    let evidence_dir = tempfile::tempdir().unwrap();
    let writers = Writers::start(&estate);
    let runs = RUNS.to_string();
    let directory = evidence_dir.path().to_str().unwrap();
    let drill = estate.plimsoll(&[
        "drill",
        "region-loss",
        "--runs",
        &runs,
        "--seed",
        "7",
        "--evidence",
        directory,
        "--output",
        "json",
    ]);
    let accepted = writers.finish();

    assert_eq!(drill.code, 0, "{}\n{}", drill.stdout, drill.stderr);
    let evidence: Value = serde_json::from_str(&drill.stdout).unwrap();
    let runs = evidence["runs"].as_array().unwrap();
    assert_eq!(runs.len(), RUNS);
    for run in runs {
        let acknowledged = run["orders"]["acknowledged"].as_u64().unwrap();
        assert!(acknowledged > 10, "the load was no load: {run}");
        assert_eq!(
            (&run["orders"]["lost"], &run["orders"]["duplicated"]),
            (&0.into(), &0.into()),
            "{run}"
        );
        assert_eq!(
            independent_count(&estate, run),
            (acknowledged, 0),
            "the database disagrees with the evidence"
        );
    }
    let moves = Writers::moves(&accepted);
    assert!(
        moves <= RUNS,
        "writes moved {moves} times in {RUNS} failovers: two databases accepted writes"
    );
    assert!(moves > 0, "the writers saw no failover at all");

    let html = std::fs::read_dir(directory)
        .unwrap()
        .flatten()
        .find(|entry| entry.path().extension().is_some_and(|e| e == "html"));
    let html = std::fs::read_to_string(html.expect("an HTML page").path()).unwrap();
    assert!(
        html.contains("<svg") && !html.contains("http://") && !html.contains("src=\"https"),
        "not self-contained"
    );
}

/// Counted in the database by the test itself: how many of the run's acknowledged orders are there, and how many of
/// them more than once.
fn independent_count(estate: &TestEstate, run: &Value) -> (u64, u64) {
    let references: Vec<&str> = run["orders"]["references"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reference| reference.as_str().unwrap())
        .collect();
    let list = references
        .iter()
        .map(|reference| format!("'{reference}'"))
        .collect::<Vec<_>>()
        .join(",");
    let query = format!(
        "SELECT count(DISTINCT client_order_ref) || ' ' || count(*) - count(DISTINCT client_order_ref)
         FROM sale_order WHERE client_order_ref IN ({list})"
    );
    let answer = estate.sql(&estate.active(), &query);
    let (present, more) = answer.split_once(' ').unwrap();
    (present.parse().unwrap(), more.parse().unwrap())
}
