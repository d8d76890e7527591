//! A primary that is alive and does not answer (SIGSTOP) is fenced, and the other region takes over.

use plimsoll_tests::{TestEstate, Writers};
use serde_json::Value;

#[test]
fn a_frozen_primary_is_fenced_and_ends_in_the_same_good_state() {
    let estate = TestEstate::up("frozen");
    let before = estate.active();
    let writers = Writers::start(&estate);
    let drill = estate.plimsoll(&[
        "drill",
        "region-loss",
        "--fault",
        "freeze-database",
        "--seed",
        "3",
        "--output",
        "json",
    ]);
    let accepted = writers.finish();

    assert_eq!(drill.code, 0, "{}\n{}", drill.stdout, drill.stderr);
    let evidence: Value = serde_json::from_str(&drill.stdout).unwrap();
    let run = &evidence["runs"][0];
    assert_eq!(
        (&run["documents"]["lost"], &run["documents"]["duplicated"]),
        (&0.into(), &0.into()),
        "{run}"
    );
    assert_eq!(estate.active(), estate.other(&before));
    assert!(Writers::moves(&accepted) <= 1, "two databases accepted writes");
    estate.wait_until_protected();
}
