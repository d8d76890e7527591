//! Certificates end while everything runs: the next ones are taken up in time, by everybody, without a restart.

use plimsoll_tests::{Drill, TestEstate};
use serde_json::Value;

#[test]
fn certificates_that_end_in_a_moment_are_replaced_and_nobody_notices() {
    let estate = TestEstate::up("certs");
    let listed = estate.plimsoll(&["certificates", "list"]);
    assert_eq!(listed.code, 0, "none ends soon: {}", listed.stdout);

    let drill = Drill::measured(
        &estate,
        "credentials",
        &["--life", "30s", "--rate", "2", "--kill-after-max", "3s"],
    );
    drill.recount(&estate);
    let run = &drill.runs()[0];
    let findings = run["disturbed"]["findings"].as_array().unwrap();
    let held = |what: &str| findings.iter().find(|one| one["what"] == what).unwrap()["held"].clone();
    for what in [
        "no program was started again",
        "everything works after the end of the certificates that were replaced",
        "writes stayed where they were",
    ] {
        assert_eq!(held(what), true, "{run}");
    }
    // How soon the first ones are shown is for a quiet machine to say; the next ones must be shown by everybody.
    let lengths = run["disturbed"]["lengths"].as_array().unwrap();
    let next = lengths
        .iter()
        .find(|one| one["name"] == "until every program shows the next one")
        .unwrap();
    assert!(next["ms"].is_u64(), "{run}");

    let rotated = estate.plimsoll(&["certificates", "rotate", "--life", "8d"]);
    assert_eq!(rotated.code, 0, "{}", rotated.stderr);
    let listed = estate.plimsoll(&["certificates", "list", "--output", "json"]);
    assert_eq!(listed.code, 1, "all of them end within a month");
    let rows: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert!(rows.as_array().unwrap().len() > 10, "{rows}");
    assert!(
        estate
            .plimsoll(&["status"])
            .stdout
            .contains("soon: the certificate of controller ends in 7 days")
    );
}
