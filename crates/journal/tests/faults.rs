//! Disks that say no.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use std::{
    io,
    sync::{Arc, atomic::Ordering},
};

use plimsoll_journal::{AppendError, Journal, Options, Preparation};
use world::{FaultyDisk, OPTIONS, entry, ids, open, open_on};

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
fn a_failed_sync_of_a_new_segment_poisons_also_when_the_disk_calls_itself_full() {
    // That of its zeros, then that of its header.
    for number in [1, 2] {
        for kind in [io::ErrorKind::Other, io::ErrorKind::StorageFull] {
            let directory = tempfile::tempdir().unwrap();
            let disk = FaultyDisk::new();
            let (mut journal, _) = open_on(Arc::new(disk.clone()), directory.path());
            journal.append(&[entry(1, 3000)], 1).unwrap();
            *disk.sync_error.lock().unwrap() = kind;
            disk.sync_fails_at
                .store(disk.syncs.load(Ordering::SeqCst) + number, Ordering::SeqCst);
            let error = journal.append(&[entry(2, 3000)], 1).unwrap_err();
            assert!(
                matches!(error, AppendError::Poisoned { .. }),
                "{number}, {kind}: {error}"
            );
            assert!(journal.poison().is_some());
            drop(journal);
            disk.sync_fails_at.store(0, Ordering::SeqCst);
            let (mut journal, recovery) = open(directory.path());
            assert_eq!(
                (ids(&journal), recovery.missing),
                (vec!["message-1".to_owned()], vec![])
            );
            assert_eq!(journal.append(&[entry(2, 3000)], 1).unwrap().first(), 2);
        }
    }
}

#[test]
fn a_failed_sync_of_the_segment_made_ahead_poisons_when_it_is_needed() {
    let directory = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(directory.path());
    journal.append(&[entry(1, 3000)], 1).unwrap();
    drop(journal);
    let disk = FaultyDisk::new();
    disk.spare_syncs_fail.store(true, Ordering::SeqCst);
    let options = Options {
        preparation: Preparation::Ahead,
        ..OPTIONS
    };
    let (mut journal, _) = Journal::open(Arc::new(disk), directory.path(), options, |_| ()).unwrap();
    let error = journal.append(&[entry(2, 3000)], 1).unwrap_err();
    assert!(matches!(error, AppendError::Poisoned { .. }), "{error}");
}

#[test]
fn a_full_quota_is_a_full_disk() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new();
    let (mut journal, _) = open_on(Arc::new(disk.clone()), directory.path());
    journal.append(&[entry(1, 3000)], 1).unwrap();
    *disk.full_error.lock().unwrap() = io::ErrorKind::QuotaExceeded;
    disk.room.store(0, Ordering::SeqCst);
    let error = journal.append(&[entry(2, 3000)], 1).unwrap_err();
    assert!(matches!(error, AppendError::NoSegment { .. }), "{error}");
    disk.room.store(i64::MAX, Ordering::SeqCst);
    assert_eq!(journal.append(&[entry(2, 3000)], 1).unwrap().first(), 2);
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
