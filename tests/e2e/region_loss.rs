//! A region is killed outright under load: no acknowledged order is lost or duplicated, and there is one writer.

use std::{fs, path::Path};

use plimsoll_tests::{TestEstate, Writers};
use serde_json::Value;

const RUNS: usize = 3;

#[test]
fn a_lost_region_loses_no_acknowledged_order_and_duplicates_none() {
    let estate = TestEstate::up("loss");
    let kept = tempfile::tempdir().unwrap();
    let writers = Writers::start(&estate);
    let (runs, parent) = (RUNS.to_string(), kept.path().to_str().unwrap());
    let drill = estate.plimsoll(&[
        "drill",
        "region-loss",
        "--runs",
        &runs,
        "--seed",
        "7",
        "--evidence",
        parent,
        "--output",
        "json",
    ]);
    let accepted = writers.finish();

    assert_eq!(drill.code, 0, "{}\n{}", drill.stdout, drill.stderr);
    let directory = fs::read_dir(parent)
        .unwrap()
        .flatten()
        .next()
        .expect("a directory of this drill")
        .path();
    let evidence: Value = serde_json::from_str(&drill.stdout).unwrap();
    let runs = evidence["runs"].as_array().unwrap();
    assert_eq!(runs.len(), RUNS);
    for run in runs {
        let acknowledged = run["documents"]["acknowledged"].as_u64().unwrap();
        assert!(acknowledged > 10, "the load was no load: {run}");
        assert_eq!(
            (&run["documents"]["lost"], &run["documents"]["duplicated"]),
            (&0.into(), &0.into()),
            "{run}"
        );
        assert_eq!(
            independent_count(&estate, &directory, run),
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

    let html = fs::read_to_string(directory.join("evidence.html")).unwrap();
    assert!(
        html.contains("<svg") && !html.contains("src=\"http") && !html.contains("href=\"http"),
        "not self-contained"
    );
}

#[test]
fn what_the_standbys_database_had_not_received_is_replayed_from_the_journal() {
    let estate = TestEstate::up("replay");
    let kept = tempfile::tempdir().unwrap();
    let parent = kept.path().to_str().unwrap();
    let drill = estate.plimsoll(&[
        "drill",
        "region-loss",
        "--wal-loss",
        "2s",
        "--seed",
        "11",
        "--evidence",
        parent,
        "--output",
        "json",
    ]);

    assert_eq!(drill.code, 0, "{}\n{}", drill.stdout, drill.stderr);
    let directory = fs::read_dir(parent)
        .unwrap()
        .flatten()
        .next()
        .expect("a directory of this drill")
        .path();
    let evidence: Value = serde_json::from_str(&drill.stdout).unwrap();
    let run = &evidence["runs"][0];
    assert!(
        run["wal"]["commits"].as_u64().unwrap() > 0,
        "the database lost nothing, so nothing was proven: {run}"
    );
    let acknowledged = run["documents"]["acknowledged"].as_u64().unwrap();
    assert_eq!(
        (&run["documents"]["lost"], &run["documents"]["duplicated"]),
        (&0.into(), &0.into()),
        "{run}"
    );
    assert_eq!(
        independent_count(&estate, &directory, run),
        (acknowledged, 0),
        "the database disagrees with the evidence"
    );
}

/// Counted in the database by the test itself: how many of the run's acknowledged orders are there, and how many of
/// them more than once.
fn independent_count(estate: &TestEstate, evidence: &Path, run: &Value) -> (u64, u64) {
    let orders = fs::read_to_string(evidence.join(format!("orders-{}.jsonl", run["number"]))).unwrap();
    let orders = orders
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let acknowledged = orders.filter(|order| !order["acknowledged"].is_null());
    let list: Vec<_> = acknowledged
        .map(|order| format!("'{}'", order["reference"].as_str().unwrap()))
        .collect();
    let query = format!(
        "SELECT count(DISTINCT client_order_ref) || ' ' || count(*) - count(DISTINCT client_order_ref)
         FROM sale_order WHERE client_order_ref IN ({})",
        list.join(",")
    );
    let answer = estate.sql(&estate.active(), &query);
    let (present, more) = answer.split_once(' ').unwrap();
    (present.parse().unwrap(), more.parse().unwrap())
}
