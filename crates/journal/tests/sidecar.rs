//! A start that reads sidecars instead of segments sees the same log, and what it did not read is not believed for good.

#![expect(clippy::unwrap_used, reason = "tests say what went wrong by panicking")]

mod world;

use std::{
    fs,
    path::{Path, PathBuf},
};

use plimsoll_journal::{Batch, CondemnError, Journal, ReadError, Recovery};
use world::{entry, ids, open};

/// Four segments of three records each.
fn filled(directory: &Path) -> Journal {
    let (mut journal, _) = open(directory);
    for id in 1..=12 {
        journal.append(&[entry(id, 1000)], 1 + id / 7).unwrap();
    }
    journal
}

fn sidecar(directory: &Path, ordinal: u64) -> PathBuf {
    directory.join(format!("facts-{ordinal:012}"))
}

fn names(range: std::ops::RangeInclusive<u64>) -> Vec<String> {
    range.map(|id| format!("message-{id}")).collect()
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 4;
    fs::write(path, bytes).unwrap();
}

fn segment(directory: &Path, ordinal: u64) -> PathBuf {
    directory.join(format!("seg-{ordinal:012}.log"))
}

fn by_sidecar(recovery: &Recovery) -> (u64, u64, u64) {
    (recovery.segments, recovery.by_sidecar, recovery.records)
}

#[test]
fn a_start_reads_the_last_segment_and_the_sidecars_of_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let journal = filled(directory.path());
    let (end, epochs) = (journal.position(), journal.reader().epochs());
    drop(journal);
    let (journal, recovery) = open(directory.path());
    assert_eq!(by_sidecar(&recovery), (4, 3, 12));
    assert_eq!((journal.position(), journal.reader().epochs()), (end, epochs));
    assert_eq!(ids(&journal), names(1..=12));
    assert_eq!(journal.reader().unchecked(), [1, 2, 3]);
    for ordinal in 1..=3 {
        let checked = journal.reader().check_segment(ordinal, 1, u64::MAX).unwrap();
        assert_eq!(checked, (vec![], None));
    }
    assert_eq!(journal.reader().unchecked(), [] as [u64; 0]);
}

#[test]
fn a_sidecar_that_is_lacking_torn_rotted_or_of_another_segment_is_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    drop(filled(directory.path()));
    let path = sidecar(directory.path(), 2);
    let sound = fs::read(&path).unwrap();
    let others = fs::read(sidecar(directory.path(), 1)).unwrap();
    let mut hurt: Vec<Option<Vec<u8>>> = vec![None, Some(others), Some(vec![]), Some(vec![0; sound.len()])];
    hurt.extend(
        (1..sound.len())
            .step_by(5)
            .map(|length| Some(sound[..length].to_vec())),
    );
    hurt.extend((0..sound.len()).map(|at| {
        let mut bytes = sound.clone();
        bytes[at] ^= 16;
        Some(bytes)
    }));
    for bytes in hurt {
        match &bytes {
            None => fs::remove_file(&path).unwrap(),
            Some(bytes) => fs::write(&path, bytes).unwrap(),
        }
        let (journal, recovery) = open(directory.path());
        assert_eq!(by_sidecar(&recovery), (4, 2, 12), "{bytes:?}");
        assert_eq!(journal.reader().unchecked(), [1, 3]);
        drop(journal);
        assert_eq!(fs::read(&path).unwrap(), sound);
        assert_eq!(open(directory.path()).1.by_sidecar, 3);
    }
}

#[test]
fn the_sidecar_of_a_segment_that_was_cut_and_written_again_is_not_believed() {
    let directory = tempfile::tempdir().unwrap();
    let mut journal = filled(directory.path());
    let stale = fs::read(sidecar(directory.path(), 2)).unwrap();
    let aside = journal.set_aside_from(6).unwrap();
    journal.cut(&aside).unwrap();
    assert!(!sidecar(directory.path(), 2).exists() && !sidecar(directory.path(), 3).exists());
    for id in 20..=26 {
        journal.append(&[entry(id, 1000)], 3).unwrap();
    }
    drop(journal);
    fs::write(sidecar(directory.path(), 2), stale).unwrap();
    let (journal, recovery) = open(directory.path());
    assert_eq!((recovery.missing, recovery.damage), (vec![], vec![]));
    assert_eq!(ids(&journal), [names(1..=5), names(20..=26)].concat());
}

#[test]
fn a_segment_whose_end_is_not_what_its_sidecar_says_is_read_whole() {
    let directory = tempfile::tempdir().unwrap();
    drop(filled(directory.path()));
    // The header of the last batch of the second segment.
    flip(&segment(directory.path(), 2), 64 + 2 * (32 + 1184) + 32 + 20);
    let (journal, recovery) = open(directory.path());
    assert_eq!((recovery.by_sidecar, recovery.damage.len()), (2, 1));
    assert_eq!(ids(&journal), names(1..=12), "the record itself is whole");
    assert!(!sidecar(directory.path(), 2).exists());
}

