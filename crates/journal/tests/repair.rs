//! What is damaged comes back from the other region and is put where it was, also over the end of a segment.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use plimsoll_journal::{Batch, Journal, RepairError};
use world::{entry, ids, open};

/// Length of a segment's header and of a mark.
const HEADER: usize = 64;
const MARK: usize = 32;

/// Batches of one message each, whose bodies are that long.
fn batches(lengths: &[usize]) -> Vec<Batch> {
    let elsewhere = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(elsewhere.path());
    let numbered = (1..).zip(lengths);
    numbered
        .map(|(id, length)| journal.append(&[entry(id, *length)], 1).unwrap())
        .collect()
}

fn segment(directory: &Path, ordinal: u64) -> PathBuf {
    directory.join(format!("seg-{ordinal:012}.log"))
}

fn spoil(directory: &Path, ordinal: u64, range: Range<usize>) {
    let path = segment(directory, ordinal);
    let mut bytes = fs::read(&path).unwrap();
    bytes[range].iter_mut().for_each(|byte| *byte ^= 0x55);
    fs::write(path, bytes).unwrap();
}

fn names(count: u64) -> Vec<String> {
    (1..=count).map(|id| format!("message-{id}")).collect()
}

/// Opens a damaged log, whose sidecars are gone too, and puts back what it lacks.
fn mend(directory: &Path, batches: &[Batch]) -> Journal {
    for ordinal in 1..=9 {
        let _ = fs::remove_file(directory.join(format!("facts-{ordinal:012}")));
    }
    let (mut journal, recovery) = open(directory);
    assert!(!recovery.damage.is_empty());
    let gaps = journal.reader().gaps();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    let lacking = |batch: &&Batch| gaps[0].contains(&batch.first());
    let lacking: Vec<Batch> = batches.iter().filter(lacking).cloned().collect();
    journal.repair(&lacking).unwrap();
    journal
}

/// Whole in memory, for the next start, and able to go on.
fn is_whole(mut journal: Journal, directory: &Path, count: u64) {
    assert_eq!(ids(&journal), names(count));
    assert_eq!(journal.reader().gaps(), []);
    journal.append(&[entry(count + 1, 100)], 1).unwrap();
    drop(journal);
    let (journal, recovery) = open(directory);
    assert_eq!((recovery.damage, recovery.missing), (vec![], vec![]));
    assert_eq!(ids(&journal), names(count + 1));
}

#[test]
fn the_last_batch_of_a_full_segment_needs_no_room_for_a_mark() {
    for spare in [0, 8, 24] {
        // Both in one write, with one mark: together with it they fill the segment, but for a few bytes.
        let both = batches(&[1000, 2639 - spare]);
        let length = both[0].bytes().len() + both[1].bytes().len();
        assert_eq!(HEADER + MARK + length + spare, 4096);
        let directory = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(directory.path());
        journal.commit(&both).unwrap();
        journal.append(&[entry(3, 100)], 1).unwrap();
        drop(journal);
        let written = fs::read(segment(directory.path(), 1)).unwrap();
        spoil(directory.path(), 1, 3000..3001);

        let journal = mend(directory.path(), &both);
        assert!(
            fs::read(segment(directory.path(), 1)).unwrap() == written,
            "{spare}"
        );
        is_whole(journal, directory.path(), 3);
    }
}

#[test]
fn the_end_of_a_log_is_of_the_generation_that_wrote_it_when_it_has_come_back() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path());
    let first = journal.append(&[entry(1, 100)], 1).unwrap();
    let last = journal.append(&[entry(2, 100)], 2).unwrap();
    journal.settle().unwrap();
    drop(journal);
    let at = HEADER + 2 * MARK + first.bytes().len();
    spoil(directory.path(), 1, at + 100..at + 101);

    let journal = mend(directory.path(), &[first, last.clone()]);
    assert_eq!(journal.position(), last.end());
    assert_eq!(journal.reader().position(), last.end());
}

/// Five segments: three batches, three, one, three, one.
fn filled(directory: &Path) -> Vec<Batch> {
    let all = batches(&[1000, 1000, 1000, 1000, 1000, 1000, 3500, 1000, 1000, 1000, 1000]);
    let (mut journal, _) = open(directory);
    for batch in &all {
        journal.commit(std::slice::from_ref(batch)).unwrap();
    }
    all
}

/// Where the last batch of the first segments begins.
const LAST: usize = HEADER + MARK + 2 * (1184 + MARK);

#[test]
fn damage_from_one_segment_into_the_next_is_put_back_in_both() {
    let directory = tempfile::tempdir().unwrap();
    let all = filled(directory.path());
    spoil(directory.path(), 1, LAST..4096);
    spoil(directory.path(), 2, HEADER..200);
    is_whole(mend(directory.path(), &all), directory.path(), 11);
}

#[test]
fn a_whole_segment_between_two_others_is_put_back() {
    let directory = tempfile::tempdir().unwrap();
    let all = filled(directory.path());
    spoil(directory.path(), 3, 500..600);
    is_whole(mend(directory.path(), &all), directory.path(), 11);

    let directory = tempfile::tempdir().unwrap();
    let all = filled(directory.path());
    spoil(directory.path(), 2, LAST..4096);
    spoil(directory.path(), 3, HEADER..4096);
    spoil(directory.path(), 4, HEADER..2000);
    is_whole(mend(directory.path(), &all), directory.path(), 11);
}

#[test]
fn the_header_of_the_next_segment_may_be_damaged_too() {
    let directory = tempfile::tempdir().unwrap();
    let all = filled(directory.path());
    spoil(directory.path(), 1, LAST..4096);
    spoil(directory.path(), 2, 0..200);
    is_whole(mend(directory.path(), &all), directory.path(), 11);

    let directory = tempfile::tempdir().unwrap();
    let all = filled(directory.path());
    spoil(directory.path(), 2, LAST..4096);
    spoil(directory.path(), 3, 0..4096);
    spoil(directory.path(), 4, 0..200);
    is_whole(mend(directory.path(), &all), directory.path(), 11);
}

#[test]
fn what_lay_in_a_segment_that_is_gone_has_no_place_and_nothing_is_changed() {
    let directory = tempfile::tempdir().unwrap();
    let all = filled(directory.path());
    fs::remove_file(segment(directory.path(), 2)).unwrap();
    let before = fs::read(segment(directory.path(), 1)).unwrap();
    let (mut journal, recovery) = open(directory.path());
    assert_eq!(recovery.missing, [4..=6]);
    let refused = journal.repair(&all[3..6]);
    assert!(matches!(refused, Err(RepairError::NotInPlace { first: 4 })));
    assert!(fs::read(segment(directory.path(), 1)).unwrap() == before);
    assert_eq!(journal.reader().gaps(), [4..=6]);
}
