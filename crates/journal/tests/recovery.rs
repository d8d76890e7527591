//! What a crash or a rotten disk leaves behind, and what opening makes of it.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use std::path::{Path, PathBuf};

use plimsoll_journal::{Journal, Position};
use world::{copy, entry, ids, open};

fn only_segment(directory: &Path) -> PathBuf {
    directory.join("seg-000000000001.log")
}

/// Three batches with 1, 2 and 3 records, and the offsets at which they end.
fn three_batches(directory: &Path) -> (Journal, Vec<usize>) {
    let (mut journal, _) = open(directory);
    let (mut ends, mut end) = (Vec::new(), 64);
    for batch in [vec![1], vec![2, 3], vec![4, 5, 6]] {
        let entries: Vec<_> = batch.into_iter().map(|id| entry(id, 40)).collect();
        end += 32 + journal.append(&entries, 1).unwrap().bytes().len();
        ends.push(end);
    }
    (journal, ends)
}

fn names(range: std::ops::RangeInclusive<u64>) -> Vec<String> {
    range.map(|id| format!("message-{id}")).collect()
}

#[test]
fn a_tail_torn_at_any_byte_is_dropped_and_nothing_else() {
    let origin = tempfile::tempdir().unwrap();
    let (journal, ends) = three_batches(origin.path());
    drop(journal);
    let before_last = tempfile::tempdir().unwrap();
    {
        let (mut journal, _) = open(before_last.path());
        journal.append(&[entry(1, 40)], 1).unwrap();
        journal.append(&[entry(2, 40), entry(3, 40)], 1).unwrap();
    }
    let written = std::fs::read(only_segment(origin.path())).unwrap();
    // Behind its last byte that is not zero the write is whole: padding is zeros.
    let whole_from = written.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    assert!(ends[2] - whole_from < 8);
    for torn in ends[1]..whole_from {
        let crashed = tempfile::tempdir().unwrap();
        copy(before_last.path(), crashed.path());
        let whole = std::fs::read(only_segment(origin.path())).unwrap();
        let mut bytes = std::fs::read(only_segment(before_last.path())).unwrap();
        bytes[..torn].copy_from_slice(&whole[..torn]);
        std::fs::write(only_segment(crashed.path()), bytes).unwrap();

        let (mut journal, recovery) = open(crashed.path());
        assert_eq!(ids(&journal), names(1..=3), "torn at {torn}");
        assert_eq!(
            (recovery.damage, recovery.missing),
            (vec![], vec![]),
            "torn at {torn}"
        );
        // The log goes on as if the torn write had never been tried.
        journal.append(&[entry(7, 10)], 1).unwrap();
        drop(journal);
        let (journal, recovery) = open(crashed.path());
        assert_eq!(recovery.torn, None);
        assert_eq!(journal.position().sequence, 4);
        assert_eq!(ids(&journal).last().unwrap(), "message-7");
    }
}

#[test]
fn a_tail_torn_in_its_middle_is_dropped_whole() {
    let origin = tempfile::tempdir().unwrap();
    let (journal, ends) = three_batches(origin.path());
    drop(journal);
    // Without a watermark the marks alone decide: the last write is unproven.
    std::fs::remove_file(origin.path().join("watermark")).unwrap();
    let path = only_segment(origin.path());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[ends[2] - 200] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (journal, recovery) = open(origin.path());
    assert_eq!(ids(&journal), names(1..=3));
    let torn = recovery.torn.unwrap();
    assert!(torn.bytes > 0 && torn.kept_at.exists());
    assert_eq!(recovery.missing, vec![]);
}

#[test]
fn a_flipped_bit_below_the_watermark_costs_one_record_at_most_and_is_reported() {
    let origin = tempfile::tempdir().unwrap();
    let (journal, ends) = three_batches(origin.path());
    drop(journal);
    for at in (64..ends[2]).step_by(7) {
        let crashed = tempfile::tempdir().unwrap();
        copy(origin.path(), crashed.path());
        let path = only_segment(crashed.path());
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[at] ^= 0x10;
        std::fs::write(&path, bytes).unwrap();

        for round in ["first", "second"] {
            let (journal, recovery) = open(crashed.path());
            let lost: u64 = recovery
                .missing
                .iter()
                .map(|range| range.end() - range.start() + 1)
                .sum();
            assert!(lost <= 1, "byte {at}, {round} open: {:?}", recovery.missing);
            assert_eq!(ids(&journal).len() as u64 + lost, 6, "byte {at}");
            assert_eq!(recovery.torn, None, "byte {at}");
            assert_eq!(recovery.damage.len(), 1, "byte {at}");
            assert!(recovery.damage.iter().all(|damage| damage.kept_at.exists()));
            assert_eq!(journal.position().sequence, 6, "byte {at}");
        }
        let (mut journal, _) = open(crashed.path());
        journal.append(&[entry(7, 10)], 1).unwrap();
        assert_eq!(ids(&journal).last().unwrap(), "message-7");
    }
}

#[test]
fn a_zeroed_tail_below_the_watermark_is_missed_and_its_numbers_are_not_used_again() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, ends) = three_batches(directory.path());
    let end = journal.position();
    drop(journal);
    let path = only_segment(directory.path());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[ends[1]..].fill(0);
    std::fs::write(&path, bytes).unwrap();
    let (mut journal, recovery) = open(directory.path());
    assert_eq!(recovery.missing, vec![4..=6]);
    assert_eq!(
        (journal.position().sequence, journal.position().chain),
        (end.sequence, end.chain)
    );
    assert_eq!(journal.append(&[entry(7, 10)], 1).unwrap().first(), 7);
    drop(journal);
    let (journal, recovery) = open(directory.path());
    assert_eq!(recovery.missing, vec![4..=6]);
    assert_eq!(ids(&journal), [names(1..=3), names(7..=7)].concat());
}

#[test]
fn a_lost_segment_is_missed_and_the_others_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path());
    for id in 1..=12 {
        journal.append(&[entry(id, 1000)], 1).unwrap();
    }
    drop(journal);
    std::fs::remove_file(directory.path().join("seg-000000000002.log")).unwrap();
    let (journal, recovery) = open(directory.path());
    assert_eq!(recovery.missing, vec![4..=6]);
    assert_eq!(ids(&journal), [names(1..=3), names(7..=12)].concat());
}

#[test]
fn an_empty_directory_is_an_empty_log() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, recovery) = open(directory.path());
    assert_eq!(journal.position(), Position::default());
    assert_eq!(recovery, plimsoll_journal::Recovery::default());
}

#[test]
fn a_journal_is_opened_once_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let _first = open(directory.path());
    let second = Journal::open(
        std::sync::Arc::new(plimsoll_journal::RealDisk),
        directory.path(),
        world::OPTIONS,
        |_| (),
    );
    assert!(matches!(
        second.err().unwrap(),
        plimsoll_journal::OpenError::InUse { .. }
    ));
}