#[test]
fn damage_that_a_start_did_not_see_is_met_by_reading_noted_and_repaired() {
    let directory = tempfile::tempdir().unwrap();
    let journal = filled(directory.path());
    let copies: Vec<Batch> = journal.reader().batches(1, usize::MAX).unwrap();
    drop(journal);
    flip(&segment(directory.path(), 2), 64 + 32 + 64 + 300);
    let (mut journal, recovery) = open(directory.path());
    assert_eq!(
        by_sidecar(&recovery),
        (4, 3, 12),
        "the start reads the sidecar only"
    );
    let reader = journal.reader();
    // Reading never returns it.
    assert!(matches!(reader.read_one(4), Err(ReadError::Damaged(4))));
    assert!(matches!(
        reader.batches(4, usize::MAX),
        Err(ReadError::Damaged(4))
    ));
    assert_eq!(reader.check_segment(2, 1, 1).unwrap(), (vec![4], Some(5)));
    assert_eq!(reader.check_segment(2, 5, u64::MAX).unwrap(), (vec![], None));
    assert_eq!(reader.gaps(), []);

    let found = journal.condemn(4).unwrap().unwrap();
    assert_eq!(found.lost, [4]);
    let damage = found.damage;
    assert!(damage.kept_at.exists());
    assert_eq!(journal.condemn(4).unwrap(), None, "it is noted already");
    assert_eq!(journal.condemn(5).unwrap(), None, "nothing is wrong with it");
    assert_eq!(
        (reader.gaps(), reader.sound_up_to(), reader.read_one(99).unwrap()),
        (vec![4..=4], 3, None)
    );
    assert!(!sidecar(directory.path(), 2).exists());
    drop(journal);

    // Whoever starts now sees it at once, as without sidecars.
    let (mut journal, recovery) = open(directory.path());
    assert_eq!((recovery.missing, recovery.by_sidecar), (vec![4..=4], 2));
    assert_eq!(recovery.damage, [damage]);
    journal.repair(&copies[3..4]).unwrap();
    assert_eq!(ids(&journal), names(1..=12));
    drop(journal);
    assert_eq!(by_sidecar(&open(directory.path()).1), (4, 2, 12));
    assert_eq!(by_sidecar(&open(directory.path()).1), (4, 3, 12));
}

#[test]
fn what_lies_before_a_cut_in_a_segment_that_was_not_read_still_counts_as_not_read() {
    let directory = tempfile::tempdir().unwrap();
    drop(filled(directory.path()));
    flip(&segment(directory.path(), 2), 64 + 32 + 64 + 300);
    let (mut journal, _) = open(directory.path());
    let aside = journal.set_aside_from(6).unwrap();
    journal.cut(&aside).unwrap();
    journal.append(&[entry(20, 1000)], 3).unwrap();
    let reader = journal.reader();
    assert_eq!((reader.unchecked(), reader.checked_up_to()), (vec![1, 2], 0));
    assert_eq!(reader.check_segment(1, 1, u64::MAX).unwrap(), (vec![], None));
    assert_eq!(reader.checked_up_to(), 3);
    assert_eq!(reader.check_segment(2, 1, u64::MAX).unwrap(), (vec![4], None));
    assert_eq!(journal.condemn(4).unwrap().unwrap().lost, [4]);
}

#[test]
fn a_segment_whose_damage_cannot_be_noted_counts_as_not_read() {
    let directory = tempfile::tempdir().unwrap();
    drop(filled(directory.path()));
    flip(&segment(directory.path(), 2), 64 + 32 + 64 + 300);
    let disk = world::FaultyDisk::new();
    let (mut journal, _) = world::open_on(std::sync::Arc::new(disk.clone()), directory.path());
    let reader = journal.reader();
    assert_eq!(reader.check_segment(2, 1, u64::MAX).unwrap(), (vec![4], None));
    disk.room.store(0, std::sync::atomic::Ordering::SeqCst);
    assert!(matches!(journal.condemn(4), Err(CondemnError::Keep { .. })));
    assert_eq!((reader.unchecked(), reader.gaps()), (vec![1, 2, 3], vec![]));
    disk.room.store(i64::MAX, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(reader.check_segment(2, 1, u64::MAX).unwrap(), (vec![4], None));
    assert_eq!(journal.condemn(4).unwrap().unwrap().lost, [4]);
    assert_eq!((reader.unchecked(), reader.gaps()), (vec![1, 3], vec![4..=4]));
}
