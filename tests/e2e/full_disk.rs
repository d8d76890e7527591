//! The disk below the active database is full: it answers, reads, and even writes its log, but no business goes on.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use plimsoll_tests::{TestEstate, Transcript, Writers, lab, wait_for};
use types::RegionName;

/// Of the database's disk: room for the database and, when it comes back, for a second copy of it.
const MEBIBYTES: u32 = 1024;
/// A failover, or a return to safety, on a slow machine.
const LIMIT: Duration = Duration::from_secs(180);

#[test]
fn a_full_disk_moves_writes_and_its_region_comes_back_when_there_is_room() {
    lab::alone(
        "full_disk::a_full_disk_moves_writes_and_its_region_comes_back_when_there_is_room",
        || {
            let estate = TestEstate::declared("full");
            let first = RegionName::new("westeurope").unwrap();
            let disk = estate.mount_database_disk(&first, MEBIBYTES);
            let up = estate.run_up();
            assert_eq!(up.code, 0, "plimsoll up failed\n{}\n{}", up.stdout, up.stderr);
            assert_eq!(estate.active(), first);
            survive(&estate, &first, &disk);
            // What is mounted cannot be removed.
            assert_eq!(estate.plimsoll(&["down"]).code, 0);
            let unmount = Command::new("umount").arg(&disk).status().unwrap();
            assert!(unmount.success());
        },
    );
}

fn survive(estate: &TestEstate, first: &RegionName, disk: &Path) {
    let second = estate.other(first);
    let writers = Writers::start(estate);
    writers.wait_for_write(first, Instant::now());
    let mut transcript = Transcript::begin(
        "full-disk",
        &format!("the disk of the database of {first}, which leads, is filled up"),
    );
    let filler = disk.join("filler");
    fill(&filler);
    wait_for("the other region to lead", LIMIT, || {
        let status = transcript.look(estate)?;
        (status["active"] == second.as_str() && status["running"].is_null()).then_some(())
    });
    writers.wait_for_write(&second, Instant::now());
    transcript.did("there is room again");
    std::fs::remove_file(&filler).unwrap();
    wait_for("the estate to be protected again", LIMIT, || {
        let status = transcript.look(estate)?;
        (status["protection"] == "protected").then_some(())
    });
    assert_eq!(estate.active(), second);
    assert_eq!(
        Writers::moves(&writers.finish()),
        1,
        "two regions accepted writes"
    );
    let text = transcript.end(estate);
    assert!(
        text.contains("fail over from") && text.contains("the active database cannot be used"),
        "{text}"
    );
}

/// To the last block.
fn fill(filler: &Path) {
    let mut file = File::create(filler).unwrap();
    for length in [1 << 20, 4096] {
        while file.write_all(&vec![0; length]).is_ok() {}
    }
}
