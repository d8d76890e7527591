//! A primary that is alive and does not answer (SIGSTOP) is fenced, and the other region takes over.

use plimsoll_tests::{Drill, TestEstate, Writers};

#[test]
fn a_frozen_primary_is_fenced_and_ends_in_the_same_good_state() {
    let estate = TestEstate::up("frozen");
    let before = estate.active();
    let writers = Writers::start(&estate);
    let drill = Drill::region_loss(&estate, &["--fault", "freeze-database", "--seed", "3"]);
    let accepted = writers.finish();

    drill.recount(&estate);
    assert_eq!(estate.active(), estate.other(&before));
    assert!(Writers::moves(&accepted) <= 1, "two databases accepted writes");
    estate.wait_until_protected();
}
