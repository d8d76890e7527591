//! A primary that is alive and does not answer (SIGSTOP) is fenced, and the other region takes over.

use plimsoll_tests::{Drill, TestEstate, Transcript, Writers};

#[test]
fn a_frozen_primary_is_fenced_and_ends_in_the_same_good_state() {
    let estate = TestEstate::up("frozen");
    let before = estate.active();
    let writers = Writers::start(&estate);
    let transcript = Transcript::begin(
        "frozen-database",
        &format!("every process of the database of {before}, which leads, is stopped in its tracks"),
    );
    let drill = Drill::region_loss(&estate, &["--fault", "freeze-database", "--seed", "3"]);
    let accepted = writers.finish();

    drill.recount(&estate);
    assert_eq!(estate.active(), estate.other(&before));
    assert!(Writers::moves(&accepted) <= 1, "two databases accepted writes");
    estate.wait_until_protected();
    let text = transcript.end(&estate);
    let decided = format!("fail over from {before}");
    assert!(
        text.contains(&decided) && text.contains("the active database cannot be used"),
        "{text}"
    );
}
