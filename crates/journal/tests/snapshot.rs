//! Copies of a journal that is in use.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use plimsoll_journal::{RealDisk, SnapshotError, snapshot, survey};
use world::{entry, ids, open};

/// The ids in a copy, read whole.
fn read(directory: &Path) -> Vec<String> {
    let mut ids = Vec::new();
    let found = survey(&RealDisk, directory, |record| ids.push(record.id.to_owned())).unwrap();
    assert!(found.is_sound() && found.torn.is_none());
    ids
}

#[test]
fn a_copy_made_under_load_is_a_whole_beginning_of_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let (log, copies) = (directory.path().join("log"), directory.path().join("copies"));
    let (mut journal, _) = open(&log);
    journal.append(&[entry(0, 300)], 1).unwrap();
    let done = AtomicBool::new(false);
    let lengths = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 1;
            while !done.load(Ordering::SeqCst) {
                journal.append(&[entry(number, 300)], 1).unwrap();
                number += 1;
            }
        });
        let lengths: Vec<usize> = (0..5)
            .map(|copy| {
                let to = copies.join(copy.to_string());
                let made = snapshot(&log, &to);
                done.fetch_or(made.is_err(), Ordering::SeqCst);
                let made = made.unwrap();
                let found = read(&to);
                assert_eq!(
                    (made.end.sequence, made.records),
                    (found.len() as u64, found.len() as u64)
                );
                let expected = (0..found.len()).map(|number| format!("message-{number}"));
                assert!(found.iter().eq(expected.collect::<Vec<_>>().iter()));
                found.len()
            })
            .collect();
        done.store(true, Ordering::SeqCst);
        lengths
    });
    assert!(lengths.is_sorted());
    let refused = snapshot(&log, &copies.join("0")).unwrap_err();
    assert!(matches!(refused, SnapshotError::NotEmpty(_)), "{refused:?}");
}

#[test]
fn what_becomes_of_the_log_changes_no_copy_and_a_copy_is_a_journal() {
    let directory = tempfile::tempdir().unwrap();
    let (log, copy) = (directory.path().join("log"), directory.path().join("copy"));
    let (mut journal, _) = open(&log);
    for number in 0..60 {
        journal.append(&[entry(number, 300)], 1).unwrap();
    }
    let oldest = journal.pruner().sealed()[0];
    let trim = journal.pruner().prepare(oldest.ordinal, |at| at == 2).unwrap();
    journal.trim(trim).unwrap();
    let made = snapshot(&log, &copy).unwrap();
    assert!(made.linked > 3 && made.floor.sequence == oldest.last, "{made:?}");
    let before = (ids(&journal), read(&copy));
    // A cut that reaches back into segments that the copy shares, another trim, and new messages.
    let from = journal.pruner().sealed()[2].first;
    let aside = journal.set_aside_from(from).unwrap();
    journal.cut(&aside).unwrap();
    for number in 100..140 {
        journal.append(&[entry(number, 300)], 2).unwrap();
    }
    let oldest = journal.pruner().sealed()[0].ordinal;
    let trim = journal.pruner().prepare(oldest, |_| false).unwrap();
    journal.trim(trim).unwrap();
    drop(journal);
    assert_eq!(read(&copy), before.1);
    let (mut journal, recovery) = open(&copy);
    assert!(
        recovery.missing.is_empty() && recovery.damage.is_empty(),
        "{recovery:?}"
    );
    assert_eq!(ids(&journal), before.0);
    journal.append(&[entry(999, 300)], 3).unwrap();
    drop(journal);
    let (journal, recovery) = open(&log);
    assert!(
        recovery.missing.is_empty() && recovery.damage.is_empty(),
        "{recovery:?}"
    );
    assert_eq!(ids(&journal).last().map(String::as_str), Some("message-139"));
}
