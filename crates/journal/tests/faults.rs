//! Disks that say no.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use std::sync::{Arc, atomic::Ordering};

use plimsoll_journal::AppendError;
use world::{FaultyDisk, entry, ids, open, open_on};

#[test]
fn a_failed_sync_poisons_for_good() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new();
    let (mut journal, _) = open_on(Arc::new(disk.clone()), directory.path());
    journal.append(&[entry(1, 10)], 1).unwrap();
    disk.sync_fails_at
        .store(disk.syncs.load(Ordering::SeqCst) + 1, Ordering::SeqCst);
    let error = journal.append(&[entry(2, 10)], 1).unwrap_err();
    assert!(matches!(error, AppendError::Poisoned { .. }), "{error}");
    // The disk works again, but what it forgot is unknown.
    disk.sync_fails_at.store(0, Ordering::SeqCst);
    let syncs = disk.syncs.load(Ordering::SeqCst);
    let error = journal.append(&[entry(3, 10)], 1).unwrap_err();
    assert!(matches!(error, AppendError::Poisoned { .. }), "{error}");
    assert_eq!(
        disk.syncs.load(Ordering::SeqCst),
        syncs,
        "a failed sync is never tried again"
    );
    drop(journal);
    let (journal, _) = open(directory.path());
    assert_eq!(ids(&journal)[0], "message-1");
}

#[test]
fn a_full_disk_refuses_new_segments_and_recovers_when_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new();
    let (mut journal, _) = open_on(Arc::new(disk.clone()), directory.path());
    journal.append(&[entry(1, 1000)], 1).unwrap();
    // Enough for what goes into the segment at hand and its watermark, not for a new segment.
    disk.room.store(4000, Ordering::SeqCst);
    journal.append(&[entry(2, 1000)], 1).unwrap();
    journal.append(&[entry(3, 1000)], 1).unwrap();
    let error = journal.append(&[entry(4, 1000)], 1).unwrap_err();
    assert!(matches!(error, AppendError::NoSegment { .. }), "{error}");
    assert_eq!(journal.position().sequence, 3);
    disk.room.store(i64::MAX, Ordering::SeqCst);
    assert_eq!(journal.append(&[entry(4, 1000)], 1).unwrap().first(), 4);
    drop(journal);
    let (journal, recovery) = open(directory.path());
    assert_eq!(ids(&journal).len(), 4);
    assert_eq!((recovery.torn, recovery.missing), (None, vec![]));
}

#[test]
fn one_batch_costs_one_sync() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new();
    let (mut journal, _) = open_on(Arc::new(disk.clone()), directory.path());
    journal.append(&[entry(0, 10)], 1).unwrap();
    let before = disk.syncs.load(Ordering::SeqCst);
    let entries: Vec<_> = (1..10).map(|id| entry(id, 10)).collect();
    journal.append(&entries, 1).unwrap();
    assert_eq!(disk.syncs.load(Ordering::SeqCst) - before, 1);
}

#[test]
fn what_cannot_fit_is_refused_without_a_trace() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path());
    let error = journal.append(&[entry(1, 4096)], 1).unwrap_err();
    assert!(matches!(error, AppendError::TooLarge { .. }), "{error}");
    assert!(matches!(journal.append(&[], 1).unwrap_err(), AppendError::Empty));
    assert_eq!(journal.append(&[entry(1, 10)], 1).unwrap().first(), 1);
}
